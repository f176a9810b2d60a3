"""Reads of what has been pulled."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import PROGRAM
from app.conversations.models import Conversation
from app.conversations.queries import readable

type RowKey = tuple[str, datetime]
"""contextWindowId and time: the upstream's own key of a row."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('coherence pull'))")

# Hidden conversations too: their rows are no news.
_STORED = """
SELECT context_window_id, signals.time
FROM unnest($1::text[], $2::timestamptz[]) AS sent (key, time)
JOIN conversations ON context_window_id = sent.key
JOIN signals ON conversation_id = conversations.id AND signals.time = sent.time
WHERE signal_source = $3 AND signals.time BETWEEN $4 AND $5
"""

_LAST = text("""
SELECT max(last.time)
FROM conversations
CROSS JOIN LATERAL (
    SELECT time FROM signals WHERE conversation_id = conversations.id AND signal_source = :source
    ORDER BY time DESC LIMIT 1
) AS last
WHERE starts_with(context_window_id, :prefix)
""")


async def stored(connection: AsyncConnection, keys: Sequence[RowKey], source: str) -> set[RowKey]:
    """Those of `keys` that are stored. Until the transaction ends, nobody else gets an answer."""
    await connection.execute(_LOCK)
    names, times = [name for name, _ in keys], [time for _, time in keys]
    rows = await connection.exec_driver_sql(_STORED, (names, times, source, min(times), max(times)))
    return {(row.context_window_id, row.time) for row in rows}


async def last(connection: AsyncConnection, source: str, prefix: str) -> datetime | None:
    """The latest time of a signal from `source` in the conversations whose name begins with `prefix`."""
    found: datetime | None = await connection.scalar(_LAST, {"source": source, "prefix": prefix})
    return found


async def ids_of(connection: AsyncConnection, names: Sequence[str]) -> dict[UUID, str]:
    """The conversations of `names` that may be read."""
    statement = select(Conversation.id, Conversation.context_window_id).where(
        readable(PROGRAM), Conversation.context_window_id.in_(names)
    )
    rows = await connection.execute(statement.order_by(Conversation.context_window_id))
    return {row.id: row.context_window_id for row in rows}
