"""Reads of users."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import AnyRow, Statement
from app.database.paging import Order, Page, Slice, read_page
from app.database.search import contains, folded
from app.users.models import Role, User

COLUMNS = (
    User.id,
    User.username,
    User.name,
    User.role,
    User.is_active,
    User.created_at,
    User.last_login_at,
    User.updated_at,
)

ORDER = Order(User.created_at.expression, User.id.expression)


@dataclass(frozen=True, slots=True)
class UserFilter:
    search: str | None = None
    role: Role | None = None
    is_active: bool | None = None


def readable(rights: Rights) -> ColumnElement[bool]:
    """Which users someone may read, personal data apart: every read of users goes through here.

    Administrators and machines all; others themselves, and whose conversations they may read. Nobody none.
    """
    if rights.everything:
        return true()
    theirs = select(Conversation.id).where(Conversation.user_id == User.id, conversations.readable(rights))
    return or_(User.id == rights.user_id, theirs.exists())


def _personal(rights: Rights) -> ColumnElement[bool]:
    """Whose personal data someone may read: administrators everybody's, others nobody's, not even their own."""
    return true() if rights.administrator else false()


def filtered(statement: Statement, rights: Rights, wanted: UserFilter) -> Statement:
    """Those that are wanted and may be read."""
    statement = statement.where(readable(rights))
    if wanted.search:
        statement = statement.where(contains(wanted.search, User.username, User.name))
    if wanted.role is not None:
        statement = statement.where(User.role == wanted.role.value)
    if wanted.is_active is not None:
        statement = statement.where(User.is_active == wanted.is_active)
    return statement


async def page(connection: AsyncConnection, rights: Rights, wanted: UserFilter, page: Page) -> Slice[AnyRow]:
    return await read_page(connection, filtered(select(*COLUMNS), rights, wanted), ORDER, page)


async def count(connection: AsyncConnection, rights: Rights, wanted: UserFilter) -> int:
    statement = filtered(select(func.count()).select_from(User), rights, wanted)
    return int((await connection.execute(statement)).scalar_one())


async def by_ids(connection: AsyncConnection, rights: Rights, ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    rows = await connection.execute(select(*COLUMNS).where(readable(rights), User.id.in_(ids)))
    return {row.id: row for row in rows}


async def id_of(connection: AsyncConnection, rights: Rights, username: str) -> UUID | None:
    """The user of that name, in any case and Unicode form."""
    statement = called(select(User.id).where(readable(rights)), checks.text("username", username))
    return (await connection.execute(statement)).scalar_one_or_none()


def called(statement: Statement, username: Any) -> Statement:
    """The one of that name. Of namesakes, the one who writes it exactly so, else the oldest."""
    return (
        statement.where(folded(User.username) == folded(username))
        .order_by((User.username == username).desc(), User.namesake)
        .limit(1)
    )


async def personal_information(
    connection: AsyncConnection, rights: Rights, ids: Sequence[UUID], key: str
) -> dict[UUID, AnyRow]:
    """email, phone and address, in plain: of all that administrators may read, and of nobody to others."""
    plain = [
        func.pgp_sym_decrypt(column, key).label(column.key)
        for column in (User.email, User.phone, User.address)
    ]
    rows = await connection.execute(select(User.id, *plain).where(_personal(rights), User.id.in_(ids)))
    return {row.id: row for row in rows}
