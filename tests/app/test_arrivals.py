"""Classes, their counts and anomalies are what a plain look at all stored signals finds, however they came and went."""

import asyncio
from random import Random

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import arrivals as arrivals_module
from app.arrivals import Arrivals
from app.database.engine import Database
from app.signals.classify import classifier
from tests.app.plain_look import RULE, SECOND, START, TEXTS, WIDTHS, World, assert_known, classify
from tests.conftest import EDITIONS, dsn

EMPTY_IN_THE_END = (
    "signals",
    "signal_arrivals",
    "signal_departures",
    "deleted_signals",
    "signal_classifications",
    *WIDTHS,
    "anomalies",
    "shift_progress",
)


@pytest.fixture
async def arrivals(database):
    return Arrivals(database, classify, RULE)


seconds = st.one_of(st.integers(0, 40), st.integers(0, 900), st.floats(0, 20))
rows = st.lists(
    st.tuples(
        seconds,
        st.integers(0, 2),
        st.sampled_from(("ada", "ada", "bo", None)),
        st.sampled_from((None, "agent")),
        st.sampled_from(("Slack", "Axis")),
        st.floats(0, 1),
        st.sampled_from(TEXTS),
    ),
    max_size=12,
)
# A stream long enough to shift: many signals of one conversation, of two levels.
stream = st.builds(
    lambda place, start, lengths, gap: [
        (start + i * gap, place, None, None, "Neo", level, None)
        for i, level in enumerate([0.1] * lengths[0] + [0.9] * lengths[1])
    ],
    st.integers(0, 2),
    st.integers(0, 300),
    st.tuples(st.integers(20, 120), st.integers(20, 120)),
    st.sampled_from((0.25, 1.0)),
)
some = st.tuples(st.integers(1, 3), st.integers(0, 2))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), rows),
        st.tuples(st.just("insert"), stream),
        st.tuples(st.just("delete"), some),
        st.tuples(st.just("reword"), some, st.sampled_from(TEXTS)),
        st.tuples(st.just("move"), some, st.integers(-60, 600)),
        st.tuples(st.just("delete_conversation"), st.integers(0, 2)),
        st.tuples(st.just("look")),
    ),
    min_size=1,
    max_size=8,
)


@EDITIONS
@settings(max_examples=40)
@given(operations=operations)
async def test_it_is_what_a_plain_look_at_everything_finds(pg, database, operations):
    world, arrivals = World(pg), Arrivals(database, classify, RULE)
    await world.open()
    try:
        for name, *arguments in operations:
            if name == "look":
                await arrivals.work_off()
                await assert_known(pg)
            else:
                await getattr(world, name)(*arguments)
        await arrivals.work_off()
        await assert_known(pg)
    finally:
        await world.clear()
        await arrivals.work_off()
    assert {
        table: await pg.fetchval(f"SELECT count(*) FROM {table}") for table in EMPTY_IN_THE_END
    } == dict.fromkeys(EMPTY_IN_THE_END, 0)


def flood(seed=7):
    """Bursts of three users over three conversations, with pauses; and scores that shift."""
    chance = Random(seed)
    found, second = [], 0.0
    for i in range(600):
        second += chance.choice((0.1, 0.5, 1.2, 1.2, 6.0))
        level = 0.2 if i // 150 % 2 else 0.8
        user = chance.choice(("ada", "bo", "cy"))
        found.append(
            (second, chance.randrange(3), user, None, "Slack", level + chance.uniform(-0.1, 0.1), None)
        )
    return found


async def anomalies(pg):
    return {
        tuple(row)
        for row in await pg.fetch(
            "SELECT kind, user_id, started_at, ended_at, event_count, conversation_id IS NULL FROM anomalies"
        )
    }


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_episodes_whatever_the_order_the_batches_and_the_servers(pg, url, database, seed):
    """Two servers take turns, or look at once, while the signals come shuffled in batches of any size."""
    signals, chance = flood(), Random(seed)
    world = World(pg)
    await world.open()
    await world.insert(signals)
    await Arrivals(database, classify, RULE).work_off()
    expected = await anomalies(pg)
    assert {row[0] for row in expected} == {"RAPID_FIRE", "DRIFT_SHIFT"}
    await world.clear()
    await world.open()

    other = Database(url, pool_size=2)
    servers = [Arrivals(database, classify, RULE), Arrivals(other, classify, RULE)]
    if seed:
        chance.shuffle(signals)
    while signals:
        n = chance.choice((1, 7, 40))
        await world.insert(signals[:n])
        del signals[:n]
        looking = chance.choice(([], servers[:1], servers[1:], servers))
        await asyncio.gather(*(server.work_off() for server in looking))
    await servers[seed % 2].work_off()
    await other.close()
    assert await anomalies(pg) == expected
    await assert_known(pg)


async def test_an_episode_grows_and_merges_and_the_earlier_id_stays(pg, arrivals):
    world = World(pg)
    await world.open(2)

    def at(*seconds, place=0):
        return [(second, place, "ada", None, "Slack", 0.5, None) for second in seconds]

    async def found():
        rows = await pg.fetch("SELECT * FROM anomalies ORDER BY started_at")
        return [(row["id"], (row["started_at"] - START) / SECOND, row["event_count"]) for row in rows]

    await world.insert(at(100, 101, 102, 103))
    await world.insert(at(110, 111, 112, 113))
    await arrivals.work_off()
    (first, *of_first), (second, *_) = await found()
    assert of_first == [100, 4]
    await world.insert(at(104))
    await arrivals.work_off()
    assert await found() == [(first, 100, 5), (second, 110, 4)]
    await world.insert(at(99))
    await arrivals.work_off()
    assert await found() == [(first, 99, 6), (second, 110, 4)]
    await world.insert(at(105, 106.5, 108, 109))
    await arrivals.work_off()
    assert await found() == [(first, 99, 14)]
    assert await pg.fetchval("SELECT conversation_id FROM anomalies") == world.conversations[0]
    await world.insert(at(104.5, place=1))
    await arrivals.work_off()
    assert await found() == [(first, 99, 15)]
    assert await pg.fetchval("SELECT conversation_id FROM anomalies") is None
    await pg.execute(
        "DELETE FROM signals WHERE time BETWEEN $1 AND $2", START + 103 * SECOND, START + 109 * SECOND
    )
    await arrivals.work_off()
    (one, *of_one), (other, *of_other) = await found()
    assert (one, of_one, of_other) == (first, [99, 4], [110, 4])
    assert other != first


async def test_a_shift_keeps_its_id_when_late_signals_come_after_it(pg, arrivals):
    world = World(pg)
    await world.open(1)

    def steps(start, *levels):
        return [
            (start + i, 0, None, None, "Slack", level, None)
            for i, level in enumerate(level for level in levels for _ in range(200))
        ]

    await world.insert(steps(0, 0.1, 0.9))
    await arrivals.work_off()
    first = await pg.fetchval("SELECT id FROM anomalies")
    assert first is not None
    await world.insert(steps(1_000, 0.9, 0.2))
    await arrivals.work_off()
    one, *others = [row["id"] for row in await pg.fetch("SELECT id FROM anomalies ORDER BY started_at")]
    assert one == first
    assert len(others) == 1
    await world.insert([(700, 0, None, None, "Slack", 0.9, None)])
    await arrivals.work_off()
    assert await pg.fetchval("SELECT id FROM anomalies ORDER BY started_at") == first
    await assert_known(pg)


async def test_many_arrivals_take_several_passes(pg, arrivals, monkeypatch):
    monkeypatch.setattr(arrivals_module, "MOST", 50)
    world = World(pg)
    await world.open()
    signals = flood()
    for start in range(0, 600, 30):
        await world.insert(signals[start : start + 30])
    assert await arrivals.work_off() == 600
    await assert_known(pg)
    assert await arrivals.work_off() == 0


async def test_a_pass_that_fails_leaves_everything_to_the_next(pg, arrivals):
    world = World(pg)
    await world.open()
    signals = flood()
    await world.insert(signals[:300])
    await arrivals.work_off()
    await world.insert(signals[300:])
    await pg.execute("ALTER TABLE shift_progress ADD CONSTRAINT never CHECK (revision < 0) NOT VALID")
    with pytest.raises(asyncpg.CheckViolationError):
        await arrivals.work_off()
    await pg.execute("ALTER TABLE shift_progress DROP CONSTRAINT never")
    await arrivals.work_off()
    await assert_known(pg)


@EDITIONS
async def test_deletes_beside_a_pass_leave_the_counts_right(pg, url, arrivals):
    """Passes, deletes and rewordings at once, again and again."""
    world = World(pg)
    await world.open()
    other = await asyncpg.connect(**dsn(url))
    chance = Random(3)

    async def change():
        for _ in range(15):
            n = chance.choice((2, 3, 5))
            await other.execute("DELETE FROM signals WHERE id % $1 = $2", n, chance.randrange(n))
            await other.execute(
                "UPDATE signals SET raw_content = $2 WHERE id % 4 = $1", chance.randrange(4), TEXTS[0]
            )

    async def look():
        for _ in range(30):
            await arrivals.work_off()

    async def insert():
        for i in range(60):
            await world.insert(
                [(i + j, j % 3, "ada", None, "Slack", 0.5, chance.choice(TEXTS)) for j in range(10)]
            )

    await world.insert([(0, 0, None, None, "Slack", 0.5, None)])  # the first chunk of a day is made alone
    await asyncio.gather(change(), look(), insert())
    await other.close()
    await arrivals.work_off()
    await assert_known(pg)


TABLE = """
threshold = 1.0
[[POSITIVE]]
group = "builds"
weight = 4.0
keywords = ["build"]
[[UNCERTAIN]]
group = "thanks"
weight = 9.0
keywords = ["thanks"]
[negation]
words = ["not"]
reach = 2
"""


@EDITIONS
async def test_another_table_of_keywords_classifies_everything_anew(
    pg, database, arrivals, monkeypatch, tmp_path
):
    monkeypatch.setattr(arrivals_module, "MOST", 40)
    (tmp_path / "keywords.toml").write_text(TABLE)
    other = Arrivals(database, classifier(tmp_path / "keywords.toml"), RULE)
    world = World(pg)
    await world.open()
    await world.insert(
        [(i * 7, i % 3, None, ("a", None)[i % 2], "Slack", 0.5, TEXTS[i % 5]) for i in range(200)]
    )
    assert await arrivals.reclassify() == 200
    assert await arrivals.reclassify() == 0
    await assert_known(pg)
    await world.insert([(5, 0, None, None, "Slack", 0.5, TEXTS[0])])
    assert await other.reclassify() == 1 + 201
    assert (
        await pg.fetchval("SELECT count(*) FROM signal_classifications WHERE classification = 'UNCERTAIN'")
        == 41
    )
    assert await pg.fetchval("SELECT sum(uncertain) FROM classification_rollup_1h") == 41
    assert (
        await pg.fetchval("SELECT count(*) FROM signal_classifications WHERE classification = 'POSITIVE'")
        == 40
    )
    assert await other.reclassify() == 0
    assert await arrivals.reclassify() == 201
    await assert_known(pg)
    assert (
        await pg.fetchval(
            "SELECT count(*) FROM classification_rollup_1h WHERE positive + stressed + uncertain = 0"
        )
        == 0
    )
