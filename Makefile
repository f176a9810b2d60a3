# Everything below sets up what it needs by itself. `make` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := $(CURDIR)/.venv/bin
PATH := $(BIN):$(PATH)
export PATH
UV_ENV := UV_NO_PROGRESS=1 UV_LINK_MODE=copy
WEB := app/web
PYTEST := env -u PYTHONDONTWRITEBYTECODE pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help run dev test test-fast check bench format lock setup clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 11

run: .venv/run $(WEB)/dist/index.html ## Serve on http://127.0.0.1:8002 with an embedded PostgreSQL
	@exec coherence serve

dev: .venv/dev $(WEB)/dist/index.html ## Serve, and start again whenever the code changes
	@exec watchfiles --filter python "coherence serve" app graphql_schema

test: .venv/dev $(WEB)/dist/index.html .venv/machine .venv/provider .venv/clients ## Run the whole test suite with its coverage, or what ARGS names without
	@$(PYTEST) $(if $(ARGS),$(ARGS),--cov --cov-report=term)

test-fast: .venv/dev ## Run what takes two minutes: no browser, no second server, no coverage
	@$(PYTEST) -m "not many and not slow and not real" $(ARGS)

check: .venv/dev $(WEB)/dist/index.html ## Lint, types, import rules, contract, known vulnerabilities
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports --no-logo
	@python scripts/check_contract.py
	@python scripts/audit_dependencies.py
	@npm --prefix $(WEB) run --silent check
	@npm --prefix $(WEB) test --silent

format: .venv/dev ## Format the code, write graphql_schema/schema.graphql anew
	@ruff check --fix . && ruff format .
	@coherence schema graphql_schema/schema.graphql

lock: .venv/uv ## Pin the newest versions that pyproject.toml allows
	uv pip compile -q --upgrade --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --upgrade --generate-hashes --no-header --group web -o requirements-web.lock
	uv pip compile -q --upgrade --generate-hashes --no-header pyproject.toml --extra aws -c requirements.lock -o requirements-aws.lock
	uv pip compile -q --upgrade --generate-hashes --no-header pyproject.toml --group dev --group web \
		-c requirements-aws.lock -c requirements-web.lock -o requirements-dev.lock

setup: .venv/dev $(WEB)/dist/index.html ## Install everything without running anything

clean: ## Remove what was installed and built; data stays
	rm -rf .venv $(WEB)/node_modules $(WEB)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A venv with uv in it. Where the machine's python3 is too old, uv fetches one that is not.
.venv/uv: .python-version
	@echo "Setting up in .venv: the first time takes some minutes …"
	@rm -rf .venv
	@if python3 -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then python3 -m venv .venv; else \
		old=$$(mktemp -d) && python3 -m venv $$old && $$old/bin/pip install -q uv \
		&& $$old/bin/uv venv -q --seed --python 3.13 .venv; rm -rf $$old; fi
	@.venv/bin/pip install -q --disable-pip-version-check uv
	@touch $@

.venv/run: .venv/uv requirements.lock requirements-web.lock pyproject.toml
	@echo "Installing the libraries, PostgreSQL and Node …"
	@$(UV_ENV) uv pip install -q --require-hashes -r requirements.lock -r requirements-web.lock
	@$(UV_ENV) uv pip install -q --no-deps -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Installing what the tests and checks need …"
	@$(UV_ENV) uv pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

# Node comes from the venv, and is found by the PATH above.
$(WEB)/dist/index.html: .venv/run $(WEB)/package-lock.json graphql_schema/schema.graphql $(shell find $(WEB)/src $(WEB)/scripts $(WEB)/*.html $(WEB)/*.ts -type f -not -name generated.ts 2>/dev/null)
	@echo "Installing what builds the pages …"
	@npm --prefix $(WEB) ci --no-audit --no-fund --loglevel=error >/dev/null
	@echo "Building the pages …"
	@npm --prefix $(WEB) run build --silent
	@touch $@

# An OpenID provider for the tests of sign-in.
.venv/provider: .venv/run tests/provider/package-lock.json
	@npm --prefix tests/provider ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Other people's clients, for tests.
.venv/clients: .venv/run tests/transport/clients/package-lock.json
	@npm --prefix tests/transport/clients ci --no-audit --no-fund --loglevel=error
	@touch $@

# A real browser and a real Redis for tests. Only root can install them; others skip those tests, which say so.
.venv/machine: .venv/uv
	@for package in chromium redis-server; do \
		if [ "$$(id -u)" = 0 ] && ! command -v $$package >/dev/null && command -v apt-get >/dev/null; then \
			apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
				$$package >/dev/null; fi; done
	@touch $@
