"""The log of what was done: who, what, to whom, when."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.models import AuditEntry


async def note(connection: AsyncConnection, actor: str, action: str, subject: str, **details: Any) -> None:
    """In the transaction of what it tells of: neither is there without the other. No secrets, no personal data."""
    await connection.execute(
        insert(AuditEntry).values(actor=actor, action=action, subject=subject, details=details)
    )
