"""Reads and writes of how far imports have come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Conflict
from app.signals.importers.lines import Fingerprint, Lines
from app.signals.importers.models import ImportProgress


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come."""

    key: bytes
    """The fingerprint of the lines until there; empty before the first commit."""
    line: int = 0
    imported: int = 0
    rejected: int = 0


BEGINNING = Progress(b"")


@asynccontextmanager
async def locked(connection: AsyncConnection, path: str, identity: bytes) -> AsyncIterator[None]:
    """Conflict where another process imports the same file in the same way. The lock ends with the connection too."""
    lock = func.hashtextextended(identity.decode(), 0)
    if not await connection.scalar(select(func.pg_try_advisory_lock(lock))):
        raise Conflict(f"{path} is being imported by another process at the moment.")
    try:
        yield
    finally:
        with suppress(DBAPIError):
            await connection.execute(select(func.pg_advisory_unlock(lock)))


async def find(connection: AsyncConnection, path: str, identity: bytes, lines: Lines) -> Progress:
    """How far the file has been imported that begins with `lines`; BEGINNING where it has not."""
    found = BEGINNING
    fingerprint = Fingerprint(identity)
    rows = await connection.execute(
        select(ImportProgress).where(ImportProgress.path == path).order_by(ImportProgress.line)
    )
    for row in rows:
        while lines.number < row.line and not fingerprint.full and (line := next(lines, None)) is not None:
            fingerprint.add(line)
        if fingerprint.key() == row.key:
            found = Progress(row.key, row.line, row.imported, row.rejected)
    return found


async def begun(connection: AsyncConnection, path: str) -> bool:
    """Whether anything has been imported from there, whatever it began with."""
    there = select(ImportProgress).where(ImportProgress.path == path).exists()
    return bool(await connection.scalar(select(there)))


async def forget(connection: AsyncConnection, progress: Progress) -> None:
    await connection.execute(delete(ImportProgress).where(ImportProgress.key == progress.key))


async def advance(connection: AsyncConnection, path: str, old: Progress, new: Progress) -> None:
    """Within the transaction that stores the lines between. Conflict where it has been moved by another process."""
    if old.key:
        moved = await connection.execute(
            delete(ImportProgress).where(ImportProgress.key == old.key, ImportProgress.line == old.line)
        )
        if moved.rowcount != 1:
            raise Conflict(f"{path} is being imported by another process at the moment.")
    await connection.execute(
        insert(ImportProgress).values(
            key=new.key, path=path, line=new.line, imported=new.imported, rejected=new.rejected
        )
    )
