"""Reads and writes of dead letters."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.base import AnyRow, Statement
from app.dead_letters.models import DeadLetter
from app.dead_letters.payloads import Item
from app.errors import Refused

type Letter = tuple[Item, Refused]
"""What could not be stored, and why."""


async def add(connection: AsyncConnection, letters: Sequence[Letter]) -> None:
    rows = [
        {
            "source": item.source,
            "received_at": item.received_at,
            "payload": item.payload,
            "conversation": item.conversation,
            "reason": _text(fault.message),
            "field": fault.field,
        }
        for item, fault in letters
    ]
    if rows:
        await connection.execute(insert(DeadLetter), rows)


async def page(
    connection: AsyncConnection, source: str | None, limit: int, *, after: int = 0
) -> Sequence[AnyRow]:
    """The oldest ones whose source begins with `source`."""
    return (await connection.execute(_of(source).where(DeadLetter.id > after).limit(limit))).all()


async def lock(
    connection: AsyncConnection, ids: Sequence[int] | None, limit: int, *, after: int = 0
) -> Sequence[AnyRow]:
    """The oldest ones, of `ids` or of all; nobody else changes them until the transaction ends."""
    chosen = _of(None).where(DeadLetter.id > after).limit(limit).with_for_update()
    if ids is not None:
        chosen = chosen.where(DeadLetter.id.in_(ids))
    return (await connection.execute(chosen)).all()


async def last(connection: AsyncConnection) -> int:
    """The newest one's id; 0 where there is none."""
    return await connection.scalar(select(func.coalesce(func.max(DeadLetter.id), 0))) or 0


async def counts(connection: AsyncConnection) -> tuple[int, int]:
    """How many there have ever been, and how many there are.

    The former are the ids drawn: those of transactions that were undone count, and up to 32 for a crash of PostgreSQL.
    """
    drawn = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM dead_letters_id_seq"
    row = (await connection.execute(text(f"SELECT ({drawn}), (SELECT count(*) FROM dead_letters)"))).one()
    return row[0], row[1]


async def present(connection: AsyncConnection, ids: Sequence[int]) -> set[int]:
    """Those of `ids` that there are."""
    return set(await connection.scalars(select(DeadLetter.id).where(DeadLetter.id.in_(ids))))


async def remove(connection: AsyncConnection, ids: Sequence[int]) -> int:
    """How many there were."""
    return (await connection.execute(delete(DeadLetter).where(DeadLetter.id.in_(ids)))).rowcount


async def remove_all(connection: AsyncConnection) -> int:
    return (await connection.execute(delete(DeadLetter))).rowcount


async def failed_again(connection: AsyncConnection, faults: Sequence[tuple[int, Refused]]) -> None:
    statement = (
        update(DeadLetter)
        .where(DeadLetter.id == bindparam("letter"))
        .values(reason=bindparam("why"), field=bindparam("at_fault"), attempts=DeadLetter.attempts + 1)
    )
    rows = [{"letter": key, "why": _text(fault.message), "at_fault": fault.field} for key, fault in faults]
    if rows:
        await connection.execute(statement, rows)


def _of(source: str | None) -> Statement:
    statement = select(DeadLetter).order_by(DeadLetter.id)
    return (
        statement
        if source is None
        else statement.where(DeadLetter.source.startswith(source, autoescape=True))
    )


def _text(text: str) -> str:
    """What PostgreSQL takes: reasons quote values that it does not."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
