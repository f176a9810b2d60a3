"""Buckets, filters and counts of signals against plain Python over the raw rows."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.conversations.models import ConversationStatus
from app.database.engine import driver
from app.database.paging import Page
from app.errors import BadUserInput
from app.signals import queries
from app.signals.queries import SignalFilter, named_sources
from app.timerange import ALWAYS, TimeRange

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
DAY = datetime(2026, 3, 2, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
C = [UUID(int=n) for n in range(1, 4)]  # the last one is hidden
WIDTHS = (30, 300, 420, 3_600, 86_400)

times = st.one_of(
    st.builds(
        lambda seconds, beside: DAY + timedelta(seconds=seconds) + beside * MICROSECOND,
        st.sampled_from((0, 30, 300, 420, 3_600, 7_200, 86_400)),
        st.integers(-1, 1),
    ),
    st.integers(0, 9_000).map(lambda seconds: DAY + timedelta(seconds=seconds)),
    st.just(datetime(1970, 1, 1, tzinfo=UTC)),
)
rows = st.lists(
    st.tuples(
        times,
        st.sampled_from(C),
        st.sampled_from(("Slack", "Axis", "é")),
        st.sampled_from((None, "a-1", "a-2", "~")),
        st.floats(0, 1),
        st.none() | st.floats(0, 1),
    ),
    max_size=25,
)
sides = st.none() | times
INSERT = """
    INSERT INTO signals (time, conversation_id, signal_source, agent_id, signal_score, emotional_tone)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def fill(connection, batch):
    pg = await driver(connection)
    statement = "INSERT INTO conversations (id, context_window_id, status) VALUES ($1, $2, $3)"
    await pg.executemany(statement, [(key, str(key), "DELETED" if key == C[2] else "ACTIVE") for key in C])
    await pg.executemany(INSERT, batch)


@pytest.mark.parametrize(
    "wanted",
    [
        SignalFilter(),
        SignalFilter(range=TimeRange(DAY + timedelta(seconds=3), DAY + timedelta(seconds=9))),
        SignalFilter(sources=("Axis",)),
        SignalFilter(agent_id="a-1"),
        SignalFilter(user_id="u"),
        SignalFilter(escalated=True),
        SignalFilter(escalated=False, min_score=0.2, max_score=0.7),
        SignalFilter(range=TimeRange(DAY, DAY)),
    ],
)
async def test_pages_and_counts_of_filtered_signals(database, wanted):
    async with database.engine.connect() as connection:
        await fill(connection, [])
        pg = await driver(connection)
        batch = [
            (DAY + timedelta(seconds=n), C[n % 3], ("Slack", "Axis")[n % 2], ("a-1", None)[n % 5 > 0],
             ("u", None)[n % 4 > 0], n % 7 == 0, n / 20)
            for n in range(20)
        ]  # fmt: skip
        statement = """INSERT INTO signals (time, conversation_id, signal_source, agent_id, user_id,
            escalate_flag, signal_score) VALUES ($1, $2, $3, $4, $5, $6::boolean::int, $7)"""
        await pg.executemany(statement, batch)
        start, end = wanted.range.start, wanted.range.end
        kept = [
            row
            for row in batch
            if (start is None or start <= row[0] < end)
            and (wanted.sources is None or row[2] in wanted.sources)
            and (wanted.agent_id is None or row[3] == wanted.agent_id)
            and (wanted.user_id is None or row[4] == wanted.user_id)
            and (wanted.escalated is None or row[5] == wanted.escalated)
            and (wanted.min_score is None or row[6] >= wanted.min_score)
            and (wanted.max_score is None or row[6] <= wanted.max_score)
        ]
        seen = [row[0] for row in kept if row[1] != C[2]]
        assert [row.time for row in (await queries.page(connection, PROGRAM, wanted, Page(50))).rows] == seen
        assert await queries.count(connection, PROGRAM, wanted) == len(seen)
        pages = await queries.pages_of_conversations(connection, C, wanted, Page(50))
        counts = await queries.counts_of_conversations(connection, C, wanted)
        for key in C:
            mine = [row[0] for row in kept if row[1] == key]
            assert [row.time for row in pages[key].rows] == mine
            assert counts.get(key, 0) == len(mine)
        await connection.rollback()


async def test_single_signals_are_found_by_time_and_id_unless_hidden(services, database, pg):
    visible, hidden = [await services.conversations.create(PROGRAM, context_window_id=key) for key in "ab"]
    await services.conversations.update(PROGRAM, hidden.id, {"status": ConversationStatus.DELETED})
    for conversation in (visible, hidden):
        await pg.execute(INSERT, DAY, conversation.id, "Slack", None, 0.5, None)
    keys = [tuple(row) for row in await pg.fetch("SELECT time, id FROM signals ORDER BY id")]
    async with database.read() as connection:
        wrong = [(DAY + MICROSECOND, keys[0][1]), (DAY, 10**12)]
        found = await queries.by_keys(connection, PROGRAM, [*keys, *wrong])
        assert found.keys() == {keys[0]}
        assert found[keys[0]].context_window_id == "a"
        received = await pg.fetchval("SELECT received_at FROM signals WHERE id = $1", keys[0][1])
        assert await queries.last_ingest(connection, PROGRAM) == received


def test_sources_are_named_once_and_at_least_one():
    assert named_sources(None) is None
    assert named_sources(["b", "a", "b"]) == ("a", "b")
    for wrong in ([], ["\0"], ["\ud800"]):
        with pytest.raises(BadUserInput) as refused:
            named_sources(wrong)
        assert refused.value.field == "sources"


def test_a_range_that_ends_before_it_starts_is_refused():
    assert TimeRange(None, None) == ALWAYS
    with pytest.raises(BadUserInput, match="lies after end"):
        TimeRange(DAY, DAY - MICROSECOND)
