"""A request whose plan is known goes round the executor, and nobody can tell from its answer, its log or its charge."""

import pytest
import structlog

from app.database.direct import Direct
from app.errors import Unavailable
from graphql_schema.schema import Schema

pytestmark = pytest.mark.usefixtures("two")

ROWS = """query Rows($name: String!, $first: Int) {
  conversation(by: {contextWindowId: $name}) { id contextWindowId signals(first: $first) { totalCount edges { cursor } } }
}"""


@pytest.fixture
def run(monkeypatch):
    """How often an operation has gone through the executor."""
    through = []
    execute = Schema.execute

    async def counted(self, *arguments, **more):
        through.append(arguments)
        return await execute(self, *arguments, **more)

    monkeypatch.setattr(Schema, "execute", counted)
    return through


@pytest.fixture
async def twice(client, run):
    """The answer to a request, the same when its plan is known; `known` tells whether that was so."""

    async def twice(body, known=True, **headers):
        answers = []
        for number in range(2):
            before = len(run)
            answer = await client.http.post("/graphql", json=body, headers=headers)
            answers.append((answer.status_code, answer.headers["content-type"], answer.text))
            assert len(run) - before == (1 if number == 0 or not known else 0)
        assert answers[0] == answers[1]
        return answer.json()

    return twice


@pytest.fixture
async def two(client):
    for name in ("a", "b"):
        await client.data(
            "mutation($n: String) { createConversation(input: {contextWindowId: $n}) { id } }", n=name
        )
        await client.data(
            "mutation($s: SignalInput!) { createSignal(input: $s) { id } }",
            s={"contextWindowId": name, "timestamp": "2026-01-01T00:00:00Z"},
        )


async def test_the_second_time_it_goes_round_the_executor(twice):
    body = await twice({"query": ROWS, "variables": {"name": "a", "first": 5}})
    assert body["data"]["conversation"]["signals"]["totalCount"] == 1
    assert body["extensions"]["cost"] == {"rows": 6, "limit": 100_000, "depth": 4}
    await twice({"query": ROWS, "variables": {"name": "b", "first": 4}})


async def test_another_name_is_another_row_by_the_same_plan(client, run):
    for name in ("a", "b", "c", "a"):
        found = (await client.data(ROWS, name=name, first=1))["conversation"]
        assert (found and found["contextWindowId"]) == (None if name == "c" else name)
    assert len(run) == 1


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "*/*", "text/html, application/json"]
)
async def test_it_answers_in_the_media_type_that_is_asked_for(twice, accept):
    await twice({"query": ROWS, "variables": {"name": "a"}}, Accept=accept)


@pytest.mark.parametrize(
    "body",
    [
        {"query": ROWS, "variables": {"name": "\0"}},
        {"query": ROWS, "variables": {"name": 7}},
        {"query": ROWS, "variables": {}},
        {"query": ROWS, "variables": {"name": "a", "first": -1}},
        {"query": ROWS, "variables": {"name": "a"}, "operationName": "Others"},
        {"query": ROWS + " query Other { __typename }", "variables": {"name": "a"}},
        {"query": ROWS, "variables": [], "operationName": None},
        {"query": ROWS, "variables": {"name": "a"}, "unknown": 1},
        {"query": "{ conversations { edges { node { shareEnabled } } } }"},
        {"documentId": "0" * 64},
    ],
)
async def test_what_is_at_fault_or_not_planned_is_executed_every_time(client, twice, body):
    await client.data(ROWS, name="a")
    await client.data("{ __typename }")
    if body.get("variables") == []:
        answers = [(await client.http.post("/graphql", json=body)).text for _ in range(2)]
        assert answers[0] == answers[1]
    else:
        await twice(body, known=False)


async def test_the_plan_of_null_is_not_that_of_true(client):
    paged = """query($after: String, $with: Boolean!) {
        signals(first: 1, after: $after) @include(if: $with) { totalCount } users { totalCount }
    }"""
    for present in (True, False):  # the second plan depends on all variables
        assert "errors" not in await client.post(paged, **{"after": None, "with": present})
    error = await client.error(paged, **{"after": True, "with": True})
    assert "$after" in error["message"]


async def test_it_is_logged_and_counted_as_all_are(client, run):
    await client.data(ROWS, name="a")
    counted = "{ status { requestCount } }"
    before = (await client.data(counted))["status"]["requestCount"]
    with structlog.testing.capture_logs() as logs:
        await client.data(ROWS, name="b")
    (line,) = [line for line in logs if line["event"] == "operation"]
    assert line["operation"] == "Rows"
    assert line["outcome"] == "OK"
    assert line["duration_ms"] > 0
    assert (await client.data(counted))["status"]["requestCount"] == before + 2
    assert len(run) == 3


async def test_where_the_database_is_away_the_executor_says_so(client, monkeypatch):
    await client.data(ROWS, name="a")

    async def away(*_):
        raise OSError

    monkeypatch.setattr(Direct, "row", away)
    assert (await client.data(ROWS, name="a"))["conversation"]["contextWindowId"] == "a"
    monkeypatch.setattr(
        "app.database.engine.Database.read", lambda *_, **__: (_ for _ in ()).throw(Unavailable("gone"))
    )
    assert (await client.error(ROWS, name="a"))["extensions"]["code"] == "UNAVAILABLE"
