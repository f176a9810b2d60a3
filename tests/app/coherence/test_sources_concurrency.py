"""Every answer is that of one committed state, while others write."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.moments import Pool
from app.duration import Duration
from app.timerange import ALWAYS, TimeRange
from tests.app.coherence.test_sources import ROWS, assert_equal
from tests.conftest import EDITIONS, dsn

DAY = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = TimeRange(DAY + timedelta(seconds=100), DAY + timedelta(seconds=9_000))
BATCH = 12
# A batch lies on both raw edges and in the rolled-up middle; what is out of the range is of no batch.
PLACES = [
    timedelta(seconds=seconds)
    for seconds in (101, 250, 299, 300, 1_800, 3_599, 3_600, 5_000, 7_199, 8_700, 8_701, 8_999)
]
INSERT = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score, user_id)
    SELECT t, $2, 'Slack', $3, $4 FROM unnest($1::timestamptz[]) t
"""
WIDTHS = {
    "rollup": (300, ALWAYS),
    "raw": (60, ALWAYS),
    "rollup+raw": (300, SPAN),
    "both rollups": (3_600, SPAN),
}


@EDITIONS
@pytest.mark.parametrize("pool", [Pool.CONVERSATION, Pool.EVERYTHING])
async def test_reads_beside_writers_see_whole_transactions(url, database, services, pg, pool):
    """Batches come, change and go whole, so every answer counts whole batches, and as many as were committed."""
    conversation = (await services.conversations.create(PROGRAM)).id
    key = conversation if pool is Pool.CONVERSATION else None
    # On a hypertable: a chunk that is made while a statement is planned may be read by a part of it alone.
    await pg.execute(INSERT, [DAY], conversation, 0.5, "first")
    await pg.execute("DELETE FROM signals")
    begun, done = [0, 0], [0, 0]  # batches inserted and deleted: asked for, and committed

    async def write(number):
        connection = await asyncpg.connect(**dsn(url))
        chance = random.Random(number)
        mine = []
        for turn in range(60):
            if len(mine) > 3 and chance.random() < 0.4:
                begun[1] += 1
                batch = mine.pop(chance.randrange(len(mine)))
                await connection.execute("DELETE FROM signals WHERE user_id = $1", batch)
                done[1] += 1
            elif mine and chance.random() < 0.3:
                statement = "UPDATE signals SET signal_score = $2 WHERE user_id = $1"
                await connection.execute(statement, mine[0], chance.random())
            else:
                begun[0] += 1
                mine.append(f"{number}-{turn}")
                times = [DAY + place for place in PLACES]
                await connection.execute(INSERT, times, conversation, chance.random(), mine[-1])
                done[0] += 1
        await connection.close()

    async def read_repeatedly(width, sides, reads):
        windows = Windows(Duration(width), Duration(width), sides)
        while not writers.done():
            committed, deleted = done[0], done[1]
            async with database.read() as connection:
                answer = (await analyse(connection, PROGRAM, pool, [key], windows, Weights()))[key]
            batches, rest = divmod(answer.total, BATCH)
            assert rest == 0
            assert int(answer.drift.n.sum()) == answer.total
            assert committed - begun[1] <= batches <= begun[0] - deleted
            reads.append(batches)

    writers = asyncio.gather(*(write(number) for number in range(3)))
    reads = {name: [] for name in WIDTHS}
    await asyncio.gather(writers, *(read_repeatedly(*WIDTHS[name], seen) for name, seen in reads.items()))
    assert all(len(set(seen)) > 3 for seen in reads.values()), reads
    rows = [tuple(row)[3:] for row in await pg.fetch(ROWS)]
    rollups = await pg.fetchval("SELECT source FROM rollup_state")
    for width, sides in WIDTHS.values():
        windows = Windows(Duration(width), Duration(width), sides)
        async with database.read() as connection:
            answers = await analyse(connection, PROGRAM, pool, [key], windows, Weights())
        assert_equal(answers[key], rows, windows, rollups)
