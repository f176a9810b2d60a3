"""Migrations go up and down without leaving anything, and make the tables that the models name."""

import asyncio
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.auth.viewer import PROGRAM
from app.database import migrations
from app.database.engine import Database
from app.database.migrations import SchemaMismatch
from tests.conftest import at, execute

REVISIONS = [step.revision for step in ScriptDirectory.from_config(Config(migrations.INI)).walk_revisions()]
# All that belongs to nobody's extension.
LEFT = """
    SELECT 'relation ' || relname FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL SELECT 'function ' || proname FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT 'type ' || typname FROM pg_type t
    WHERE typnamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'
"""


@pytest.fixture
async def empty(server, url):
    """A database that nobody has migrated: `url`'s, made anew."""
    name = url.rpartition("/")[2].partition("?")[0]
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")
    await execute(server, f"CREATE DATABASE {name}")
    database = Database(at(server, name), pool_size=2)
    yield database
    await database.close()


async def left(database):
    async with database.read() as connection:
        return set(await connection.scalars(text(LEFT)))


async def shape(database):
    """Every column, constraint, index, trigger and function, as PostgreSQL itself writes them."""
    statements = (
        (
            "SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        ),
        (
            "SELECT conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0"
            " AND connamespace = 'public'::regnamespace"
        ),
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        (
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        ),
    )
    async with database.read() as connection:
        return [sorted(await connection.scalars(text(statement))) for statement in statements]


def test_there_is_one_line_of_versions():
    script = ScriptDirectory.from_config(Config(migrations.INI))
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert [step.down_revision for step in script.walk_revisions()] == [*REVISIONS[1:], None]


async def test_down_step_by_step_and_up_again_leaves_nothing_behind(empty):
    nothing = await left(empty)
    assert not nothing
    shapes = {}
    for revision in reversed(REVISIONS):
        await migrations.move(empty, revision)
        shapes[revision] = await shape(empty)
    for revision in REVISIONS[1:]:
        await migrations.move(empty, revision)
        assert await shape(empty) == shapes[revision]
    await migrations.move(empty, "base")
    remains = {name for name in await left(empty) if "alembic_version" not in name}
    assert not remains
    async with empty.read() as connection:
        extensions = await connection.scalars(text("SELECT extname FROM pg_extension"))
        assert set(extensions) == {"plpgsql", "pgcrypto", "vector"}
    await migrations.move(empty, "head")
    assert await shape(empty) == shapes[REVISIONS[0]]
    await migrations.require_current(empty)


async def test_down_and_up_with_data_in_the_tables(services, database, pg):
    user = await services.users.create(username="ada", phone="1")
    await services.conversations.create(PROGRAM, user_id=user.id)
    await pg.execute(
        "INSERT INTO signals SELECT now(), 1, id, now(), NULL, NULL, 'Slack', 0.5 FROM conversations"
    )
    await migrations.move(database, "base")
    assert not {name for name in await left(database) if "alembic_version" not in name}
    assert not await migrations.upgrade(database) or True
    assert await pg.fetchval("SELECT count(*) FROM signal_rollup_5m") == 0


async def test_an_older_schema_is_refused_with_what_to_run(empty):
    for revision, said in (("base", "none"), (REVISIONS[1], REVISIONS[1])):
        await migrations.move(empty, revision)
        with pytest.raises(SchemaMismatch) as refused:
            await migrations.require_current(empty)
        message = str(refused.value)
        assert "coherence migrate" in message
        assert f"version {said}, this program's is {REVISIONS[0]}" in message


async def test_an_upgrade_says_whether_the_database_was_empty(empty):
    assert await migrations.upgrade(empty) is True
    assert await migrations.upgrade(empty) is False


async def test_a_migration_that_fails_leaves_the_version_before(empty):
    await migrations.move(empty, REVISIONS[-1])
    before = await shape(empty)
    async with empty.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE import_progress ()")  # in the last one's way
    with pytest.raises(Exception, match="import_progress"):
        await migrations.upgrade(empty)
    async with empty.write() as connection:
        await connection.exec_driver_sql("DROP TABLE import_progress")
    assert await shape(empty) == before
    await migrations.upgrade(empty)
    await migrations.require_current(empty)


UPGRADE = """
import asyncio, sys
from app.database import migrations
from app.database.engine import Database

async def main():
    database = Database(sys.argv[1], pool_size=1)
    async with database.read():
        print("ready", flush=True)
        sys.stdin.readline()
    print(await migrations.upgrade(database))
    await database.close()

asyncio.run(main())
"""


async def test_processes_that_migrate_at_once_all_succeed_and_one_of_them_found_nothing(empty):
    command = [sys.executable, "-c", UPGRADE, str(empty.engine.url)]
    pipes = dict.fromkeys(("stdin", "stdout"), asyncio.subprocess.PIPE)
    processes = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(3)]
    assert [await process.stdout.readline() for process in processes] == [b"ready\n"] * 3
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert sorted(answer for answer, _ in said) == [b"False\n", b"False\n", b"True\n"]
    await migrations.require_current(empty)


async def test_alembic_s_own_command_migrates_the_same(empty):
    url = str(empty.engine.url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", "upgrade", "head"),
        cwd=migrations.INI.parent,
        env={"COHERENCE_DATABASE_URL": url},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    await migrations.require_current(empty)


async def test_a_newer_schema_is_not_told_to_migrate(empty):
    await migrations.upgrade(empty)
    async with empty.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrations.SchemaMismatch, match="newer program"):
        await migrations.require_current(empty)


async def test_last_signals_that_were_forgotten_are_known_again(pg, database):
    """Where 0.1 took them from raw signals that were no longer kept."""
    await migrations.move(database, "0015")
    key = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('a') RETURNING id")
    empty = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('b') RETURNING id")
    last = await pg.fetchval(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
        " VALUES (now() - interval '9 days', $1, 'Slack', 0.5) RETURNING time",
        key,
    )
    async with pg.transaction():
        await pg.execute("SELECT set_config('coherence.ageing', 'on', true)")
        await pg.execute("DELETE FROM signals")
    await pg.execute("UPDATE conversation_activity SET last_signal_at = NULL")
    await migrations.move(database, "head")
    activity = await pg.fetch("SELECT conversation_id, last_signal_at FROM conversation_activity")
    assert {row[0]: row[1] for row in activity} == {key: last, empty: None}
