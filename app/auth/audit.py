"""The log of what was done: who, what, to whom, when."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.models import AuditEntry

PROGRAM: Final = "program"
"""Whoever acts where nobody asked: the demo, imports, tests."""


GONE: Final = "a deleted user"


async def note(connection: AsyncConnection, actor: str, action: str, subject: str, **details: Any) -> None:
    """In the transaction of what it tells of: neither is there without the other. No secrets, no personal data."""
    await note_each(connection, actor, action, [subject], **details)


async def note_each(
    connection: AsyncConnection, actor: str, action: str, subjects: Iterable[str], **details: Any
) -> None:
    """The same of several, by one statement."""
    rows = [
        {"actor": actor, "action": action, "subject": subject, "details": details} for subject in subjects
    ]
    if rows:
        await connection.execute(insert(AuditEntry).values(rows))


async def forget(connection: AsyncConnection, name: str) -> None:
    """What `name` has done, and what was done to them, stays; who it was does not."""
    for column in (AuditEntry.actor, AuditEntry.subject):
        await connection.execute(update(AuditEntry).where(column == name).values({column: GONE}))
