"""What those who wait for changes ask the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation, ConversationActivity

_FEW = 20
"""Newest messages of a conversation among which new ones are looked for: the coach's leave no trace elsewhere."""

# A row's xmin is the transaction that wrote it. Those from $1 on had not ended at the last look.
_YOUNG = "least(age(c.xmin), age(a.xmin)) <= age(cast(cast(:since AS text) AS xid))"
# Of this database: a snapshot's xmin is the oldest of the whole server. The snapshot is older than what the views show,
# so whatever lies before its xmax is shown by them or has ended. A role without rights sees these columns as well.
_UNENDED = """
    SELECT xid FROM (
        SELECT pg_snapshot_xmax(pg_current_snapshot())::xid AS xid
        UNION ALL SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database()
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
    ) AS unended WHERE xid IS NOT NULL ORDER BY age(xid) DESC LIMIT 1
"""
_NOW = text(f"SELECT cast(xid AS text) FROM ({_UNENDED}) AS oldest")
_BEHIND = text(f"SELECT age(xid) FROM ({_UNENDED}) AS oldest")
_CHANGED_OF = text(f"""
    SELECT w.id FROM unnest(cast(:ids AS uuid[])) AS w(id)
    LEFT JOIN conversations c ON c.id = w.id LEFT JOIN conversation_activity a ON a.conversation_id = w.id
    WHERE c.id IS NULL OR {_YOUNG} OR EXISTS (
        SELECT FROM (
            SELECT xmin FROM messages WHERE conversation_id = w.id ORDER BY created_at DESC, id DESC LIMIT {_FEW}
        ) m WHERE age(m.xmin) <= age(cast(cast(:since AS text) AS xid))
    )
""")
_CHANGED = text(f"""
    SELECT c.id FROM conversations c JOIN conversation_activity a ON a.conversation_id = c.id WHERE {_YOUNG}
""")
_ANOMALIES = text("""
    SELECT id FROM anomalies WHERE age(xmin) <= age(cast(cast(:since AS text) AS xid))
""")


async def clock(connection: AsyncConnection) -> datetime:
    """The database's, which received signals are stamped by."""
    return await connection.scalar(text("SELECT now()"))  # type: ignore[no-any-return]


async def now(connection: AsyncConnection) -> str:
    """Return the oldest transaction of this database that has written and not ended.

    What it and later ones change can only be seen afterwards.
    """
    return str(await connection.scalar(_NOW))


async def behind(connection: AsyncConnection) -> int:
    """Return how many transactions of the server have begun to write since that one did: as far back a look goes."""
    return int(await connection.scalar(_BEHIND))


async def changed(connection: AsyncConnection, since: str, ids: Collection[UUID] | None) -> list[UUID]:
    """Conversations among `ids`, or among all, that have changed since, or are there no more."""
    if ids is None:
        return list(await connection.scalars(_CHANGED, {"since": since}))
    return list(await connection.scalars(_CHANGED_OF, {"since": since, "ids": list(ids)}))


async def changed_anomalies(connection: AsyncConnection, since: str) -> list[UUID]:
    return list(await connection.scalars(_ANOMALIES, {"since": since}))


@dataclass(frozen=True, slots=True)
class Activity:
    """Differs from an earlier one where signals of the conversation have come, changed or gone since."""

    version: str
    signal_count: int


async def activity(connection: AsyncConnection, rights: Rights, conversation: UUID) -> Activity | None:
    """None where the conversation may not be read, or is not there."""
    version = cast(literal_column("conversation_activity.xmin"), Text)
    statement = (
        select(version.label("version"), ConversationActivity.signal_count)
        .join_from(Conversation, ConversationActivity)
        .where(conversations.readable(rights), Conversation.id == conversation)
    )
    row: Any = (await connection.execute(statement)).one_or_none()
    return None if row is None else Activity(row.version, row.signal_count)
