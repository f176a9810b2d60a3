"""How many SQL statements an operation takes, whatever the number of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from unittest import mock

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.database.direct import Direct

_inside: ContextVar[list[str] | None] = ContextVar("inside", default=None)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements that are run for the block, in order; not those of what goes on beside it."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if _inside.get() is seen:
            seen.append(statement)

    run = Direct.row

    async def noted(self, statement, given):
        note(None, None, statement.text)
        return await run(self, statement, given)

    event.listen(Engine, "before_cursor_execute", note)
    token = _inside.set(seen)
    try:
        with mock.patch.object(Direct, "row", noted):
            yield seen
    finally:
        _inside.reset(token)
        event.remove(Engine, "before_cursor_execute", note)


async def counted(client, document, **variables):
    """How many statements the document takes, and its data."""
    with statements() as seen:
        data = await client.data(document, **variables)
    return len(seen), data


async def fill(pg, users, conversations, signals):
    """So many conversations of each user, and so many signals of each conversation."""
    await pg.execute(
        "INSERT INTO users (username, role) SELECT 'u' || n, 'COACH' FROM generate_series(1, $1) n", users
    )
    await pg.execute(
        "INSERT INTO conversations (context_window_id, user_id)"
        " SELECT username || '-' || n, id FROM users, generate_series(1, $1) n",
        conversations,
    )
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score, payload)"
        " SELECT timestamptz '2026-01-01' + n * interval '1 minute', id, 'chat', 0.5, '{}'"
        " FROM conversations, generate_series(1, $1) n",
        signals,
    )


NESTED = """{
  users { totalCount pageInfo { hasNextPage } edges { node { username
    conversations { totalCount edges { node { title user { username }
      signals { totalCount edges { node { signalScore conversation { title user { name } } } } }
    } } }
  } } }
}"""


async def test_what_is_planned_is_one_statement(client, pg):
    await fill(pg, 3, 2, 2)
    number, data = await counted(client, NESTED)
    assert number == 1
    assert data["users"]["totalCount"] == 3


@pytest.mark.usefixtures("executed")
async def test_nested_lists_take_as_many_statements_for_few_rows_as_for_many(client, pg):
    await fill(pg, 1, 1, 1)
    few, _ = await counted(client, NESTED)
    await pg.execute("TRUNCATE users, conversations, conversation_activity, signals CASCADE")
    await fill(pg, 7, 6, 5)
    many, data = await counted(client, NESTED)
    assert few == many == 6  # a page and a count of each of three lists; the conversations' users are known
    assert data["users"]["totalCount"] == 7
    pages = [edge["node"]["conversations"] for edge in data["users"]["edges"]]
    assert [page["totalCount"] for page in pages] == [6] * 7
    assert {edge["node"]["signals"]["totalCount"] for page in pages for edge in page["edges"]} == {5}


@pytest.mark.usefixtures("executed")
@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("edges { node { id } }", 1),
        ("pageInfo { hasNextPage endCursor }", 1),
        ("edges { cursor } pageInfo { hasNextPage }", 1),
        ("totalCount", 1),
        ("totalCount edges { cursor }", 2),
        ("__typename", 0),
    ],
)
async def test_a_list_is_read_and_counted_only_where_that_is_selected(reader, selection, expected):
    for field in ("users", "conversations", "signals"):
        with statements() as seen:
            await reader.data(f"{{ {field} {{ {selection} }} }}")
        counts = [statement for statement in seen if "count(" in statement.lower()]
        assert len(seen) == expected, field
        assert len(counts) == ("totalCount" in selection), field


@pytest.mark.usefixtures("executed")
async def test_the_same_list_asked_twice_is_read_once(reader):
    number, _ = await counted(reader, "{ a: users { edges { cursor } } b: users { edges { node { id } } } }")
    assert number == 1


async def test_fifty_conversations_at_one_window_are_one_statement(client, pg):
    await fill(pg, 1, 50, 4)
    document = """{ conversations(first: 50) { edges { node {
      coherence(window: "1h") { coherenceScoreCurrent level driftMetrics { mean } series { mean } signalSources { count } }
    } } } }"""
    number, data = await counted(client, document)
    assert number == 2  # the page, and all fifty readings
    counts = [edge["node"]["coherence"]["signalSources"] for edge in data["conversations"]["edges"]]
    assert counts == [[{"count": 4}]] * 50


async def test_two_windows_are_two_statements(client, pg):
    await fill(pg, 3, 5, 3)
    document = """{ conversations(first: 50) { edges { node {
      a: coherence(window: "1h") { totalSignalCount windowSec }
      b: coherence(window: "1d") { totalSignalCount windowSec }
      c: coherence(window: "60m") { windowSec }
    } } } }"""
    number, data = await counted(client, document)
    assert number == 3
    for edge in data["conversations"]["edges"]:
        node = edge["node"]
        assert (node["a"]["windowSec"], node["b"]["windowSec"], node["c"]["windowSec"]) == (
            3_600,
            86_400,
            3_600,
        )
        assert node["a"]["totalSignalCount"] == node["b"]["totalSignalCount"] == 3


CURRENT = """{ conversations(first: 50) { edges { node {
  current { signalCount level %s } coherence { driftMetrics { complete } series { complete } }
} } } }"""


async def recent(pg, conversations):
    """So many conversations with a signal a minute, of the last three hours."""
    await fill(pg, 1, conversations, 0)
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
        " SELECT now() - (n - 0.5) * interval '1 minute', id, 'chat', 0.5 FROM conversations, generate_series(1, 180) n"
    )


@pytest.mark.parametrize(("selection", "expected"), [("mean", 3), ("since", 4), ("since again: since", 4)])
async def test_fifty_current_readings_are_one_statement_and_their_runs_one(client, pg, selection, expected):
    await recent(pg, 50)
    number, data = await counted(client, CURRENT % selection)
    assert number == expected  # with the page and the windows
    nodes = [edge["node"] for edge in data["conversations"]["edges"]]
    assert len(nodes) == 50
    assert {(node["current"]["signalCount"], node["current"]["level"]) for node in nodes} == {(60, "LOW")}
    assert all(nodes[0]["coherence"]["series"]["complete"][:-1])


@pytest.mark.usefixtures("executed")
async def test_executed_they_are_as_many_with_the_time(client, pg):
    await recent(pg, 3)
    few, _ = await counted(client, CURRENT % "since")
    await pg.execute("TRUNCATE users, conversations, conversation_activity, signals CASCADE")
    await recent(pg, 20)
    many, _ = await counted(client, CURRENT % "since")
    assert few == many == 5


async def test_coherence_of_users_and_of_their_conversations(client, pg):
    await fill(pg, 4, 3, 2)
    document = """{ users { edges { node { coherence { totalSignalCount }
      conversations { edges { node { coherence { totalSignalCount } } } } } } } coherence { totalSignalCount } }"""
    number, data = await counted(client, document)
    assert number == 4  # the rows, and the readings of users, of conversations, and of everything
    assert data["coherence"]["totalSignalCount"] == 24
    for edge in data["users"]["edges"]:
        assert edge["node"]["coherence"]["totalSignalCount"] == 6


async def test_nodes_of_one_type_are_one_statement(client, pg):
    await fill(pg, 5, 1, 1)
    data = await client.data("{ users { edges { node { id } } } signals { edges { node { id } } } }")
    ids = [edge["node"]["id"] for name in ("users", "signals") for edge in data[name]["edges"]]
    number, data = await counted(client, "query($i: [ID!]!) { nodes(ids: $i) { __typename } }", i=ids * 3)
    assert number == 2
    assert [node["__typename"] for node in data["nodes"]] == (["User"] * 5 + ["Signal"] * 5) * 3


async def test_a_batch_of_signals_takes_as_many_statements_as_one(client):
    create = """mutation($s: [SignalInput!]!) {
      createSignals(signals: $s, createConversations: true) { successfulCount }
    }"""
    one, _ = await counted(client, create, s=[{"contextWindowId": "a"}])
    many, _ = await counted(client, create, s=[{"contextWindowId": f"b{i}"} for i in range(500)])
    assert one == many


async def test_personal_information_of_many_users_is_one_statement_and_one_that_notes_it(client):
    for name in "abc":
        await client.data(
            "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }",
            i={"username": name, "email": f"{name}@example.org"},
        )
    number, data = await counted(client, "{ users { edges { node { personalInformation { email } } } } }")
    assert number == 3  # who read them is noted
    emails = [edge["node"]["personalInformation"]["email"] for edge in data["users"]["edges"]]
    assert emails == ["a@example.org", "b@example.org", "c@example.org"]
