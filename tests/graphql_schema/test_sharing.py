"""A conversation that is shared is open to whoever has the link, and nothing else is."""

import hashlib

import pytest

from app.users import encryption
from tests.conftest import KEY
from tests.graphql_schema.test_rights import answer
from tests.people import people

__all__ = ["people"]

SHARE = (
    "mutation($i: ID!, $e: Boolean!) { shareConversation(id: $i, enabled: $e) { shareEnabled shareToken } }"
)
STATE = "query($i: ID!) { conversation(by: {id: $i}) { shareEnabled shareToken } }"
OPEN = """query($t: String!) { conversation(by: {shareToken: $t}) {
  contextWindowId title signalCount shareEnabled shareToken user { username }
  signals { totalCount edges { node { rawContent conversation { title user { id } } } } }
  anomalies { edges { node { kind conversation { title } } } }
  coherence { totalSignalCount } metrics(window: "1d", at: "2026-01-02T00:00:00Z") { n }
  forecast { points { lower } } lineage { count }
} }"""


async def share(people, name="a1", viewer="ann", *, enabled=True):
    data = await people.data(viewer, SHARE, i=people.id(name), e=enabled)
    return data["shareConversation"]["shareToken"]


async def test_nobody_reads_what_is_in_it_but_not_whose_it_is(people):
    token = await share(people)
    found = (await people.data("nobody", OPEN, t=token))["conversation"]
    assert found == {
        "contextWindowId": "a1",
        "title": "title of a1",
        "signalCount": 1,
        "shareEnabled": True,
        "shareToken": None,
        "user": None,
        "signals": {
            "totalCount": 1,
            "edges": [
                {
                    "node": {
                        "rawContent": "text of a1",
                        "conversation": {"title": "title of a1", "user": None},
                    }
                }
            ],
        },
        "anomalies": {"edges": [{"node": {"kind": "DRIFT_SHIFT", "conversation": {"title": "title of a1"}}}]},
        "coherence": {"totalSignalCount": 1},
        "metrics": {"n": 1},
        "forecast": {"points": found["forecast"]["points"]},
        "lineage": [],
    }


async def test_it_dies_when_sharing_is_turned_off_and_is_another_when_it_is_turned_on_again(people):
    first = await share(people)
    assert await share(people, enabled=False) is None
    assert await people.data("nobody", OPEN, t=first) == {"conversation": None}
    second = await share(people)
    third = await share(people)
    assert len({first, second, third}) == 3
    assert min(map(len, (first, second, third))) == 43  # 256 bits
    for token in (first, second, "", "x", third.swapcase()):
        assert (await people.post("nobody", OPEN, t=token))["data"] == {"conversation": None}
    assert (await people.data("nobody", OPEN, t=third))["conversation"]["contextWindowId"] == "a1"


async def test_a_hidden_conversation_is_open_to_nobody(people):
    token = await share(people)
    await people.pg.execute("UPDATE conversations SET status = 'DELETED'")
    assert await people.data("nobody", OPEN, t=token) == {"conversation": None}


async def test_a_dead_token_answers_as_one_that_never_was(people):
    dead = await share(people)
    await share(people, enabled=False)
    assert await answer(people, "nobody", OPEN.replace("$t", "$i"), other=dead, never="x" * 43)


async def test_the_token_is_told_to_who_may_share_and_is_nowhere_in_plain(people):
    token = await share(people)
    for name, told in (
        ("ann", token),
        ("administrator", token),
        ("key:admin", token),
        ("coach", None),
        ("key:read", None),
    ):
        data = await people.data(name, STATE, i=people.id("a1"))
        assert data["conversation"] == {"shareEnabled": True, "shareToken": told}, name
    row = await people.pg.fetchrow(
        "SELECT token_hash, pgp_sym_decrypt(token, $1) AS plain, s::text AS all FROM conversation_shares s",
        KEY,
    )
    assert row["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert row["plain"] == token
    assert token not in row["all"]
    assert token.encode().hex() not in row["all"]


async def test_a_new_key_reads_the_token(people, database):
    token = await share(people)
    async with database.write() as connection:
        await encryption.rotate(connection, KEY, "another key")
    plain = await people.pg.fetchval("SELECT pgp_sym_decrypt(token, 'another key') FROM conversation_shares")
    assert plain == token


@pytest.mark.parametrize(
    "query",
    [
        "query($t: ConversationBy!) { conversation(by: $t) { id } }",
        '{ conversation(by: {id: "x"}) { id } }',
        '{ conversation(by: {shareToken: "x", id: "y"}) { id } }',
        '{ a: conversation(by: {shareToken: "x"}) { id } conversation(by: {contextWindowId: "b1"}) { id } }',
        '{ conversation(by: {shareToken: "x"}) { id } node(id: "x") { id } }',
        '{ conversation(by: {shareToken: "x"}) { id } __schema { queryType { name } } }',
        '{ conversation(by: {shareToken: "x"}, nope: 1) { id } }',
    ],
)
async def test_nothing_else_comes_in_with_a_token(people, query):
    token = await share(people)
    assert await people.code("nobody", query.replace('"x"', f'"{token}"'), t={"shareToken": token}) == (
        "UNAUTHENTICATED"
    )


async def test_who_has_the_link_may_read_no_other_conversation_and_change_nothing(people):
    token = await share(people, "b1", "bob")
    query = """query($t: String!, $i: ID!, $o: ID!) {
      conversation(by: {shareToken: $t}) { id user { id } }
      other: conversation(by: {id: $o}) { id } node(id: $o) { id } user(by: {id: $i}) { id }
      conversations { totalCount } signals { totalCount }
    }"""
    data = await people.data("ann", query, t=token, i=people.id("bob"), o=people.id("n1"))
    assert data == {
        "conversation": {"id": people.id("b1"), "user": None},
        "other": None,
        "node": None,
        "user": None,
        "conversations": {"totalCount": 2},
        "signals": {"totalCount": 3},
    }
    assert await people.code("ann", SHARE, i=people.id("b1"), e=False) == "NOT_FOUND"


async def test_nobody_is_no_owner_of_what_nobody_owns(people):
    """n1 has no owner, as nobody has no id."""
    assert await people.code("nobody", "{ conversations { totalCount } }") == "UNAUTHENTICATED"
    token = await share(people, "n1", "administrator")
    found = await people.data("nobody", OPEN, t=token)
    assert found["conversation"]["shareToken"] is None
