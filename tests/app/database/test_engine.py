# ruff: noqa: PT012 - what is raised is raised by leaving the block
"""Connections: which URLs are taken, what a transaction covers, and what is said when the database is gone."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database, asyncpg_url, driver
from app.errors import Unavailable


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p%40ss@h:5433/d", "postgresql+asyncpg://u:p%40ss@h:5433/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgres://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        (
            "postgresql://u@/d?host=/tmp/x&sslmode=disable",
            "postgresql+asyncpg://u@/d?host=%2Ftmp%2Fx&ssl=disable",
        ),
        ("postgresql://u@[::1]:5432/d", "postgresql+asyncpg://u@[::1]:5432/d"),
    ],
)
def test_urls_as_people_write_them(given, taken):
    assert asyncpg_url(given).render_as_string(hide_password=False) == taken


def test_another_database_s_url_is_refused_by_the_variable_s_name():
    with pytest.raises(ValueError, match="COHERENCE_DATABASE_URL names mysql"):
        asyncpg_url("mysql://u:secret@h/d")


@pytest.mark.parametrize("mode", ["disable", "prefer"])
async def test_sslmode_reaches_the_driver(url, mode):
    joint = "&" if "?" in url else "?"
    database = Database(f"{url.replace('+asyncpg', '')}{joint}sslmode={mode}")
    assert await database.answers()
    await database.close()


async def test_the_driver_s_own_statements_are_part_of_the_transaction(database, pg):
    with pytest.raises(ZeroDivisionError):
        async with database.write() as connection:
            # Before any statement of SQLAlchemy's, which is what sends BEGIN.
            await (await driver(connection)).execute(
                "INSERT INTO conversations (context_window_id) VALUES ('a')"
            )
            raise ZeroDivisionError
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 0
    async with database.write() as connection:
        await (await driver(connection)).execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
        assert await pg.fetchval("SELECT count(*) FROM conversations") == 0
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 1


async def test_reads_see_what_was_committed_meanwhile(database, pg):
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM conversations")) == 0
        await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
        assert await connection.scalar(text("SELECT count(*) FROM conversations")) == 1
        assert await connection.scalar(text("SHOW timezone")) == "UTC"


async def test_a_fault_of_a_statement_is_no_absence_of_the_database(database):
    for block in (database.read, database.write):
        with pytest.raises(DBAPIError):
            async with block() as connection:
                await connection.execute(text("SELECT 1 / 0"))
        with pytest.raises(asyncpg.PostgresSyntaxError):
            async with block() as connection:
                await (await driver(connection)).execute("SELEC")
        with pytest.raises(OSError, match="disk"):
            async with block():
                raise OSError(28, "disk full")  # of something else, done meanwhile
    assert await database.answers()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u@/d?host=/tmp/coherence-nobody-listens-here",
        "postgresql://u@127.0.0.1:1/d",
        "postgresql://u@localhost:1/d",  # at several addresses
        "postgresql://u@no-such-host.invalid/d",
    ],
)
async def test_where_nobody_listens_the_database_is_unavailable(address):
    database = Database(address)
    for block in (database.read, database.write):
        with pytest.raises(Unavailable, match="try again"):
            async with block():
                pass
    assert not await database.answers()
    await database.close()


async def test_a_database_that_ends_a_connection_is_unavailable_and_then_back(database, pg):
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coherence'"
    for statement in ("SELECT 1", "INSERT INTO conversations (context_window_id) VALUES ('lost')"):
        with pytest.raises(Unavailable):
            async with database.write() as connection:
                await connection.execute(text("SELECT 1"))
                await pg.execute(end)
                await connection.execute(text(statement))
        with pytest.raises(Unavailable):
            async with database.write() as connection:
                raw = await driver(connection)
                await pg.execute(end)
                await raw.execute(statement)
    # A connection that died in the pool is not handed out, once the driver has heard of it.
    async with database.read() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
    await pg.execute(end)
    async with asyncio.timeout(5):
        while not raw.is_closed():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.001)
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM conversations")) == 0


async def test_a_pool_without_a_free_connection_is_unavailable(url):
    database = Database(url, pool_size=1)
    database.engine.pool._timeout = 0.05
    async with database.read():
        with pytest.raises(Unavailable):
            async with database.read():
                pass
        assert not await database.answers()
    assert await database.answers()
    await database.close()


async def test_a_killed_server_is_unavailable_until_it_is_started_again():
    with tempfile.TemporaryDirectory(prefix="coherence-engine-") as folder:
        server = EmbeddedPostgres(Path(folder), {"fsync": "off"})
        database = Database(server.start())
        try:
            async with database.read():
                pass
            os.kill(int((server.pgdata / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            for _ in range(2):
                with pytest.raises(Unavailable):
                    async with database.read() as connection:
                        await connection.execute(text("SELECT pg_sleep(5)"))
            assert not await database.answers()
            server.start()
            assert await database.answers()
        finally:
            await database.close()
            server.stop()
