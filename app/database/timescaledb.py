"""Signals on TimescaleDB: a hypertable and, on the community edition, continuous aggregates.

The SQL is in alembic/timescaledb/. It belongs to the database and not to a version of the program: whatever the
server can do, the tables, columns and answers are the same.
"""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.capabilities import signals_are_a_hypertable, timescale_license
from app.database.engine import driver

SCRIPTS = Path(__file__).parents[2] / "alembic" / "timescaledb"

# Older ones refresh a continuous aggregate without telling that somebody else is about to.
OLDEST_COMMUNITY = (2, 29)

# Only who may see that the library is loaded can know that creating the extension will work.
_CREATABLE = text("""
    SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL)
        AND EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting ~ '\\mtimescaledb\\M')
        AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
""")
_VERSION = text("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
_HAS_AGGREGATES = text("SELECT to_regclass('touched_buckets') IS NOT NULL")


async def convert(connection: AsyncConnection) -> list[str]:
    """Makes of signals and rollups what the server can do, in the caller's transaction; tells each step done.

    Nothing is lost, and nothing happens where all is done already. Nobody can write or read signals meanwhile.
    A community edition older than OLDEST_COMMUNITY is used like the Apache one: triggers keep the rollups.
    """
    done = []
    if await connection.scalar(_CREATABLE):
        await connection.exec_driver_sql("CREATE EXTENSION timescaledb")
        done.append("created the extension timescaledb")
    edition = await timescale_license(connection)
    if edition is None:
        return done
    if not await signals_are_a_hypertable(connection):
        await _run(connection, "hypertable")
        done.append("made signals a hypertable")
    if edition == "community" and not await has_aggregates(connection):
        version = str(await connection.scalar(_VERSION))
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_COMMUNITY:
            needed = ".".join(map(str, OLDEST_COMMUNITY))
            done.append(
                f"left the rollups to triggers, as continuous aggregates need TimescaleDB {needed} or newer and this is "
                f"{version}"
            )
        else:
            await _run(connection, "continuous_aggregates")
            await _run(connection, "triggers")
            done.append("replaced the rollups by continuous aggregates")
    return done


async def has_aggregates(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(_HAS_AGGREGATES))


async def drop(connection: AsyncConnection) -> None:
    """Takes the continuous aggregates down, with what is in them."""
    await _run(connection, "drop")


async def _run(connection: AsyncConnection, script: str) -> None:
    await (await driver(connection)).execute((SCRIPTS / f"{script}.sql").read_text())
