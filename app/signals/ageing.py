"""What becomes of raw signals with time: into the columnstore after some days, deleted after others.

The rollups keep what is deleted. TimescaleDB's own retention policy is not used: it would not wait until the
aggregates hold everything.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text, update

from app.database.capabilities import signals_are_a_hypertable
from app.database.engine import Database
from app.signals.models import RollupState, Signal, SignalClassification
from app.signals.writers import writers_have_ended
from app.vectors.models import SignalEmbedding

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)

_DROP_CHUNKS = text(
    "SELECT count(*) FROM drop_chunks('signals', older_than => cast(:kept_from AS timestamptz))"
)
_NOTED = text("SELECT EXISTS (SELECT FROM touched_buckets WHERE bucket < :kept_from)")
_KEEP_ROLLUPS = text("SELECT set_config('coherence.ageing', 'on', true)")

_ENABLE_COLUMNSTORE = text("""
    ALTER TABLE signals SET (timescaledb.enable_columnstore,
        timescaledb.segmentby = 'conversation_id', timescaledb.orderby = 'time, id')
""")
_ROW_CHUNKS = text("""
    SELECT format('%I.%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks
    WHERE hypertable_schema = current_schema AND hypertable_name = 'signals' AND NOT is_compressed AND range_end <= :cut
    ORDER BY range_start
""")
_ALONE = text("LOCK TABLE ONLY signals IN ACCESS EXCLUSIVE MODE")
_TURN = text("SELECT compress_chunk(cast(cast(:chunk AS text) AS regclass))")


async def turn_into_columns(database: Database, days: int, now: datetime) -> None:
    """Turns the chunks of signals that ended more than `days` days ago into columns, each in a transaction.

    Only on TimescaleDB's community edition; elsewhere nothing happens. Its own policy is not used: who plans a
    statement while a chunk is turned misses all of it (2.29.2), so here everybody waits for those seconds. Late
    signals stay in rows beside the columns, as turning them would be as bad.
    """
    async with database.steps() as connection:
        if await connection.scalar(select(RollupState.source)) != "continuous_aggregate":
            return
        chunks = (await connection.scalars(_ROW_CHUNKS, {"cut": now - days * DAY})).all()
    for chunk in chunks:
        async with database.write() as connection:
            await connection.execute(_ALONE)
            await connection.execute(_ENABLE_COLUMNSTORE)
            await connection.execute(_TURN, {"chunk": chunk})
        logger.info("%s is turned into columns", chunk)


async def forget(database: Database, days: int, now: datetime) -> None:
    """Deletes the raw signals of all days (UTC) that ended more than `days` days ago, and keeps their rollups.

    First says so (`kept_from`), so that nothing is written there any more and no answer counts on it; deletes only
    once the aggregates, if there are any, hold all of it.
    """
    cut = (now - days * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    async with database.steps() as connection:
        forward = update(RollupState).where(RollupState.kept_from < cut).values(kept_from=cut)
        await connection.execute(forward)
        state = (await connection.execute(select(RollupState))).one()
        oldest = await connection.scalar(select(func.min(Signal.time)))
        gone = state.kept_from if oldest is None else min(oldest, state.kept_from)
        for table in (SignalClassification, SignalEmbedding):
            await connection.execute(delete(table).where(table.time < gone))
        if oldest is None or oldest >= state.kept_from or not await writers_have_ended(connection):
            return
        chunks = await signals_are_a_hypertable(connection)
    aggregated = state.source == "continuous_aggregate"
    if aggregated and state.materialized_1h < state.kept_from:
        return
    if not chunks:
        await _delete_by_day(database, oldest, state.kept_from)
        return
    async with database.write() as connection:
        await connection.execute(_DROP_CHUNKS, {"kept_from": state.kept_from})
        # Seen only now, as a signal that was deleted until then may have left a note: it wants a refresh first.
        if aggregated and await connection.scalar(_NOTED, {"kept_from": state.kept_from}):
            await connection.rollback()
            return
    logger.info("raw signals before %s are deleted", state.kept_from.date())


async def _delete_by_day(database: Database, oldest: datetime, until: datetime) -> None:
    while oldest < until:
        oldest = min(oldest + DAY, until)
        async with database.write() as connection:
            await connection.execute(_KEEP_ROLLUPS)
            await connection.execute(delete(Signal).where(Signal.time < oldest))
    logger.info("raw signals before %s are deleted", until.date())
