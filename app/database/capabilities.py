"""What the database server can do, and what of it is in use."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LICENSE = text(
    "SELECT current_setting('timescaledb.license', true) FROM pg_extension WHERE extname = 'timescaledb'"
)
_HAS_TIMESCALE = text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')")
_IS_HYPERTABLE = text("""
    SELECT EXISTS (SELECT FROM timescaledb_information.hypertables
        WHERE hypertable_schema = current_schema AND hypertable_name = 'signals')
""")


async def timescale_license(connection: AsyncConnection) -> str | None:
    """`community` or `apache`; None on plain PostgreSQL."""
    found = await connection.scalar(_LICENSE)
    return {"timescale": "community", "apache": "apache"}.get(found or "")


async def signals_are_a_hypertable(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(_HAS_TIMESCALE) and await connection.scalar(_IS_HYPERTABLE))
