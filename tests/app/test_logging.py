"""What the logs say, and what they never say: values, variables, query text."""

import asyncio
import io
import json
import logging
import sys

import httpx2
import pytest
import structlog

from app.asgi import create_app
from app.observability import requests
from app.observability.logging import Lines, configure
from graphql_schema import errors, operations
from graphql_schema.coherence import loaders as coherence

MARKER = "marker-4711"


@pytest.fixture
def lines(monkeypatch):
    """The JSON objects that have been logged so far. The configuration is undone afterwards."""
    monkeypatch.setattr(sys, "stderr", stderr := io.StringIO())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    access = logging.getLogger("uvicorn.access").disabled
    stream = configure("info")
    for module in (requests, coherence, errors, operations):  # each keeps what it first logged with
        monkeypatch.setattr(module, "log", structlog.get_logger())
    monkeypatch.setattr(logging.getLogger("httpx2"), "level", logging.WARNING)  # the tests' own client

    def lines():
        stream.write_out()
        return [json.loads(line) for line in stderr.getvalue().splitlines()]

    lines.stderr = stderr
    yield lines
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = access


@pytest.fixture
async def http(config, url):
    app = create_app(config, url, "the tests' own key")
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield http


async def post(http, query, operation=None, **variables):
    body = {"query": query, "variables": variables, "operationName": operation}
    return await http.post("/graphql", json=body, headers={"X-Request-Id": "request-7"})


async def test_one_line_a_request_and_one_an_operation(http, lines):
    await post(http, "query Named { __typename }")
    operation, request = lines()
    assert (operation["event"], request["event"]) == ("operation", "request")
    assert operation["operation"] == "Named"
    assert operation["outcome"] == "OK"
    assert operation["request_id"] == request["request_id"] == "request-7"
    assert (request["method"], request["path"], request["status"]) == ("POST", "/graphql", 200)
    for line in (operation, request):
        assert line["duration_ms"] > 0
        assert line["level"] == "info"
        assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "operation", "outcome", "name"),
    [
        ("{ __typename }", None, "OK", None),
        ("{", None, "GRAPHQL_PARSE_FAILED", None),
        ("query Q { nope }", None, "GRAPHQL_VALIDATION_FAILED", "Q"),
        ('query Q { users(first: "x") { totalCount } }', None, "BAD_USER_INPUT", "Q"),
        (
            'query Q { a: node(id: "x") { id } b: users(first: -1) { totalCount } }',
            None,
            "BAD_USER_INPUT",
            "Q",
        ),
        ("query A { __typename } query B { __typename }", "B", "OK", "B"),
        ("query A { __typename } query B { __typename }", "C", "GRAPHQL_VALIDATION_FAILED", "C"),
        ("query A { __typename }", "no name at all", "GRAPHQL_VALIDATION_FAILED", None),
        ("query A { __typename }", "x" * 5_000, "GRAPHQL_VALIDATION_FAILED", None),
        ("{ " + "__typename " * 6_000 + "}", None, "QUERY_TOO_COMPLEX", None),
    ],
)
async def test_the_outcome_is_told_by_its_code(http, lines, query, operation, outcome, name):
    await post(http, query, operation)
    line, _ = lines()
    assert (line["outcome"], line["operation"]) == (outcome, name)


NUMBERS = """
mutation {
  createSignals(createConversations: true, signals: [
    {contextWindowId: "c", signalScore: 0.2, timestamp: "2026-01-31T12:00:00Z"}
    {contextWindowId: "c", signalScore: 0.6, timestamp: "2026-01-31T12:00:01Z"}
  ]) { failedCount }
}
"""


@pytest.mark.parametrize(
    "field",
    ["coherence { level }", 'metrics(at: "2026-01-31T12:30:00Z") { n }', "forecast { predictedDriftRisk }"],
)
@pytest.mark.parametrize("planned", [True, False])
async def test_the_line_of_a_number_names_whose_it_is_and_its_volatility(http, lines, pg, field, planned):
    await post(http, NUMBERS)
    kept = "" if planned else "signals(first: 1) { edges { node { classification } } }"
    await post(http, f'{{ conversation(by: {{contextWindowId: "c"}}) {{ {field} {kept} }} }}')
    await post(http, f"{{ {field.replace('metrics', 'coherenceMetrics')} }}")
    one, everything = [line for line in lines() if line["event"] == field.split()[0].split("(")[0]]
    assert one["conversation"] == str(await pg.fetchval("SELECT id FROM conversations"))
    assert "conversation" not in everything
    assert one["volatility"] == everything["volatility"] == pytest.approx(0.08**0.5)
    assert one["request_id"] == "request-7"


async def test_no_value_of_a_client_is_logged(http, lines):
    create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id personalInformation { email } } }"
    person = {name: f"{MARKER}-{name}" for name in ("username", "name", "phone", "address")}
    person["email"] = f"{MARKER}@example.org"
    assert MARKER in (await post(http, create, i=person)).text
    assert "CONFLICT" in (await post(http, create, i=person)).text
    await post(http, create, i=person | {"role": MARKER})
    await post(http, create, i=person | {"email": MARKER})
    await post(http, f'{{ user(by: {{username: "{MARKER}"}}) {{ id }} }}')
    await post(http, f'{{ users(filter: {{search: "{MARKER}"}}) {{ edges {{ node {{ id }} }} }} }}')
    await post(http, f"{{ {MARKER.replace('-', '_')} }} # {MARKER}")
    await post(http, f'{{ node(id: "{MARKER}") {{ id }} }}')
    await http.get("/graphql", params={"query": f'{{ user(by: {{username: "{MARKER}"}}) {{ id }} }}'})
    await http.post("/graphql", content=f'{{"{MARKER}', headers={"Content-Type": "application/json"})
    await http.get("/healthz", headers={"Authorization": MARKER, "Cookie": MARKER})
    logged = lines()
    assert len(logged) > 15
    text = json.dumps(logged)
    assert "marker" not in text.lower()
    assert "createUser" not in text


async def test_an_unforeseen_failure_is_logged_with_its_traceback_and_without_values(http, lines, pg):
    await pg.execute(
        """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'no such luck' USING DETAIL = 'Key is ' || NEW.username;
           END $$;
           CREATE TRIGGER fail BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fail()"""
    )
    create = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }"
    response = await post(http, create, i={"username": MARKER, "email": f"{MARKER}@x.org", "phone": MARKER})
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "luck" not in response.text
    failed, operation, _ = lines()
    assert failed["event"] == "resolver failed"
    assert failed["request_id"] == "request-7"
    assert operation["outcome"] == "INTERNAL_SERVER_ERROR"
    text = json.dumps(failed)
    assert "no such luck" in text
    assert "app/users/service.py" in text  # where it was
    assert MARKER not in text
    assert "own key" not in text


def fail(value):
    return len(value) / 0


async def test_libraries_log_through_the_same_renderer(lines):
    structlog.contextvars.bind_contextvars(request_id="request-8")
    try:
        logging.getLogger("uvicorn.error").warning("something %s", "odd")
        try:
            fail(MARKER)
        except ZeroDivisionError:
            logging.getLogger("asyncio").exception("failed")
    finally:
        structlog.contextvars.clear_contextvars()
    warning, error = lines()
    assert (warning["event"], warning["level"], warning["request_id"]) == (
        "something odd",
        "warning",
        "request-8",
    )
    assert error["exception"]
    assert MARKER not in json.dumps(error)


async def test_the_level_is_kept(lines, monkeypatch):
    monkeypatch.setattr(sys, "stderr", lines.stderr)  # pytest has put its own there since
    stream = configure("error")
    structlog.get_logger().info("quiet")
    logging.getLogger("x").warning("quiet")
    structlog.get_logger().error("loud")
    stream.write_out()
    (line,) = lines()
    assert line["event"] == "loud"


async def test_a_server_whose_log_nobody_takes_goes_on(tmp_path):
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    with (tmp_path / "log").open("w") as gone:
        stream = Lines(gone)
    stream.write("a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not faults


def test_what_one_loop_has_left_the_next_one_writes():
    async def log(line):
        stream.write(line)
        asyncio.get_running_loop().stop()

    stream = Lines(written := io.StringIO())
    for line in "ab":
        loop = asyncio.new_event_loop()
        task = loop.create_task(log(line))
        loop.run_forever()
        assert task.done()
        loop.close()
    stream.write_out()
    assert written.getvalue() == "ab"


async def test_the_lines_of_one_turn_are_written_together():
    class Stream(io.StringIO):
        def write(self, text):
            written.append(text)
            return super().write(text)

    written: list[str] = []
    stream = Lines(Stream())
    for line in "ab":
        stream.write(line)
    assert not written
    await asyncio.to_thread(stream.write, "thread")
    await asyncio.sleep(0)
    assert written in (["thread", "ab"], ["ab", "thread"])
    stream.write("c")
    stream.write_out()
    assert written[-1] == "c"
