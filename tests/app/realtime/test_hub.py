"""Who waits is told, of everything and once nobody else would; and when nobody waits, nothing is kept."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.database.engine import Database
from app.realtime import queries
from app.realtime.changes import Changes
from app.realtime.hub import Hub
from tests.conftest import EDITIONS, at, dsn, execute

pytestmark = EDITIONS

OPEN = "INSERT INTO conversations (context_window_id) VALUES ($1) RETURNING id"
SIGNAL = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    VALUES (coalesce($2, now()), $1, 'chat', 0.5)
"""


class Silence:
    """A bus on which nothing is ever heard but what a test says."""

    async def send(self, messages):
        pass

    async def listen(self, heard):
        self.heard = heard
        heard(None)
        await asyncio.Event().wait()


@pytest.fixture
def bus():
    return Silence()


@pytest.fixture
def hub(database, bus):
    return Hub(database, bus, 3_600)


async def told(watch):
    async with asyncio.timeout(5):
        await watch.wait()
    return watch.take()


async def test_changes_are_told_to_those_they_concern(hub, bus):
    a, b, anomaly = uuid4(), uuid4(), uuid4()
    async with hub.running():
        await asyncio.sleep(0)
        with hub.conversation(a) as one, hub.conversations() as every, hub.anomalies() as anomalies:
            for message in Changes({a: None, b: None}, {anomaly}).messages():
                bus.heard(message)
            assert set((await told(one)).conversations) == {a}
            assert set((await told(every)).conversations) == {a, b}
            assert (await told(anomalies)).anomalies == {anomaly}


async def test_a_message_that_cannot_be_read_hurts_nobody(hub, bus, caplog):
    key = uuid4()
    async with hub.running():
        await asyncio.sleep(0)
        with hub.conversation(key) as watch:
            bus.heard("nonsense")
            (message,) = Changes({key: None}).messages()
            bus.heard(message)
            assert set((await told(watch)).conversations) == {key}
    assert "cannot be read" in caplog.text


async def test_nothing_is_kept_of_those_who_left(hub):
    for error in (None, ValueError, asyncio.CancelledError):
        try:
            with hub.conversation(uuid4()), hub.conversations(), hub.anomalies():
                if error is not None:
                    raise error
        except (ValueError, asyncio.CancelledError):
            pass
    assert not hub._of
    assert not hub._of_all
    assert not hub._of_anomalies
    assert hub.idle


async def test_one_of_two_who_wait_for_the_same_may_leave(hub):
    key = uuid4()
    with hub.conversation(key) as first:
        with hub.conversation(key):
            pass
        hub._tell(Changes({key: None}))
        assert set((await told(first)).conversations) == {key}


async def changed_by(hub, watch):
    """Conversations that a look finds."""
    watch.take()
    await hub.look()
    return set(watch.take().conversations)


@pytest.mark.parametrize("all_", [False, True], ids=["one", "all"])
async def test_a_look_finds_what_nobody_told_of(hub, pg, all_):
    key: UUID = await pg.fetchval(OPEN, "a")
    with hub.conversations() if all_ else hub.conversation(key) as watch:
        await hub.look()
        await hub.look()
        assert await changed_by(hub, watch) == set()
        for statement, arguments in (
            (SIGNAL, (key, None)),
            ("UPDATE signals SET signal_score = 0.6", ()),
            ("UPDATE conversations SET title = 'x'", ()),
            ("DELETE FROM signals", ()),
        ):
            await pg.execute(statement, *arguments)
            assert await changed_by(hub, watch) == {key}, statement
        await hub.look()
        assert await changed_by(hub, watch) == set()


async def test_a_look_finds_what_was_written_before_it_and_committed_after(hub, pg):
    key = await pg.fetchval(OPEN, "a")
    with hub.conversation(key) as watch:
        await hub.look()
        transaction = pg.transaction()
        await transaction.start()
        await pg.execute(SIGNAL, key, None)
        await hub.look()
        assert await changed_by(hub, watch) == set()
        await transaction.commit()
        assert await changed_by(hub, watch) == {key}


@pytest.fixture
async def elsewhere(place):
    """A connection to another database of the same server."""
    name = f"test_{uuid4().hex}"
    await execute(place, f"CREATE DATABASE {name}")
    connection = await asyncpg.connect(**dsn(at(place, name)))
    yield connection
    await connection.close()
    await execute(place, f"DROP DATABASE {name} WITH (FORCE)")


async def test_transactions_of_other_databases_hold_no_look_back(hub, pg, database, elsewhere):
    idle = elsewhere.transaction()
    await idle.start()
    oldest = await elsewhere.fetchval("SELECT pg_current_xact_id()::xid::text")
    key = await pg.fetchval(OPEN, "a")
    with hub.conversation(key) as watch:
        await pg.execute(SIGNAL, key, None)
        await hub.look()
        assert await changed_by(hub, watch) == set()
        await pg.execute(SIGNAL, key, None)
        assert await changed_by(hub, watch) == {key}
        assert await changed_by(hub, watch) == set()
        async with database.read() as connection:
            assert int(await queries.now(connection)) > int(oldest)
    await idle.rollback()


async def test_a_transaction_of_this_database_holds_looks_back_until_it_ends(hub, pg, url, database):
    """One that has written; what came meanwhile is found again, which hurts nobody."""
    key, other = await pg.fetchval(OPEN, "a"), await pg.fetchval(OPEN, "b")
    writer = await asyncpg.connect(**dsn(url))
    with hub.conversations() as watch:
        await hub.look()
        idle = writer.transaction()
        await idle.start()
        await writer.execute("SELECT 1 FROM conversations")
        await pg.execute(SIGNAL, other, None)
        assert await changed_by(hub, watch) == {other}
        assert await changed_by(hub, watch) == set()  # it has not written
        await writer.execute(SIGNAL, key, None)
        await pg.execute(SIGNAL, other, None)
        assert await changed_by(hub, watch) == {other}
        assert await changed_by(hub, watch) == {other}
        async with database.read() as connection:
            assert await queries.behind(connection) >= 2
        await idle.commit()
        assert await changed_by(hub, watch) == {key, other}
        assert await changed_by(hub, watch) == set()
    await writer.close()


async def test_a_role_without_rights_sees_the_same(pg, url):
    """What holds a look back is no secret to any role."""
    role = f"lowly_{uuid4().hex}"
    await pg.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'lowly'")
    parsed = make_url(url).set(username=role, password="lowly")
    lowly = Database(parsed.render_as_string(hide_password=False), pool_size=1)
    writer = pg.transaction()
    await writer.start()
    oldest = await pg.fetchval("SELECT pg_current_xact_id()::xid::text")
    async with lowly.steps() as connection:
        assert await queries.now(connection) == oldest
    await lowly.close()
    await writer.rollback()
    await pg.execute(f"DROP ROLE {role}")


async def test_a_look_finds_that_a_conversation_is_gone(hub, pg):
    key = await pg.fetchval(OPEN, "a")
    with hub.conversation(key) as watch:
        await hub.look()
        await pg.execute("DELETE FROM conversations")
        assert await changed_by(hub, watch) == {key}
