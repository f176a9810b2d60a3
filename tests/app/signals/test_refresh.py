"""The rollups are exact at any moment between writes and refreshes, whoever refreshes what."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import asyncpg
from hypothesis import given, settings
from hypothesis import strategies as st

from app.coherence.sources.analysis import Windows
from app.duration import Duration
from app.signals.refresh import refresh
from app.timerange import TimeRange
from tests.app.coherence.test_sources import assert_answers
from tests.app.database.oracle import assert_rolled_up
from tests.app.database.test_rollups import World, agents, scores, some, sources, tones
from tests.conftest import EDITIONS

NOW = datetime(2026, 3, 1, 10, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

# Beside the borders of what a pass materializes, and far below.
ages = st.one_of(
    st.builds(
        lambda border, beside: border + beside * timedelta(microseconds=1),
        st.sampled_from([timedelta(), MINUTE, 2 * MINUTE, 7 * MINUTE, 62 * MINUTE, 122 * MINUTE]),
        st.integers(-1, 1),
    ),
    st.builds(lambda minutes: minutes * MINUTE, st.integers(0, 200)),
    st.sampled_from([timedelta(days=1), timedelta(days=40)]),
)
places = st.integers(0, 3)
rows = st.lists(
    st.tuples(ages.map(lambda age: NOW - age), places, sources, agents, scores, tones, st.integers(0, 1)),
    min_size=1,
    max_size=6,
)
levels = st.sampled_from(["5m", "1h"])
operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), rows),
        st.tuples(st.just("copy"), rows),
        st.tuples(st.just("update"), some, st.just("signal_score"), scores),
        st.tuples(st.just("update"), some, st.just("signal_source"), sources),
        st.tuples(st.just("update"), some, st.just("conversation_id"), places),
        st.tuples(st.just("delete"), some),
        st.tuples(st.just("delete conversation"), places),
        st.tuples(st.just("refresh"), st.integers(0, 130)),
        st.tuples(st.just("refresh"), st.just(0)),
        st.tuples(st.just("policy"), levels, ages, ages),
        st.tuples(st.just("to columns")),
    ),
    min_size=1,
    max_size=10,
)


class Refreshed(World):
    """A world whose aggregates are refreshed by the program, and by others."""

    def __init__(self, pg, database, aggregated):
        super().__init__(pg)
        self.database = database
        self.aggregated = aggregated

    async def refresh(self, minutes):
        async with self.database.steps() as connection:
            assert await refresh(connection, NOW + minutes * MINUTE)

    async def policy(self, level, one, other):
        """What a policy, or a person, does: any part, and only as far as TimescaleDB's own log says."""
        if self.aggregated:
            with suppress(asyncpg.InvalidParameterValueError):  # less than a bucket
                await self.pg.execute(
                    f"CALL refresh_continuous_aggregate('signal_aggregate_{level}', $1::timestamptz, $2::timestamptz)",
                    NOW - max(one, other),
                    NOW - min(one, other),
                )

    async def to_columns(self):
        if self.aggregated:
            await self.pg.execute(
                """ALTER TABLE signals SET (timescaledb.enable_columnstore,
                    timescaledb.segmentby = 'conversation_id', timescaledb.orderby = 'time, id')"""
            )
            await self.pg.execute("SELECT compress_chunk(c, true) FROM show_chunks('signals') c")

    async def clear(self):
        await self.pg.execute("DELETE FROM users")
        if self.aggregated:
            await self.pg.execute("TRUNCATE touched_buckets")
            await self.pg.execute(
                """UPDATE rollup_state SET noted_until = '-infinity', materialized_5m = '-infinity',
                    materialized_1h = '-infinity'"""
            )
            stored = "SELECT count(*) FROM {}"
            assert [
                await self.pg.fetchval(stored.format(await self.stored(level))) for level in ("5m", "1h")
            ] == [0, 0]

    async def stored(self, level):
        """The table of what is materialized."""
        return await self.pg.fetchval(
            """SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
                FROM timescaledb_information.continuous_aggregates WHERE view_name = 'signal_aggregate_' || $1""",
            level,
        )


async def has_aggregates(pg):
    return await pg.fetchval("SELECT source FROM rollup_state") == "continuous_aggregate"


@EDITIONS
@settings(max_examples=60)
@given(operations=operations)
async def test_they_equal_a_grouping_of_the_raw_rows_after_any_changes_and_refreshes(
    pg, database, operations
):
    world = Refreshed(pg, database, await has_aggregates(pg))
    await world.fill()
    try:
        for name, *arguments in operations:
            await getattr(world, name.replace(" ", "_"))(*arguments)
            await assert_rolled_up(pg)
        for sizes, sides in (
            ((300, 300), TimeRange()),
            ((3_600, 3_600), TimeRange(NOW - 2 * HOUR - MINUTE, NOW)),
        ):
            windows = Windows(*map(Duration, sizes), sides)
            async with database.read() as connection:
                await assert_answers(connection, world.conversations, world.users, windows)
    finally:
        await world.clear()
