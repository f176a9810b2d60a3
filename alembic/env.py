"""Runs migrations on the database that the server would use, or on the connection it is handed."""

import asyncio

from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import context
from app.database import tables
from app.database.engine import asyncpg_url
from app.database.migrations import LOCK
from app.database.start import running
from app.settings import Settings


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=tables.metadata)
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
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with running(Settings()) as url:
        asyncio.run(migrate_at(url))
