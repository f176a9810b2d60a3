"""Everyone reads what is theirs to read, exactly, whichever way they ask for it."""

import asyncio
import json

import pytest

from app.anomalies import queries as anomalies
from app.anomalies.queries import AnomalyFilter
from app.auth.viewer import NOBODY, PROGRAM
from app.conversations import queries as conversations
from app.conversations.queries import ConversationFilter
from app.signals import queries as signals
from app.users import queries as users
from graphql_schema.encoding import to_json
from tests.conftest import EDITIONS
from tests.graphql_schema.test_statement_counts import statements
from tests.people import SIGNALS, may_see, people, unknown

__all__ = ["people"]

LISTS = """{
  conversations { totalCount edges { node { contextWindowId user { username } signalCount } } }
  signals(first: 100) { totalCount edges { node { contextWindowId conversation { title } } } }
  anomalies { totalCount edges { node { eventCount conversation { contextWindowId } } } }
  users { totalCount edges { node { username
    conversations { totalCount edges { node { contextWindowId } } }
    coherence { totalSignalCount }
    signalSummary { totalCount }
    anomalies { totalCount edges { node { conversation { contextWindowId } } } }
  } } }
}"""

# The whole buckets come from rollups, the first minutes of a range that does not begin with one from raw signals.
NUMBERS = """{
  signalSummary { totalCount sources { count } }
  rawSummary: signalSummary(filter: {minScore: 0.1}) { totalCount }
  signalBuckets(duration: "1d") { totalCount }
  rawBuckets: signalBuckets(duration: "7s") { totalCount }
  months: signalBuckets(unit: MONTH, timeZone: "Asia/Kathmandu") { totalCount }
  coherence { totalSignalCount signalSources { count } }
  rawCoherence: coherence(window: "7s", range: {start: "2026-01-01T00:00:01Z", end: "2026-01-02T00:00:00Z"}) { totalSignalCount }
  coherenceMetrics(window: "1d", at: "2026-01-02T00:00:00Z") { n }
  rawMetrics: coherenceMetrics(window: "1d", at: "2026-01-01T23:59:59.5Z") { n }
  forecast { inputs { endTs } }
  status { lastIngestAt }
}"""


@may_see
async def test_lists_and_their_counts(people, name, seen):
    data = await people.data(name, LISTS)
    assert names(data["conversations"]) == seen
    assert data["conversations"]["totalCount"] == len(seen)
    assert {node["signalCount"] for node in nodes(data["conversations"])} == {SIGNALS[key] for key in seen}
    total = sum(SIGNALS[key] for key in seen)
    assert data["signals"]["totalCount"] == len(nodes(data["signals"])) == total
    assert {node["contextWindowId"] for node in nodes(data["signals"])} == set(seen)
    everything = len(seen) == len(SIGNALS)
    found = [
        node["conversation"] and node["conversation"]["contextWindowId"] for node in nodes(data["anomalies"])
    ]
    assert sorted(filter(None, found)) == seen
    assert found.count(None) == everything
    assert data["anomalies"]["totalCount"] == len(seen) + everything


@may_see
async def test_users_and_what_is_theirs(people, name, seen):
    data = await people.data(name, LISTS)
    owners = {"a": "ann", "b": "bob"}
    expected = {owners[key[0]] for key in seen if key != "n1"}
    everything = len(seen) == len(SIGNALS)
    expected |= {"ann", "bob", "coach", "administrator"} if everything else {name}
    found = {node["username"]: node for node in nodes(data["users"])}
    assert found.keys() == expected
    assert data["users"]["totalCount"] == len(expected)
    for username, user in found.items():
        own = [key for key in seen if owners.get(key[0]) == username]
        assert names(user["conversations"]) == own
        assert user["conversations"]["totalCount"] == len(own)
        total = sum(SIGNALS[key] for key in own)
        assert user["coherence"]["totalSignalCount"] == user["signalSummary"]["totalCount"] == total
        assert user["anomalies"]["totalCount"] == len(own) == len(nodes(user["anomalies"]))


@EDITIONS
@may_see
async def test_numbers_over_everything_are_over_what_one_may_read(people, pg, edition, name, seen):
    if edition == "timescale":
        await people.services.arrivals.work_off()
    data = await people.data(name, NUMBERS)
    total = sum(SIGNALS[key] for key in seen)
    counts = sorted(({"count": SIGNALS[key]} for key in seen), key=lambda row: -row["count"])
    assert data["signalSummary"] == {"totalCount": total, "sources": counts}
    assert data["rawSummary"]["totalCount"] == total
    for field in ("signalBuckets", "rawBuckets", "months"):
        assert sum(row["totalCount"] for row in data[field]) == total, field
    assert data["coherence"] == {"totalSignalCount": total, "signalSources": counts}
    assert data["rawCoherence"]["totalSignalCount"] == total
    assert data["coherenceMetrics"]["n"] == data["rawMetrics"]["n"] == total
    last = max(SIGNALS[key] for key in seen)
    assert data["forecast"]["inputs"]["endTs"] == f"2026-01-01T00:0{last}:00.000000Z"
    received = await pg.fetchval(
        "SELECT max(received_at) FROM signals JOIN conversations c ON c.id = conversation_id"
        " WHERE context_window_id = ANY($1)",
        seen,
    )
    assert data["status"]["lastIngestAt"].startswith(received.isoformat()[:19])


async def test_who_reads_nothing_is_told_of_nothing(people, pg):
    """A coach without a conversation: no numbers, and no last ingest."""
    await pg.execute("DELETE FROM conversation_coaches")
    data = await people.data("coach", NUMBERS)
    assert data["coherence"] == {"totalSignalCount": 0, "signalSources": []}
    assert data["signalBuckets"] == data["rawBuckets"] == []
    assert data["status"] == {"lastIngestAt": None}


BY_ID = {
    "conversation": "query($i: ID!) { conversation(by: {id: $i}) { id title } }",
    "node": "query($i: ID!) { node(id: $i) { __typename id } }",
    "nodes": "query($i: ID!) { nodes(ids: [$i]) { __typename id } }",
    "user": "query($i: ID!) { user(by: {id: $i}) { id username conversations { totalCount } } }",
    "filter": "query($i: ID!) { conversations(filter: {userId: $i}) { totalCount edges { cursor } } }",
}
BY_NAME = {
    "conversation": "query($i: String!) { conversation(by: {contextWindowId: $i}) { id } }",
    "buckets": "query($i: String!) { signalBuckets(contextWindowId: $i) { totalCount } }",
    "username": "query($i: String!) { user(by: {username: $i}) { id } }",
}
OTHERS = {
    "ann": ["b1", "n1", "bob", "coach", "b1/signal", "b1/anomaly", "several/anomaly"],
    "coach": ["a2", "b1", "bob", "administrator", "a2/signal", "a2/anomaly", "several/anomaly"],
}


@pytest.mark.parametrize(
    ("name", "other"), [(name, other) for name, them in OTHERS.items() for other in them]
)
async def test_what_one_may_not_see_answers_as_what_never_was(people, name, other):
    """Byte for byte, and with as many statements, which are the same."""
    never = unknown()
    kind = {"signal": "signal", "anomaly": "anomaly"}.get(other.partition("/")[2])
    kind = kind or ("user" if other in people.users else "conversation")
    if kind == "signal":
        people.signals["never"] = [(people.signals["b1"][0][0], 2**40)]
    nobody = people.id("never/signal") if kind == "signal" else getattr(never, kind)
    fields = {"user": ("user", "filter"), "conversation": ("conversation",)}.get(kind, ())
    for field in (*fields, "node", "nodes"):
        assert await answer(people, name, BY_ID[field], other=people.id(other), never=nobody)
    for field in {"user": ("username",), "conversation": ("conversation", "buckets")}.get(kind, ()):
        assert await answer(people, name, BY_NAME[field], other=other, never="zz")


async def answer(people, name, query, *, other, never):
    """Whether both get the same."""
    with statements() as forbidden:
        mine = await people.text(name, query, i=other)
    with statements() as unknown_:
        nobodys = await people.text(name, query, i=never)
    assert mine == nobodys
    # The driver asks for nothing but whether a new connection is there.
    assert [one for one in forbidden if one != "SELECT 1"] == [one for one in unknown_ if one != "SELECT 1"]
    return True


SIGNAL_ADDED = "subscription($c: String!) { signalAdded(contextWindowId: $c) { contextWindowId } }"
DRIFT = 'subscription($c: String!) { driftUpdates(contextWindowIds: [$c], throttle: "1s") { sequence newSignalCount } }'


@pytest.mark.parametrize("document", [SIGNAL_ADDED, DRIFT])
async def test_nobody_follows_what_they_may_not_read(people, document):
    for name, other in (("ann", "b1"), ("coach", "a2"), ("coach", "zz"), ("bob", "a1")):
        async with people.following(name, document, c=other) as results:
            (error,) = (await anext(results)).errors
            assert error.extensions["code"] == "NOT_FOUND"


async def test_changes_are_told_to_those_who_may_read_the_conversation(people):
    heard = {name: [] for name in ("ann", "bob", "coach", "administrator")}

    async def follow(name):
        query = "subscription { conversationChanged { contextWindowId title } }"
        async with people.following(name, query) as results:
            async for result in results:
                assert not result.errors, result.errors
                heard[name].append(json.loads(to_json(result.data))["conversationChanged"]["title"])

    tasks = [asyncio.create_task(follow(name)) for name in heard]
    await asyncio.sleep(0.5)
    for name, key in people.conversations.items():
        changed = await people.data(
            "administrator",
            "mutation($i: ID!, $t: String!) { updateConversation(id: $i, input: {title: $t}) { id } }",
            i=people.id(name),
            t=f"new {name}",
        )
        assert changed, key
    await people.services.live.hub.look()
    async with asyncio.timeout(10):
        while sum(map(len, heard.values())) < 8:  # noqa: ASYNC110 - what is told is what is waited for
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert {name: sorted(titles) for name, titles in heard.items()} == {
        "ann": ["new a1", "new a2"],
        "bob": ["new b1"],
        "coach": ["new a1"],
        "administrator": ["new a1", "new a2", "new b1", "new n1"],
    }


def nodes(connection):
    return [edge["node"] for edge in connection["edges"]]


def names(connection):
    return sorted(node["contextWindowId"] for node in nodes(connection))


ASSIGN = """mutation($c: ID!, $u: ID!, $a: Boolean!) {
  assignCoach(conversationId: $c, userId: $u, assigned: $a) { contextWindowId }
}"""


async def test_a_coach_reads_what_they_are_assigned_to_until_that_is_taken_back(people, pg):
    async def assign(assigned):
        given = {"c": people.id("b1"), "u": people.id("coach"), "a": assigned}
        return await people.data("administrator", ASSIGN, **given)

    assert await assign(True) == {"assignCoach": {"contextWindowId": "b1"}}
    await assign(True)
    assert names((await people.data("coach", LISTS))["conversations"]) == ["a1", "b1"]
    async with people.following("coach", DRIFT, c="b1") as drift:
        assert (await anext(drift)).errors is None
        await assign(False)
        await people.services.live.hub.look()
        async with asyncio.timeout(10):
            async for result in drift:
                if result.errors:
                    break
        assert result.errors[0].extensions["code"] == "NOT_FOUND"
    assert names((await people.data("coach", LISTS))["conversations"]) == ["a1"]
    log = await pg.fetch("SELECT actor, action, subject FROM audit_log ORDER BY id")
    who, whom = (f"user:{people.users[name]}" for name in ("administrator", "coach"))
    assert [tuple(row) for row in log] == [
        (who, "coach assigned", whom),
        (who, "coach assigned", whom),
        (who, "coach withdrawn", whom),
    ]


async def test_only_a_coach_is_assigned_and_only_to_what_is_there(people):
    never = unknown()
    for conversation, user, code in (
        (people.id("b1"), people.id("ann"), "BAD_USER_INPUT"),
        (people.id("b1"), never.user, "NOT_FOUND"),
        (never.conversation, people.id("coach"), "NOT_FOUND"),
    ):
        assert await people.code("administrator", ASSIGN, c=conversation, u=user, a=True) == code
    given = {"c": people.id("a1"), "u": people.id("coach"), "a": True}
    assert await people.code("ann", ASSIGN, **given) == "FORBIDDEN"


async def test_signals_of_an_educator_come_into_their_own_conversations(people, pg):
    store = """mutation($s: [SignalInput!]!, $c: Boolean!) {
      createSignals(signals: $s, createConversations: $c) { results { success error { code } } }
    }"""
    batch = [{"contextWindowId": key} for key in ("a1", "b1", "n1", "new")]
    data = await people.data("ann", store, s=batch, c=False)
    codes = [row["error"] and row["error"]["code"] for row in data["createSignals"]["results"]]
    assert codes == [None, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]
    data = await people.data("ann", store, s=batch, c=True)
    codes = [row["error"] and row["error"]["code"] for row in data["createSignals"]["results"]]
    assert codes == [None, "NOT_FOUND", "NOT_FOUND", None]
    owner = await pg.fetchval("SELECT user_id FROM conversations WHERE context_window_id = 'new'")
    assert owner == people.users["ann"]
    assert await people.code("coach", store, s=batch, c=False) == "FORBIDDEN"
    data = await people.data("key:ingest", store, s=batch, c=False)
    assert all(row["success"] for row in data["createSignals"]["results"])


CHANGES = {
    "update": 'mutation($i: ID!) { updateConversation(id: $i, input: {title: "x"}) { title } }',
    "delete": "mutation($i: ID!) { deleteConversation(id: $i) { deletedId } }",
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_one_changes_ones_own_and_others_answer_as_what_never_was(people, kind):
    never = unknown().conversation
    assert await answer(people, "ann", CHANGES[kind], other=people.id("b1"), never=never)
    assert await people.code("ann", CHANGES[kind], i=people.id("b1")) == "NOT_FOUND"
    assert await people.code("coach", CHANGES[kind], i=people.id("a1")) == "FORBIDDEN"
    assert await people.code("ann", CHANGES[kind], i=people.id("a1")) is None


async def test_a_conversation_that_an_educator_opens_is_theirs(people):
    create = "mutation($u: ID) { createConversation(input: {userId: $u}) { user { username } } }"
    for given in (None, people.id("ann")):
        data = await people.data("ann", create, u=given)
        assert data["createConversation"]["user"] == {"username": "ann"}
    assert await answer(
        people, "ann", create.replace("$u", "$i"), other=people.id("bob"), never=unknown().user
    )
    assert await people.code("ann", create, u=people.id("bob")) == "NOT_FOUND"


async def test_signals_that_one_may_not_write_are_passed_over(people, pg):
    delete = "mutation($i: [ID!]!) { deleteSignals(ids: $i) { deletedCount } }"
    ids = [people.id(f"{name}/signal") for name in SIGNALS]
    assert await people.data("ann", delete, i=ids) == {"deleteSignals": {"deletedCount": 2}}
    assert await pg.fetchval("SELECT count(*) FROM signals") == sum(SIGNALS.values()) - 2


PERSONAL = "{ users { edges { node { username personalInformation { email } } } } }"


async def test_personal_information_is_for_administrators_and_each_reading_is_noted(people, pg):
    for name in ("ann", "coach", "key:read"):
        body = await people.post(name, PERSONAL)
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
        assert {node["personalInformation"] for node in nodes(body["data"]["users"])} == {None}
    assert await pg.fetchval("SELECT count(*) FROM audit_log") == 0
    for name in ("administrator", "key:admin"):
        with statements() as seen:
            data = await people.data(name, PERSONAL)
        assert len([one for one in seen if one != "SELECT 1"]) == 3
        found = {node["username"]: node["personalInformation"]["email"] for node in nodes(data["users"])}
        assert found == {user: f"{user}@example.org" for user in people.users}
        log = await pg.fetch("DELETE FROM audit_log RETURNING actor, action, subject")
        assert {tuple(row) for row in log} == {
            (people.viewers[name].name, "personal information read", f"user:{key}")
            for key in people.users.values()
        }


async def test_what_is_read_for_all_who_follow_it_is_no_personal_information(people):
    query = "subscription { conversationChanged { user { personalInformation { email } } } }"
    async with people.following("administrator", query) as results:
        following = asyncio.ensure_future(anext(results))
        await asyncio.sleep(0.3)
        await people.data("administrator", CHANGES["update"], i=people.id("a1"))
        await people.services.live.hub.look()
        async with asyncio.timeout(10):
            result = await following
    assert result.errors[0].extensions["code"] == "FORBIDDEN"


async def test_nobody_has_no_id_and_reads_not_even_what_has_no_owner(people):
    rights, ids = NOBODY.rights, list(people.conversations.values())
    async with people.services.database.read() as connection:
        assert await conversations.by_ids(connection, rights, ids) == {}
        assert await conversations.count(connection, rights, ConversationFilter()) == 0
        assert await users.by_ids(connection, rights, list(people.users.values())) == {}
        assert await anomalies.count(connection, rights, AnomalyFilter()) == 0
        assert await signals.last_ingest(connection, rights) is None


def test_who_reads_everything_is_asked_for_no_condition():
    assert str(conversations.readable(PROGRAM)) == "conversations.status != 'DELETED'"
    assert str(users.readable(PROGRAM)) == "true"


@pytest.mark.parametrize(
    "field",
    ['updateConversation(id: $id, input: {title: "x"}) { id }', "deleteConversation(id: $id) { deletedId }"],
)
async def test_whoever_may_not_change_a_conversation_is_told_who_may(people, field):
    document = f"mutation($id: ID!) {{ {field} }}"
    (error,) = (await people.post("coach", document, id=people.id("a1")))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    name = field.partition("(")[0]
    assert error["message"] == (
        f"{name} is for educators, in conversations of their own, and for administrators; your role is COACH."
    )
    (error,) = (await people.post("key:ingest", document, id=people.id("a1")))["errors"]
    assert error["message"] == "This needs the scope ADMIN, which this API key does not have."


@pytest.mark.parametrize("gone", ["user", "conversation"])
async def test_the_last_ingest_stays_known_when_what_came_is_deleted(people, pg, gone):
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES (now(), $1, 'x', 0.5)",
        people.conversations["b1"],
    )
    ask = "{ status { lastIngestAt } }"
    before = {name: await people.data(name, ask) for name in ("administrator", "ann", "key:read")}
    assert before["administrator"] != before["ann"]
    document = "mutation($id: ID!) { deleteUser(id: $id) { deletedId } }"
    if gone == "conversation":
        document = document.replace("User", "Conversation")
    await people.data("administrator", document, id=people.id("bob" if gone == "user" else "b1"))
    for name, told in before.items():
        assert await people.data(name, ask) == told
