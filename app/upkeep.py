"""Work that no request waits for, done every few seconds by one of the servers of a database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.arrivals import Arrivals
from app.database.engine import Database
from app.errors import Unavailable
from app.settings import Settings
from app.signals import ageing
from app.signals.refresh import refresh

logger = logging.getLogger(__name__)

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
        finally:
            await connection.execute(_UNLOCK)
    return done


@asynccontextmanager
async def kept_up(database: Database, arrivals: Arrivals, settings: Settings) -> AsyncIterator[None]:
    """Does `upkeep`, and deals with arrivals, every so many seconds for as long as the block runs."""

    async def all_upkeep() -> None:
        # First, as nothing is known of signals that have left because of their age.
        await arrivals.reclassify()
        await upkeep(database, settings, datetime.now(UTC))

    every = {
        "upkeep": (settings.upkeep_seconds, all_upkeep),
        "a look at arrivals": (settings.arrivals_seconds, arrivals.work_off),
    }
    jobs = [asyncio.create_task(_every(name, *job)) for name, job in every.items() if job[0]]
    try:
        yield
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def _every(name: str, seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await job()
        except (Unavailable, DBAPIError, asyncpg.exceptions.PostgresError):
            logger.exception("%s failed; it is tried again in %g s", name, seconds)
