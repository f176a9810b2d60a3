"""docs/api.md, docs/clients.md and docs/messages.md: every example of theirs is run as written, in order."""

import gzip
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from graphql import build_schema, is_object_type

ROOT = Path(__file__).parents[1]
WEB = ROOT / "app" / "web"
NODE = ROOT / ".venv" / "bin" / "node"
BLOCK = re.compile(r"^```(graphql|json variables|json|js|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples(name):
    """(language, code, what follows it by language) of each block that runs."""
    found = []
    for language, code in BLOCK.findall((ROOT / "docs" / name).read_text()):
        if language in {"graphql", "js"}:
            found.append((language, code, {}))
        else:
            found[-1][2][language] = code
    return found


def post(place, query, variables):
    return httpx2.post(f"{place}/graphql", json={"query": query, "variables": variables}, timeout=30).json()


def without_places(value):
    """Without where in the document an error lies."""
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items() if key != "locations"}
    return [without_places(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["api.md", "messages.md"])
def test_every_operation_is_answered_as_is_shown(served, name):
    run = 0
    for language, code, more in examples(name):
        if language != "graphql":
            continue
        run += 1
        variables = json.loads(more.get("json variables", "{}"))
        answer = post(served, code, variables)
        if "json" in more:
            expected = json.loads(more["json"])
            got = without_places(answer)
            assert {key: got.get(key) for key in expected} == expected
        else:
            assert "errors" not in answer, (code, answer)
            assert all(value is not None for value in answer["data"].values())
    assert run == len(re.findall(r"^```graphql", (ROOT / "docs" / name).read_text(), re.MULTILINE)) > 0


LOGS = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(not LOGS.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("file", "key", "messages", "cost"),
    [
        ("agents_taubench_airline.jsonl.gz", "conversation_id", 3, "user_sim_cost_usd"),
        ("agents_whowhen.jsonl.gz", "conversation_id", 3, None),
    ],
)
def test_the_script_imports_logs_of_agents(served, tmp_path, file, key, messages, cost):
    """Compared with the logs, read in another way: what was said, and what it cost to the last digit."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/messages.md").read_text(), re.DOTALL | re.MULTILINE
    )
    script, part = tmp_path / "logs.py", tmp_path / "part.jsonl"
    with gzip.open(LOGS / file, "rt") as lines:
        part.write_text("".join(next(lines) for _ in range(messages)))
    script.write_text(code)
    subprocess.run([sys.executable, script, served, part], check=True, timeout=120, capture_output=True)
    logged = [json.loads(line, parse_float=Decimal) for line in part.read_text().splitlines()]
    query = """query($key: String!) { conversation(by: {contextWindowId: $key}) { agentId messages(first: 100) {
        totalCount edges { node { role content costUsd } } } } }"""
    for log in logged:
        found = post(served, query, {"key": log[key]})["data"]["conversation"]
        said = [message for message in log["messages"] if message["text"].strip()]
        nodes = [edge["node"] for edge in found["messages"]["edges"]]
        assert found["messages"]["totalCount"] == len(said)
        assert [node["content"] for node in nodes] == [message["text"] for message in said][:100]
        assert {node["role"] for node in nodes} <= {"USER", "ASSISTANT", "SYSTEM"}
        if cost and log[cost]:
            total = sum(Decimal(node["costUsd"]) for node in nodes if node["costUsd"])
            assert total == round(log[cost], 18)


@pytest.mark.skipif(
    not (WEB / "node_modules" / "graphql-ws").is_dir(), reason="needs node_modules: make setup"
)
@pytest.mark.parametrize(
    ("code", "more"),
    [
        (code, more)
        for name in ("api.md", "clients.md")
        for language, code, more in examples(name)
        if language == "js"
    ],
)
def test_every_program_writes_what_is_shown(served, code, more):
    """Beside node_modules, where its imports are found."""
    place = WEB / "node_modules" / f"example-{uuid4().hex}.mjs"
    place.write_text(code.replace("127.0.0.1:8002", served.removeprefix("http://")))
    try:
        done = subprocess.run([NODE, place], capture_output=True, text=True, timeout=60, check=False)
    finally:
        place.unlink()
    assert (done.returncode, done.stdout) == (0, more["text"]), done.stderr


def test_what_graphcache_is_told_are_all_types_without_an_id():
    guide = (ROOT / "docs/clients.md").read_text()
    listed = re.search(r"const EMBEDDED = \[(.*?)\];", guide, re.DOTALL)[1]
    types = build_schema((ROOT / "graphql_schema/schema.graphql").read_text()).type_map.items()
    expected = {
        name
        for name, type_ in types
        if is_object_type(type_)
        and "id" not in type_.fields
        and not name.startswith("__")
        and not name.endswith(("Connection", "Edge"))
        and name not in {"PageInfo", "Query", "Mutation", "Subscription"}
    }
    assert set(re.findall(r'"(\w+)"', listed)) == expected


def test_the_example_in_python_runs(served, tmp_path):
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/clients.md").read_text(), re.DOTALL | re.MULTILINE
    )
    script = tmp_path / "example.py"
    script.write_text(code.replace("http://127.0.0.1:8002", served) + "\nprint(found[1])")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("{'users': {'totalCount': ")
