"""Buckets of signals against plain Python over the raw rows."""

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.database.engine import driver
from app.errors import BadUserInput
from app.signals.buckets import Asked, Calendar, CalendarUnit, Widths, _step, buckets, time_zone
from app.timerange import TimeRange
from tests.app.signals.test_queries import DAY, MICROSECOND, C, fill, rows, sides
from tests.conftest import EDITIONS

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
WIDTHS = (30, 300, 420, 3_600, 86_400)


def grouped(batch, start_of):
    """(bucket, source, agent), mean score, mean tone or None, count; in order, without an agent last."""
    groups = defaultdict(list)
    for time, _, source, agent, *numbers in batch:
        groups[start_of(time), source, agent is None, agent or ""].append(numbers)
    for (bucket, source, _, agent), numbers in sorted(groups.items()):
        tones = [tone for _, tone in numbers if tone is not None]
        yield (
            (bucket, source, agent or None),
            math.fsum(score for score, _ in numbers) / len(numbers),
            math.fsum(tones) / len(tones) if tones else None,
            len(numbers),
        )


def near(one, other):
    return one is other if other is None else abs(one - other) < 1e-9


@settings(max_examples=120)
@given(
    batch=rows,
    width=st.sampled_from(WIDTHS),
    sides=st.tuples(sides, sides).map(lambda pair: pair if None in pair else tuple(sorted(pair))),
    conversation=st.none() | st.sampled_from(C),
    sources=st.none() | st.just(("Axis", "é")),
    agent=st.none() | st.just("a-1"),
)
async def test_buckets_are_a_plain_grouping(database, batch, width, sides, conversation, sources, agent):
    start, end = sides
    wanted = [
        row
        for row in batch
        if (start is None or row[0] >= start)
        and (end is None or row[0] < end)
        and (row[1] != C[2] if conversation is None else row[1] == conversation)
        and (sources is None or row[2] in sources)
        and (agent is None or row[3] == agent)
    ]
    async with database.engine.connect() as connection:
        await fill(connection, batch)
        asked = Asked(PROGRAM, TimeRange(start, end), conversation, sources, agent)
        found = await buckets(connection, Widths(width), asked)
        await connection.rollback()
    step = timedelta(seconds=width)
    assert_same(found, grouped(wanted, lambda time: ORIGIN + (time - ORIGIN) // step * step))


def assert_same(found, expected):
    expected = list(expected)
    assert [(row.start, row.signal_source, row.agent_id) for row in found] == [key for key, *_ in expected]
    for row, (_, score, tone, n) in zip(found, expected, strict=True):
        assert near(row.avg_score, score)
        assert near(row.avg_tone, tone)
        assert row.n == n
        assert type(row.n) is int


async def test_tones_too_small_to_be_divided_have_an_average(database):
    batch = [(DAY, C[0], "Slack", None, 0.5, 5e-324)] * 3
    async with database.engine.connect() as connection:
        await fill(connection, batch)
        (row,) = await buckets(connection, Widths(300), Asked(PROGRAM))
        await connection.rollback()
    assert (row.n, row.avg_tone) == (3, pytest.approx(0, abs=1e-300))


async def test_fifty_thousand_buckets_pass_and_one_more_is_refused(database):
    async with database.engine.connect() as connection:
        await fill(connection, [])
        pg = await driver(connection)
        await pg.execute("SET LOCAL session_replication_role = replica")
        statement = """INSERT INTO signals (time, conversation_id, signal_source, signal_score)
            SELECT $1::timestamptz + n * interval '1 s', $2, 'Slack', 0 FROM generate_series(0, 50000) n"""
        await pg.execute(statement, DAY, C[0])
        most = TimeRange(DAY, DAY + timedelta(seconds=50_000))
        assert len(await buckets(connection, Widths(1), Asked(PROGRAM, most))) == 50_000
        with pytest.raises(BadUserInput, match="more than 50000") as refused:
            await buckets(connection, Widths(1), Asked(PROGRAM))
        assert refused.value.field == "duration"
        await connection.rollback()


# Clocks that change by day, at midnight in either direction, by half an hour, from odd offsets, and leap over a day.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
    "Pacific/Apia",
)
CHANGES = (
    datetime(2018, 2, 18, 2, tzinfo=UTC),  # Sao Paulo: midnight falls back to 23:00
    datetime(2018, 11, 4, 3, tzinfo=UTC),  # and leaps to 1:00
    datetime(2025, 11, 2, 5, tzinfo=UTC),  # Havana: midnight comes twice
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia has no 30th of December
    datetime(1972, 1, 7, tzinfo=UTC),  # Monrovia: 44 minutes and a half
    datetime(2026, 1, 1, tzinfo=UTC),
)
moments = st.builds(
    lambda change, hours, beside: change + hours * timedelta(hours=1) + beside * MICROSECOND,
    st.sampled_from(CHANGES),
    st.integers(-50, 50) | st.sampled_from((-0.75, 0.25, 18.25)),
    st.integers(-1, 1),
)
dated = st.lists(
    st.tuples(
        moments,
        st.just(C[0]),
        st.sampled_from(("Slack", "Axis")),
        st.none() | st.just("a-1"),
        st.floats(0, 1),
        st.none() | st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)


def first_day(day, unit):
    match unit:
        case CalendarUnit.DAY:
            return day
        case CalendarUnit.WEEK:
            return day - timedelta(days=day.weekday())
        case CalendarUnit.MONTH:
            return day.replace(day=1)
        case CalendarUnit.YEAR:
            return day.replace(month=1, day=1)


@cache
def first_instant(day, zone):
    """When clocks there first show `day`, or a later one: looked for second by second, coarsely at first."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    for step in (3_600, 60, 1):
        while (instant + timedelta(seconds=step)).astimezone(zone).date() < day:
            instant += timedelta(seconds=step)
    return instant + timedelta(seconds=1)


@EDITIONS
@settings(max_examples=60)
@given(
    batch=dated,
    unit=st.sampled_from(CalendarUnit),
    name=st.sampled_from(ZONES),
    ends=st.tuples(st.none() | moments, st.none() | moments).map(
        lambda pair: pair if None in pair else tuple(sorted(pair))
    ),
)
async def test_local_days_weeks_months_and_years(database, batch, unit, name, ends):
    zone = ZoneInfo(name)
    start, end = ends

    def start_of(time):
        return first_instant(first_day(time.astimezone(zone).date(), unit), zone)

    wanted = [row for row in batch if (not start or row[0] >= start) and (not end or row[0] < end)]
    grid, asked = Calendar(unit, time_zone(name)), Asked(PROGRAM, TimeRange(start, end))
    async with database.engine.connect() as connection:
        await fill(connection, batch)
        found = await buckets(connection, grid, asked)
        filled = None
        if unit is not CalendarUnit.DAY or len(wanted) == len(batch) == 1:
            filled = await buckets(connection, grid, asked, fill_gaps=True)
        await connection.rollback()
    assert_same(found, grouped(wanted, start_of))
    if filled is not None:
        assert [row for row in filled if row.n] == found
        starts = sorted({row.start for row in filled})
        pairs = {(row.signal_source, row.agent_id) for row in found}
        assert len(filled) == len(starts) * len(pairs)
        assert all(row.avg_score is row.avg_tone is None for row in filled if not row.n)
        if found:
            # Every start follows the one before without a day left out, and both ends are reached.
            assert starts[0] == start_of(start or found[0].start)
            assert starts[-1] == (start_of(end - MICROSECOND) if end else found[-1].start)
            assert all(start_of(later - MICROSECOND) == earlier for earlier, later in pairwise(starts))


async def test_gaps_of_one_width_are_filled_for_every_source_and_agent(database):
    hour = timedelta(hours=1)
    batch = [
        (DAY + 5 * MICROSECOND, C[0], "Slack", None, 0.25, None),
        (DAY + 3 * hour, C[0], "Axis", "a-1", 0.75, 0.5),
    ]
    async with database.engine.connect() as connection:
        await fill(connection, batch)
        open_ends = await buckets(connection, Widths(3_600), Asked(PROGRAM), fill_gaps=True)
        ends = Asked(PROGRAM, TimeRange(DAY - hour - MICROSECOND, DAY + 5 * hour))
        wide = await buckets(connection, Widths(3_600), ends, fill_gaps=True)
        nothing = await buckets(connection, Widths(3_600), Asked(PROGRAM, sources=("Neo",)), fill_gaps=True)
        with pytest.raises(BadUserInput, match="more than 50000"):
            await buckets(
                connection, Widths(1), Asked(PROGRAM, TimeRange(DAY, DAY + 7 * hour)), fill_gaps=True
            )
        await connection.rollback()
    assert [(row.start, row.signal_source, row.agent_id, row.n) for row in open_ends] == [
        (DAY + n * hour, *pair, int((n, pair[0]) in {(0, "Slack"), (3, "Axis")}))
        for n in range(4)
        for pair in (("Axis", "a-1"), ("Slack", None))
    ]
    assert [row.start for row in wide[::2]] == [DAY + n * hour for n in range(-2, 5)]
    assert nothing == []


def test_a_zone_is_read_from_the_widest_rollup_that_its_borders_fall_on():
    steps = {name: _step(time_zone(name)) for name in ZONES}
    assert steps == dict.fromkeys(ZONES, 3_600) | {
        "Asia/Kathmandu": 300,
        "Australia/Lord_Howe": 300,
        "Africa/Monrovia": 1,
    }


@pytest.mark.parametrize("name", ["", "Nowhere/Else", "CET+1", "europe/berlin", "../etc", "UTC "])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(BadUserInput, match="IANA") as refused:
        time_zone(name)
    assert refused.value.field == "timeZone"
