"""What can be said of the image and of compose.yaml without an engine that builds and runs them."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
import yaml

from app.cli import cli
from app.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
COMPOSE = (ROOT / "docker/compose.yaml").read_text()
EXAMPLE = (ROOT / "docker/.env.example").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SETTINGS = {field.alias for field in Settings.model_fields.values()}


class Instruction(NamedTuple):
    stage: int
    name: str
    value: str

    @property
    def words(self):
        return [word for word in shlex.split(self.value) if not word.startswith("--")]


def instructions():
    """The Dockerfile's, with the number of the stage that each is in."""
    lines = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    stage = -1
    for name, value in (line.split(maxsplit=1) for line in lines if line):
        stage += name == "FROM"
        yield Instruction(stage, name, value.strip())


ALL = list(instructions())
FINAL = {found.name: found.value for found in ALL if found.stage == ALL[-1].stage}


def environment():
    return dict(word.split("=", 1) for word in shlex.split(FINAL["ENV"]))


def images():
    stages = {found.words[2] for found in ALL if found.name == "FROM" and "AS" in found.words}
    used = {found.words[0] for found in ALL if found.name == "FROM"}
    return (used - stages) | {service["image"] for service in SERVICES.values() if "image" in service}


@pytest.mark.parametrize("image", sorted(images()))
def test_an_image_is_pinned_to_a_full_version(image):
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+-[a-z0-9-]+", image)


def context_files():
    """Files that a build is sent: those of git that .dockerignore lets through."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in {"", "#"}]
    assert lines[0] == "*"
    let_in = [line[1:] for line in lines if line.startswith("!")]
    kept_out = [line.removeprefix("**/") for line in lines[1:] if not line.startswith("!")]
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *let_in)
    paths = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split()
    return [path for path in paths if not any(f"/{out}/" in f"/{path}" for out in kept_out)]


def sources():
    return {
        source
        for found in ALL
        if found.name == "COPY" and "--from=" not in found.value
        for source in found.words[:-1]
    }


@pytest.mark.parametrize("source", sorted(sources()))
def test_what_is_copied_is_in_the_context(source):
    assert any(path == source or path.startswith(f"{source}/") for path in context_files())


def test_nothing_private_or_built_here_is_in_the_context():
    given = {path.split("/")[0] for path in context_files()}
    assert given == {source.split("/")[0] for source in sources()}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"**/__pycache__", "app/web/dist", "app/web/node_modules"} <= set(ignored)


def test_libraries_are_installed_by_their_hashes_and_none_of_the_developers():
    installed = [found.value for found in ALL if found.name == "RUN" and found.value.startswith("pip ")]
    locked = {match[1] for line in installed if (match := re.search(r"--require-hashes -r (\S+)", line))}
    assert locked == {"requirements-aws.lock", "requirements-web.lock"}
    assert all("--require-hashes" in line or "--no-deps" in line for line in installed)
    [libraries] = [found.stage for found in ALL if found.value.endswith("-r requirements-aws.lock")]
    assert not any(found.stage == libraries and "requirements-web" in found.value for found in ALL)


def test_the_image_has_what_is_tested_and_boto3_besides():
    aws, tested = (
        set(
            re.findall(
                r"^[a-z0-9._-]+==[^ ]+", (ROOT / f"requirements-{name}.lock").read_text(), re.MULTILINE
            )
        )
        for name in ("aws", "dev")
    )
    own = set(re.findall(r"^[a-z0-9._-]+==[^ ]+", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert own < aws < tested
    assert any(line.startswith("boto3==") for line in aws)


def test_migrations_and_the_page_lie_where_the_program_looks_for_them():
    from app.database import migrations, timescaledb
    from app.pages import DIST

    targets = [found.words[-1] for found in ALL if found.stage == ALL[-1].stage and found.name == "COPY"]
    assert {str(DIST.relative_to(ROOT)), "alembic", "app", "graphql_schema"} < set(targets)
    assert any(str(migrations.INI.relative_to(ROOT)) in found.words for found in ALL if found.name == "COPY")
    assert timescaledb.SCRIPTS.relative_to(ROOT).parts[0] == "alembic"


def test_the_image_runs_as_a_user_with_a_number_that_owns_the_data():
    [user, group] = FINAL["USER"].split(":")
    assert int(user) > 0 < int(group)
    made = next(found.value for found in ALL if found.stage == ALL[-1].stage and found.name == "RUN")
    assert f"--uid {user} " in made
    assert f"-m 0700 {FINAL['VOLUME']}" in made
    assert FINAL["VOLUME"] == environment()["COHERENCE_DATA_DIR"]


def test_the_image_sets_settings_that_are_accepted(monkeypatch):
    given = environment()
    assert given.keys() - SETTINGS == {"PATH", "MPLCONFIGDIR"}
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name in given.keys() & SETTINGS:
        monkeypatch.setenv(name, given[name])
    settings = Settings(_env_file=None)
    assert str(settings.port) == FINAL["EXPOSE"]
    assert settings.host == "0.0.0.0"  # noqa: S104


def test_compose_publishes_on_loopback_alone_and_where_the_image_listens():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"app", "tls"}
    [port] = published["app"]
    assert port.startswith("127.0.0.1:")
    assert port.endswith(f":{FINAL['EXPOSE']}")


def test_the_server_waits_for_the_database_and_its_tables():
    for name in OURS.keys() - {"migrate"}:
        waits = {other: on["condition"] for other, on in SERVICES[name]["depends_on"].items()}
        assert waits == {"db": "service_healthy", "migrate": "service_completed_successfully"}
    assert SERVICES["migrate"]["command"] == ["coherence", "migrate"]
    assert SERVICES["migrate"]["environment"] == SERVICES["app"]["environment"]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_reaches_each_container_of_ours(name):
    """All that `.env` has; what is set here besides would be wrong in a container, or is a secret that must be there."""
    service = OURS[name]
    assert service["env_file"] == ".env"
    assert service["environment"].keys() == {
        "HOST",
        "PORT",
        "COHERENCE_DATA_DIR",
        "COHERENCE_DATABASE_URL",
        "PGCRYPTO_KEY",
        "FORWARDED_ALLOW_IPS",
    }
    assert service["environment"]["COHERENCE_DATA_DIR"] == FINAL["VOLUME"]
    assert f"data:{FINAL['VOLUME']}" in service["volumes"]


def test_volumes_have_names():
    named = yaml.safe_load(COMPOSE)["volumes"].keys()
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]]
    assert {source for source in mounted if not source.startswith("./")} == named
    for source in {source for source in mounted if source.startswith("./")}:
        assert (ROOT / "docker" / source).exists()


@pytest.mark.parametrize("name", OURS)
def test_what_a_container_runs_is_a_command_of_the_program(name, capsys):
    words = [
        re.sub(r"\$\{\w+:-(.*)\}", r"\1", word)
        for word in SERVICES[name].get("command", ["coherence", "serve"])
    ]
    assert words[0] == "coherence"
    with pytest.raises(SystemExit) as end:
        cli([*words[1:], "--help"])
    assert end.value.code == 0
    assert words[-1] not in capsys.readouterr().err


def test_https_is_served_to_those_who_sign_in_alone():
    proxy, app = SERVICES["tls"], SERVICES["app"]
    assert "COHERENCE_AUTH" in proxy["environment"]
    assert '"$$COHERENCE_AUTH" = required' in proxy["command"][-1]
    assert proxy["networks"]["default"]["ipv4_address"] == app["environment"]["FORWARDED_ALLOW_IPS"]
    caddyfile = (ROOT / "docker/Caddyfile").read_text()
    assert f"reverse_proxy app:{FINAL['EXPOSE']}" in caddyfile
    assert "{$DOMAIN} {" in caddyfile


def test_what_runs_beside_the_server_runs_on_demand():
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert profiles == {
        "db": None,
        "migrate": None,
        "app": None,
        "pull": ["pull"],
        "consume": ["consume"],
        "tls": ["tls"],
    }


def examples():
    return dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_variable_of_compose_is_in_the_example_and_secrets_have_no_default():
    used = dict(re.findall(r"\$\{(\w+)(:[?-][^}]*)?\}", COMPOSE))
    assert used.keys() <= examples().keys() <= used.keys() | SETTINGS
    needed = {name for name, otherwise in used.items() if otherwise.startswith(":?")}
    assert needed == {"POSTGRES_PASSWORD", "PGCRYPTO_KEY"}
    assert all(f"\n{name}=\n" in EXAMPLE for name in needed)


def test_the_example_of_sign_in_is_one_that_the_server_takes(monkeypatch):
    given = {name: value or "filled in" for name, value in examples().items()}
    assert f"https://{given['DOMAIN']}" == given["COHERENCE_PUBLIC_URL"]
    for name in given.keys() & SETTINGS:
        monkeypatch.setenv(name, given[name])
    settings = Settings(_env_file=None)
    assert settings.auth == "required"
    assert settings.allowed_hosts == (given["DOMAIN"],)
    assert settings.oidc_issuer


@pytest.mark.parametrize("rule", SERVICES["app"]["develop"]["watch"], ids=lambda rule: rule["path"])
def test_what_compose_watches_is_there_and_goes_where_the_image_has_it(rule):
    path = (ROOT / "docker" / rule["path"]).resolve()
    assert path.exists()
    if rule["action"] == "sync+restart":
        assert rule["target"] == f"{FINAL['WORKDIR']}/{path.relative_to(ROOT)}"
        assert f"--chown={FINAL['USER']} {path.name} {path.name}" in DOCKERFILE  # it is written as the user


def health(port):
    """Exit status of the image's health check."""
    command = json.loads(FINAL["HEALTHCHECK"].partition("CMD ")[2])
    assert command[0] == "python"
    done = subprocess.run(
        [sys.executable, *command[1:]],
        check=False,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PORT": str(port)},
        timeout=30,
    )
    return done.returncode


def test_a_server_that_answers_is_healthy(served):
    assert health(served.rpartition(":")[2]) == 0


def test_a_server_that_is_not_there_is_not_healthy():
    with socket.socket() as taken:  # bound, so that nobody else listens there
        taken.bind(("127.0.0.1", 0))
        assert health(taken.getsockname()[1]) == 1


class Unavailable(BaseHTTPRequestHandler):
    """What /health answers without its database."""

    def do_GET(self):
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_server_without_its_database_is_not_healthy():
    with HTTPServer(("127.0.0.1", 0), Unavailable) as server:
        Thread(target=server.handle_request, daemon=True).start()
        assert health(server.server_port) == 1
