"""Once: a signal that is delivered again under its idempotency key is the first one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import delete

from app.database.engine import Database
from app.signals.models import DeliveredSignal
from app.signals.queries import SignalKey


class Delivery(NamedTuple):
    conversation_id: UUID
    key: str
    time: datetime
    signal_id: int


# Who comes second waits for the first to commit. All insert in one order, so that nobody waits in a circle.
_DELIVER = """
    INSERT INTO delivered_signals (conversation_id, key, time, signal_id)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[]) AS new (conversation_id, key, time, id)
    ORDER BY conversation_id, key
    ON CONFLICT (conversation_id, key) DO NOTHING RETURNING conversation_id, key
"""
_FIRST = """
    SELECT conversation_id, key, d.time, d.signal_id
    FROM unnest($1::uuid[], $2::text[]) AS wanted (conversation_id, key) JOIN delivered_signals d USING (conversation_id, key)
"""


async def deliver(pg: asyncpg.Connection, new: Sequence[Delivery]) -> list[SignalKey]:
    """Of each, in order, the key of the signal that was the first with its idempotency key: its own, as a rule."""
    first: dict[tuple[UUID, str], SignalKey] = {}
    for each in new:
        first.setdefault((each.conversation_id, each.key), (each.time, each.signal_id))
    columns = [(*place, *key) for place, key in first.items()]
    rows = await pg.fetch(_DELIVER, *map(list, zip(*columns, strict=True)))
    known = first.keys() - {(row["conversation_id"], row["key"]) for row in rows}
    if known:
        for row in await pg.fetch(
            _FIRST, [conversation for conversation, _ in known], [key for _, key in known]
        ):
            first[row["conversation_id"], row["key"]] = row["time"], row["signal_id"]
    return [first[each.conversation_id, each.key] for each in new]


async def forget(database: Database, days: int, now: datetime) -> None:
    """Those of more than `days` days ago: the same keys are new ones then."""
    async with database.steps() as connection:
        await connection.execute(
            delete(DeliveredSignal).where(DeliveredSignal.delivered_at < now - timedelta(days=days))
        )
