"""Raw signals leave after the time that they are kept for, and everything else stays."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.measure import Moment, measure
from app.coherence.sources.moments import Pool
from app.duration import Duration
from app.errors import BadUserInput
from app.settings import Settings
from app.signals import ageing
from app.signals.buckets import Asked, Widths, buckets
from app.signals.lineage import lineage
from app.signals.refresh import refresh
from app.timerange import TimeRange
from app.upkeep import upkeep
from tests.app.database.oracle import ROWS, assert_rolled_up, rollup, same
from tests.app.database.test_rollups_concurrency import New
from tests.app.signals.test_refresh import has_aggregates
from tests.conftest import EDITIONS

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NOW = datetime(2026, 3, 20, 10, 2, tzinfo=UTC)
KEPT_FROM = datetime(2026, 3, 17, tzinfo=UTC)
KEEP_3_DAYS = Settings(_env_file=None, COHERENCE_RAW_RETENTION_DAYS=3)
ROLLED = (
    "SELECT conversation_id, bucket, signal_source, agent_id, n, s1, s2 FROM signal_rollup_{} ORDER BY 1, 2"
)
FILL = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT $2::timestamptz - n * interval '37 minutes', $1, 'Slack', (n % 10) / 10.0 FROM generate_series(1, 300) n
"""
ADD = "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES ($1, $2, 'Slack', 0.9)"


@pytest.fixture
async def conversation(pg):
    """One with a signal every 37 minutes of eight days."""
    key = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id")
    await pg.execute(FILL, key, NOW)
    return key


async def rolled(pg):
    return [[tuple(row) for row in await pg.fetch(ROLLED.format(level))] for level in ("5m", "1h")]


async def drift(database, key, seconds, start=None, pool=Pool.CONVERSATION):
    windows = Windows(Duration(seconds), Duration(seconds), TimeRange(start, None))
    async with database.read() as connection:
        return (await analyse(connection, PROGRAM, pool, [key], windows, Weights()))[key]


@EDITIONS
async def test_the_rollups_answer_for_what_is_gone(pg, database, conversation):
    before, counted = await rolled(pg), await drift(database, conversation, 3_600)
    assert await upkeep(database, KEEP_3_DAYS, NOW)
    assert await pg.fetchval("SELECT min(time) FROM signals") >= KEPT_FROM
    assert await pg.fetchval("SELECT count(*) FROM signals") == (NOW - KEPT_FROM) // (37 * MINUTE)
    assert await rolled(pg) == before
    after = await drift(database, conversation, 3_600)
    assert (after.total, after.drift.mean.tolist()) == (300, counted.drift.mean.tolist())
    assert await pg.fetchval("SELECT signal_count FROM conversation_activity") == 300
    # Again, a day later, with late signals, changed and deleted ones in between.
    await pg.execute(ADD, KEPT_FROM, conversation)
    await pg.execute("DELETE FROM signals WHERE id % 5 = 0")
    await pg.execute("UPDATE signals SET signal_score = 0.25 WHERE id % 7 = 0")
    before = await rolled(pg)
    kept = {tuple(row)[:4]: row for row in before[1] if row[1] >= KEPT_FROM}
    wanted = rollup(await pg.fetch(ROWS), HOUR)
    assert kept.keys() == wanted.keys()
    assert all(same(kept[key][4:], wanted[key][:3]) for key in wanted)
    await upkeep(database, KEEP_3_DAYS, NOW + DAY)
    assert await pg.fetchval("SELECT min(time) FROM signals") >= KEPT_FROM + DAY
    assert await rolled(pg) == before
    await pg.execute("DELETE FROM conversations")
    assert await rolled(pg) == [[], []]


@EDITIONS
async def test_the_last_signal_is_known_where_it_is_no_longer_kept_raw(pg, database, conversation):
    """However the raw ones that remain are changed or deleted, those of one bucket with it as well."""
    old = await pg.fetchval("SELECT max(time) FROM signals WHERE time < $1", KEPT_FROM)
    quiet = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('q') RETURNING id")
    for minutes in (7, 6, 1):
        await pg.execute(ADD, KEPT_FROM - minutes * MINUTE, quiet)
    await pg.execute("DELETE FROM signals WHERE time = $1", KEPT_FROM - MINUTE)  # its bucket's only one
    await pg.execute(
        "UPDATE signals SET time = time + interval '3 minutes' WHERE time = $1", KEPT_FROM - 6 * MINUTE
    )
    last = "SELECT last_signal_at, signal_count FROM conversation_activity WHERE conversation_id = $1"
    newest = NOW - 37 * MINUTE
    assert await upkeep(database, KEEP_3_DAYS, NOW)
    assert tuple(await pg.fetchrow(last, quiet)) == (KEPT_FROM - 3 * MINUTE, 2)
    late = await pg.fetchval(ADD + " RETURNING id", NOW, quiet)
    for statement in (
        "UPDATE signals SET time = time - interval '1 hour' WHERE id = $1",
        "DELETE FROM signals WHERE id = $1",
    ):
        await pg.execute(statement, late)
        wanted = (NOW - HOUR, 3) if "UPDATE" in statement else (KEPT_FROM - 3 * MINUTE, 2)
        assert tuple(await pg.fetchrow(last, quiet)) == wanted
    for left, deletion in (
        ((newest - 37 * MINUTE, 299), "DELETE FROM signals WHERE conversation_id = $1 AND time = $2"),
        (
            (old, 300 - (NOW - KEPT_FROM) // (37 * MINUTE)),
            "DELETE FROM signals WHERE conversation_id = $1 AND time < $2",
        ),
    ):
        await pg.execute(deletion, conversation, newest)
        assert tuple(await pg.fetchrow(last, conversation)) == left


@EDITIONS
async def test_what_only_raw_signals_could_tell_is_refused_with_the_date(pg, database, conversation):
    await upkeep(database, KEEP_3_DAYS, NOW)
    user = await pg.fetchval("INSERT INTO users (username, role) VALUES ('u', 'COACH') RETURNING id")
    await pg.execute("UPDATE conversations SET user_id = $1", user)
    young = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('y') RETURNING id")
    await pg.execute(ADD, NOW - HOUR, young)
    cases = (
        (30, None, False),
        (30, KEPT_FROM - HOUR, False),
        (30, KEPT_FROM, True),
        (3_600, None, True),
        (300, KEPT_FROM - 5 * HOUR, True),
        # A raw edge: of a bucket in which there is no signal, and of one in which there is.
        (300, NOW - 37 * 150 * MINUTE - 20 * MINUTE, True),
        (300, NOW - 37 * 150 * MINUTE - timedelta(microseconds=1), False),
    )
    for seconds, start, answered in cases:
        pools = ((Pool.CONVERSATION, conversation), (Pool.USER, user), (Pool.EVERYTHING, None))
        for pool, key in pools:
            found = await drift(database, key, seconds, start, pool)
            assert isinstance(found, BadUserInput) is not answered, (pool, seconds, start)
            if not answered:
                assert "2026-03-17T00:00:00.000000Z" in found.message
        if start is None or start <= KEPT_FROM:
            assert (await drift(database, young, seconds, start)).total == 1
        async with database.read() as connection:
            arguments = (connection, Widths(seconds), Asked(PROGRAM, TimeRange(start, None), conversation))
            if answered:
                assert await buckets(*arguments)
            else:
                with pytest.raises(BadUserInput, match=r"2026-03-17T00:00:00.000000Z"):
                    await buckets(*arguments)


@EDITIONS
async def test_nothing_is_written_where_nothing_is_kept(pg, database, services, conversation):
    await upkeep(database, KEEP_3_DAYS, NOW)
    before = await rolled(pg)
    late, kept = New("c", KEPT_FROM - timedelta(microseconds=1), 0.5), New("c", KEPT_FROM, 0.5)
    answer = await services.signals.ingest(PROGRAM, [late, kept], NOW)
    refused, stored = answer.results
    assert refused.field == "timestamp"
    assert "2026-03-17T00:00:00.000000Z" in refused.message
    assert stored[0] == KEPT_FROM
    with pytest.raises(BadUserInput):
        await services.signals.ingest(PROGRAM, [kept, late], NOW, all_or_nothing=True)
    with pytest.raises(asyncpg.CheckViolationError, match="no longer kept"):
        await pg.execute(ADD, KEPT_FROM - HOUR, conversation)
    with pytest.raises(asyncpg.CheckViolationError):
        await pg.execute(
            "UPDATE signals SET time = time - interval '3 days' WHERE time < $1", KEPT_FROM + HOUR
        )
    assert [row for row in (await rolled(pg))[0] if row[1] < KEPT_FROM] == [
        row for row in before[0] if row[1] < KEPT_FROM
    ]


@EDITIONS
@pytest.mark.usefixtures("conversation")
async def test_nothing_goes_before_the_aggregates_hold_it(pg, database):
    """A signal that is deleted while it ages wants its bucket refreshed first."""
    await ageing.forget(database, 3, NOW)  # before any refresh
    aggregated = await has_aggregates(pg)
    assert (await pg.fetchval("SELECT min(time) FROM signals") < KEPT_FROM) is aggregated
    async with database.steps() as connection:
        await refresh(connection, NOW)
    if aggregated:
        await pg.execute("DELETE FROM signals WHERE time < $1 AND id % 2 = 0", KEPT_FROM)
        await ageing.forget(database, 3, NOW)
        assert await pg.fetchval("SELECT min(time) FROM signals") < KEPT_FROM
        await assert_rolled_up(pg)
    before = await rolled(pg)
    assert await upkeep(database, KEEP_3_DAYS, NOW)
    assert await pg.fetchval("SELECT min(time) FROM signals") >= KEPT_FROM
    assert await rolled(pg) == before


@EDITIONS
@pytest.mark.usefixtures("conversation")
async def test_without_the_setting_everything_stays(pg, database):
    await upkeep(database, Settings(_env_file=None), NOW + 1_000 * DAY)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 300
    assert await pg.fetchval("SELECT isfinite(kept_from) FROM rollup_state") is False


@EDITIONS
async def test_the_columnstore_follows_its_setting(pg, database, conversation):
    turned = """SELECT range_end FROM timescaledb_information.chunks
        WHERE hypertable_name = 'signals' AND is_compressed ORDER BY 1"""
    midnight = NOW.replace(hour=0, minute=0)
    for days, oldest in ((None, 0), (7, 1), (2, 6), (2, 6)):
        assert await upkeep(database, Settings(_env_file=None, COHERENCE_COLUMNSTORE_AFTER_DAYS=days), NOW)
        if await has_aggregates(pg):
            ends = [row[0] for row in await pg.fetch(turned)]
            assert ends == [midnight - (8 - n) * DAY + DAY for n in range(oldest)], days
        await assert_rolled_up(pg)
    await pg.execute(ADD, NOW - 5 * DAY, conversation)
    await pg.execute("DELETE FROM signals WHERE id % 3 = 0")
    await pg.execute("UPDATE signals SET signal_score = 0.75 WHERE id % 4 = 0")
    await assert_rolled_up(pg)
    assert await upkeep(database, KEEP_3_DAYS, NOW)
    assert await pg.fetchval("SELECT min(time) FROM signals") >= KEPT_FROM


async def test_one_server_at_a_time(pg, database):
    await pg.execute("SELECT pg_advisory_lock(hashtext('coherence upkeep'))")
    assert not await upkeep(database, KEEP_3_DAYS, NOW)
    await pg.execute("SELECT pg_advisory_unlock(hashtext('coherence upkeep'))")
    assert await upkeep(database, KEEP_3_DAYS, NOW)


@EDITIONS
async def test_metrics_and_lineage_are_refused_alike(database, conversation):
    await upkeep(database, KEEP_3_DAYS, NOW)
    cut = NOW - 37 * 150 * MINUTE - timedelta(microseconds=1)  # within a bucket that holds a signal
    hour = Duration(3_600)
    async with database.read() as connection:
        for pool, key in ((Pool.CONVERSATION, conversation), (Pool.EVERYTHING, None)):
            old = (await measure(connection, PROGRAM, pool, [key], Moment(hour, cut)))[key]
            assert isinstance(old, BadUserInput)
            assert "2026-03-17T00:00:00.000000Z" in old.message
            whole = (await measure(connection, PROGRAM, pool, [key], Moment(hour, KEPT_FROM - HOUR)))[key]
            assert whole.metrics.n in {1, 2}
            assert (await measure(connection, PROGRAM, pool, [key], Moment(hour, NOW)))[key].metrics.n in {
                1,
                2,
            }
        refused = (await lineage(connection, [conversation], TimeRange()))[conversation]
        assert refused.field == "range"
        assert (await lineage(connection, [conversation], TimeRange(KEPT_FROM, None)))[conversation] == []
