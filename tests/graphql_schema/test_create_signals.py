"""createSignals: what fails the whole request, what fails its item, and what is stored."""

import json
from datetime import UTC, datetime, timedelta

import pytest

CREATE = """
mutation($s: [SignalInput!]!, $fail: Boolean! = false, $open: Boolean! = false) {
  createSignals(signals: $s, failOnError: $fail, createConversations: $open) {
    totalCount successfulCount failedCount transactionId
    results { index success signalId error { code message field } }
  }
}
"""


@pytest.fixture
async def conversation(client):
    await client.data('mutation { createConversation(input: {contextWindowId: "c"}) { id } }')


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


FUTURE = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

ITEM_FAULTS = [
    ({"signalScore": 1.01}, "BAD_USER_INPUT", "signalScore"),
    ({"signalScore": -0.01}, "BAD_USER_INPUT", "signalScore"),
    ({"emotionalTone": 1.01}, "BAD_USER_INPUT", "emotionalTone"),
    ({"escalateFlag": 2}, "BAD_USER_INPUT", "escalateFlag"),
    ({"timestamp": FUTURE}, "BAD_USER_INPUT", "timestamp"),
    ({"timestamp": "9999-12-31T23:59:59.999999Z"}, "BAD_USER_INPUT", "timestamp"),
    ({"timestamp": "1969-12-31T23:59:59Z"}, "BAD_USER_INPUT", "timestamp"),
    ({"contextWindowId": "unknown"}, "NOT_FOUND", "contextWindowId"),
    ({"contextWindowId": ""}, "BAD_USER_INPUT", "contextWindowId"),
    ({"signalSource": ""}, "BAD_USER_INPUT", "signalSource"),
    ({"signalSource": "x" * 256}, "BAD_USER_INPUT", "signalSource"),
    ({"rawContent": "a\0b"}, "BAD_USER_INPUT", "rawContent"),
    ({"rawContent": "a\ud800b"}, "BAD_USER_INPUT", "rawContent"),
    ({"userId": "a\0b"}, "BAD_USER_INPUT", "userId"),
    ({"payload": nested(65)}, "BAD_USER_INPUT", "payload"),
    ({"payload": nested(5_000)}, "BAD_USER_INPUT", "payload"),
    ({"payload": {"a": float("nan")}}, "BAD_USER_INPUT", "payload"),
    ({"payload": {"a\0": 1}}, "BAD_USER_INPUT", "payload"),
]

TYPED_FAULTS = [
    ({"contextWindowId": ...}, "contextWindowId"),
    ({"contextWindowId": None}, "contextWindowId"),
    ({"contextWindowId": 5}, "contextWindowId"),
    ({"signalScore": "0.5"}, "signalScore"),
    ({"signalScore": None}, "signalScore"),
    ({"signalScore": True}, "signalScore"),
    ({"signalScore": float("nan")}, "signalScore"),
    ({"signalScore": float("inf")}, "signalScore"),
    ({"emotionalTone": "1"}, "emotionalTone"),
    ({"escalateFlag": 0.5}, "escalateFlag"),
    ({"escalateFlag": None}, "escalateFlag"),
    ({"signalSource": None}, "signalSource"),
    ({"timestamp": "2026-01-01T00:00:00"}, "timestamp"),
    ({"timestamp": 1_767_225_600}, "timestamp"),
    ({"timestamp": "1968-12-29T23:59:59Z"}, "timestamp"),
    ({"nope": 1}, "nope"),
]


def item(change):
    return {k: v for k, v in ({"contextWindowId": "c"} | change).items() if v is not ...}


async def post(client, signals, **variables):
    """As a client sends it whose JSON knows NaN and lone surrogates."""
    body = json.dumps({"query": CREATE, "variables": {"s": signals} | variables})
    response = await client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    return response.json()


async def stored(pg):
    return await pg.fetchval("SELECT count(*) FROM signals")


@pytest.mark.usefixtures("conversation")
async def test_every_faulty_item_fails_alone_and_the_others_are_stored(client, pg):
    signals = [item({})] + [item(change) for change, *_ in ITEM_FAULTS] + [item({"signalScore": 1})]
    payload = (await post(client, signals))["data"]["createSignals"]
    good = {0, len(signals) - 1}
    assert [r["index"] for r in payload["results"]] == list(range(len(signals)))
    assert {r["index"] for r in payload["results"] if r["success"]} == good
    found = [
        (r["error"]["code"], r["error"]["field"])
        for r in payload["results"]
        if not r["success"] and r["signalId"] is None
    ]
    assert found == [(code, field) for _, code, field in ITEM_FAULTS]
    for result in payload["results"]:
        if result["error"]:
            assert result["error"]["field"] in result["error"]["message"]
    assert (payload["totalCount"], payload["successfulCount"], payload["failedCount"]) == (
        len(signals),
        2,
        len(ITEM_FAULTS),
    )
    assert payload["transactionId"]
    assert await stored(pg) == 2


@pytest.mark.usefixtures("conversation")
async def test_with_fail_on_error_the_first_faulty_item_is_told_and_nothing_is_stored(client, pg):
    for change, code, field in ITEM_FAULTS:
        signals = [item({}), item({}), item(change), item({"signalScore": 7})]
        body = await post(client, signals, fail=True)
        (error,) = body["errors"]
        assert error["extensions"] == {"code": code, "field": field, "index": 2}
        assert error["message"].startswith("signals[2]: ")
        assert error["message"].endswith(". No signal was created.")
        assert body["data"] is None
    assert await stored(pg) == 0


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.usefixtures("conversation")
async def test_what_the_types_refuse_fails_the_request(client, pg, fail):
    for change, field in TYPED_FAULTS:
        body = await post(client, [item({}), item(change)], fail=fail)
        assert "data" not in body
        (error,) = body["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field, "index": 1}, change
        assert "[1]" in error["message"]
        assert error["message"].endswith(". No signal was created.")
    assert await stored(pg) == 0


@pytest.mark.parametrize(
    ("literal", "field"),
    [
        ("{signalScore: 0.5}", "contextWindowId"),
        ('{contextWindowId: "c", signalScore: "0.5"}', "signalScore"),
        ('{contextWindowId: "c", signalScore: null}', "signalScore"),
        ('{contextWindowId: "c", timestamp: "2026-01-01T00:00:00"}', "timestamp"),
        ('{contextWindowId: "c", nope: 1}', "nope"),
        ("3", "signals"),
        ("null", "signals"),
    ],
)
async def test_what_the_types_refuse_in_a_literal_fails_the_request(reader, literal, field):
    document = 'mutation { createSignals(signals: [{contextWindowId: "c"}, %s]) { totalCount } }'
    error = await reader.error(document.replace("%s", literal))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field, "index": 1}


@pytest.mark.usefixtures("conversation")
async def test_a_batch_of_only_faulty_items_has_no_transaction(client, pg):
    payload = (await post(client, [item({"signalScore": 2})]))["data"]["createSignals"]
    assert payload["transactionId"] is None
    assert (payload["successfulCount"], payload["failedCount"]) == (0, 1)
    assert await stored(pg) == 0


async def test_an_empty_batch(client):
    payload = (await client.data(CREATE, s=[]))["createSignals"]
    assert payload == {
        "totalCount": 0,
        "successfulCount": 0,
        "failedCount": 0,
        "transactionId": None,
        "results": [],
    }


async def test_unknown_conversations_are_opened_at_their_earliest_signal_where_asked(client, pg):
    times = ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-03T00:00:00Z"]
    signals = [{"contextWindowId": "new", "timestamp": t} for t in times]
    signals += [{"contextWindowId": "faulty", "signalScore": 2}]
    payload = (await client.data(CREATE, s=signals, open=True))["createSignals"]
    assert payload["successfulCount"] == 3
    found = await pg.fetch("SELECT context_window_id, started_at FROM conversations")
    assert [tuple(row) for row in found] == [("new", datetime(2026, 1, 1, 0, 0, 0, 1, UTC))]


@pytest.mark.usefixtures("conversation")
async def test_without_it_an_unknown_conversation_fails_its_signals(client, pg):
    signals = [{"contextWindowId": "new"}, {"contextWindowId": "c"}]
    payload = (await client.data(CREATE, s=signals))["createSignals"]
    assert [r["success"] for r in payload["results"]] == [False, True]
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 1


@pytest.mark.parametrize("options", [{}, {"open": True}])
@pytest.mark.usefixtures("conversation")
async def test_signals_to_a_hidden_conversation_are_not_found(client, pg, options):
    await pg.execute("UPDATE conversations SET status = 'DELETED'")
    (result,) = (await client.data(CREATE, s=[item({})], **options))["createSignals"]["results"]
    assert result["error"]["code"] == "NOT_FOUND"
    assert result["error"]["field"] == "contextWindowId"
    assert await stored(pg) == 0


async def test_failing_with_open_conversations_opens_none(client, pg):
    body = await post(client, [{"contextWindowId": "new"}, item({"signalScore": 2})], fail=True, open=True)
    assert body["errors"][0]["extensions"]["index"] == 1
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 0


async def test_a_thousand_items_come_back_in_order(client, pg):
    signals = [
        {"contextWindowId": f"c{i % 7}", "timestamp": "2026-01-01T00:00:00Z", "signalScore": i / 1_000}
        for i in range(1_000)
    ]
    results = (await client.data(CREATE, s=signals, open=True))["createSignals"]["results"]
    ids = [result["signalId"] for result in results]
    nodes = await client.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Signal { signalScore } } }", ids=ids
    )
    assert [node["signalScore"] for node in nodes["nodes"]] == [i / 1_000 for i in range(1_000)]
    assert await stored(pg) == 1_000


@pytest.mark.usefixtures("conversation")
async def test_defaults_are_the_contracts(client):
    before = datetime.now(UTC)
    made = await client.data(
        """mutation { createSignal(input: {contextWindowId: "c"}) {
          timestamp receivedAt contextWindowId userId agentId signalSource signalScore emotionalTone escalateFlag
          rawContent signalVector payload relationshipContext diagnosticNotes conversation { contextWindowId }
        } }"""
    )
    signal = made["createSignal"]
    times = [datetime.fromisoformat(signal.pop(name)) for name in ("timestamp", "receivedAt")]
    assert times[0] == times[1]
    assert before <= times[0] <= datetime.now(UTC)
    assert signal == {
        "contextWindowId": "c",
        "conversation": {"contextWindowId": "c"},
        "userId": None,
        "agentId": None,
        "signalSource": "unknown",
        "signalScore": 0.5,
        "emotionalTone": None,
        "escalateFlag": 0,
        "rawContent": None,
        "signalVector": None,
        "payload": {},
        "relationshipContext": None,
        "diagnosticNotes": None,
    }


FULL = {
    "contextWindowId": "c",
    "timestamp": "2026-01-31T13:00:00.123456+01:00",
    "rawContent": "“Grüße” 🌍 \u0000".replace("\u0000", "") + "x" * 100_000,
    "signalSource": "chat",
    "signalScore": 1,
    "signalVector": "v-1",
    "emotionalTone": 0,
    "escalateFlag": 1,
    "agentId": "agent",
    "userId": "somebody",
    "payload": {"a": [1, 2.5, None, True, {"ü": 10**25}]},
    "relationshipContext": "peer",
    "diagnosticNotes": "none",
}


@pytest.mark.usefixtures("conversation")
async def test_every_field_is_stored_as_it_was_sent(client):
    document = "mutation($s: SignalInput!) { createSignal(input: $s) { %s } }".replace("%s", " ".join(FULL))
    made = (await client.data(document, s=FULL))["createSignal"]
    assert made == FULL | {"timestamp": "2026-01-31T12:00:00.123456Z"}


async def test_literals_variables_fragments_and_aliases_work_together_and_run_in_order(client, pg):
    document = """
      mutation($source: String!, $rest: SignalInput!) {
        opened: createConversation(input: {contextWindowId: "c"}) { ...Opened }
        first: createSignal(input: {contextWindowId: "c", signalSource: $source, payload: {a: [1, {b: $source}]}}) {
          ...Made
        }
        second: createSignals(signals: [$rest, {contextWindowId: "c", signalScore: 0.25}]) { successfulCount }
        gone: deleteSignals(ids: []) { deletedCount }
      }
      fragment Opened on Conversation { signalCount }
      fragment Made on Signal { signalSource payload conversation { signalCount } }
    """
    data = await client.data(document, source="chat", rest={"contextWindowId": "c"})
    assert data == {
        "opened": {"signalCount": 0},
        "first": {
            "signalSource": "chat",
            "payload": {"a": [1, {"b": "chat"}]},
            "conversation": {"signalCount": 1},
        },
        "second": {"successfulCount": 2},
        "gone": {"deletedCount": 0},
    }
    assert await stored(pg) == 3


@pytest.mark.usefixtures("conversation")
async def test_a_refused_create_signal_is_an_error_with_its_field(client):
    error = await client.error(
        'mutation { createSignal(input: {contextWindowId: "c", signalScore: 1.01}) { id } }'
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "signalScore"}


@pytest.mark.usefixtures("conversation")
async def test_signals_are_deleted_and_counted(client, pg):
    payload = (await client.data(CREATE, s=[item({}), item({}), item({})]))["createSignals"]
    ids = [result["signalId"] for result in payload["results"]]
    delete = "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }"
    assert await client.data(delete, ids=[*ids[:2], ids[0]]) == {"deleteSignals": {"deletedCount": 2}}
    assert await client.data(delete, ids=ids) == {"deleteSignals": {"deletedCount": 1}}
    assert await stored(pg) == 0
    assert (await client.error(delete, ids=ids * 400))["extensions"]["field"] == "ids"
    user = await client.data('mutation { createUser(input: {username: "a"}) { id } }')
    assert (await client.error(delete, ids=[user["createUser"]["id"]]))["extensions"]["field"] == "ids"
