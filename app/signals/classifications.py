"""The classes of signals as they are stored, and the counts of them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from app.signals.classify import Classification

NEUTRAL = Classification.NEUTRAL.value


class Classified(NamedTuple):
    """A signal's class, with what the counts are grouped by."""

    time: datetime
    id: int
    conversation_id: UUID
    signal_source: str
    agent_id: str
    """'' for none."""
    classification: str


_COLUMNS = "time, id, conversation_id, signal_source, agent_id, classification"
_GIVEN = f"unnest($1::timestamptz[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[]) AS k({_COLUMNS})"

_WIDTHS = {"classification_rollup_5m": "5 minutes", "classification_rollup_1h": "1 hour"}


def _key(width: str) -> str:
    bucket = f"date_bin('{width}', k.time, '2000-01-03 00:00:00+00')"
    return f"k.conversation_id, {bucket} AS bucket, k.signal_source, k.agent_id"


# Made first, empty, so that they can be locked: who deletes signals meanwhile then waits, or has been waited for.
_LOCK = {
    table: f"""
    INSERT INTO {table} AS r SELECT DISTINCT {_key(width)}, 0, 0, 0 FROM {_GIVEN} ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET positive = r.positive
    """
    for table, width in _WIDTHS.items()
}


def _change(table: str, width: str, sign: str) -> str:
    return f"""
    UPDATE {table} r SET positive = r.positive {sign} f.positive, stressed = r.stressed {sign} f.stressed,
        uncertain = r.uncertain {sign} f.uncertain
    FROM (
        SELECT {_key(width)}, count(*) FILTER (WHERE k.classification = 'POSITIVE') AS positive,
            count(*) FILTER (WHERE k.classification = 'STRESSED') AS stressed,
            count(*) FILTER (WHERE k.classification = 'UNCERTAIN') AS uncertain
        FROM changed k GROUP BY 1, 2, 3, 4
    ) f
    WHERE r.conversation_id = f.conversation_id AND r.bucket = f.bucket
        AND r.signal_source = f.signal_source AND r.agent_id = f.agent_id
    """


def _changes(sign: str) -> str:
    """Of both counts, by the rows of `changed`."""
    first, second = (_change(table, width, sign) for table, width in _WIDTHS.items())
    return f", five_minutes AS ({first}) {second}"


# Begins once the counts are locked, and so sees which of the signals are still there.
_STORE = f"""
    WITH k AS MATERIALIZED (SELECT * FROM {_GIVEN}),
    stored AS (
        INSERT INTO signal_classifications (time, id, classification)
        SELECT k.time, k.id, k.classification FROM k JOIN signals s ON s.time = k.time AND s.id = k.id
        WHERE s.time BETWEEN $7 AND $8
        RETURNING time, id
    ),
    changed AS (SELECT k.* FROM k JOIN stored USING (time, id))
    {_changes("+")}
"""

_KNOWN = """
    SELECT c.time, c.id FROM signal_classifications c
    JOIN unnest($1::timestamptz[], $2::bigint[]) AS k(time, id) ON k.time = c.time AND k.id = c.id
    WHERE c.time BETWEEN $3 AND $4
"""

_REMOVE = f"""
    WITH changed AS (
        DELETE FROM signal_classifications c USING {_GIVEN}
        WHERE c.time = k.time AND c.id = k.id
        RETURNING k.time, k.conversation_id, k.signal_source, k.agent_id, c.classification
    )
    {_changes("-")}
"""

_TIDY = {
    table: f"""
    DELETE FROM {table} r USING (SELECT DISTINCT {_key(width)} FROM {_GIVEN}) k
    WHERE r.positive + r.stressed + r.uncertain = 0 AND r.conversation_id = k.conversation_id
        AND r.bucket = k.bucket AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id
    """
    for table, width in _WIDTHS.items()
}


async def save(pg: asyncpg.Connection, signals: Sequence[Classified], *, again: bool) -> None:
    """Stores and counts the classes of signals, each there once, save those deleted since.

    `again`: some may have another class already. Their conversations are locked against being deleted. Only one
    transaction may do so at a time.
    """
    known = await _known(pg, signals) if again and signals else ()
    old = _columns(each for each in signals if (each.time, each.id) in known)
    new = _columns(each for each in signals if each.classification != NEUTRAL)
    if not old and not new:
        return
    both = [[*one, *other] for one, other in zip(old, new, strict=True)] if old and new else old or new
    for lock in _LOCK.values():
        await pg.execute(lock, *both)
    if old:
        await pg.execute(_REMOVE, *old)
    if new:
        await pg.execute(_STORE, *new, min(new[0]), max(new[0]))
    if old:
        for tidy in _TIDY.values():
            await pg.execute(tidy, *old)


async def _known(pg: asyncpg.Connection, signals: Sequence[Classified]) -> Collection[tuple[datetime, int]]:
    """Keys of those that have a class."""
    times = [each.time for each in signals]
    rows = await pg.fetch(_KNOWN, times, [each.id for each in signals], min(times), max(times))
    return {(row["time"], row["id"]) for row in rows}


def _columns(signals: Iterable[Classified]) -> list[Sequence[Any]]:
    """As _GIVEN takes them; empty for none."""
    return list(zip(*signals, strict=True))
