"""Alembic, called by the program."""

from collections.abc import Callable
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from alembic import command
from app.database import timescaledb
from app.database.engine import Database

INI = Path(__file__).parents[2] / "alembic.ini"

# Two servers that start at once migrate one after the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('coherence migrations'))"


class SchemaMismatch(RuntimeError):
    """The database's tables are not those of this version of the program."""


async def upgrade(database: Database) -> bool:
    """Applies every migration that is missing, in one transaction; whether the database was empty before.

    An empty one becomes what the server can do; another stays what it is, until `convert`.
    """
    return await _run(database, command.upgrade, "head")


async def move(database: Database, revision: str) -> None:
    """Goes up or down to `revision` (`head`, `base` or a number), in one transaction."""
    if revision == "head":
        await upgrade(database)
        return
    script = ScriptDirectory.from_config(Config(INI))
    current = await _current(database)
    applied = {step.revision for step in script.iterate_revisions(current or "base", "base")}
    target = "base" if revision == "base" else script.get_revision(revision).revision
    if target != current:
        down = target == "base" or target in applied
        await _run(database, command.downgrade if down else command.upgrade, target)


async def convert(database: Database) -> list[str]:
    """Makes of signals and rollups what the server can do, in one transaction; tells each step done."""
    await require_current(database)
    async with database.write() as connection:
        await connection.exec_driver_sql(LOCK)
        return await timescaledb.convert(connection)


async def _run(database: Database, action: Callable[[Config, str], None], revision: str) -> bool:
    """Whether the database was empty before, as nobody else could make it meanwhile."""

    def run(connection: Connection) -> bool:
        connection.exec_driver_sql(LOCK)
        fresh = _revision(connection) is None
        config = Config(INI)
        config.attributes["connection"] = connection
        action(config, revision)
        return fresh

    async with database.write() as connection:
        if action is command.downgrade:
            await _take_down(connection, revision)
        fresh = await connection.run_sync(run)
        if fresh and revision == "head":
            await timescaledb.convert(connection)
        return fresh


async def _take_down(connection: AsyncConnection, revision: str) -> None:
    """Before a downgrade: the continuous aggregates go with everything, or not at all."""
    if await timescaledb.has_aggregates(connection):
        if revision != "base":
            raise SchemaMismatch(
                "A database with continuous aggregates goes back to an earlier version only by a backup of then."
            )
        await timescaledb.drop(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def _current(database: Database) -> str | None:
    async with database.read() as connection:
        return await connection.run_sync(_revision)


def head() -> str:
    """This program's version of the tables."""
    return str(ScriptDirectory.from_config(Config(INI)).get_current_head())


async def require_current(database: Database) -> None:
    """Raises SchemaMismatch, saying what to run, where the database is not at this program's version."""
    script = ScriptDirectory.from_config(Config(INI))
    current = await _current(database)
    if current != head():
        known = {step.revision for step in script.walk_revisions()} | {None}
        raise SchemaMismatch(
            f"The database's schema is at version {current or 'none'}, this program's is {head()}. "
            + (
                "Run `coherence migrate` with the same COHERENCE_DATABASE_URL, then start again."
                if current in known
                else "A newer program made it: start that one, or let it migrate the schema back."
            )
        )
