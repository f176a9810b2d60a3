"""Work that goes on beside something else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from app.errors import Unavailable

logger = logging.getLogger(__name__)


@asynccontextmanager
async def beside(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs the jobs, which end of themselves never, for as long as the block runs."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def again(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Does it for ever, and again after a fault."""
    while True:
        try:
            await job()
        except (Unavailable, DBAPIError, asyncpg.exceptions.PostgresError):
            logger.exception("%s failed; it is tried again", name)
            await asyncio.sleep(1)
