"""Reads of anomalies."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.anomalies.models import Anomaly, AnomalyKind
from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import AnyRow, Statement
from app.database.paging import Order, Page, Slice, read_page, read_pages
from app.timerange import ALWAYS, TimeRange
from app.users.models import User

COLUMNS = (
    Anomaly.id,
    Anomaly.kind,
    Anomaly.user_id,
    Anomaly.conversation_id,
    Anomaly.started_at,
    Anomaly.ended_at,
    Anomaly.event_count,
    Anomaly.details,
)

ORDER = Order(Anomaly.started_at.expression, Anomaly.id.expression)


@dataclass(frozen=True, slots=True)
class AnomalyFilter:
    kind: AnomalyKind | None = None
    user_id: str | None = None
    range: TimeRange = ALWAYS
    """Of `started_at`."""


def readable(rights: Rights) -> ColumnElement[bool]:
    """Which anomalies someone may read: every read of anomalies goes through here.

    Those of the conversations that they may read; those of several at once only who reads everything.
    """
    in_readable = select(Conversation.id).where(
        Conversation.id == Anomaly.conversation_id, conversations.readable(rights)
    )
    if rights.everything:
        return or_(Anomaly.conversation_id.is_(None), in_readable.exists())
    return in_readable.exists()


def check(wanted: AnomalyFilter) -> None:
    """BadUserInput where nothing could ever be found by it."""
    _matching(select(), wanted)


def _filtered(statement: Statement, rights: Rights, wanted: AnomalyFilter) -> Statement:
    return _matching(statement, wanted).where(readable(rights))


def _matching(statement: Statement, wanted: AnomalyFilter) -> Statement:
    statement = statement.where(*wanted.range.holds(Anomaly.started_at))
    if wanted.kind is not None:
        statement = statement.where(Anomaly.kind == wanted.kind.value)
    if wanted.user_id is not None:
        statement = statement.where(Anomaly.user_id == checks.text("userId", wanted.user_id))
    return statement


async def page(
    connection: AsyncConnection, rights: Rights, wanted: AnomalyFilter, page: Page
) -> Slice[AnyRow]:
    return await read_page(connection, _filtered(select(*COLUMNS), rights, wanted), ORDER, page)


async def count(connection: AsyncConnection, rights: Rights, wanted: AnomalyFilter) -> int:
    statement = _filtered(select(func.count()).select_from(Anomaly), rights, wanted)
    return int((await connection.execute(statement)).scalar_one())


async def pages_of_conversations(
    connection: AsyncConnection, _: Rights, ids: Sequence[UUID], page: Page
) -> dict[UUID, Slice[AnyRow]]:
    """Of conversations that the caller has been allowed to read."""
    parent = Anomaly.conversation_id.expression
    return await read_pages(connection, select(*COLUMNS), ORDER, page, parent=parent, parents=ids)


async def counts_of_conversations(
    connection: AsyncConnection, _: Rights, ids: Sequence[UUID]
) -> dict[UUID, int]:
    statement = (
        select(Anomaly.conversation_id, func.count().label("n"))
        .where(Anomaly.conversation_id.in_(ids))
        .group_by(Anomaly.conversation_id)
    )
    return {row.conversation_id: row.n for row in await connection.execute(statement)}


def _of_users(rights: Rights, *columns: Any) -> Statement:
    """Those of a user's conversations, and those whose userId is the username, once."""
    own = or_(
        Anomaly.user_id == User.username,
        Anomaly.conversation_id.in_(select(Conversation.id).where(Conversation.user_id == User.id)),
    )
    return select(*columns).select_from(User).join(Anomaly, own).where(readable(rights))


async def pages_of_users(
    connection: AsyncConnection, rights: Rights, ids: Sequence[UUID], page: Page
) -> dict[UUID, Slice[AnyRow]]:
    return await read_pages(
        connection, _of_users(rights, *COLUMNS), ORDER, page, parent=User.id.expression, parents=ids
    )


async def counts_of_users(
    connection: AsyncConnection, rights: Rights, ids: Sequence[UUID]
) -> dict[UUID, int]:
    statement = _of_users(rights, User.id, func.count().label("n"))
    statement = statement.where(User.id.in_(ids)).group_by(User.id)
    return {row.id: row.n for row in await connection.execute(statement)}


async def among(
    connection: AsyncConnection, rights: Rights, ids: Collection[UUID], wanted: AnomalyFilter
) -> list[AnyRow]:
    """Those of `ids` that are wanted."""
    statement = _filtered(select(*COLUMNS), rights, wanted).where(Anomaly.id.in_(ids))
    return list(await connection.execute(statement))


async def by_ids(connection: AsyncConnection, rights: Rights, ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    rows = await connection.execute(select(*COLUMNS).where(readable(rights), Anomaly.id.in_(ids)))
    return {row.id: row for row in rows}
