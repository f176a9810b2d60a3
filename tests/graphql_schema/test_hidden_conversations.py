"""What is DELETED is seen nowhere, but where it is asked for."""

import pytest

SIGNALS = [
    ("shown", "2026-01-01T00:00:00Z", 0.2),
    ("shown", "2026-01-01T00:01:00Z", 0.4),
    ("hidden", "2026-01-01T00:02:00Z", 0.9),
    ("hidden", "2026-01-02T00:00:00Z", 0.9),
]


@pytest.fixture
async def world(client):
    """Ids by name: ann's two conversations with two signals each, one of them hidden."""
    ann = (await client.data('mutation { createUser(input: {username: "ann"}) { id } }'))["createUser"]["id"]
    made = await client.data(
        """mutation($ann: ID!, $signals: [SignalInput!]!) {
          shown: createConversation(input: {contextWindowId: "shown", userId: $ann}) { id }
          hidden: createConversation(input: {contextWindowId: "hidden", userId: $ann, title: "t"}) { id }
          signals: createSignals(signals: $signals) { results { signalId } }
        }""",
        ann=ann,
        signals=[
            {"contextWindowId": key, "timestamp": time, "signalScore": score} for key, time, score in SIGNALS
        ],
    )
    await client.data(
        "mutation($id: ID!) { updateConversation(id: $id, input: {status: DELETED}) { status } }",
        id=made["hidden"]["id"],
    )
    ids = [result["signalId"] for result in made["signals"]["results"]]
    return {"ann": ann, "shown": made["shown"]["id"], "hidden": made["hidden"]["id"], "signals": ids}


async def test_no_read_shows_it(client, world):
    data = await client.data(
        """query($ann: ID!, $hidden: ID!, $signal: ID!) {
          conversations { totalCount edges { node { contextWindowId } } }
          status: conversations(filter: {status: ACTIVE}) { totalCount }
          search: conversations(filter: {search: "hid"}) { totalCount }
          latest: conversations(orderBy: {field: LAST_SIGNAL_AT}) { edges { node { contextWindowId } } }
          ofAnn: conversations(filter: {userId: $ann}) { totalCount }
          byId: conversation(by: {id: $hidden}) { id }
          byKey: conversation(by: {contextWindowId: "hidden"}) { id }
          node(id: $hidden) { id }
          signal: node(id: $signal) { id }
          nodes(ids: [$hidden, $signal]) { id }
          signals { totalCount edges { node { contextWindowId conversation { contextWindowId } } } }
          late: signals(filter: {range: {start: "2026-01-02T00:00:00Z"}}) { totalCount edges { cursor } }
          last: signals(last: 1) { edges { node { signalScore } } }
          coherence { totalSignalCount timeRangeEnd signalSources { count } }
          raw: coherence(window: "7s") { totalSignalCount }
          signalBuckets { totalCount avgSignalScore }
          rawBuckets: signalBuckets(duration: "7s") { totalCount }
          user(by: {id: $ann}) {
            conversations { totalCount edges { node { contextWindowId } } }
            coherence { totalSignalCount }
            raw: coherence(window: "7s") { totalSignalCount }
          }
        }""",
        ann=world["ann"],
        hidden=world["hidden"],
        signal=world["signals"][2],
    )
    shown = [{"node": {"contextWindowId": "shown"}}]
    assert data["conversations"] == {"totalCount": 1, "edges": shown}
    assert data["latest"]["edges"] == shown
    assert (data["status"], data["search"], data["ofAnn"]) == (
        {"totalCount": 1},
        {"totalCount": 0},
        {"totalCount": 1},
    )
    assert [data[name] for name in ("byId", "byKey", "node", "signal")] == [None] * 4
    assert data["nodes"] == [None, None]
    assert data["signals"]["totalCount"] == len(data["signals"]["edges"]) == 2
    assert data["late"] == {"totalCount": 0, "edges": []}
    assert data["last"]["edges"][0]["node"]["signalScore"] == 0.4
    assert data["coherence"] == {
        "totalSignalCount": 2,
        "timeRangeEnd": "2026-01-01T00:01:00.000000Z",
        "signalSources": [{"count": 2}],
    }
    assert data["raw"]["totalSignalCount"] == 2
    (bucket,) = data["signalBuckets"]
    assert (bucket["totalCount"], round(bucket["avgSignalScore"], 9)) == (2, 0.3)
    assert sum(bucket["totalCount"] for bucket in data["rawBuckets"]) == 2
    assert data["user"]["conversations"] == {"totalCount": 1, "edges": shown}
    assert data["user"]["coherence"]["totalSignalCount"] == data["user"]["raw"]["totalSignalCount"] == 2


@pytest.mark.usefixtures("world")
async def test_buckets_of_it_are_not_found(client):
    error = await client.error('{ signalBuckets(contextWindowId: "hidden") { totalCount } }')
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "contextWindowId"}


@pytest.mark.usefixtures("world")
async def test_who_asks_for_it_sees_it_with_all_that_is_in_it(client):
    document = """{ FIELD(filter: {status: DELETED}) { totalCount edges { node {
      contextWindowId status signalCount lastSignalAt user { username }
      signals { totalCount edges { node { signalScore conversation { contextWindowId title } } } }
      coherence { totalSignalCount driftMetrics { mean } }
    } } } }"""
    of_ann = (
        document.replace("FIELD", "conversations").replace("{ ", '{ user(by: {username: "ann"}) { ', 1) + " }"
    )
    expected = {
        "totalCount": 1,
        "edges": [
            {
                "node": {
                    "contextWindowId": "hidden",
                    "status": "DELETED",
                    "signalCount": 2,
                    "lastSignalAt": "2026-01-02T00:00:00.000000Z",
                    "user": {"username": "ann"},
                    "signals": {
                        "totalCount": 2,
                        "edges": [
                            {
                                "node": {
                                    "signalScore": 0.9,
                                    "conversation": {"contextWindowId": "hidden", "title": "t"},
                                }
                            }
                        ]
                        * 2,
                    },
                    "coherence": {"totalSignalCount": 2, "driftMetrics": [{"mean": 0.9}] * 2},
                }
            }
        ],
    }
    assert (await client.data(document.replace("FIELD", "conversations")))["conversations"] == expected
    assert (await client.data(of_ann))["user"]["conversations"] == expected


async def test_it_can_be_changed_and_brought_back(client, world):
    update = "mutation($id: ID!, $i: UpdateConversationInput!) { updateConversation(id: $id, input: $i) { title status signalCount } }"
    changed = await client.data(update, id=world["hidden"], i={"title": "new"})
    assert changed["updateConversation"] == {"title": "new", "status": "DELETED", "signalCount": 2}
    await client.data(update, id=world["hidden"], i={"status": "ACTIVE"})
    data = await client.data(
        "{ conversations { totalCount } signals { totalCount } coherence { totalSignalCount } }"
    )
    assert data == {
        "conversations": {"totalCount": 2},
        "signals": {"totalCount": 4},
        "coherence": {"totalSignalCount": 4},
    }


async def test_it_can_be_deleted_for_good(client, world, pg):
    await client.data("mutation($id: ID!) { deleteConversation(id: $id) { deletedId } }", id=world["hidden"])
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 1
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


async def test_its_signals_cannot_be_deleted_one_by_one(client, world, pg):
    document = "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }"
    assert await client.data(document, ids=world["signals"]) == {"deleteSignals": {"deletedCount": 2}}
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


@pytest.mark.usefixtures("world")
async def test_its_key_stays_taken(client):
    error = await client.error('mutation { createConversation(input: {contextWindowId: "hidden"}) { id } }')
    assert error["extensions"]["code"] == "CONFLICT"
