"""Runs migrations on the database that the server would use, or on the connection it is handed."""

import asyncio
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, TypeDecorator, inspect, pool
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import context
from app.database import tables
from app.database.engine import asyncpg_url
from app.database.migrations import LOCK
from app.database.start import running
from app.settings import Settings

# Whether a migration is to be written without a look at the database.
EMPTY = getattr(context.config.cmd_opts, "autogenerate", None) is False


def number(migration: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
    """A new migration has the next number, unless --rev-id names another."""
    script = ScriptDirectory.from_config(context.config)
    taken = {step.revision for step in script.walk_revisions()}
    for directive in directives:
        if not migration.opts["revision_context"].command_args.get("rev_id"):
            directive.rev_id = f"{int(script.get_current_head() or 0) + 1:04}"
        elif directive.rev_id in taken:
            raise CommandError(
                f"There is a migration {directive.rev_id}; without --rev-id it gets the next number."
            )


def render(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """The program's own types as SQLAlchemy's: a migration stays what it is when the program changes."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def migrate(connection: Connection) -> None:
    views = set(inspect(connection).get_view_names())  # continuous aggregates, in place of tables

    def include_object(_item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        """A generated migration drops no table and no index: what no model names may be somebody else's, or what a
        model cannot express (pgvector's indexes, TimescaleDB's tables).
        """
        if kind in {"table", "index"} and reflected:
            return compare_to is not None
        return not (kind == "table" and name in views)

    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        include_object=include_object,
        compare_server_default=True,
        render_item=render,
        process_revision_directives=number,
    )
    with context.begin_transaction():
        connection.exec_driver_sql(LOCK)
        context.run_migrations()


async def migrate_at(url: str) -> None:
    engine = create_async_engine(asyncpg_url(url), poolclass=pool.NullPool, hide_parameters=True)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    # By names, so that "%" is not doubled.
    context.configure(dialect_name="postgresql", literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()
elif EMPTY:
    context.configure(dialect_name="postgresql", as_sql=True, process_revision_directives=number)
    context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with running(Settings()) as url:
        asyncio.run(migrate_at(url))
