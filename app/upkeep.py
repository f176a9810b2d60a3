"""Work that no request waits for, done every few seconds by one of the servers of a database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import text

from app.arrivals import Arrivals
from app.auth import keeping
from app.background import again, beside
from app.database.engine import Database
from app.settings import Settings
from app.signals import ageing, deliveries
from app.signals.refresh import refresh

_LOCK = text("SELECT pg_try_advisory_lock(hashtext('coherence upkeep'))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtext('coherence upkeep'))")


async def upkeep(database: Database, settings: Settings, now: datetime) -> bool:
    """Everything once, unless another server is at it; whether all that was to do is done."""
    async with database.steps() as connection:
        if not await connection.scalar(_LOCK):
            return False
        try:
            done = await refresh(connection, now)
            if settings.columnstore_after is not None:
                await ageing.turn_into_columns(database, settings.columnstore_after, now)
            if settings.raw_retention is not None:
                await ageing.forget(database, settings.raw_retention, now)
            await deliveries.forget(database, settings.idempotency_days, now)
            await keeping.forget(database)
        finally:
            await connection.execute(_UNLOCK)
    return done


@asynccontextmanager
async def kept_up(database: Database, arrivals: Arrivals, settings: Settings) -> AsyncIterator[None]:
    """Does `upkeep`, and deals with arrivals, every so many seconds for as long as the block runs."""

    async def all_upkeep() -> None:
        # First, as nothing is found out about signals that have left because of their age. Else the watch takes its
        # time: to deal with all that a flood has left would slow down those who store more.
        if settings.raw_retention is not None or await arrivals.outdated():
            await arrivals.reclassify()
        await upkeep(database, settings, datetime.now(UTC))

    async def every_so_often() -> None:
        while True:
            await asyncio.sleep(settings.upkeep_seconds)
            await all_upkeep()

    jobs = []
    if settings.upkeep_seconds:
        jobs.append(again("upkeep", every_so_often))
    if settings.arrivals_seconds:
        watch = partial(arrivals.watch, settings.arrivals_seconds)
        jobs.append(again("the watch over arrivals", watch))
    async with beside(*jobs):
        yield
