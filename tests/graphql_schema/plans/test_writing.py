"""A signal that is stored by one statement is the same signal, with the same answer, as one that is not."""

import re

import pytest

from app.database.direct import Direct
from graphql_schema.plans import Plans
from tests.graphql_schema.plans.test_same import Counting, answered
from tests.people import people

__all__ = ["people"]

ALL = """mutation($input: SignalInput!) { created: createSignal(input: $input) {
  __typename id timestamp receivedAt contextWindowId userId agentId signalSource signalScore emotionalTone escalateFlag
  rawContent payload relationshipContext diagnosticNotes again: signalScore
} }"""
OWN = {"id", "receivedAt"}
"""What no two signals have alike."""
SIGNAL = {"contextWindowId": "a1", "timestamp": "2026-01-01T10:00:00.25+02:00"}


async def both(people, name, document, value):
    """What is answered and what is stored, with a plan and without."""
    found = []
    await people.pg.execute("DELETE FROM signals")
    for plans in (Counting(), None):
        answer = await answered(people, name, document, {"input": value}, plans)
        await people.pg.execute("DELETE FROM delivered_signals")
        rows = await people.pg.fetch("DELETE FROM signals RETURNING *")
        own = {"id", "received_at"} | (set() if "timestamp" in value else {"time"})
        stored = [{key: item for key, item in row.items() if key not in own} for row in rows]
        found.append((masked(answer, OWN | (set() if "timestamp" in value else {"timestamp"})), stored))
        if plans is not None:
            planned = plans.planned
    return *found, planned


def masked(value, names):
    """Without what differs by chance: how far ahead a time is, too."""
    if isinstance(value, str):
        return re.sub(r"[\d.]+ s ahead", "ahead", value)
    if isinstance(value, list):
        return [masked(each, names) for each in value]
    if isinstance(value, tuple) and value[0] in names and isinstance(value[1], str):
        return value[0], "masked"
    return tuple(masked(each, names) for each in value) if isinstance(value, tuple) else value


MORE = [
    {},
    {
        "signalScore": 1,
        "emotionalTone": 0,
        "escalateFlag": 1,
        "signalSource": "Neo",
        "userId": "u",
        "agentId": "é🦉",
    },
    {
        "rawContent": 'quote " \\ \n \u2028',
        "payload": {"a": [1.5, None, {"b": "é"}]},
        "diagnosticNotes": "",
    },
    {"relationshipContext": "x", "signalVector": "v", "rawContent": None, "payload": None},
    {"idempotencyKey": "once"},
    {"embedding": [0.5] * 256},
]


@pytest.mark.parametrize("name", ["administrator", "ann", "bob", "coach", "key:read", "key:admin", "nobody"])
async def test_everyone_stores_and_is_answered_the_same(people, name):
    for more in MORE:
        planned, executed, _ = await both(people, name, ALL, SIGNAL | more)
        assert planned == executed


FAULTS = [
    {"signalScore": 1.5},
    {"signalScore": "x"},
    {"emotionalTone": -1},
    {"escalateFlag": 2},
    {"signalSource": ""},
    {"userId": "nu\0l"},
    {"timestamp": "2999-01-01T00:00:00Z"},
    {"timestamp": "2026-01-01"},
    {"contextWindowId": "nowhere"},
    {"contextWindowId": None},
    {"payload": {"a": "\0"}},
    {"embedding": [1.0]},
    {"unknown": 1},
]


async def test_faults_are_told_the_same_and_store_nothing(people):
    for fault in FAULTS:
        planned, executed, _ = await both(people, "administrator", ALL, SIGNAL | fault)
        assert planned == executed
        assert not planned[1]
        assert dict(planned[0])["errors"]


async def test_what_comes_without_a_time_is_of_now(people):
    planned, executed, plans = await both(people, "administrator", ALL, {"contextWindowId": "a1"})
    assert planned == executed
    assert plans == 1


@pytest.mark.parametrize(
    "document",
    [
        "mutation($input: SignalInput!) { createSignal(input: $input) { conversation { signalCount } } }",
        "mutation($input: SignalInput!) { createSignal(input: $input) { signalScore classification } }",
        "mutation($input: SignalInput!) { a: createSignal(input: $input) { signalScore } b: createSignal(input: $input) { signalScore } }",
        "mutation($input: SignalInput!) { createSignal(input: $input) @skip(if: true) { signalScore } }",
        'mutation($input: SignalInput) { createSignal(input: {contextWindowId: "a1"}) { signalScore } }',
    ],
)
async def test_what_needs_more_is_executed(people, document):
    planned, executed, plans = await both(people, "administrator", document, SIGNAL)
    assert planned == executed
    assert plans == 0


@pytest.mark.parametrize("stored", [True, False])
async def test_it_is_stored_once_where_the_connection_breaks_off(people, monkeypatch, stored):
    """Whether it did so before the commit or after it."""
    run, breaks = Direct.row, [True]

    async def broken(self, statement, given):
        if "INSERT" in statement.text and breaks:
            breaks.clear()
            if stored:
                await run(self, statement, given)
            raise ConnectionResetError
        return await run(self, statement, given)

    monkeypatch.setattr(Direct, "row", broken)
    planned, executed, plans = await both(people, "administrator", ALL, SIGNAL)
    assert planned == executed
    assert plans == 1
    assert len(planned[1]) == 1
    assert not breaks


async def test_it_is_told_to_those_who_follow_the_conversation(people):
    told = []
    people.services.database.tell = told.append
    for plans in (Plans(), None):
        await answered(people, "administrator", ALL, {"input": SIGNAL}, plans)
    one, other = told
    assert one.conversations.keys() == other.conversations.keys() == {people.conversations["a1"]}
    (span,) = one.conversations.values()
    assert span.first == span.last
    assert span.first_id == span.last_id > 0
