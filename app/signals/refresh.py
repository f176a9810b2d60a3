"""Refreshes the continuous aggregates, and says from then on that they can be read.

How answers stay exact meanwhile is told in alembic/timescaledb/continuous_aggregates.sql. Rollups that triggers
keep have nothing to refresh.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.spans import start_of
from app.signals.models import RollupState
from app.signals.writers import writers_have_ended

logger = logging.getLogger(__name__)

SETTLED = timedelta(minutes=1)
"""How long after its end a bucket is materialized: what arrives later is noted, and has it counted anew."""

MOST_NOTES = 100_000
"""That one pass deals with; the next one takes the rest."""

_NOTES = text("SELECT id, bucket FROM touched_buckets ORDER BY bucket, id LIMIT :most")
_CLEAR = text("DELETE FROM touched_buckets WHERE id = ANY(:ids)")

# `force`: TimescaleDB's own log of what is invalid is not asked, as a commit can slip past it while another
# refresh moves its threshold. No batches: they would skip a range that has lost all of its signals.
_REFRESH = text("""
    CALL refresh_continuous_aggregate(cast(cast(:name AS text) AS regclass),
        cast(:start AS timestamptz), cast(:end AS timestamptz),
        force => true, options => '{"buckets_per_batch": 0}')
""")
_CONCURRENT_REFRESH = "55P03"

_CHUNKS = text("""
    SELECT range_start, range_end FROM timescaledb_information.chunks
    WHERE hypertable_schema = current_schema AND hypertable_name = 'signals'
        AND range_end > :start AND range_start < :end
    ORDER BY range_start
""")

type Range = tuple[datetime, datetime]


async def refresh(connection: AsyncConnection, now: datetime) -> bool:
    """One pass; whether all that was noted when it began is refreshed, and all that has settled materialized.

    `connection` is one whose statements are each a transaction of its own. Only one pass may run at a time.
    """
    state = (await connection.execute(select(RollupState))).one()
    if state.source == "rollup":
        return True
    until = max(state.noted_until, start_of(now - SETTLED, 300))
    if until > state.noted_until:
        await connection.execute(update(RollupState).values(noted_until=until))
    if until > state.materialized_5m and not await writers_have_ended(connection):
        logger.warning("a transaction that writes signals runs for long; the aggregates wait for it")
        return False
    notes = (await connection.execute(_NOTES, {"most": MOST_NOTES})).all()
    try:
        for name, seconds, materialized in (
            ("5m", 300, state.materialized_5m),
            ("1h", 3_600, state.materialized_1h),
        ):
            end = start_of(until, seconds)
            touched = (note.bucket for note in notes if note.bucket < materialized)
            for start, stop in merged(touched, seconds):
                await _refresh(connection, name, start, min(stop, end))
            for start, stop in await _chunks(connection, materialized, end):
                await _refresh(connection, name, start, stop)
                await _materialized(connection, name, stop)
            await _materialized(connection, name, end)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CONCURRENT_REFRESH:
            raise
        logger.info("somebody else refreshes the same part of an aggregate; it is tried again")
        return False
    await connection.execute(_CLEAR, {"ids": [note.id for note in notes]})
    return len(notes) < MOST_NOTES


def merged(times: Iterable[datetime], seconds: int) -> Iterator[Range]:
    """The buckets in which `times` (in order) lie, each once; neighbours as one range."""
    width = timedelta(seconds=seconds)
    current: Range | None = None
    for time in times:
        start = start_of(time, seconds)
        if current is None:
            current = (start, start + width)
        elif start <= current[1]:
            current = (current[0], max(current[1], start + width))
        else:
            yield current
            current = (start, start + width)
    if current is not None:
        yield current


async def _chunks(connection: AsyncConnection, start: datetime, end: datetime) -> list[Range]:
    """What chunks there are between `start` and `end`, in order."""
    rows = await connection.execute(_CHUNKS, {"start": start, "end": end})
    return [(max(row.range_start, start), min(row.range_end, end)) for row in rows]


async def _refresh(connection: AsyncConnection, name: str, start: datetime, end: datetime) -> None:
    if start < end:
        await connection.execute(_REFRESH, {"name": f"signal_aggregate_{name}", "start": start, "end": end})


async def _materialized(connection: AsyncConnection, name: str, until: datetime) -> None:
    column = f"materialized_{name}"
    forward = func.greatest(getattr(RollupState, column), until)
    await connection.execute(update(RollupState).values({column: forward}))
