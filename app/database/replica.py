"""How far a replica has come."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OPTION = "replica"
"""Execution option of engines whose server may be a replica: nobody else asks."""

# Until it has replayed a transaction it knows none's time: its last checkpoint then, before which all is there.
_REPLAYED = text("""
    SELECT greatest(pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))
    WHERE pg_is_in_recovery()
""")


async def replayed_until(connection: AsyncConnection) -> datetime | None:
    """Return by the primary's clock until when everything committed is seen by later statements; None on a primary."""
    if not connection.engine.get_execution_options().get(OPTION):
        return None
    return await connection.scalar(_REPLAYED)  # type: ignore[no-any-return]
