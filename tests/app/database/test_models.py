"""The models are the whole schema, and a migration that is written by comparing both destroys nothing."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import migrations, tables
from app.database.engine import Database
from app.vectors.postgres import Embeddings
from tests.conftest import EDITIONS, ENVIRONMENT, at, execute

ROOT = migrations.INI.parent
GUIDE = (ROOT / "docs/migrations.md").read_text()
SCHEMA = {
    "columns": """
        SELECT format('%s.%s %s %s %s %s', table_name, column_name, data_type, is_nullable, column_default,
            identity_generation)
        FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    """,
    "constraints": """
        SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid <> 0 AND connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "storage": """
        SELECT relname || ' ' || relpersistence::text || ' ' || coalesce(reloptions::text, '') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    """,
}


async def schema(url):
    database = Database(url, pool_size=1)
    async with database.read() as connection:
        found = {
            name: sorted(
                line for line in await connection.scalars(text(query)) if "alembic_version" not in line
            )
            for name, query in SCHEMA.items()
        }
    await database.close()
    return found


async def function(url, name):
    database = Database(url, pool_size=1)
    async with database.read() as connection:
        made = await connection.scalar(text(f"SELECT pg_get_functiondef('{name}'::regproc)"))
    await database.close()
    return made


@pytest.fixture
async def bare(place):
    """URL of a database with nothing in it."""
    await execute(place, "CREATE DATABASE bare")
    yield at(place, "bare")
    await execute(place, "DROP DATABASE bare WITH (FORCE)")


@pytest.fixture
def clone(tmp_path):
    """The program as a developer has it, to be changed."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("web", "__pycache__"))
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(migrations.INI, tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for program in ("alembic", "coherence"):
        (tmp_path / ".venv/bin" / program).symlink_to(Path(sys.executable).with_name(program))
    return tmp_path


async def shell(commands, url, folder=ROOT, status=0):
    """What the commands say, the first one that fails being the last."""
    environment = ENVIRONMENT | {"COHERENCE_DATABASE_URL": url, "PYTHONPATH": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-ec", commands),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == status, said
    return said


def versions(folder):
    return {path.name for path in (folder / "alembic/versions").glob("*.py")}


def following():
    return f"{int(migrations.head()) + 1:04}"


async def test_the_models_make_the_same_tables_as_the_migrations(url, bare):
    database = Database(bare, pool_size=1)
    async with database.write() as connection:
        await connection.exec_driver_sql(await function(url, "folded_text"))  # which an index is made of
        await connection.run_sync(tables.metadata.create_all)
    await database.close()
    assert await schema(bare) == await schema(url)


def test_all_models_are_in_one_place():
    listed = {
        Path(sys.modules[getattr(tables, name).__name__].__file__)
        for name in tables.__all__
        if name != "metadata"
    }
    assert listed == set((ROOT / "app").rglob("models.py")) - set((ROOT / "app/web").rglob("models.py"))


@EDITIONS
async def test_nothing_is_to_be_generated_for_a_database_at_the_newest_version(url, clone):
    said = await shell(f"{sys.executable} -m alembic check", url)
    assert "No new upgrade operations detected" in said
    await shell('.venv/bin/alembic revision --autogenerate -m "nothing"', url, clone)
    assert "op." not in (clone / f"alembic/versions/{following()}_nothing.py").read_text()


@EDITIONS
async def test_what_no_model_names_is_left_alone(url, clone):
    database = Database(url, pool_size=1)
    async with database.write() as connection:
        for statement in (
            "CREATE TABLE somebody_s (id int PRIMARY KEY, place text UNIQUE)",
            "CREATE INDEX of_somebody ON somebody_s (place, id)",
            "CREATE VIEW seen AS SELECT * FROM users",
            "CREATE INDEX by_hand ON conversations (agent_id)",
        ):
            await connection.exec_driver_sql(statement)
    await Embeddings(database, "a space", 3).make_index()
    await database.close()
    before = await schema(url)
    await shell(".venv/bin/alembic check", url, clone)
    await shell(
        '.venv/bin/alembic revision --autogenerate -m "more" && .venv/bin/alembic upgrade head', url, clone
    )
    assert await schema(url) == before


CHANGED = '''

class Note(Table):
    """Of somebody about a conversation."""

    __tablename__ = "notes"
    __table_args__ = (Index("notes_conversation", "conversation_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    key: Mapped[bytes] = mapped_column(CheckConstraint("length(key) = 3"), unique=True)
    weight: Mapped[float | None]
    many: Mapped[int] = mapped_column(BigInteger)
'''


async def test_the_steps_of_the_guide_write_a_migration_that_runs_both_ways(url, clone):
    blocks = re.findall(
        r"^ *```sh\n(.*?)^ *```$", GUIDE.partition("## Write one")[2], re.DOTALL | re.MULTILINE
    )
    write, check = blocks
    models = clone / "app/conversations/models.py"
    models.write_text(
        models.read_text().replace(
            "    coherence_score_trend: Mapped[float | None]\n",
            "    coherence_score_trend: Mapped[float | None]\n    language: Mapped[str | None] = mapped_column(index=True)\n",
        )
        + CHANGED
    )
    before, known = await schema(url), versions(clone)
    await shell(write, url, clone)
    assert versions(clone) - known == {f"{following()}_what_it_adds.py"}
    assert await schema(url) == before
    assert "No new upgrade operations detected" in await shell(check, url, clone)
    after = await schema(url)
    assert "notes.at timestamp with time zone NO '-infinity'::timestamp with time zone " in after["columns"]
    assert (
        "CREATE INDEX ix_conversations_language ON public.conversations USING btree (language)"
        in after["indexes"]
    )
    assert all(set(lines) <= set(after[name]) for name, lines in before.items())
    await shell(".venv/bin/alembic downgrade -1", url, clone)
    assert await schema(url) == before


async def test_an_empty_migration_has_the_next_number_and_needs_no_database(clone):
    nowhere = "postgresql://nobody@127.0.0.1:9/nothing"
    for number in (1, 2):
        await shell('.venv/bin/alembic revision -m "later"', nowhere, clone)
        assert (clone / f"alembic/versions/{int(migrations.head()) + number:04}_later.py").exists()
    known = versions(clone)
    said = await shell(".venv/bin/alembic revision -m taken --rev-id 0005", nowhere, clone, status=255)
    assert "There is a migration 0005" in said
    await shell(".venv/bin/alembic revision -m mine --rev-id 0500", nowhere, clone)
    assert versions(clone) - known == {"0500_mine.py"}


async def test_the_guide_s_ways_to_apply_them(bare, clone):
    commands = re.search(r"^```sh\nexport .*?\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)[1]
    await shell(commands, bare, clone)
    printed = await shell(
        re.search(r"`(\S+alembic upgrade head --sql)`", GUIDE)[1] + " 2>/dev/null", bare, clone
    )
    await execute(bare, "DROP TABLE alembic_version")
    await execute(bare, printed)
    await shell(".venv/bin/alembic check", bare, clone)
