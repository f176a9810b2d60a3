"""Everyone reads what is theirs to read, exactly, whichever way they ask for it."""

import asyncio
import json

import pytest

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
    assert data["signalSummary"] == {"totalCount": total, "sources": [{"count": total}]}
    assert data["rawSummary"]["totalCount"] == total
    for field in ("signalBuckets", "rawBuckets", "months"):
        assert sum(row["totalCount"] for row in data[field]) == total, field
    assert data["coherence"] == {"totalSignalCount": total, "signalSources": [{"count": total}]}
    assert data["rawCoherence"]["totalSignalCount"] == total
    assert data["coherenceMetrics"]["n"] == data["rawMetrics"]["n"] == total
    last = max(SIGNALS[key] for key in seen)
    assert data["forecast"]["inputs"]["endTs"] == f"2026-01-01T00:0{last}:00Z"
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
