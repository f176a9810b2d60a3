"""How a conversation stands now, and since when, is what a plain computation on the raw rows says."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources import current as source
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.current import current, runs
from app.coherence.sources.measure import Moment
from app.coherence.sources.moments import Pool
from app.database.engine import driver
from app.duration import Duration
from app.errors import BadUserInput
from app.signals import ageing
from app.timerange import ALWAYS
from tests.app.coherence import oracle
from tests.app.coherence.test_sources import DAY, ROWS, WINDOWS, changes, close, instants, populate, signals
from tests.conftest import EDITIONS
from tests.graphql_schema.test_statement_counts import statements

WIDTHS = sorted({window for window, _ in WINDOWS} | {60, 1_800, 7_200})
ADD = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT time, $1, 'Slack', score FROM unnest($2::timestamptz[], $3::float8[]) AS s(time, score)
"""


async def stands(connection, keys, width, now):
    """Of each conversation, n, mean, driftScore, level and since."""
    moment = Moment(Duration(width), now)
    found, lasting = await current(connection, PROGRAM, keys, moment), await runs(connection, keys, moment)
    answers = {}
    for key, each in found.items():
        run = lasting.get(key)
        since = run.since if run and each.level and run.level == each.level else None
        answers[key] = (each.n, each.mean, each.score, each.level, since)
    return answers


async def assert_stands(connection, keys, width, now, kept_from=None):
    rows = [tuple(row) for row in await (await driver(connection)).fetch(ROWS)]
    for key, (n, mean, score, level, since) in (await stands(connection, keys, width, now)).items():
        own = [row[3:] for row in rows if row[0] == key]
        wanted = oracle.current(own, width, now)
        assert (n, level) == (wanted[0], wanted[3])
        assert ((mean is None), (score is None)) == ((wanted[1] is None), (wanted[2] is None))
        assert close([mean or 0, score or 0], [wanted[1] or 0, wanted[2] or 0])
        assert since == oracle.since(own, width, now, kept_from)


@EDITIONS
@settings(max_examples=100)
@given(batch=signals, changed=changes, width=st.sampled_from(WIDTHS), now=instants)
async def test_it_is_the_oracle_s(database, batch, changed, width, now):
    async with database.engine.connect() as connection:
        _, conversations = await populate(await driver(connection), batch, changed)
        if now - timedelta(seconds=width) >= datetime(1970, 1, 1, tzinfo=UTC):
            await assert_stands(connection, [*conversations, uuid4()], width, now)
        await connection.rollback()


@EDITIONS
@pytest.mark.parametrize("width", WIDTHS)
async def test_long_streams_whose_level_changes_now_and_then(database, width):
    chance = np.random.default_rng(width)
    seconds = np.sort(chance.exponential(90, 4_000).cumsum())
    spread = np.where(chance.random(40).repeat(100) < 0.5, 0.05, 0.5)  # calm or wild, a hundred signals each
    batch = [
        (
            DAY + timedelta(seconds=float(s)),
            int(p),
            "Slack" if p % 2 else "Axis",
            None,
            float(np.clip(x, 0, 1)),
        )
        for s, p, x in zip(
            seconds, chance.integers(0, 5, 4_000), 0.5 + spread * chance.standard_normal(4_000), strict=True
        )
    ]
    async with database.engine.connect() as connection:
        _, conversations = await populate(await driver(connection), batch)
        for part in (0.2, 0.5, 0.9, 1.0):
            now = DAY + timedelta(seconds=float(seconds[-1]) * part)
            await assert_stands(connection, conversations, width, now)
        await connection.rollback()


async def conversation(pg):
    return await pg.fetchval(
        "INSERT INTO conversations (context_window_id) VALUES ($1) RETURNING id", uuid4().hex
    )


@pytest.mark.parametrize(
    ("width", "every"), [(60, 20), (300, 100), (600, 200), (3_600, 1_800), (7_200, 3_600)]
)
async def test_the_thousandth_window_is_the_last_that_is_looked_at(pg, database, monkeypatch, width, every):
    monkeypatch.setattr(source, "MAX_WINDOWS", 5)
    key = await conversation(pg)
    times = [DAY + n * timedelta(seconds=every) for n in range(100)]
    await pg.execute(ADD, key, times, [0.5] * 100)
    now = times[-1] + timedelta(seconds=1)
    async with database.read() as connection:
        (*_, since) = (await stands(connection, [key], width, now))[key]
    own = [(time, "Slack", 0.5) for time in times]
    assert since == oracle.since(own, width, now, most=5)
    assert since != oracle.since(own, width, now)


async def test_a_gap_breaks_no_run_and_a_lone_signal_does(pg, database):
    key, gap = await conversation(pg), timedelta(days=30)
    pairs = [DAY, DAY + gap, DAY + gap + timedelta(hours=2), DAY + gap + timedelta(hours=3)]
    times = [start + timedelta(minutes=m) for start in pairs for m in (1, 2)]
    now = times[-1] + timedelta(seconds=1)
    await pg.execute(ADD, key, times, [0.5] * len(times))
    async with database.read() as connection:
        assert (await stands(connection, [key], 3_600, now))[key][4] == DAY
        await pg.execute(ADD, key, [DAY + gap + timedelta(hours=1)], [0.5])
        assert (await stands(connection, [key], 3_600, now))[key][4] == DAY + gap + timedelta(hours=2)


@EDITIONS
async def test_windows_older_than_raw_signals_are_looked_at_in_rollups_alone(pg, database):
    now = DAY + timedelta(days=10, minutes=1)
    times = [now - timedelta(seconds=20 * n + 1) for n in range(20_000)]
    key, kept_from = await conversation(pg), DAY + timedelta(days=7)
    await pg.execute(ADD, key, times, [0.5] * len(times))
    own = [(time, "Slack", 0.5) for time in times]
    await ageing.forget(database, 3, now)
    assert await pg.fetchval("SELECT kept_from FROM rollup_state") == kept_from
    monday = oracle.ORIGIN
    async with database.read() as connection:
        for width in (420, 1_740, 300, 3_600, 86_400):
            (*_, since) = (await stands(connection, [key], width, now))[key]
            assert since == oracle.since(own, width, now, kept_from), width
            assert (since - monday) % timedelta(seconds=width) == timedelta(0)
        moment = Moment(Duration(366 * 86_400), now + timedelta(days=362))
        assert isinstance((await current(connection, PROGRAM, [key], moment))[key], BadUserInput)


@pytest.mark.parametrize("width", [30, 3_600])
async def test_fifty_are_as_many_statements_as_one(database, services, width):
    ids = [(await services.conversations.create(PROGRAM)).id for _ in range(50)]
    for keys in (ids[:1], ids):
        with statements() as seen:
            async with database.read() as connection:
                assert await stands(connection, keys, width, DAY) == dict.fromkeys(
                    keys, (0, None, None, None, None)
                )
        assert len(seen) == 2


async def test_a_window_is_complete_once_its_end_lies_in_the_past(pg, database):
    key = await conversation(pg)
    await pg.execute(ADD, key, [DAY + timedelta(minutes=m) for m in range(10)], [0.5] * 10)
    async with database.read() as connection:
        windows = Windows(Duration(240), Duration(60), ALWAYS)
        analysis = (await analyse(connection, PROGRAM, Pool.CONVERSATION, [key], windows, Weights()))[key]
    for now in (
        DAY,
        DAY + timedelta(minutes=5),
        DAY + timedelta(minutes=5, microseconds=-1),
        DAY + timedelta(1),
    ):
        ends = [oracle.ORIGIN + timedelta(seconds=60 * n + 240) for n in analysis.drift.index.tolist()]
        assert analysis.complete(now).tolist() == [end <= now for end in ends]
