"""50 000 windows that hold signals are answered and 50 001 are refused, wherever they are read."""

from datetime import UTC, datetime, timedelta

import pytest

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.moments import Pool
from app.database.engine import driver
from app.duration import Duration
from app.errors import BadUserInput
from app.timerange import ALWAYS, TimeRange

START = datetime(2025, 1, 1, 12, tzinfo=UTC)
MOST = 50_000
# Straight into one table: the triggers are another test's business.
RAW = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT $1::timestamptz + n * $2::interval, $3, 'Slack', n % 2 FROM generate_series(0, $4 - 1) n
"""
ROLLED = """
    INSERT INTO signal_rollup_5m (conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score,
        max_score, tone_sum, tone_count, escalations, first_time, last_time)
    SELECT $3, b, 'Slack', '', 1, 0.5, 0.25, 1, 1, 0, 0, 0, b, b
    FROM generate_series(0, $4 - 1) n, LATERAL (SELECT $1::timestamptz + n * $2::interval AS b) bucket
"""


async def fill(pg, statement, every, count, place=0):
    """A conversation that has a signal `every` so many seconds."""
    conversation = await pg.fetchval(
        "INSERT INTO conversations (context_window_id) VALUES ($1) RETURNING id", f"{every} {count} {place}"
    )
    await pg.execute("SET LOCAL session_replication_role = replica")
    await pg.execute(statement, START, timedelta(seconds=every), conversation, count)
    await pg.execute("SET LOCAL session_replication_role = origin")
    return conversation


@pytest.mark.parametrize(
    ("statement", "every", "window", "step", "count"),
    [
        (RAW, 1, 1, 1, 50_000),
        (RAW, 100, 30, 1, 1_666),  # 49 980 windows, and the last 20 of a signal nearer by
        (RAW, 7, 14, 7, 49_999),  # each window holds two signals
        (ROLLED, 300, 300, 300, 50_000),
        (ROLLED, 3_000, 1_500, 300, 10_000),
        (ROLLED, 600, 900, 900, 75_000),  # two of three signals are the first of their window
    ],
)
@pytest.mark.parametrize("pool", [Pool.CONVERSATION, Pool.EVERYTHING])
async def test_one_window_too_many(database, statement, every, window, step, count, pool):
    windows = Windows(Duration(window), Duration(step))
    async with database.engine.connect() as connection:
        pg = await driver(connection)
        conversation = await fill(pg, statement, every, count)
        key = conversation if pool is Pool.CONVERSATION else None
        last = START + timedelta(seconds=every * (count - 1))
        table = "signals" if statement is RAW else "signal_rollup_5m"

        async def add(seconds):
            await pg.execute("SET LOCAL session_replication_role = replica")
            source = "time + $1" if statement is RAW else "bucket + $1"
            names = (
                "time, conversation_id, signal_source, signal_score"
                if statement is RAW
                else """bucket, conversation_id, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum,
                    tone_count, escalations, first_time, last_time"""
            )
            rest = names.partition(",")[2]
            column = names.partition(",")[0]
            await pg.execute(
                f"INSERT INTO {table} ({names}) SELECT {source}, {rest} FROM {table} WHERE {column} = $2",
                timedelta(seconds=seconds),
                last,
            )

        if (every, window) == (100, 30):
            await add(20)
        answers = await analyse(connection, PROGRAM, pool, [key], windows, Weights())
        assert len(answers[key].drift.n) == MOST
        # One step after the last window that holds a signal.
        await add(20 + step if (every, window) == (100, 30) else step)
        answers = await analyse(connection, PROGRAM, pool, [key], windows, Weights())
        assert isinstance(answers[key], BadUserInput)
        assert answers[key].field == "window"
        assert "50001 windows" in answers[key].message
        assert "50000" in answers[key].message
        await connection.rollback()


async def test_others_are_answered_beside_one_with_too_many(database):
    async with database.engine.connect() as connection:
        pg = await driver(connection)
        many = await fill(pg, RAW, 1, MOST + 1)
        few = await fill(pg, RAW, 1, 10)
        answers = await analyse(
            connection, PROGRAM, Pool.CONVERSATION, [many, few], Windows(Duration(1), Duration(1)), Weights()
        )
        assert isinstance(answers[many], BadUserInput)
        assert len(answers[few].drift.n) == 10
        within = TimeRange(START, START + timedelta(seconds=MOST))
        windows = Windows(Duration(1), Duration(1), within)
        answers = await analyse(connection, PROGRAM, Pool.CONVERSATION, [many], windows, Weights())
        assert len(answers[many].drift.n) == MOST
        await connection.rollback()


def test_only_what_could_be_too_many_is_counted_first():
    def may(step, sides):
        return Windows(Duration(step), Duration(step), sides).may_be_too_many

    assert may(1, ALWAYS)
    assert may(1, TimeRange(START, None))
    assert may(1, TimeRange(START, START + timedelta(seconds=50_001)))
    assert not may(1, TimeRange(START, START + timedelta(seconds=40_000)))
    assert not may(300, ALWAYS)
