"""The rollups are exact in every snapshot, while signals are written and aggregates refreshed beside each other."""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from app.signals.refresh import refresh
from app.signals.writers import writers_have_ended
from tests.app.database.oracle import assert_rolled_up
from tests.app.database.test_rollups_concurrency import START, Writer, connect
from tests.app.signals.test_refresh import has_aggregates
from tests.conftest import EDITIONS

__all__ = ["connect"]  # a fixture

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ADD = "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES ($1, $2, 'Slack', 0.9)"

# With an id that no writer picks: nobody may lock signals of a conversation that is being deleted.
ADD_UNPICKED = ADD.replace("(time", "(id, time").replace("($1", "($3, $1")


async def one_pass(database, now):
    async with database.steps() as connection:
        return await refresh(connection, now)


async def exact(pg):
    """Whatever is committed meanwhile: all of it is read in one snapshot."""
    async with pg.transaction(isolation="repeatable_read", readonly=True):
        await assert_rolled_up(pg)


@pytest.fixture
async def conversation(pg):
    return await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id")


@EDITIONS
async def test_with_writers_refreshes_of_ours_and_of_others_at_any_moment(  # noqa: C901, PLR0915 - many at once
    pg, database, connect
):
    await pg.execute("INSERT INTO conversations (context_window_id) SELECT unnest($1::text[])", list("abc"))
    conversations = [row[0] for row in await pg.fetch("SELECT id FROM conversations")]
    # A chunk that is made between the planning of a statement and its snapshot is not read by it.
    await pg.execute(ADD, START, conversations[0])
    writers = [Writer(await connect(), conversations, random.Random(seed)) for seed in range(4)]
    work = asyncio.gather(*(writer.work(150) for writer in writers))
    passes, conflicts, checks = [], 0, 0
    aggregated = await has_aggregates(pg)

    async def refresher():
        minute = 0
        while not work.done():
            passes.append(await one_pass(database, START + minute * MINUTE))
            minute += random.Random(minute).randrange(3)
            await asyncio.sleep(0.02)

    async def others(seed):
        nonlocal conflicts
        other, chance = await connect(), random.Random(seed)
        while aggregated and not work.done():
            start = START - HOUR + chance.randrange(24) * 5 * MINUTE
            name, width = chance.choice((("5m", 10 * MINUTE), ("1h", 2 * HOUR)))
            try:
                await other.execute(
                    f"CALL refresh_continuous_aggregate('signal_aggregate_{name}', $1::timestamptz, $2::timestamptz)",
                    start,
                    start + width,
                )
            except asyncpg.LockNotAvailableError:
                conflicts += 1
            await asyncio.sleep(chance.random() / 20)

    async def deleter():
        other, number = await connect(), 0
        while not work.done():
            key = await other.fetchval(
                "INSERT INTO conversations (context_window_id) VALUES ($1) RETURNING id", f"gone {number}"
            )
            await other.execute(ADD_UNPICKED, START + number % 900 * SECOND, key, -7 * number - 1)
            await asyncio.sleep(0.05)
            await other.execute("DELETE FROM conversations WHERE id = $1", key)
            number += 1

    async def checker():
        nonlocal checks
        other = await connect()
        while not work.done():
            await exact(other)
            checks += 1

    async with asyncio.timeout(120):
        await asyncio.gather(work, refresher(), others(1), others(2), deleter(), checker())
    assert checks > 10
    assert True in passes
    await exact(pg)
    # The end of the hour is reached, and everything refreshed: nothing is left to raw signals.
    assert await one_pass(database, START + 2 * HOUR)
    await exact(pg)
    if aggregated:
        assert await pg.fetchval("SELECT count(*) FROM touched_buckets") == 0
        state = await pg.fetchrow("SELECT * FROM rollup_state")
        assert state["materialized_5m"] == START + 2 * HOUR - 5 * MINUTE
        assert state["materialized_1h"] == START + HOUR
        ghosts = """SELECT count(*) FROM signal_aggregate_{} WHERE conversation_id NOT IN (
            SELECT id FROM conversations)"""
        assert [await pg.fetchval(ghosts.format(level)) for level in ("5m", "1h")] == [0, 0]


@pytest.mark.parametrize("edition", ["timescale"])
async def test_a_transaction_from_before_is_waited_for_and_a_later_one_is_noted(
    pg, database, connect, conversation
):
    if not await has_aggregates(pg):
        pytest.skip("needs continuous aggregates: this edition of TimescaleDB has none")
    now = START + HOUR
    await pg.execute(ADD, START, conversation)  # makes the chunk, for which another writer would have to wait
    early = await connect()
    transaction = early.transaction()
    await transaction.start()
    await early.execute(ADD, START, conversation)
    assert await pg.fetchval("SELECT count(*) FROM touched_buckets") == 0
    running = asyncio.create_task(one_pass(database, now))
    async with asyncio.timeout(10):
        while await pg.fetchval("SELECT isfinite(noted_until) FROM rollup_state") is False:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    # It waits for the one, and holds up nobody else; who comes now leaves a note.
    other = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('d') RETURNING id")
    await pg.execute(ADD, START + SECOND, other)
    assert await pg.fetchval("SELECT count(*) FROM touched_buckets") == 1
    await exact(pg)
    assert not running.done()
    assert await pg.fetchval("SELECT isfinite(materialized_5m) FROM rollup_state") is False
    await transaction.commit()
    async with asyncio.timeout(10):
        assert await running
    await exact(pg)
    assert await pg.fetchval("SELECT sum(n) FROM signal_rollup_5m") == 3
    assert await pg.fetchval("SELECT count(*) FROM touched_buckets") == 0


@pytest.mark.parametrize("edition", ["timescale"])
async def test_a_pass_that_dies_half_way_leaves_right_answers_and_the_next_one_ends_it(
    pg, database, connect, conversation
):
    if not await has_aggregates(pg):
        pytest.skip("needs continuous aggregates: this edition of TimescaleDB has none")
    await pg.execute(ADD, START, conversation)
    assert await one_pass(database, START + HOUR)
    await pg.execute(ADD, START + SECOND, conversation)
    blocker = await connect()
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE touched_buckets IN ACCESS EXCLUSIVE MODE")
    dying = asyncio.create_task(one_pass(database, START + 2 * HOUR))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(10):
        killed = await blocker.fetchval(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'coherence'"""
        )
    assert killed
    with pytest.raises(Exception, match=r"reached|terminat|closed"):
        await dying
    await transaction.rollback()
    await exact(pg)
    assert await one_pass(database, START + 2 * HOUR)
    await exact(pg)
    assert await pg.fetchval("SELECT n FROM signal_rollup_1h") == 2


@pytest.mark.parametrize("edition", ["timescale"])
async def test_only_transactions_that_see_how_far_notes_are_needed_may_write(pg, conversation):
    if not await has_aggregates(pg):
        pytest.skip("needs continuous aggregates: this edition of TimescaleDB has none")
    for level in ("repeatable_read", "serializable"):
        with pytest.raises(asyncpg.InvalidTransactionStateError, match="READ COMMITTED"):
            async with pg.transaction(isolation=level):
                await pg.execute(ADD, START, conversation)


async def test_waiting_for_writers_gives_up_and_does_not_see_readers(pg, database, connect, conversation):
    reader, writer = await connect(), await connect()
    one, other = reader.transaction(), writer.transaction()
    await one.start()
    await reader.execute("SELECT * FROM signals")
    async with database.steps() as connection:
        assert await writers_have_ended(connection, 5)
        await other.start()
        await writer.execute(ADD, START, conversation)
        assert not await writers_have_ended(connection, 0.1)
        waiting = asyncio.create_task(writers_have_ended(connection, 10))
        await asyncio.sleep(0.05)
        later = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('d') RETURNING id")
        await pg.execute(ADD, START, later)  # began later, and is not waited for
        assert not waiting.done()
        await other.commit()
        assert await waiting
    with suppress(asyncpg.PostgresError):
        await one.rollback()
