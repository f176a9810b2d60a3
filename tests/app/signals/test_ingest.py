"""What becomes of a batch, item by item, and what is left behind of one that fails."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.auth.viewer import PROGRAM
from app.conversations.models import ConversationStatus
from app.errors import BadUserInput, NotFound
from tests.app.database.oracle import assert_rolled_up

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class New:
    """A NewSignal."""

    context_window_id: str = "c"
    timestamp: datetime | None = None
    signal_source: str = "Slack"
    signal_score: float = 0.5
    emotional_tone: float | None = None
    escalate_flag: int = 0
    raw_content: str | None = None
    signal_vector: str | None = None
    agent_id: str | None = None
    user_id: str | None = None
    payload: Any = None
    relationship_context: str | None = None
    diagnostic_notes: str | None = None
    idempotency_key: str | None = None
    embedding: Any = None


def nested(depth, innermost):
    value = innermost
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


BAD = {
    "NUL in a text": ({"raw_content": "a\0b"}, "rawContent"),
    "NUL in a key": ({"agent_id": "a\0b"}, "agentId"),
    "NUL in the payload": ({"payload": {"a": ["\0"]}}, "payload"),
    "NUL in a key of the payload": ({"payload": {"\0": 1}}, "payload"),
    "a lone surrogate in a text": ({"diagnostic_notes": "\ud83d"}, "diagnosticNotes"),
    "a lone surrogate in the conversation": ({"context_window_id": "\ude00"}, "contextWindowId"),
    "a lone surrogate in the payload": ({"payload": ["\ud83d"]}, "payload"),
    "NaN in the payload": ({"payload": {"a": [float("nan")]}}, "payload"),
    "infinity in the payload": ({"payload": float("-inf")}, "payload"),
    "a payload 65 deep": ({"payload": nested(65, 1)}, "payload"),
    "a score above 1": ({"signal_score": 1.0000001}, "signalScore"),
    "a score of NaN": ({"signal_score": float("nan")}, "signalScore"),
    "a negative tone": ({"emotional_tone": -0.1}, "emotionalTone"),
    "an escalation of 2": ({"escalate_flag": 2}, "escalateFlag"),
    "an empty source": ({"signal_source": ""}, "signalSource"),
    "an empty agent": ({"agent_id": ""}, "agentId"),
    "a source of 256 characters": ({"signal_source": "x" * 256}, "signalSource"),
    "a conversation of 256 characters": ({"context_window_id": "x" * 256}, "contextWindowId"),
    "the far future": ({"timestamp": datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)}, "timestamp"),
    "just beyond the clock skew": ({"timestamp": NOW + timedelta(seconds=300, microseconds=1)}, "timestamp"),
}


async def counts(pg):
    return tuple(
        await pg.fetchrow("SELECT (SELECT count(*) FROM signals), (SELECT count(*) FROM conversations)")
    )


async def test_an_item_that_cannot_be_stored_fails_alone(services, pg):
    bad = [replace(New(), **changes) for changes, _ in BAD.values()]
    batch = [New(), *(signal for one in bad for signal in (one, New()))]
    results = (await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)).results
    assert all(isinstance(result, tuple) and result[0] == NOW for result in results[::2])
    for (case, (_, field)), refused in zip(BAD.items(), results[1::2], strict=True):
        assert isinstance(refused, BadUserInput), case
        assert (refused.field, refused.message.partition(" ")[0]) == (field, field), case
    assert await counts(pg) == (len(BAD) + 1, 1)


async def test_of_a_whole_batch_the_first_refused_item_is_raised_and_nothing_stays(services, pg):
    for case, (changes, field) in BAD.items():
        bad = replace(New(), **changes)
        batch = [New(), New("another"), bad, replace(New(), signal_score=2), bad]
        with pytest.raises(BadUserInput) as refused:
            await services.signals.ingest(PROGRAM, batch, NOW, all_or_nothing=True, create_conversations=True)
        assert (refused.value.index, refused.value.field) == (2, field), case
        assert await counts(pg) == (0, 0), case


async def test_the_first_refused_item_is_the_first_of_any_kind(services, pg):
    await services.conversations.create(PROGRAM, context_window_id="c")
    unknown, bad = New("unknown"), replace(New(), signal_score=2)
    for batch, kind in (([New(), unknown, bad], NotFound), ([New(), bad, unknown], BadUserInput)):
        with pytest.raises(kind) as refused:
            await services.signals.ingest(PROGRAM, batch, NOW, all_or_nothing=True)
        assert refused.value.index == 1
    assert await counts(pg) == (0, 1)


async def test_what_is_hard_to_store_comes_back_unchanged(services, pg):
    emoji = "👩‍👩‍👧‍👦 \U0001d518nicode é\u202e\r\n\t'\"\\ \ufeff \U0010ffff"
    payload = {emoji: [nested(62, None), 0.1, 10**30, -1e-308, "", {}, "\u0001"]}
    signal = New(
        context_window_id=emoji[:255],
        timestamp=NOW + timedelta(seconds=300),
        signal_source="🦉" * 255,
        signal_score=0.1 + 0.2,
        emotional_tone=1,
        escalate_flag=1,
        raw_content=emoji + "x" * 900_000 + emoji,
        signal_vector="v" * 255,
        agent_id="🤖" * 255,
        user_id=emoji,
        payload=payload,
        relationship_context=emoji,
        diagnostic_notes="",
    )
    for value in (payload, nested(64, "deep"), "text", 0, False, [], [None]):
        batch = [replace(signal, payload=value)]
        answer = await services.signals.ingest(
            PROGRAM, batch, NOW, all_or_nothing=True, create_conversations=True
        )
        row = await pg.fetchrow(
            "SELECT *, now() - received_at AS age FROM signals WHERE (time, id) = ($1, $2)",
            *answer.results[0],
        )
        assert timedelta() < row["age"] < timedelta(minutes=1)
        assert json.loads(row["payload"]) == value
        columns = set(row.keys()) & set(New.__dataclass_fields__) - {"payload"}
        assert len(columns) == 10
        assert all(row[name] == getattr(signal, name) for name in columns)
        assert row["time"] == signal.timestamp
    assert await pg.fetchval("SELECT context_window_id FROM conversations") == signal.context_window_id


async def test_what_is_left_out_takes_its_default(services, pg):
    await services.signals.ingest(PROGRAM, [New()], NOW, create_conversations=True)
    row = await pg.fetchrow("SELECT * FROM signals")
    assert (row["time"], row["received_at"], row["payload"], row["escalate_flag"]) == (NOW, NOW, "{}", 0)
    assert row["agent_id"] is row["raw_content"] is row["emotional_tone"] is None


async def test_ids_ascend_in_the_order_of_the_items(services, pg):
    keys = ["b", "a", "c"]
    batch = [
        New(keys[i % 3], NOW - timedelta(seconds=i * 7919 % 1000), agent_id=str(i)) for i in range(2_000)
    ]
    answer = await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)
    ids = [number for _, number in answer.results]
    assert ids == sorted(ids)
    assert [time for time, _ in answer.results] == [signal.timestamp for signal in batch]
    rows = await pg.fetch("SELECT agent_id FROM signals ORDER BY id")
    assert [row[0] for row in rows] == [signal.agent_id for signal in batch]
    await assert_rolled_up(pg)


async def test_unknown_and_deleted_conversations_are_not_found_and_deleted_ones_not_opened_again(
    services, pg
):
    gone = await services.conversations.create(PROGRAM, context_window_id="gone")
    await services.conversations.update(PROGRAM, gone.id, {"status": ConversationStatus.DELETED})
    old = await services.conversations.create(PROGRAM, context_window_id="old")
    await services.conversations.update(PROGRAM, old.id, {"status": ConversationStatus.ARCHIVED})
    batch = [New("gone"), New("old"), New("unknown"), New("old")]
    for create in (False, True):
        results = (await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=create)).results
        assert [isinstance(result, NotFound) for result in results] == [True, False, not create, False]
        assert results[0].field == "contextWindowId"
    with pytest.raises(NotFound) as refused:
        await services.signals.ingest(
            PROGRAM, batch[::-1], NOW, all_or_nothing=True, create_conversations=True
        )
    assert refused.value.index == 3
    assert await counts(pg) == (5, 3)


async def test_a_new_conversation_starts_with_the_earliest_valid_signal_of_the_batch(services, pg):
    def at(minutes):
        return NOW - timedelta(minutes=minutes)

    batch = [
        New("a", at(5)),
        replace(New("a", at(90)), signal_score=2),
        New("a", at(30)),
        New("a"),
        New("b"),
        New("c", NOW + timedelta(seconds=9)),
        replace(New("never", at(1)), signal_score=2),
    ]
    await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)
    await services.signals.ingest(PROGRAM, [New("a", at(60))], NOW, create_conversations=True)
    found = dict(await pg.fetch("SELECT context_window_id, started_at FROM conversations"))
    assert found == {"a": at(30), "b": NOW, "c": NOW + timedelta(seconds=9)}


async def test_a_batch_of_nothing_valid_has_no_transaction(services, pg):
    assert (await services.signals.ingest(PROGRAM, [], NOW)).results == []
    answer = await services.signals.ingest(PROGRAM, [New("unknown")], NOW)
    assert answer.transaction_id is None
    stored = await services.signals.ingest(PROGRAM, [New()], NOW, create_conversations=True)
    assert stored.transaction_id == await pg.fetchval("SELECT xmin::text FROM signals")


async def test_a_failure_of_the_database_leaves_nothing_behind(services, pg):
    """The conversation is opened in the transaction that stores its signals, or not at all."""
    await pg.execute("ALTER TABLE signals ADD CONSTRAINT no_slack CHECK (signal_source <> 'Slack')")
    with pytest.raises(Exception, match="no_slack"):
        await services.signals.ingest(PROGRAM, [New("a"), New("b")], NOW, create_conversations=True)
    assert await counts(pg) == (0, 0)


async def test_batches_at_once_open_the_same_conversations_once(services, pg):
    keys = [f"c-{number}" for number in range(20)]

    async def ingest(number):
        batch = [New(key, NOW) for key in (keys[number:] + keys[:number])]
        results = (await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)).results
        assert all(isinstance(result, tuple) for result in results)

    await asyncio.gather(*(ingest(number) for number in range(20)))
    assert await counts(pg) == (400, 20)
    await assert_rolled_up(pg)


@pytest.mark.parametrize("create", [False, True])
async def test_a_conversation_deleted_meanwhile_takes_the_signals_along_or_is_not_found(services, pg, create):
    outcomes = set()

    async def ingest():
        for _ in range(40):
            batch = [New("c"), New("d")]
            results = (
                await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=create)
            ).results
            assert all(isinstance(result, tuple | NotFound) for result in results)
            outcomes.update(type(result) for result in results)

    async def delete_and_open():
        for _ in range(40):
            for key in ("c", "d"):
                async with services.database.read() as connection:
                    row = (
                        await connection.exec_driver_sql(
                            f"SELECT id FROM conversations WHERE context_window_id = '{key}'"
                        )
                    ).first()
                if row:
                    await services.conversations.delete(PROGRAM, row[0])
            if not create:
                await services.conversations.create(PROGRAM, context_window_id="c")

    await asyncio.gather(ingest(), ingest(), delete_and_open())
    assert outcomes >= ({tuple} if create else {tuple, NotFound})
    await assert_rolled_up(pg)


async def test_signals_are_deleted_by_key_where_they_may_be_read(services, pg):
    batch = [New("a"), New("a"), New("b"), New("b")]
    keys = (await services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)).results
    hidden = await pg.fetchval("SELECT id FROM conversations WHERE context_window_id = 'b'")
    await services.conversations.update(PROGRAM, hidden, {"status": ConversationStatus.DELETED})
    wanted = [keys[0], keys[0], keys[2], (NOW, 10**9), (NOW - timedelta(seconds=1), keys[1][1])]
    assert await services.signals.delete(PROGRAM, wanted) == 1
    assert await services.signals.delete(PROGRAM, wanted) == 0
    assert await services.signals.delete(PROGRAM, []) == 0
    assert [row[0] for row in await pg.fetch("SELECT id FROM signals ORDER BY id")] == [
        key[1] for key in keys[1:]
    ]
    await assert_rolled_up(pg)
