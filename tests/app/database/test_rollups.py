"""The triggers keep the rollups and the activity what a GROUP BY of the raw rows would be."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.app.database.oracle import assert_rolled_up
from tests.chatter import chatter
from tests.conftest import EDITIONS, dsn

COLUMNS = (
    "time",
    "conversation_id",
    "signal_source",
    "agent_id",
    "signal_score",
    "emotional_tone",
    "escalate_flag",
)
INSERT = f"""
    INSERT INTO signals ({", ".join(COLUMNS)}) SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::int2[])
"""

# Few buckets, so that rows meet in them; on both sides of borders, of the origin and of 1970.
DAYS = (
    datetime(2026, 3, 1, 10, tzinfo=UTC),
    datetime(2000, 1, 3, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
)
BORDERS = (timedelta(), timedelta(minutes=5), timedelta(hours=1))
MICROSECOND = timedelta(microseconds=1)

times = st.builds(
    lambda day, border, beside, seconds: day + border + beside * MICROSECOND + timedelta(seconds=seconds),
    st.sampled_from(DAYS),
    st.sampled_from(BORDERS),
    st.integers(-1, 1),
    st.sampled_from((0, 0, 7, 200)),
)
scores = st.floats(0, 1) | st.sampled_from((0.0, 0.5, 1.0))
sources = st.sampled_from(("Slack", "Axis"))
agents = st.sampled_from((None, "a-1", "a-2"))
tones = st.none() | st.floats(0, 1)
places = st.integers(0, 3)
rows = st.lists(st.tuples(times, places, sources, agents, scores, tones, st.integers(0, 1)), max_size=8)
# As chats have them: several of one source at one time, and in one bucket.
chats = st.builds(
    lambda seed, place, tone: [
        (time, place, source, agent, score, tone, seed % 2)
        for time, source, agent, score in chatter(Random(seed), 25)
    ],
    st.integers(0, 50),
    places,
    tones,
)
# Every so-many-th row, beginning with one.
some = st.tuples(st.integers(1, 3), st.integers(0, 2))

operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), rows | chats),
        st.tuples(st.just("copy"), rows | chats),
        st.tuples(st.just("update"), some, st.just("time"), times),
        st.tuples(st.just("update"), some, st.just("signal_score"), scores),
        st.tuples(st.just("update"), some, st.just("signal_source"), sources),
        st.tuples(st.just("update"), some, st.just("agent_id"), agents),
        st.tuples(st.just("update"), some, st.just("emotional_tone"), tones),
        st.tuples(st.just("update"), some, st.just("conversation_id"), places),
        st.tuples(st.just("shift"), some, st.integers(-400, 4_000)),
        st.tuples(st.just("delete"), some),
        st.tuples(st.just("delete conversation"), places),
        st.tuples(st.just("delete user"), places),
    ),
    min_size=1,
    max_size=12,
)


# Raised where an update would move a signal from one day into another.
NotOnAHypertable = asyncpg.CheckViolationError


class World:
    """Four places, each with a conversation; a deleted one is followed by another in its place."""

    def __init__(self, pg):
        self.pg = pg
        self.conversations = []
        self.users = []

    async def fill(self):
        self.users = [await self.user() for _ in range(2)]
        self.conversations = [await self.conversation(place) for place in range(4)]

    async def user(self):
        statement = "INSERT INTO users (username, role) VALUES ($1, 'COACH') RETURNING id"
        return await self.pg.fetchval(statement, uuid4().hex)

    async def conversation(self, place):
        return await self.pg.fetchval(
            "INSERT INTO conversations (context_window_id, user_id) VALUES ($1, $2) RETURNING id",
            uuid4().hex,
            self.users[place % 2],
        )

    def records(self, batch):
        return [(time, self.conversations[place], *rest) for time, place, *rest in batch]

    async def insert(self, batch):
        await self.pg.execute(
            INSERT, *map(list, zip(*self.records(batch), strict=True)) if batch else [[]] * 7
        )

    async def copy(self, batch):
        await self.pg.copy_records_to_table("signals", records=self.records(batch), columns=COLUMNS)

    async def update(self, chosen, column, value):
        if column == "conversation_id":
            value = self.conversations[value]
        await self.change(f"{column} = $3", chosen, value)

    async def change(self, assignment, chosen, value):
        with suppress(NotOnAHypertable):
            async with self.pg.transaction():
                statement = f"UPDATE signals SET {assignment} WHERE id > 0 AND id % $1 = $2"
                await self.pg.execute(statement, *chosen, value)

    async def shift(self, chosen, seconds):
        assignment = """time = time + $3, signal_score = 1 - signal_score,
            escalate_flag = 1 - escalate_flag, agent_id = signal_source, emotional_tone = signal_score"""
        await self.change(assignment, chosen, timedelta(seconds=seconds))

    async def delete(self, chosen):
        await self.pg.execute("DELETE FROM signals WHERE id > 0 AND id % $1 = $2", *chosen)

    async def delete_conversation(self, place):
        await self.pg.execute("DELETE FROM conversations WHERE id = $1", self.conversations[place])
        self.conversations[place] = await self.conversation(place)

    async def delete_user(self, place):
        gone = place % 2
        await self.pg.execute("DELETE FROM users WHERE id = $1", self.users[gone])
        self.users[gone] = await self.user()
        for mine in (gone, gone + 2):
            self.conversations[mine] = await self.conversation(mine)


@EDITIONS
@settings(max_examples=100)
@given(operations=operations)
async def test_they_equal_a_grouping_of_the_raw_rows_after_any_changes(pg, operations):
    transaction = pg.transaction()
    await transaction.start()
    try:
        await pg.execute("ALTER TABLE signals ALTER id RESTART")
        world = World(pg)
        await world.fill()
        # Of another conversation, which nothing here may touch.
        kept = await world.conversation(0)
        await pg.execute("UPDATE conversations SET user_id = NULL WHERE id = $1", kept)
        await pg.execute(INSERT, [DAYS[0]], [kept], ["Slack"], ["a-1"], [0.25], [None], [1])
        await pg.execute("UPDATE signals SET id = -1")
        for name, *arguments in operations:
            await getattr(world, name.replace(" ", "_"))(*arguments)
            await assert_rolled_up(pg)
        assert await pg.fetchval("SELECT signal_score FROM signals WHERE conversation_id = $1", kept) == 0.25
    finally:
        await transaction.rollback()


@EDITIONS
async def test_a_cascade_takes_all_of_its_own_and_nothing_else(pg):
    world = World(pg)
    await world.fill()
    batch = [
        (DAYS[0] + timedelta(seconds=37 * i), i % 4, "Slack", None, i % 10 / 10, None, 0) for i in range(200)
    ]
    await world.insert(batch)
    tables = ("signals", "signal_rollup_5m", "signal_rollup_1h", "conversation_activity")

    async def counts():
        return [
            {
                row[0]: row[1]
                for row in await pg.fetch(f"SELECT conversation_id, count(*) FROM {table} GROUP BY 1")
            }
            for table in tables
        ]

    before = await counts()
    await pg.execute("DELETE FROM users WHERE id = $1", world.users[1])
    left = set(world.conversations[::2])
    assert await counts() == [{key: n for key, n in table.items() if key in left} for table in before]
    await pg.execute("DELETE FROM conversations WHERE id = $1", world.conversations[0])
    left = {world.conversations[2]}
    assert await counts() == [{key: n for key, n in table.items() if key in left} for table in before]
    await assert_rolled_up(pg)


@EDITIONS
async def test_what_is_refused_or_rolled_back_leaves_no_trace(pg):
    world = World(pg)
    await world.fill()
    good = (DAYS[0], 0, "Slack", None, 0.5, None, 0)
    with pytest.raises(asyncpg.CheckViolationError):
        await world.insert([good, (DAYS[0], 1, "Slack", None, 1.5, None, 0)])
    with pytest.raises(asyncpg.CheckViolationError):
        await world.copy([good, (DAYS[0], 1, "Slack", "", 0.5, None, 0)])
    transaction = pg.transaction()
    await transaction.start()
    await world.insert([good])
    await transaction.rollback()
    assert await pg.fetchval("SELECT count(*) FROM signal_rollup_5m") == 0
    await assert_rolled_up(pg)


@pytest.fixture
async def others(url):
    """Connections beside `pg`."""
    connections = [await asyncpg.connect(**dsn(url)) for _ in range(2)]
    yield connections
    for connection in connections:
        await connection.close()


async def blocked(pg, other):
    """Waits until `other` waits for a lock."""
    wanted = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
    async with asyncio.timeout(5):
        while not await pg.fetchval(wanted, other.get_server_pid()):  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.002)


MINUTE = timedelta(minutes=1)
ADD = "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES ($1, $2, 'Slack', 0.9)"
CHANGES = {
    "delete": "DELETE FROM signals WHERE time = $1 AND conversation_id = $2",
    "score": "UPDATE signals SET signal_score = 0.1 WHERE time = $1 AND conversation_id = $2",
    "move out": "UPDATE signals SET time = time + '1 day' WHERE time = $1 AND conversation_id = $2",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("first", ["insert", "change"])
async def test_a_change_beside_an_uncommitted_insert_into_the_same_bucket(pg, others, change, rows, first):
    world = World(pg)
    await world.fill()
    conversation = world.conversations[0]
    await world.insert([(DAYS[0] + i * MINUTE / 2, 0, "Slack", None, 0.3, None, 0) for i in range(rows)])
    insert = (ADD, DAYS[0] + 4 * MINUTE, conversation)
    statements = [insert, (CHANGES[change], DAYS[0], conversation)]
    one, other = statements if first == "insert" else reversed(statements)

    transaction = others[0].transaction()
    await transaction.start()
    await others[0].execute(*one)
    waiting = asyncio.create_task(others[1].execute(*other))
    await blocked(pg, others[1])
    await transaction.commit()
    await waiting
    assert await pg.fetchval("SELECT count(*) FROM signals") == rows + (change != "delete")
    await assert_rolled_up(pg)


async def test_two_deletes_beside_each_other_find_the_newest_signal_that_is_left(pg, others):
    world = World(pg)
    await world.fill()
    await world.insert([(DAYS[0] + i * MINUTE, 0, "Slack", None, 0.3, None, 0) for i in range(4)])
    transaction = others[0].transaction()
    await transaction.start()
    await others[0].execute(CHANGES["delete"], DAYS[0] + 3 * MINUTE, world.conversations[0])
    waiting = asyncio.create_task(
        others[1].execute(CHANGES["delete"], DAYS[0] + 2 * MINUTE, world.conversations[0])
    )
    await blocked(pg, others[1])
    await transaction.commit()
    await waiting
    last = await pg.fetchval("SELECT last_signal_at FROM conversation_activity WHERE signal_count > 0")
    assert last == DAYS[0] + MINUTE
    await assert_rolled_up(pg)


async def test_a_conversation_is_deleted_while_a_signal_of_it_waits(pg, others):
    world = World(pg)
    await world.fill()
    await world.insert([(DAYS[0], 0, "Slack", None, 0.3, None, 0)])
    transaction = others[0].transaction()
    await transaction.start()
    await others[0].execute("DELETE FROM conversations WHERE id = $1", world.conversations[0])
    waiting = asyncio.create_task(others[1].execute(ADD, DAYS[0], world.conversations[0]))
    await blocked(pg, others[1])
    await transaction.commit()
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await waiting
    await assert_rolled_up(pg)
