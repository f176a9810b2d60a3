"""Whatever a plan, a route or a stream ends with: the answer is right, or JSON with a code and the request's id."""

import json
from types import SimpleNamespace

import asyncpg
import httpx2
import pytest
from sqlalchemy import exc
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from app.database.direct import Direct
from app.database.engine import Database
from app.errors import Refused, TooSlow
from app.observability.statistics import Statistics
from app.refusals import refusal
from app.signals.ingest import Signals
from graphql_schema.plans import Plans, batch
from graphql_schema.plans.coherence import Hole, Points
from tests.transport.test_websocket import ask, opened, socket

FAILURES = [
    TypeError("numpy array is not C contiguous"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    KeyError("x"),
    ValueError("x"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ExceptionGroup("several", [ZeroDivisionError()]),
    asyncpg.ProgramLimitExceededError("total size of jsonb object elements exceeds the maximum"),
    asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute in a read-only transaction"),
    asyncpg.UndefinedColumnError("column does not exist"),
    asyncpg.DataError("invalid input for query argument $1"),
    asyncpg.InternalServerError("cache lookup failed"),
    asyncpg.IndexCorruptedError("could not read block"),
    asyncpg.InterfaceError("another operation is in progress"),
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.OutOfMemoryError("out of memory"),
    exc.InvalidRequestError("x"),
    exc.DBAPIError("SELECT", {}, Exception("x")),
]
SOME = FAILURES[::3]
QUERY = """query Read($name: String!) {
  conversation(by: {contextWindowId: $name}) {
    contextWindowId signals(first: 2) { edges { node { signalScore } } }
    coherence(window: "5m") { totalSignalCount series { signalCount } }
  }
}"""
FOUND = {
    "conversation": {
        "contextWindowId": "a",
        "signals": {"edges": [{"node": {"signalScore": 0.5}}] * 2},
        "coherence": {"totalSignalCount": 3, "series": {"signalCount": [3]}},
    }
}
STORE = "mutation Store($s: SignalInput!) { stored: createSignal(input: $s) { id rawContent } }"
MANY = "mutation Many($s: [SignalInput!]!) { stored: createSignals(signals: $s) { successfulCount results { success } } }"


@pytest.fixture
async def place(live, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score) SELECT '2026-01-01', id, 's', 0.5"
        " FROM conversations, generate_series(1, 3)"
    )
    return live


@pytest.fixture
async def http(place):
    async with httpx2.AsyncClient(base_url=f"http://{place}", timeout=30) as http:
        yield http


def failing(monkeypatch, owner, name, failure, *, after=False, only=""):
    """Has a step of a plan end with `failure`, before or after it has done its work; of statements that have `only`."""
    step, met = getattr(owner, name), []

    async def awaited(self, *arguments, **more):
        if only and only not in arguments[0].text:
            return await step(self, *arguments, **more)
        if after:
            await step(self, *arguments, **more)
        met.append(failure)
        raise failure

    def called(*arguments, **more):
        if after:
            step(*arguments, **more)
        met.append(failure)
        raise failure

    is_async = getattr(step, "__code__", None) is not None and step.__code__.co_flags & 0x80
    monkeypatch.setattr(owner, name, awaited if is_async else called)
    return met


async def by_post(http, _, query, variables):
    response = await http.post("/graphql", json={"query": query, "variables": variables})
    assert response.headers["content-type"].startswith("application/json")
    return response.json()


async def by_get(http, _, query, variables):
    asked = {"query": query, "variables": json.dumps(variables)}
    response = await http.get("/graphql", params=asked, headers={"Accept": "application/json"})
    assert response.headers["content-type"].startswith("application/json")
    return response.json()


async def by_events(http, _, query, variables):
    response = await http.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"Accept": "text/event-stream"},
    )
    (event, _complete) = response.text.replace("\r\n", "\n").strip().split("\n\n")
    return json.loads(event.partition("data:")[2])


async def by_websocket(_, place, query, variables):
    async with socket(place) as ws:
        await opened(ws)
        answer = await ask(ws, query, variables=variables)
        return {"errors": answer} if isinstance(answer, list) else answer


TRANSPORTS = [by_post, by_get, by_events, by_websocket]
READING = [(Direct, "row"), (Hole, "filled"), (Points, "__init__"), (Plans, "plan_of"), (Plans, "free_of")]


async def counted(http, name):
    text = (await http.get("/metrics")).text
    (line,) = [line for line in text.splitlines() if line.startswith(f"coherence_{name}_total ")]
    return float(line.split()[1])


@pytest.mark.parametrize(("owner", "name"), READING, ids=[name for _, name in READING])
async def test_a_query_whose_plan_fails_is_executed(place, http, monkeypatch, owner, name):
    for _ in range(2):
        assert (await by_post(http, place, QUERY, {"name": "a"}))["data"] == FOUND
    failed = 0
    for transport in TRANSPORTS:
        for failure in FAILURES:
            with monkeypatch.context() as patch, capture_logs() as logs:
                met = failing(patch, owner, name, failure)
                body = await transport(http, place, QUERY, {"name": "a"})
            assert "errors" not in body, (transport, failure, body)
            assert body["data"] == FOUND
            told = [line for line in logs if line["event"] == "plan failed"]
            # What the database may recover from is no failure of the plan.
            assert [line["exc_info"] for line in told] == [each for each in met if not may_pass(each, name)]
            assert all(line["request_id"] for line in told)
            failed += len(told)
    assert failed
    assert await counted(http, "plan_failures") == failed


def may_pass(failure, name):
    return name == "row" and isinstance(failure, asyncpg.InterfaceError | asyncpg.InsufficientResourcesError)


STEPS_BEFORE = [(Plans, "plan_of", ""), (Plans, "free_of", ""), (Direct, "row", "nextval")]


async def stored(pg):
    return sorted(await pg.fetchval("SELECT array_agg(coalesce(raw_content, '-')) FROM signals") or [])


def told(body):
    """Whether the signal has been acknowledged; else there is one error, with a code."""
    if "errors" not in body:
        found = body["data"]["stored"]
        assert found.get("successfulCount") == 1 or found["rawContent"] == "x"
        return True
    (error,) = body["errors"]
    assert error["extensions"]["code"] in {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"}
    assert error["path"] == ["stored"]
    if error["extensions"]["code"] == "INTERNAL_SERVER_ERROR":
        assert error["extensions"]["requestId"]
    return False


@pytest.fixture
async def store(place, http, pg):
    """Has a signal be stored by a transport; whether it is acknowledged, and how often it is there."""

    async def store(query, transport):
        await pg.execute("DELETE FROM signals")
        signal = {"contextWindowId": "a", "rawContent": "x"}
        body = await transport(http, place, query, {"s": [signal] if query is MANY else signal})
        return told(body), len(await stored(pg))

    for query in (STORE, MANY):
        for _ in range(2):
            assert await store(query, by_post) == (True, 1)
    return store


WRITING = [by_post, by_events, by_websocket]


@pytest.mark.parametrize("query", [STORE, MANY])
async def test_a_mutation_whose_plan_fails_before_it_has_sent_anything_is_executed(
    place, http, store, monkeypatch, query
):
    for owner, name, only in STEPS_BEFORE:
        for transport in WRITING:
            for failure in SOME:
                place.graphql.services.signals._numbers.clear()
                with monkeypatch.context() as patch, capture_logs():
                    failing(patch, owner, name, failure, only=only)
                    assert await store(query, transport) == (True, 1), (name, transport, failure)
    assert await counted(http, "plan_failures")


@pytest.mark.parametrize("after", [True, False])
async def test_what_a_failed_plan_has_sent_is_looked_up_and_not_sent_again(place, store, monkeypatch, after):
    object.__setattr__(place.graphql.services.signals, "patience", 5 if after else 0.1)
    for transport in WRITING:
        for failure in SOME:
            with monkeypatch.context() as patch, capture_logs():
                met = failing(patch, Direct, "row", failure, after=after, only="INSERT INTO signals")
                acknowledged, times = await store(STORE, transport)
            assert met
            assert (acknowledged, times) == (after, after), (failure, transport)


@pytest.mark.parametrize("query", [STORE, MANY])
async def test_what_a_plan_has_stored_is_acknowledged_though_it_fails_afterwards(store, monkeypatch, query):
    for transport in WRITING:
        for failure in SOME:
            with monkeypatch.context() as patch, capture_logs():
                if query is STORE:
                    met = failing(patch, Statistics, "ingested", failure)
                else:
                    json = SimpleNamespace(dumps=batch.orjson.dumps)
                    patch.setattr(batch, "orjson", json)
                    met = failing(patch, json, "dumps", failure)
                acknowledged, times = await store(query, transport)
            assert met
            assert (acknowledged, times) == (True, 1), (failure, transport)


ROUTES = [
    ("GET", "/", "app.asgi.page", {}),
    ("GET", "/conversations/x", "app.asgi.page", {}),
    ("GET", "/health", "app.database.engine.Database.answers", {}),
    ("GET", "/healthz", "app.database.engine.Database.answers", {}),
    ("GET", "/status", "app.database.engine.Database.read", {}),
    ("GET", "/metrics", "app.observability.metrics.Stored.of", {}),
    ("GET", "/charts/drift.svg", "app.database.engine.Database.read", {}),
    ("GET", "/auth/providers", "app.auth.cookies.secure", {}),
    ("GET", "/assets/x.js", "app.pages.Assets.get_response", {}),
    ("POST", "/auth/logout", "app.auth.cookies.secure", {"Content-Type": "application/json"}),
    ("POST", "/ingest", "app.signals.ingest.Signals.ingest", {"Content-Type": "application/x-ndjson"}),
    ("POST", "/graphql", "graphql_schema.http.GraphQLApp.run", {"Content-Type": "application/json"}),
    ("GET", "/nowhere", "app.auth.service.Auth.viewer_of", {}),
]


@pytest.mark.parametrize(("method", "path", "step", "headers"), ROUTES, ids=[route[1] for route in ROUTES])
async def test_every_route_answers_with_json_and_the_requests_id(
    http, monkeypatch, method, path, step, headers
):
    def fails(*_, **__):
        raise ZeroDivisionError("SECRET-MARKER")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(step, fails)
        response = await http.request(
            method, path, content=b'{"contextWindowId": "a"}' if method == "POST" else None, headers=headers
        )
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/json"
    (error,) = response.json()["errors"]
    request_id = response.headers["x-request-id"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    assert "SECRET-MARKER" not in response.text
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert line["request_id"] == request_id
    assert isinstance(line["exc_info"], ZeroDivisionError)
    assert await counted(http, "failed_requests") == 1


async def test_a_failure_amid_a_report_is_its_last_line(http, pg, monkeypatch):
    ingest, batches = Signals.ingest, []

    async def fails(self, *arguments, **more):
        batches.append(arguments)
        if len(batches) == 2:
            raise ZeroDivisionError
        return await ingest(self, *arguments, **more)

    monkeypatch.setattr(Signals, "ingest", fails)
    body = b'{"contextWindowId": "a", "rawContent": "x"}\n' * 1_500
    with capture_logs():
        response = await http.post("/ingest", content=body, headers={"Content-Type": "application/x-ndjson"})
    first, last = map(json.loads, response.text.splitlines())
    assert first == {"through": 1_000}
    assert last["error"]["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": response.headers["x-request-id"],
    }
    assert last["accepted"] == 1_000
    assert await counted(http, "failed_requests") == 1
    assert (await stored(pg)).count("x") == 1_000


TOO_SLOW = [
    ("/charts/drift.svg", 400),
    ("/metrics", 200),
    ("/health", 503),
    ("/healthz", 503),
    ("/status", 400),
]


@pytest.mark.parametrize(("path", "status"), TOO_SLOW)
async def test_a_database_that_takes_too_long_is_told_everywhere(http, monkeypatch, path, status):
    def slow(*_, **__):
        raise TooSlow("The database has taken too long over this; ask for less at once.")

    monkeypatch.setattr(Database, "read", slow)
    response = await http.get(path)
    assert response.status_code == status
    if status == 400:
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


def test_every_refusal_has_a_status():
    waiting, seen = [Refused], []
    while waiting:
        seen.append(waiting.pop())
        waiting += seen[-1].__subclasses__()
    for kind in seen[1:]:
        assert 400 <= refusal(kind("x")).status_code <= 503


async def test_what_fails_before_a_socket_is_open_is_told_as_json(place, monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("app.auth.service.Auth.viewer_of", fails)
    with capture_logs(), pytest.raises(InvalidStatus) as refused:
        async with socket(place):
            pass
    response = refused.value.response
    assert response.status_code == 500
    assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize("transport", [by_events, by_websocket])
async def test_a_stream_that_fails_tells_so(place, http, monkeypatch, transport):
    async def fails(*_, **__):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr("graphql_schema.schema.Schema._stream_on", fails)
    with capture_logs():
        body = await transport(http, place, QUERY, {"name": "a"})
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"]
