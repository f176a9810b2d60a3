"""Charts, ingestion and metrics over HTTP: everyone sees and changes there what they do over GraphQL, and no more."""

import json
import re
from xml.etree import ElementTree as ET

import httpx2
import pytest

from app.auth import keys
from app.auth.viewer import Scope
from tests.people import SEEN, SIGNALS, may_see, people
from tests.transport.test_ingest import NDJSON, lines

__all__ = ["people"]

NUMBERS = """query($s: [String!]) {
  coherence { totalSignalCount } signalSummary(filter: {sources: $s}) { totalCount }
}"""
WRITABLE = {"ann": "a1 a2", "bob": "b1", "administrator": "a1 a2 b1 n1", "key:admin": "a1 a2 b1 n1"}
WRITABLE["key:ingest"] = WRITABLE["administrator"]


@pytest.fixture
async def http(people, serve, database):
    """Sends as someone: by a key of theirs with all scopes that their role has, or of a machine."""
    tokens = {}
    for name in people.viewers:
        if name != "nobody":
            kind, _, scope = name.partition(":")
            scopes = [Scope[scope.upper()]] if kind == "key" else list(Scope)
            _, tokens[name] = await keys.create(database, "test", name, scopes, people.users.get(name))
    async with (
        serve(COHERENCE_AUTH="required") as place,
        httpx2.AsyncClient(base_url=f"http://{place}", timeout=30) as client,
    ):

        async def send(name, method, path, headers=None, **more):
            given = {"Authorization": f"Bearer {tokens[name]}"} if name in tokens else {}
            return await client.request(method, path, headers=given | (headers or {}), **more)

        yield send


def words(response):
    assert response.status_code == 200, response.text
    svg = ET.fromstring(response.content)  # noqa: S314 - our own
    return ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]


def drawn(response):
    """How many signals the chart of drift says that it is of."""
    caption = next(word for word in words(response) if word.startswith("windows of")).split("  ·  ")
    return int(caption[1].split()[0]) if len(caption) > 1 else 0


def classed(response):
    """How many the chart of classes says that it is of."""
    return int(re.search(r"\b(\d+) signal", " ".join(words(response)))[1])


def without(response, *names):
    """Status and body, whatever was asked for."""
    body = response.text
    for name in names:
        body = body.replace(name, "?")
    return response.status_code, body


@may_see
async def test_drift_is_drawn_of_what_one_may_read(http, name, seen):
    asked = {"query": NUMBERS, "variables": {"s": seen}}
    numbers = (await http(name, "POST", "/graphql", json=asked)).json()["data"]
    count = drawn(await http(name, "GET", "/charts/drift.svg"))
    assert count == sum(SIGNALS[each] for each in seen)
    assert count == numbers["coherence"]["totalSignalCount"] == numbers["signalSummary"]["totalCount"]
    missing = await http(name, "GET", "/charts/drift.svg?conversation=never")
    assert missing.status_code == 404
    for each, signals in SIGNALS.items():
        chart = await http(name, "GET", f"/charts/drift.svg?conversation={each}")
        if each in seen:
            assert drawn(chart) == signals
        else:
            assert without(chart, each) == without(missing, "never")
        from_it = await http(name, "GET", f"/charts/drift.svg?source={each}")
        nothing = await http(name, "GET", "/charts/drift.svg?source=zz")
        assert ([word for word in words(from_it) if word != f"All conversations · only {each}"]
                == [word for word in words(nothing) if word != "All conversations · only zz"]) is (each not in seen)  # fmt: skip


@may_see
async def test_classes_are_drawn_of_what_one_may_read(http, people, name, seen):
    query = "{ signalSummary { totalCount classifications { count } } }"
    summary = (await http(name, "POST", "/graphql", json={"query": query})).json()["data"]["signalSummary"]
    assert summary["totalCount"] == sum(SIGNALS[each] for each in seen)
    assert summary["totalCount"] == classed(await http(name, "GET", "/charts/classifications.svg"))
    missing = await http(name, "GET", "/charts/classifications.svg?user=00000000-0000-4000-8000-000000000000")
    assert missing.status_code == 404
    for user in ("ann", "bob"):
        visible = name == user or any(each.startswith(user[0]) for each in seen)
        chart = await http(name, "GET", f"/charts/classifications.svg?user={people.users[user]}")
        if visible:
            theirs = sum(SIGNALS[each] for each in seen if each.startswith(user[0]))
            assert classed(chart) == theirs
        else:
            assert without(chart) == without(missing)


@pytest.mark.parametrize("name", [*SEEN, "key:ingest"])
async def test_signals_are_stored_in_conversations_of_ones_own_alone(http, people, pg, name):
    body = lines(*({"contextWindowId": each, "signalScore": 0.5} for each in (*SIGNALS, "never")))
    before = await pg.fetchval("SELECT count(*) FROM signals")
    response = await http(name, "POST", "/ingest", NDJSON, content=body)
    own = WRITABLE.get(name, "").split()
    if not own:
        assert response.status_code == (401 if name == "nobody" else 403)
    else:
        *told, last = map(json.loads, response.text.splitlines())
        assert (last["accepted"], last["refused"]) == (len(own), 5 - len(own))
        errors = {line["line"]: line["error"] for line in told if "error" in line}
        (never,) = (error for line, error in errors.items() if line == 5)
        assert never["extensions"]["code"] == "NOT_FOUND"
        for line, each in enumerate(SIGNALS, 1):
            if each in own:
                assert line not in errors
            else:
                assert json.dumps(errors[line]).replace(each, "?") == json.dumps(never).replace("never", "?")
    assert await pg.fetchval("SELECT count(*) FROM signals") == before + len(own)
    opened = await http(name, "POST", "/ingest?createConversations=true", NDJSON, content=body)
    if own:
        assert json.loads(opened.text.splitlines()[-1])["accepted"] == len(own) + 1
    rows = await pg.fetch(
        "SELECT context_window_id, user_id FROM conversations WHERE context_window_id = 'never'"
    )
    assert len(rows) == bool(own)
    if rows and name == "ann":
        assert rows[0]["user_id"] == people.users["ann"]


@pytest.mark.parametrize("name", [*SEEN, "key:ingest"])
async def test_metrics_are_for_those_who_see_everything(http, name):
    whole = {"administrator", "key:read", "key:admin"}
    expected = 200 if name in whole else 401 if name == "nobody" else 403
    response = await http(name, "GET", "/metrics")
    assert response.status_code == expected
    assert ("coherence_signals" in response.text) is (expected == 200)
    if name in SEEN:
        status = await http(name, "POST", "/graphql", json={"query": "{ status { version requestCount } }"})
        assert ("errors" in status.json()) is (name == "nobody")
