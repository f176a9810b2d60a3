"""What is read from rollups, raw signals or both is what numpy makes of the raw rows."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.moments import Pool
from app.database.engine import driver
from app.duration import Duration
from app.errors import BadUserInput
from app.timerange import ALWAYS, TimeRange
from tests.app.coherence import oracle
from tests.app.database.test_rollups import NotOnAHypertable
from tests.conftest import EDITIONS
from tests.graphql_schema.test_statement_counts import statements

MICROSECOND = timedelta(microseconds=1)
DAY = datetime(2026, 3, 2, tzinfo=UTC)
SECOND, MINUTE, HOUR = 1, 60, 3_600
WINDOWS = (
    (1, 1), (30, 30), (30, 10), (7 * MINUTE, 7 * MINUTE), (7 * MINUTE, MINUTE), (300, 300), (300, 60),
    (600, 300), (600, 600), (600, 120), (90 * MINUTE, 30 * MINUTE), (HOUR, HOUR), (HOUR, 300), (HOUR, 600),
    (24 * HOUR, 24 * HOUR), (24 * HOUR, HOUR), (168 * HOUR, 168 * HOUR), (168 * HOUR, HOUR),
    (366 * 24 * HOUR, 366 * 24 * HOUR),
)  # fmt: skip
BORDERS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 1, 30, 300, 420, 600, 1_800, HOUR, 2 * HOUR, 23 * HOUR, 24 * HOUR, 400 * 24 * HOUR)
)
instants = st.one_of(
    st.builds(
        lambda border, beside: DAY + border + beside * MICROSECOND,
        st.sampled_from(BORDERS),
        st.integers(-1, 1),
    ),
    st.builds(lambda microseconds: DAY + microseconds * MICROSECOND, st.integers(0, 3 * HOUR * 1_000_000)),
    st.just(datetime(1970, 1, 1, tzinfo=UTC)),
)
scores = st.floats(0, 1) | st.sampled_from((0.0, 0.5, 1.0))
sources = st.sampled_from(("Slack", "Axis", "Neo"))
places = st.integers(0, 4)
signals = st.lists(
    st.tuples(instants, places, sources, st.sampled_from((None, "a-1")), scores), min_size=1, max_size=25
)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("signal_score"), places, scores),
        st.tuples(st.just("time"), places, instants),
        st.tuples(st.just("signal_source"), places, sources),
        st.tuples(st.just("delete"), places, st.none()),
        st.tuples(st.just("late"), places, instants),
    ),
    max_size=3,
)
sides = st.none() | instants
ranges = st.tuples(sides, sides).map(
    lambda pair: pair if None in pair else (min(pair), max(pair))
)  # one in ten or so is empty
wanted_sources = st.none() | st.lists(sources, min_size=1, unique=True).map(tuple)

# Of two users, one conversation hidden and one nobody's.
STATUS = ("ACTIVE", "ARCHIVED", "DELETED", "ACTIVE", "ACTIVE")
OWNER = (0, 0, 0, 1, None)
INSERT = """
    INSERT INTO signals (time, conversation_id, signal_source, agent_id, signal_score)
    SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::float8[])
"""
ROWS = """
    SELECT s.conversation_id, c.user_id, c.status, s.time, s.signal_source, s.signal_score
    FROM signals s JOIN conversations c ON c.id = s.conversation_id
"""


async def populate(pg, batch, changed=()):
    """Users and conversations (by place), with the signals."""
    users = [
        await pg.fetchval("INSERT INTO users (username, role) VALUES ($1, 'COACH') RETURNING id", uuid4().hex)
        for _ in range(2)
    ]
    conversations = [
        await pg.fetchval(
            "INSERT INTO conversations (context_window_id, status, user_id) VALUES ($1, $2, $3) RETURNING id",
            uuid4().hex,
            status,
            None if owner is None else users[owner],
        )
        for status, owner in zip(STATUS, OWNER, strict=True)
    ]
    rows = [(time, conversations[place], *rest) for time, place, *rest in batch]
    await pg.execute(INSERT, *map(list, zip(*rows, strict=True)))
    for what, place, value in changed:
        conversation = conversations[place]
        if what == "delete":
            await pg.execute("DELETE FROM signals WHERE conversation_id = $1 AND id % 2 = 0", conversation)
        elif what == "late":
            await pg.execute(INSERT, [value], [conversation], ["Slack"], [None], [0.75])
        else:
            statement = f"UPDATE signals SET {what} = $2 WHERE conversation_id = $1 AND id % 2 = 0"
            with suppress(NotOnAHypertable):
                async with pg.transaction():
                    await pg.execute(statement, conversation, value)
    return users, conversations


def close(found, wanted, within=1e-9):
    """Equal lists, of which None stands for NaN."""
    numbers = [np.nan if number is None else number for number in wanted]
    return np.allclose(found, numbers, rtol=0, atol=within, equal_nan=True)


def assert_equal(analysis, rows, windows, rollups="rollup"):
    """The analysis says of the rows (time, source, score) what the oracle says."""
    start, end = windows.range.start, windows.range.end
    rows = oracle.inside(rows, start, end, windows.sources)
    table = oracle.drift(oracle.windows(rows, windows.window, windows.step))
    columns = list(zip(*table, strict=True)) or [()] * 6
    found = analysis.drift
    assert found.index.tolist() == list(columns[0])
    assert found.n.tolist() == list(columns[1])
    for name, column in zip(("mean", "variance", "score", "trend"), columns[2:], strict=True):
        assert close(getattr(found, name), column), name

    current, baseline, trend, level, diversity, adjustments = oracle.coherence(
        table, rows, windows.window, windows.step
    )
    said = analysis.coherence
    assert said.level == level
    assert (said.current is None, said.trend is None) == (current is None, trend is None)
    assert close([said.source_diversity], [diversity])
    assert close(
        [said.adjustments.source_diversity, said.adjustments.stability, said.adjustments.trend], adjustments
    )
    if level:
        assert close([said.current, said.baseline, said.trend], [current, baseline, trend])

    times = [row[0] for row in rows]
    names = [row[1] for row in rows]
    assert list(analysis.source_counts.items()) == sorted(
        ((name, names.count(name)) for name in set(names)), key=lambda item: (-item[1], item[0])
    )
    assert analysis.total == len(rows)
    assert analysis.start == (start or min(times, default=None))
    assert analysis.end == (end or max(times, default=None))
    assert analysis.freshness.source == oracle.source(start, end, windows.step, rollups)


async def assert_answers(connection, conversations, users, windows):
    """All three pools say what the oracle says of the rows that are stored."""
    pg = await driver(connection)
    rows = [tuple(row) for row in await pg.fetch(ROWS)]
    rollups = await pg.fetchval("SELECT source FROM rollup_state")
    seen = [row for row in rows if row[2] != "DELETED"]
    pools = (
        (Pool.CONVERSATION, conversations, lambda key: [row[3:] for row in rows if row[0] == key]),
        (Pool.USER, users, lambda key: [row[3:] for row in seen if row[1] == key]),
        (Pool.EVERYTHING, [None], lambda _: [row[3:] for row in seen]),
    )
    for pool, keys, of in pools:
        answers = await analyse(connection, PROGRAM, pool, keys, windows, Weights())
        assert answers.keys() == set(keys)
        for key in keys:
            assert_equal(answers[key], of(key), windows, rollups)


@EDITIONS
@settings(max_examples=150)
@given(batch=signals, changed=changes, sizes=st.sampled_from(WINDOWS), sides=ranges, names=wanted_sources)
async def test_every_number_is_the_oracle_s(database, batch, changed, sizes, sides, names):
    async with database.engine.connect() as connection:
        users, conversations = await populate(await driver(connection), batch, changed)
        windows = Windows(Duration(sizes[0]), Duration(sizes[1]), TimeRange(*sides), names)
        await assert_answers(connection, [*conversations, uuid4()], [*users, uuid4()], windows)
        await connection.rollback()


@EDITIONS
async def test_a_long_stream_with_every_pair_of_widths_and_unaligned_sides(database):
    chance = np.random.default_rng(7)
    seconds = np.sort(chance.exponential(40, 3_000).cumsum())
    batch = [
        (DAY + timedelta(seconds=float(s)), int(p), "Slack" if p % 2 else "Axis", None, float(x))
        for s, p, x in zip(seconds, chance.integers(0, 5, 3_000), chance.beta(2, 5, 3_000), strict=True)
    ]
    async with database.engine.connect() as connection:
        users, conversations = await populate(await driver(connection), batch)
        sides = TimeRange(DAY + timedelta(minutes=63, microseconds=5), DAY + timedelta(hours=20, seconds=11))
        for window, step in WINDOWS:
            if window // step <= 24:
                windows = Windows(Duration(window), Duration(step), sides)
                await assert_answers(connection, conversations, users, windows)
        await connection.rollback()


@pytest.mark.parametrize(
    ("step", "sides", "source"),
    [
        (300, (None, None), "rollup"),
        (HOUR, (0, 2 * HOUR), "rollup"),
        (HOUR, (300, 2 * HOUR + 600), "rollup"),
        (HOUR, (301, 2 * HOUR), "rollup+raw"),
        (300, (None, 301), "rollup+raw"),
        (300, (10, 299), "raw"),
        (300, (10, 599), "raw"),
        (300, (10, 600), "rollup+raw"),
        (60, (0, 3_600), "raw"),
        (300, (300, 300), "raw"),
    ],
)
async def test_the_answer_says_where_it_was_read(database, step, sides, source):
    start, end = (None if side is None else DAY + timedelta(seconds=side) for side in sides)
    async with database.read() as connection:
        windows = Windows(Duration(step), Duration(step), TimeRange(start, end))
        answers = await analyse(connection, PROGRAM, Pool.EVERYTHING, [None], windows, Weights())
    assert answers[None].freshness.source == source == oracle.source(start, end, step)


@pytest.mark.parametrize(
    ("window", "sides"),
    [(300, ALWAYS), (30, ALWAYS), (HOUR, TimeRange(DAY + MICROSECOND, DAY + 9 * BORDERS[7]))],
)
async def test_fifty_conversations_are_as_many_statements_as_one(database, services, window, sides):
    ids = [(await services.conversations.create(PROGRAM)).id for _ in range(50)]
    sent = []
    for keys in (ids[:1], ids):
        with statements() as seen:
            async with database.read() as connection:
                windows = Windows(Duration(window), Duration(window), sides)
                assert len(
                    await analyse(connection, PROGRAM, Pool.CONVERSATION, keys, windows, Weights())
                ) == len(keys)
        sent.append(len(seen))
    assert sent[0] == sent[1] == (2 if window == 30 else 1)


def test_a_step_that_does_not_divide_the_window_is_refused():
    with pytest.raises(BadUserInput, match=r"step 7s does not divide window 30s") as refused:
        Windows(Duration(30), Duration(7))
    assert refused.value.field == "step"
