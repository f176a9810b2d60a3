"""What each kind of failure tells the client, and what it does not."""

import asyncio
import json

import httpx2
import pytest
from structlog.testing import capture_logs

from app.asgi import create_app

USERS = "query($n: Int, $f: UserFilter) { users(first: $n, filter: $f) { totalCount } }"
SIGNALS = "mutation($s: [SignalInput!]!) { createSignals(signals: $s) { totalCount } }"


def code(error):
    return error["extensions"]["code"]


@pytest.mark.parametrize(
    "document", ["{", "", " ", "{ users(first: 1 }", '{ user(by: {id: "', "\ud800", "\0"]
)
async def test_what_cannot_be_parsed(reader, document):
    body = json.dumps({"query": document or " "})
    response = await reader.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    (error,) = response.json()["errors"]
    assert code(error) == "GRAPHQL_PARSE_FAILED"
    assert "data" not in response.json()


@pytest.mark.parametrize(
    "document",
    [
        "{ nope }",
        "{ users { nope } }",
        "{ users }",
        "{ user { id } }",
        "{ users(nope: 1) { totalCount } }",
        "{ users(first: 1, first: 2) { totalCount } }",
        "{ user(by: {id: $undefined}) { id } }",
        "query($n: String) { users(first: $n) { totalCount } }",
        "query($n: Nope) { users(first: $n) { totalCount } }",
        "fragment F on Query { users { totalCount } }",
        "{ ...Missing }",
        "fragment A on Query { ...B } fragment B on Query { ...A } { ...A }",
        "subscription { nope }",
        "query A { __typename } query B { __typename }",
        "{ a: users { totalCount } a: status { version } }",
        "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    ],
)
async def test_a_document_that_does_not_fit_the_schema(reader, document):
    response = (await reader.http.post("/graphql", json={"query": document})).json()
    assert {code(error) for error in response["errors"]} <= {"GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"}
    assert "data" not in response


async def test_a_oneof_in_a_fragment_that_stands_before_its_operation(reader):
    document = "fragment F on Query { user(by: {username: $name}) { id } } query($name: String!) { ...F }"
    assert await reader.data(document, name="nobody") == {"user": None}


VALUES = [
    ('{ users(first: "x") { totalCount } }', {}, "first"),
    ("{ users(filter: {role: BOSS}) { totalCount } }", {}, "role"),
    ("{ users(filter: {nope: 1}) { totalCount } }", {}, "nope"),
    ("{ users(filter: 3) { totalCount } }", {}, "filter"),
    ("{ coherence(window: null) { windowSec } }", {}, "window"),
    ('{ coherence(window: "5 parsecs") { windowSec } }', {}, "window"),
    ('{ coherence(range: {start: "2026-01-01T00:00:00"}) { windowSec } }', {}, "start"),
    ("{ user(by: {}) { id } }", {}, "by"),
    ("{ user(by: {id: null}) { id } }", {}, "id"),
    ('{ user(by: {id: "a", username: "b"}) { id } }', {}, "by"),
    ("{ users(first: %s) { totalCount } }" % ("9" * 5_000), {}, "first"),
    ("{ users @include(if: 3) { totalCount } }", {}, "if"),
    ("mutation { createUser(input: {}) { id } }", {}, "username"),
    ('query($n: Int = "x") { users(first: $n) { totalCount } }', {}, "first"),
    (USERS, {"n": "x"}, "first"),
    (USERS, {"n": 2**31}, "first"),
    (USERS, {"n": 1.5}, "first"),
    (USERS, {"f": {"role": "BOSS"}}, "role"),
    (USERS, {"f": {"nope": 1}}, "nope"),
    (USERS, {"f": [1, 2]}, "filter"),
    ("query($w: Duration!) { coherence(window: $w) { windowSec } }", {}, "window"),
    ("query($w: Duration!) { coherence(window: $w) { windowSec } }", {"w": "0s"}, "window"),
    ('query($w: Duration = "5m") { coherence(window: $w) { windowSec } }', {"w": None}, "window"),
    ("query($t: DateTime) { coherence(range: {start: $t}) { windowSec } }", {"t": "yesterday"}, "start"),
    ("query($by: UserBy!) { user(by: $by) { id } }", {"by": {}}, "by"),
    ("query($by: UserBy!) { user(by: $by) { id } }", {"by": {"id": None}}, "id"),
    ("query($by: UserBy!) { user(by: $by) { id } }", {"by": {"id": "a", "username": "b"}}, "by"),
    ("query($x: ID!) { user(by: {id: $x}) { id } }", {"x": {"a": 1}}, "id"),
]


@pytest.mark.parametrize(("document", "variables", "field"), VALUES)
async def test_a_value_at_fault_names_its_field(reader, document, variables, field):
    error = await reader.error(document, **variables)
    assert (code(error), error["extensions"].get("field")) == ("BAD_USER_INPUT", field), error
    for internal in ("Maybe", "strawberry", "None", "NoneType", "encountered error", "set_int_max"):
        assert internal not in error["message"]


@pytest.mark.parametrize(
    ("document", "variables", "field", "index"),
    [
        ('{ nodes(ids: ["a", 1.5]) { id } }', {}, "ids", 1),
        ("{ nodes(ids: [null]) { id } }", {}, "ids", 0),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a", "b", True]}, "ids", 2),
        ("query($s: [String!]) { coherence(sources: $s) { windowSec } }", {"s": ["a", None]}, "sources", 1),
        ('{ signals(filter: {sources: ["a", 3]}) { totalCount } }', {}, "sources", 1),
    ],
)
async def test_a_value_at_fault_in_a_list_tells_its_index(reader, document, variables, field, index):
    error = await reader.error(document, **variables)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field, "index": index}


async def test_a_huge_value_is_not_sent_back_whole(reader):
    error = await reader.error(USERS, n="x" * 1_000_000)
    assert len(error["message"]) <= 1_000


async def test_many_values_at_fault_are_told_up_to_a_number(reader):
    body = await reader.post(SIGNALS, s=[{"contextWindowId": i} for i in range(1_000)])
    assert 10 < len(body["errors"]) <= 60
    assert {code(error) for error in body["errors"]} == {"BAD_USER_INPUT"}


@pytest.fixture
def broken(monkeypatch):
    """A server whose reading of users fails in a way that nobody foresaw."""

    async def fail(*_args, **_kwargs):
        marker = "SECRET-MARKER"
        raise ZeroDivisionError(marker)

    monkeypatch.setattr("app.users.queries.page", fail)


@pytest.mark.usefixtures("broken", "executed")
async def test_an_unforeseen_failure_is_told_by_its_request_id_and_logged(reader):
    with capture_logs() as logs:
        response = await reader.http.post(
            "/graphql",
            json={"query": "{ users { edges { node { id } } } }"},
            headers={"X-Request-Id": "request-7"},
        )
    assert "SECRET-MARKER" not in response.text
    assert "ZeroDivision" not in response.text
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-7"}
    assert "request-7" in error["message"]
    assert error["path"] == ["users", "edges"]
    (logged,) = [line for line in logs if line["event"] == "resolver failed"]
    assert logged["request_id"] == "request-7"
    assert isinstance(logged["exc_info"], ZeroDivisionError)


@pytest.mark.usefixtures("executed")
async def test_a_result_that_does_not_fit_its_type_is_the_servers_fault(reader, monkeypatch):
    async def too_many(*_args):
        return 2**40

    monkeypatch.setattr("app.users.queries.count", too_many)
    assert code(await reader.error("{ users { totalCount } }")) == "INTERNAL_SERVER_ERROR"


async def test_an_extension_that_fails_is_an_internal_error_too(reader, monkeypatch):
    def fail(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("graphql_schema.limits.measure", fail)
    assert code(await reader.error("{ users { totalCount } }")) == "INTERNAL_SERVER_ERROR"


async def test_other_fields_answer_beside_one_that_failed(reader):
    body = await reader.post('{ status { version } node(id: "x") { id } }')
    assert body["data"]["status"]["version"]
    assert body["data"]["node"] is None
    assert [error["path"] for error in body["errors"]] == [["node"]]


@pytest.mark.parametrize(
    "document",
    [
        "{ users { totalCount } }",
        "{ coherence { windowSec } }",
        '{ user(by: {username: "a"}) { id } }',
        'mutation { createUser(input: {username: "a"}) { id } }',
        'mutation { createSignals(signals: [{contextWindowId: "a"}]) { totalCount } }',
    ],
)
async def test_a_database_that_is_not_there_is_unavailable(reader, config, document):
    app = create_app(config, "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        error = await type(reader)(http).error(document)
    assert code(error) == "UNAVAILABLE"
    assert "127.0.0.1" not in error["message"]


async def test_a_database_that_goes_away_is_unavailable_and_comes_back(client, pg):
    await client.data("{ users { totalCount } }")
    await pg.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(5):
        while "errors" in (found := await client.post("{ users { totalCount } }")):
            assert found["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert found["data"] == {"users": {"totalCount": 0}}
