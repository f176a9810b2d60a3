"""Reads of conversations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.tokens import hash_of
from app.auth.viewer import Rights
from app.conversations.models import (
    Conversation,
    ConversationActivity,
    ConversationCoach,
    ConversationShare,
    ConversationStatus,
)
from app.database.base import AnyRow, Statement
from app.database.paging import Order, Page, Slice, read_page, read_pages
from app.database.search import contains
from app.timerange import ALWAYS, TimeRange
from app.users.models import Role

COLUMNS = (
    Conversation.id,
    Conversation.context_window_id,
    Conversation.user_id,
    Conversation.agent_id,
    Conversation.title,
    Conversation.status,
    Conversation.started_at,
    Conversation.ended_at,
    Conversation.updated_at,
    Conversation.context_metadata,
    Conversation.coherence_score_current,
    Conversation.coherence_score_trend,
    ConversationActivity.signal_count,
    ConversationActivity.last_signal_at,
)


class ConversationOrderField(Enum):
    STARTED_AT = "STARTED_AT"
    LAST_SIGNAL_AT = "LAST_SIGNAL_AT"


@dataclass(frozen=True, slots=True)
class ConversationOrder:
    field: ConversationOrderField = ConversationOrderField.STARTED_AT
    descending: bool = False

    def by(self) -> Order:
        """Conversations without a signal stand last, whichever the direction."""
        if self.field is ConversationOrderField.STARTED_AT:
            value: ColumnElement[Any] = Conversation.started_at.expression
        else:
            last = "-infinity" if self.descending else "infinity"
            value = func.coalesce(
                ConversationActivity.last_signal_at, literal_column(f"'{last}'::timestamptz")
            )
        return Order(value, Conversation.id.expression, self.descending)


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    user_id: UUID | None = None
    agent_id: str | None = None
    status: ConversationStatus | None = None
    started: TimeRange = ALWAYS
    search: str | None = None


def shown(status: ConversationStatus | None) -> ColumnElement[bool]:
    """Of whosever conversations, those that are asked for."""
    if status is not None:
        return Conversation.status == status.value
    return Conversation.status != literal_column("'DELETED'")


def readable(rights: Rights, status: ConversationStatus | None = None) -> ColumnElement[bool]:
    """Which conversations someone may read, with all that is in them: every read goes through here.

    Administrators and machines all, educators their own, coaches those that they are assigned to; nobody none.
    DELETED ones are hidden from everyone who does not ask for just them.
    """
    if rights.role is Role.COACH:
        assigned = exists().where(
            ConversationCoach.conversation_id == Conversation.id, ConversationCoach.user_id == rights.user_id
        )
        return and_(shown(status), assigned)
    return and_(shown(status), writable(rights))


def writable(rights: Rights) -> ColumnElement[bool]:
    """Which conversations someone may change, hidden ones too, and store signals in.

    What of it they may do is the door's to say (graphql_schema/door.py).
    """
    if rights.user_id is None:  # nobody, or who has everything; never "IS NULL"
        return true() if rights.everything else false()
    return false() if rights.role is Role.COACH else Conversation.user_id == rights.user_id


def manageable(rights: Rights) -> ColumnElement[bool]:
    """Which conversations someone may share: as `writable`, but of machines for those alone that may do everything."""
    return writable(rights) if rights.user_id or rights.administrator else false()


def check(wanted: ConversationFilter) -> None:
    """BadUserInput where nothing could ever be found by it."""
    _matching(select(), wanted)


def filtered(statement: Statement, rights: Rights, wanted: ConversationFilter) -> Statement:
    """Those that are wanted and may be read."""
    return _matching(statement, wanted).where(readable(rights, wanted.status))


def _matching(statement: Statement, wanted: ConversationFilter) -> Statement:
    """By everything but the status."""
    statement = statement.where(*wanted.started.holds(Conversation.started_at))
    if wanted.user_id is not None:
        statement = statement.where(Conversation.user_id == wanted.user_id)
    if wanted.agent_id is not None:
        statement = statement.where(Conversation.agent_id == checks.text("agentId", wanted.agent_id))
    if wanted.search:
        statement = statement.where(
            contains(wanted.search, Conversation.title, Conversation.context_window_id)
        )
    return statement


def conversations() -> Statement:
    """All of them, hidden ones too, with their activity."""
    return select(*COLUMNS).join_from(
        Conversation, ConversationActivity, ConversationActivity.conversation_id == Conversation.id
    )


async def page(
    connection: AsyncConnection,
    rights: Rights,
    wanted: ConversationFilter,
    order: ConversationOrder,
    page: Page,
) -> Slice[AnyRow]:
    return await read_page(connection, filtered(conversations(), rights, wanted), order.by(), page)


async def pages_of_users(
    connection: AsyncConnection,
    rights: Rights,
    users: Sequence[UUID],
    wanted: ConversationFilter,
    order: ConversationOrder,
    page: Page,
) -> dict[UUID, Slice[AnyRow]]:
    return await read_pages(
        connection,
        filtered(conversations(), rights, wanted),
        order.by(),
        page,
        parent=Conversation.user_id.expression,
        parents=users,
    )


async def count(connection: AsyncConnection, rights: Rights, wanted: ConversationFilter) -> int:
    statement = filtered(select(func.count()).select_from(Conversation), rights, wanted)
    return int((await connection.execute(statement)).scalar_one())


async def counts_of_users(
    connection: AsyncConnection, rights: Rights, users: Sequence[UUID], wanted: ConversationFilter
) -> dict[UUID, int]:
    statement = filtered(select(Conversation.user_id, func.count().label("n")), rights, wanted)
    statement = statement.where(Conversation.user_id.in_(users)).group_by(Conversation.user_id)
    return {row.user_id: row.n for row in await connection.execute(statement)}


async def by_ids(connection: AsyncConnection, rights: Rights, ids: Sequence[UUID]) -> dict[UUID, AnyRow]:
    rows = await connection.execute(conversations().where(readable(rights), Conversation.id.in_(ids)))
    return {row.id: row for row in rows}


async def changed(
    connection: AsyncConnection, rights: Rights, ids: Collection[UUID], wanted: ConversationFilter
) -> list[AnyRow]:
    """Those of `ids` that are wanted, hidden ones too, with a version that no other state of them has."""
    version: ColumnElement[str] = literal_column(
        "conversations.xmin::text || ' ' || conversation_activity.xmin::text"
    )
    statement = conversations().add_columns(version.label("version")).where(Conversation.id.in_(ids))
    may = readable(rights, wanted.status)
    if wanted.status is None:
        may = or_(may, readable(rights, ConversationStatus.DELETED))
    return list(await connection.execute(_matching(statement, wanted).where(may)))


async def ids_of(
    connection: AsyncConnection, rights: Rights, context_window_ids: Collection[str]
) -> dict[str, UUID]:
    """Of those that may be read, by the names given."""
    forms = {name: checks.nfc(checks.text("contextWindowIds", name)) for name in context_window_ids}
    statement = select(Conversation.context_window_id, Conversation.id).where(
        readable(rights), Conversation.context_window_id.in_(forms.values())
    )
    ids = {row.context_window_id: row.id for row in await connection.execute(statement)}
    return {name: ids[form] for name, form in forms.items() if form in ids}


async def by_share_token(connection: AsyncConnection, token: str) -> AnyRow | None:
    """The conversation that is shared by it, for whoever has it."""
    checks.text("shareToken", token)
    statement = conversations().join(ConversationShare, ConversationShare.conversation_id == Conversation.id)
    return (
        await connection.execute(statement.where(shown(None), ConversationShare.token_hash == hash_of(token)))
    ).one_or_none()


async def share_tokens(
    connection: AsyncConnection, rights: Rights, ids: Sequence[UUID], key: str
) -> dict[UUID, str | None]:
    """Of those that are shared: the token for who may share them, None for others who have been allowed to read them."""
    token = case((manageable(rights), func.pgp_sym_decrypt(ConversationShare.token, key)))
    statement = (
        select(Conversation.id, token.label("token"))
        .join(ConversationShare, ConversationShare.conversation_id == Conversation.id)
        .where(Conversation.id.in_(ids))
    )
    return {row.id: row.token for row in await connection.execute(statement)}


type Reference = UUID | str
"""What names one conversation: its key, or its contextWindowId."""


async def find(connection: AsyncConnection, reference: Reference, field: str) -> UUID | None:
    """Return the key of the conversation that `reference` names, hidden or not; None where none has the name.

    Rights are for what is done with it: what someone may not see is told in the same way as what is not there.
    """
    if isinstance(reference, UUID):
        return reference
    named = Conversation.context_window_id == checks.text(field, reference)
    return (await connection.execute(select(Conversation.id).where(named))).scalar_one_or_none()


async def id_of(connection: AsyncConnection, rights: Rights, context_window_id: str) -> UUID | None:
    name = checks.nfc(checks.text("contextWindowId", context_window_id))
    statement = select(Conversation.id).where(readable(rights), Conversation.context_window_id == name)
    return (await connection.execute(statement)).scalar_one_or_none()
