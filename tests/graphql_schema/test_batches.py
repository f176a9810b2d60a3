"""The short cut for long lists changes no answer: the same batches, good and bad, go both ways."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphql_schema import batches

MUTATION = """
mutation($signals: [SignalInput!]!, $failOnError: Boolean!) {
  createSignals(signals: $signals, failOnError: $failOnError) {
    totalCount successfulCount failedCount
    results { __typename index ok: success signalId error { code message field } error { code } }
  }
}
"""
STORED = """
    SELECT time, user_id, agent_id, signal_source, signal_score, emotional_tone, escalate_flag, raw_content,
        signal_vector, payload, relationship_context, diagnostic_notes
    FROM signals ORDER BY id
"""
GOOD = {
    "contextWindowId": ("c", "c", "c", "unknown", ""),
    "timestamp": ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.123456+02:00", None, "1970-01-01T00:00:00Z"),
    "rawContent": ("text", "", "ü \u2603 \U0001f600", None),
    "signalSource": ("Slack", "x" * 255, "x" * 256),
    "signalScore": (0, 1, 0.5, 1.0, 1e-300, 2, -0.1),
    "emotionalTone": (0.25, None, 7),
    "escalateFlag": (0, 1, 2),
    "agentId": ("a", None, ""),
    "payload": ({"a": [1, {"b": None}], "c": 2**70}, [], "text", 1.5, None, True),
    "diagnosticNotes": ("nul \0", "x", None),
}
# What the types of the schema refuse, or take in a way of their own.
BAD = {
    "contextWindowId": (None, 1, ["c"], {}),
    "timestamp": (
        "2026-03-01T09:00:00",
        "yesterday",
        5,
        "2026-03-01T09:00:00.1234567Z",
        "1969-12-31T23:59:59Z",
        "",
    ),
    "rawContent": (1, True, "\ud800"),
    "signalSource": (None, 3, ""),
    "signalScore": (None, "0.5", True, 2**53, 2**60 + 1, 1e308, -(2**53), 10**400),
    "escalateFlag": (None, 1.0, 0.5, "1", True, 2**31, -(2**31) - 1, 1e3),
    "signalVector": (5, [], ["a"]),
    "embedding": (5, [], [1], [0.5] * 256, [None], ["a"], [[1]], "a", {}, [10**400]),
    "other": (1, None),
    "payload": (2**63, -(2**64), {"deep": [[[[[[]]]]]]}),
}


def fields(values, names):
    return {name: st.sampled_from(values[name]) for name in names}


item = st.fixed_dictionaries(
    {"contextWindowId": st.sampled_from(GOOD["contextWindowId"])},
    optional=fields(GOOD, GOOD.keys() - {"contextWindowId"}),
)
odd = st.tuples(
    item,
    st.sampled_from(sorted(BAD)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(BAD[name]))),
).map(lambda pair: pair[0] | {pair[1][0]: pair[1][1]})
incomplete = item.map(lambda one: {name: value for name, value in one.items() if name != "contextWindowId"})
batch = st.lists(
    st.one_of(item, item, item, odd, incomplete, st.sampled_from([None, 1, "x", []])), max_size=6
)


WAYS = ((), ("of_text",), ("of_text", "of_values"))
"""What is not to be had: lists are read from the request's text, from values, and by GraphQL itself."""


async def all_ways(client, pg, monkeypatch, body):
    """The answers, without what differs anyway, and the rows of each; how often a list was read fast."""
    found = []
    taken = []
    for missing in WAYS:
        await pg.execute("DELETE FROM signals")
        with monkeypatch.context() as patched:
            for name in ("of_text", "of_values"):
                read = getattr(batches.Reader, name)

                async def reading(reader, given, name=name, read=read, missing=missing):
                    if name in missing:
                        raise ValueError
                    items = await read(reader, given)
                    taken.append(name)
                    return items

                patched.setattr(batches.Reader, name, reading)
            response = await client.http.post(
                "/graphql", content=body, headers={"Content-Type": "application/json"}
            )
        answer = response.json()
        payload = (answer.get("data") or {}).get("createSignals")
        for result in (payload or {}).get("results", ()):
            result["signalId"] = result["signalId"] is not None
        for error in answer.get("errors", ()):
            error["extensions"].pop("requestId", None)
        rows = [tuple(row) for row in await pg.fetch(STORED)]
        # What was stored without a timestamp has the clock's.
        found.append((answer, [row if row[0].year < 2026 or row[0].month < 4 else row[1:] for row in rows]))
    return found, taken


@pytest.fixture
async def known(pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")


@pytest.mark.usefixtures("known")
@settings(max_examples=200)
@given(signals=batch, fail=st.booleans())
async def test_the_same_batches_get_the_same_answers(client, pg, monkeypatch, signals, fail):
    body = json.dumps({"query": MUTATION, "variables": {"signals": signals, "failOnError": fail}})
    (short, values, long), _ = await all_ways(client, pg, monkeypatch, body)
    assert short == values == long


@pytest.mark.usefixtures("known")
async def test_a_good_batch_takes_the_short_cut_and_a_bad_one_does_not(client, pg, monkeypatch):
    good = [{"contextWindowId": "c", "signalScore": n / 10, "payload": {"n": n}} for n in range(10)]
    body = json.dumps({"query": MUTATION, "variables": {"signals": good, "failOnError": True}})
    (short, values, long), taken = await all_ways(client, pg, monkeypatch, body)
    assert taken == ["of_text", "of_values"]
    assert short == values == long
    assert short[0]["data"]["createSignals"]["successfulCount"] == 10
    assert "NaN" not in body
    for bad in (body.replace("0.5", "NaN"), body.replace('"c"', "1", 1)):
        (short, values, long), taken = await all_ways(client, pg, monkeypatch, bad)
        assert not taken
        assert short == values == long
        assert short[0]["errors"]


ODD = (
    '{"contextWindowId": "x", "contextWindowId": "c"}',
    '{"contextWindowId": 1, "contextWindowId": "c"}',
    '{"contextWindowId": "c", "signalScore": -0}',
    '{"contextWindowId": "c", "signalScore": -0.0, "payload": -0}',
    '{"contextWindowId": "c", "signalScore": 1e999}',
    '{"contextWindowId": "c", "payload": {"a": 1e999}}',
    '{"contextWindowId": "c", "payload": {"a": 1.50, "b": 1E2, "a": 123456789012345678901234567890.5}}',
    '{"contextWindowId": "c", "payload": ' + "9" * 5_000 + "}",
    '{"contextWindowId": "c", "payload": ' + "9" * 500 + "}",
    '{"contextWindowId": "c", "payload": "\\ud800"}',
    '{"contextWindowId": "c", "rawContent": "\\ud83d\\ude00 \\u0000"}',
    '{"contextWindowId": "c", "rawContent": "a\tb"}',
    '{"contextWindowId": "c", "payload": ' + "[" * 2_000 + "]" * 2_000 + "}",
    '{"contextWindowId": "c", "escalateFlag": 1.0}',
    '{"contextWindowId": "c", "escalateFlag": 1e0}',
    '{"contextWindowId": "c", "timestamp": "2026-03-01T09:00:00Z,2026-03-01T09:00:00Z"}',
    '{"contextWindowId": "c", "timestamp": "2026-02-30T09:00:00Z"}',
    '{"contextWindowId": "c"},',
    '{"contextWindowId": "c",}',
    "{}",
    "",
)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("odd", ODD)
async def test_odd_json_gets_the_same_answers(client, pg, monkeypatch, odd):
    start = json.dumps({"query": MUTATION, "variables": {"failOnError": False}})[:-2]
    body = f'{start}, "signals": [{odd}] }}}}'
    (short, values, long), _ = await all_ways(client, pg, monkeypatch, body)
    assert short == values == long


async def test_a_list_of_something_else_is_read_as_it_is_declared(client):
    query = """
    query($ids: [ID!]!, $empty: [ID!]!) { nodes(ids: $empty) { id } more: nodes(ids: $ids) { id } }
    """
    assert await client.data(query, ids=[], empty=[]) == {"nodes": [], "more": []}
    # Items that could be signals.
    mutation = """
    mutation($input: SignalInput!, $payload: JSON) {
      createSignal(input: {contextWindowId: "c", payload: $payload}) { payload }
      b: createSignal(input: $input) { payload }
    }
    """
    items = [{"contextWindowId": "c", "timestamp": "2026-03-01T09:00:00Z", "signalScore": 1}]
    await client.data(
        "mutation($c: CreateConversationInput!) { createConversation(input: $c) { id } }",
        c={"contextWindowId": "c"},
    )
    data = await client.data(mutation, payload=items, input={"contextWindowId": "c", "payload": items})
    assert data == {"createSignal": {"payload": items}, "b": {"payload": items}}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "odd", [{"signalScore": "x"}, {"escalateFlag": 1.0}, {"rawContent": 7, "timestamp": "now"}, {}]
)
async def test_a_long_batch_gets_the_answers_of_a_short_one(client, pg, monkeypatch, odd):
    signals = [
        {"contextWindowId": "c", "timestamp": "2026-03-01T09:00:00Z", "signalScore": n / 3_000}
        for n in range(2_500)
    ]
    for place in (7, 1_200, 2_499):
        signals[place] |= odd
    body = json.dumps({"query": MUTATION, "variables": {"signals": signals, "failOnError": False}})
    (short, values, long), _ = await all_ways(client, pg, monkeypatch, body)
    assert short == values == long
    assert bool(short[0].get("errors")) == ("signalScore" in odd or "rawContent" in odd)


@pytest.mark.usefixtures("known")
async def test_literals_fragments_aliases_and_several_mutations(client):
    query = """
    mutation($one: SignalInput!, $many: [SignalInput!]!, $maybe: [SignalInput!]! = [{contextWindowId: "c"}]) {
      single: createSignal(input: $one) { signalScore signalSource }
      a: createSignals(signals: [{contextWindowId: "c", signalScore: 0.25, timestamp: "2026-03-01T09:00:00Z"}]) { ...counts }
      b: createSignals(signals: $many) { ...counts results { ... on BatchItemResult { index } } }
      c: createSignals(signals: [$one, {contextWindowId: "c", payload: {a: [1]}}]) { ...counts }
      d: createSignals(signals: $maybe) { ...counts results { i: index error { message } } }
      e: createSignals(signals: []) { ...counts results { index } }
    }
    fragment counts on CreateSignalsPayload { totalCount successfulCount }
    """
    data = await client.data(query, one={"contextWindowId": "c"}, many=[{"contextWindowId": "c"}] * 3)
    assert data["single"] == {"signalScore": 0.5, "signalSource": "unknown"}
    assert [data[name]["successfulCount"] for name in "abcde"] == [1, 3, 2, 1, 0]
    assert data["b"]["results"] == [{"index": n} for n in range(3)]
    assert data["d"]["results"] == [{"i": 0, "error": None}]
    stored = await client.data("{ signals { edges { node { payload timestamp signalScore } } } }")
    nodes = [edge["node"] for edge in stored["signals"]["edges"]]
    assert nodes[0] == {"payload": {}, "timestamp": "2026-03-01T09:00:00.000000Z", "signalScore": 0.25}
    assert sum(node["payload"] == {"a": [1]} for node in nodes) == 1
    assert all(datetime.fromisoformat(node["timestamp"]) <= datetime.now(UTC) for node in nodes)
