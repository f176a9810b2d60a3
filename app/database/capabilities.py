"""What the database server can do."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LICENSE = text(
    "SELECT current_setting('timescaledb.license', true) FROM pg_extension WHERE extname = 'timescaledb'"
)


async def timescale_license(connection: AsyncConnection) -> str | None:
    """`community` or `apache`; None on plain PostgreSQL."""
    found = await connection.scalar(_LICENSE)
    return {"timescale": "community", "apache": "apache"}.get(found or "")
