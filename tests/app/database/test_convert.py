"""A database of plain PostgreSQL becomes one of TimescaleDB where it stands, with all that is in it."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from app.database import migrations, timescaledb
from app.database.capabilities import signals_are_a_hypertable, timescale_license
from app.database.engine import Database
from app.database.migrations import SchemaMismatch
from app.settings import Settings
from app.upkeep import upkeep
from app.users import encryption
from tests.app.database.oracle import assert_rolled_up
from tests.conftest import ENVIRONMENT, KEY, dsn, execute

NOW = datetime(2026, 3, 20, 10, 2, tzinfo=UTC)
FILL = """
    INSERT INTO signals (time, conversation_id, signal_source, agent_id, signal_score)
    SELECT timestamptz '2026-03-20' - n * interval '37 minutes', id, 'Slack', nullif(n % 3, 0)::text, (n % 10) / 10.0
    FROM conversations, generate_series(1, 400) n
"""
ALL = "SELECT * FROM {} ORDER BY 1, 2, 3, 4"
TABLES = ("signals", "signal_rollup_5m", "signal_rollup_1h", "conversation_activity")


@pytest.fixture
async def plain(url):
    """A migrated database, without the extension, on the server that `url` is on."""
    name = url.rpartition("/")[2].partition("?")[0]
    server = url.replace(name, "postgres")
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    await execute(server, f"CREATE DATABASE {name}")
    database = Database(url, pool_size=2)
    await migrations.move(database, migrations.head())
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    yield database
    await database.close()


@pytest.fixture
async def filled(plain, url):
    """A connection to it; it has two conversations, and has forgotten half of their raw signals."""
    pg = await asyncpg.connect(**dsn(url))
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a'), ('b')")
    await pg.execute(FILL)
    await upkeep(plain, Settings(_env_file=None, COHERENCE_RAW_RETENTION_DAYS=5), NOW)
    yield pg
    await pg.close()


async def contents(pg):
    return {table: [tuple(row) for row in await pg.fetch(ALL.format(table))] for table in TABLES}


def same(one, other):
    """Sums may differ in their last digit."""
    return one.keys() == other.keys() and all(
        len(one[table]) == len(other[table])
        and all(
            found == pytest.approx(wanted, abs=1e-9) if isinstance(wanted, float) else found == wanted
            for rows in zip(one[table], other[table], strict=True)
            for found, wanted in zip(*rows, strict=True)
        )
        for table in one
    )


@pytest.mark.parametrize("edition", ["timescale"])
async def test_it_keeps_every_row_and_every_answer(plain, filled, url, tmp_path):
    before = await contents(filled)
    assert len(before["signals"]) < 800 == sum(row[4] for row in before["signal_rollup_1h"])
    # As a user does it; the program refreshes at the end.
    environment = {**ENVIRONMENT, "COHERENCE_DATABASE_URL": url, "PGCRYPTO_KEY": KEY}
    process = await asyncio.to_thread(
        subprocess.run,
        [Path(sys.executable).with_name("coherence"), "convert"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "Made signals a hypertable." in process.stdout
    assert same(await contents(filled), before)
    async with plain.read() as connection:
        assert await signals_are_a_hypertable(connection)
        edition = await timescale_license(connection)
        source = await connection.scalar(text("SELECT source FROM rollup_state"))
    assert source == {"community": "continuous_aggregate", "apache": "rollup"}[edition]
    assert await migrations.convert(plain) == []
    await migrations.require_current(plain)
    # Late, changed and deleted signals count in what has come along.
    await filled.execute("INSERT INTO signals SELECT time, id + 10000, conversation_id FROM signals LIMIT 0")
    await filled.execute("UPDATE signals SET signal_score = 0.125 WHERE id % 5 = 0")
    await filled.execute("DELETE FROM signals WHERE id % 3 = 0")
    after = await contents(filled)
    assert sum(row[4] for row in after["signal_rollup_1h"]) == 800 - len(before["signals"]) + len(
        after["signals"]
    )
    await filled.execute("DELETE FROM conversations")
    await assert_rolled_up(filled)


@pytest.mark.parametrize("edition", ["timescale"])
async def test_a_database_without_aged_signals_converts_too_and_can_be_taken_down(plain, url):
    pg = await asyncpg.connect(**dsn(url))
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
    await pg.execute(FILL)
    assert await migrations.convert(plain)
    await assert_rolled_up(pg)
    assert await upkeep(plain, Settings(_env_file=None), NOW)
    await assert_rolled_up(pg)
    await pg.close()
    async with plain.read() as connection:
        aggregated = await timescaledb.has_aggregates(connection)
    if aggregated:
        with pytest.raises(SchemaMismatch, match="backup"):
            await migrations.move(plain, "0003")
        await migrations.require_current(plain)
    for nothing_to_do in ("head", migrations.head()):
        await migrations.move(plain, nothing_to_do)
    await migrations.move(plain, "base")
    await migrations.move(plain, "head")  # as `coherence migrate` does
    async with plain.read() as connection:
        assert await timescaledb.has_aggregates(connection) is aggregated


@pytest.mark.parametrize("edition", ["timescale"])
async def test_an_older_community_edition_is_named_and_triggers_keep_its_rollups(plain, filled, monkeypatch):
    monkeypatch.setattr(timescaledb, "OLDEST_COMMUNITY", (99, 0))
    before = await contents(filled)
    done = await migrations.convert(plain)
    async with plain.read() as connection:
        assert await signals_are_a_hypertable(connection)
        assert not await timescaledb.has_aggregates(connection)
        if await timescale_license(connection) == "community":
            assert "99.0 or newer and this is 2." in done[-1]
    assert same(await contents(filled), before)


async def test_where_there_is_no_timescaledb_there_is_nothing_to_convert(database):
    assert await migrations.convert(database) == []
