"""The database of one command: there, with this program's tables and key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from app.database import migrations
from app.database.engine import Database
from app.database.start import running
from app.realtime.feed import telling
from app.settings import Settings
from app.users import encryption


@asynccontextmanager
async def opened(settings: Settings, url: str) -> AsyncIterator[Database]:
    """A database for one command, whose changes running servers are told of."""
    database = Database(url, pool_size=2)
    try:
        async with telling(database, settings.redis_url):
            yield database
    finally:
        await database.close()


@contextmanager
def ready(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """URL of a database with this program's tables and key, that key, and whether the tables are new."""
    with running(settings) as url:
        key = encryption.load(settings)
        key, fresh = asyncio.run(_prepare(settings, url, key))
        yield url, key, fresh


def run[T](settings: Settings, job: Callable[[Database], Awaitable[T]]) -> T:
    """What a command does that needs no more than the database."""

    async def opening(url: str) -> T:
        async with opened(settings, url) as database:
            return await job(database)

    with ready(settings) as (url, _, _):
        return asyncio.run(opening(url))


async def _prepare(settings: Settings, url: str, key: str) -> tuple[str, bool]:
    fresh = False
    async with opened(settings, url) as database:
        if settings.database_url is None:
            fresh = await migrations.upgrade(database)
        else:
            await migrations.require_current(database)
        async with database.write() as connection:
            key = await encryption.checked(connection, settings, key)
    return key, fresh
