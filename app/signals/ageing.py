"""What becomes of raw signals with time: into the columnstore after some days, deleted after others.

The rollups keep what is deleted. TimescaleDB's own retention policy is not used: it would not wait until the
aggregates hold everything.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.capabilities import signals_are_a_hypertable
from app.database.engine import Database
from app.signals.models import RollupState, Signal
from app.signals.writers import writers_have_ended

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)

_DROP_CHUNKS = text(
    "SELECT count(*) FROM drop_chunks('signals', older_than => cast(:kept_from AS timestamptz))"
)
_NOTED = text("SELECT EXISTS (SELECT FROM touched_buckets WHERE bucket < :kept_from)")
_KEEP_ROLLUPS = text("SELECT set_config('coherence.ageing', 'on', true)")

_COLUMNSTORE_AFTER = text("""
    SELECT cast(config ->> 'compress_after' AS interval) FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_compression' AND hypertable_schema = current_schema AND hypertable_name = 'signals'
""")
_ENABLE_COLUMNSTORE = text("""
    ALTER TABLE signals SET (timescaledb.enable_columnstore,
        timescaledb.segmentby = 'conversation_id', timescaledb.orderby = 'time, id')
""")
_ADD_POLICY = text("CALL add_columnstore_policy('signals', after => cast(:after AS interval))")
# Late signals stay in rows beside the columns: while they are turned too, a statement that was planned just before
# misses them, and one that is prepared keeps doing so (TimescaleDB 2.29).
_TURN_ONCE = text("""
    SELECT alter_job(job_id, config => config || '{"recompress": false}') FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_compression' AND hypertable_schema = current_schema AND hypertable_name = 'signals'
""")
_REMOVE_POLICY = text("CALL remove_columnstore_policy('signals', if_exists => true)")


async def follow_columnstore_setting(connection: AsyncConnection, days: int | None) -> None:
    """Has TimescaleDB turn chunks into columns once they are so old; never where `days` is None.

    Only on the community edition; elsewhere nothing happens. What has been turned already stays as it is.
    """
    if await connection.scalar(select(RollupState.source)) != "continuous_aggregate":
        return
    wanted = None if days is None else timedelta(days=days)
    if await connection.scalar(_COLUMNSTORE_AFTER) == wanted:
        return
    await connection.execute(_REMOVE_POLICY)
    if wanted is not None:
        await connection.execute(_ENABLE_COLUMNSTORE)
        await connection.execute(_ADD_POLICY, {"after": wanted})
        await connection.execute(_TURN_ONCE)


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
