"""Subscriptions outlast a restart of the database."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database
from app.users import encryption
from tests.conftest import KEY, QUICK, dsn
from tests.transport.following import begun, following, store
from tests.transport.test_live import DRIFT, SIGNALS, brief
from tests.transport.test_live_losses import NEVER, SIGNAL


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="coherence-live-"))
    server = EmbeddedPostgres(folder, QUICK)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def url(postgres: EmbeddedPostgres) -> str:
    """Of a server that the test may restart, in place of the one that all share."""
    url = await asyncio.to_thread(postgres.start)
    database = Database(url)
    await migrations.upgrade(database)
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    await database.close()
    return url


async def test_subscriptions_outlast_a_restart_of_the_database(serve, url, postgres):
    async with serve(look_again_seconds=NEVER) as place:
        await store(place, ("a", 0.9))
        async with (
            following(place, SIGNALS, id="a") as signals,
            following(place, DRIFT, ids=["a"]) as drift,
        ):
            await drift.next()
            await begun(place, 2)
            await asyncio.to_thread(postgres.stop)
            async with following(place, DRIFT, ids=["a"]) as newcomer:
                assert await newcomer.code() == "UNAVAILABLE"
            await asyncio.to_thread(postgres.start)
            pg = await asyncpg.connect(**dsn(url))
            await pg.execute(SIGNAL, 0.1)
            await pg.close()
            assert (await signals.next(15))["signalScore"] == 0.1
            assert brief(await drift.next(15)) == ("a", 2, 1, 2)
            await store(place, ("a", 0.2))
            assert (await signals.next())["signalScore"] == 0.2
