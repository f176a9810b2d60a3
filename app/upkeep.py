"""Work that no request waits for, done every few seconds by one of the servers of a database."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

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
async def kept_up(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Does `upkeep` every so many seconds for as long as the block runs."""
    if not settings.upkeep_seconds:
        yield
        return
    task = asyncio.create_task(_every(settings.upkeep_seconds, database, settings))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _every(seconds: float, database: Database, settings: Settings) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await upkeep(database, settings, datetime.now(UTC))
        except (Unavailable, DBAPIError):
            logger.exception("upkeep failed; it is tried again in %g s", seconds)
