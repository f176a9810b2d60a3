"""What the README says is so."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.settings import Settings
from graphql_schema.schema import build_schema
from tests.conftest import ENVIRONMENT, KEY

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


@pytest.mark.parametrize("field", Settings.model_fields.values(), ids=lambda field: field.alias)
def test_every_setting_is_in_the_table(field):
    row = next(line for line in CONFIGURATION.splitlines() if line.startswith(f"| `{field.alias}` |"))
    assert field.description.replace("`", "").rstrip(".") in row.replace("`", "")


def test_the_first_query_has_the_answer_that_is_shown(served):
    command = re.search(r"^curl .*?^}'$", README, re.DOTALL | re.MULTILINE)[0]
    shown = json.loads(re.search(r"^```json\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[1])
    got = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:8002", served)],
        capture_output=True,
        check=True,
        text=True,
    )
    answer = json.loads(got.stdout)
    assert shape(answer) == shape(shown)
    assert answer["data"]["conversation"]["signalCount"] == 420


def test_the_examples_of_own_data_run_as_they_are_written(served, url):
    section = README[README.index("## Your own data") :]
    stream, files = re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)[:2]
    told = subprocess.run(
        ["bash", "-ec", stream.replace("http://127.0.0.1:8002", served)],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    report = json.loads(told.stdout.splitlines()[-1])
    lines = (ROOT / "docs/samples/signals.jsonl").read_text().splitlines()
    assert (report["lines"], report["accepted"], report["refused"]) == (len(lines), len(lines), 0), report
    exported = ROOT / "signals.csv"
    try:
        done = subprocess.run(
            ["bash", "-ec", files],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
            env=ENVIRONMENT | {"COHERENCE_DATABASE_URL": url, "PGCRYPTO_KEY": KEY},
        )
        chat = (ROOT / "docs/samples/chat.jsonl").read_text().splitlines()
        assert f"{len(chat)} signals written" in done.stderr
    finally:
        exported.unlink(missing_ok=True)


def test_a_first_start_says_what_it_does_and_then_where_to_click():
    folder = Path(tempfile.mkdtemp(prefix="coherence-first-"))
    given = {**ENVIRONMENT, "PORT": "0", "COHERENCE_DATA_DIR": str(folder / "data")}
    command = [Path(sys.executable).with_name("coherence"), "serve"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=given, text=True
    ) as process:
        lines = []
        while not lines or "GraphiQL" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.terminate()
        process.wait(60)
        logged = process.stderr.read()
    shutil.rmtree(folder, ignore_errors=True)
    place = lines[-3].split()[-1]
    assert [line.strip() for line in lines if line.strip()] == [
        f"Making a PostgreSQL in {folder / 'data'}, with its tables …",
        "Adding a demo: a dozen conversations (DEMO=0 leaves it out) …",
        f"Coherence listens on {place}",
        f"Dashboard: {place}/",
        f"GraphiQL:  {place}/graphql",
    ]
    # One line tells root of what pytest's folders need, and nothing else is logged.
    assert [line for line in logged.splitlines() if "pass through" not in line] == []


def test_the_example_mutation_stores_one_and_refuses_one(served):
    import httpx2

    mutation = re.search(r"^```graphql\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[1]
    payload = httpx2.post(f"{served}/graphql", json={"query": mutation}).json()["data"]["createSignals"]
    assert payload["successfulCount"] == 1
    assert payload["results"][1]["error"]["field"] == "signalScore"


def test_the_example_of_a_stream_of_events_tells_a_reading(served):
    command = re.search(r"^curl .*?'$", (ROOT / "docs/live.md").read_text(), re.DOTALL | re.MULTILINE)[0]
    with subprocess.Popen(
        ["bash", "-c", "exec " + command.replace("http://127.0.0.1:8002", served)],
        stdout=subprocess.PIPE,
        text=True,
    ) as curl:
        assert curl.stdout.readline() == "event: next\n"
        told = json.loads(curl.stdout.readline().removeprefix("data: "))
        curl.kill()
    assert told["data"]["driftUpdates"]["sequence"] == 1


def codes_of_the_program() -> set[str]:
    """Whatever a line of the program that speaks of a code spells in capitals."""
    files = [ROOT / "app/errors.py", ROOT / "app/refusals.py", *(ROOT / "graphql_schema").rglob("*.py")]
    lines = [line for file in files for line in file.read_text().splitlines() if re.search(r"\bcode\b", line)]
    return set(re.findall(r'"([A-Z][A-Z_]{4,})"', "\n".join(lines)))


def test_the_table_of_codes_is_all_that_the_program_can_say():
    guide = (ROOT / "docs/api.md").read_text()
    table = guide[guide.index("| `extensions.code` |") :].split("\n\n")[0]
    listed = {
        code for row in table.splitlines()[2:] for code in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }
    assert listed == codes_of_the_program()
    assert {"BAD_USER_INPUT", "PERSISTED_QUERY_NOT_FOUND", "INTERNAL_SERVER_ERROR"} < listed


def test_every_subscription_is_in_the_page_on_what_is_live():
    live = (ROOT / "docs/live.md").read_text()
    for name in build_schema()._schema.subscription_type.fields:
        assert f"| `{name}` |" in live


def test_env_examples_hold_settings_alone():
    for name in (".env.example", "docker/.env.example"):
        given = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / name).read_text(), re.MULTILINE))
        others = {"POSTGRES_PASSWORD", "DOMAIN", "PULL_SECONDS", "KAFKA_TOPIC"} if "docker" in name else set()
        assert given - others <= {field.alias for field in Settings.model_fields.values()}


def shape(value: object) -> object:
    """Keys and kinds of a JSON value, lists by an item with the fewest nulls: a window may hold one signal alone."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(min(value, key=lambda item: str(item).count("None")))] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_no_committed_file_names_a_registry():
    names = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js")
    committed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    for path in committed:
        content = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b""
        assert not any(name.encode() in content for name in names), path
