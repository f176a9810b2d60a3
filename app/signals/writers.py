"""Waiting for transactions that write signals."""

import asyncio
from time import monotonic

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Whoever writes signals holds this lock, from before the first row to the end of the transaction.
_WRITERS = text("""
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'signals'::regclass AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


async def writers_have_ended(connection: AsyncConnection, seconds: float = 60) -> bool:
    """Waits until every transaction that writes signals at this moment has ended, and holds up nobody meanwhile.

    What was committed before is then seen by all that write signals. False where one is still running after
    `seconds`. `connection` is one whose statements are each a transaction of its own.
    """
    deadline = monotonic() + seconds
    awaited = set(await connection.scalars(_WRITERS))
    while awaited:
        if monotonic() > deadline:  # no time-out, which would break the connection off amid a statement
            return False
        await asyncio.sleep(0.01)
        awaited &= set(await connection.scalars(_WRITERS))
    return True
