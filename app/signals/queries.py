"""Reads of signals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation, ConversationActivity
from app.database.base import MINUS_INFINITY, AnyRow, Statement
from app.database.paging import Order, Page, Slice, read_page, read_pages
from app.errors import BadUserInput
from app.realtime.changes import Span
from app.signals.classify import Classification
from app.signals.models import RollupState, Signal, SignalArrival, SignalClassification
from app.timerange import ALWAYS, TimeRange

type SignalKey = tuple[datetime, int]
"""Time and id: a bare id would have to be looked for in every chunk of a hypertable."""

BEGINNING: SignalKey = (MINUS_INFINITY, 0)
"""Before all."""

COLUMNS = (
    Signal.time,
    Signal.id,
    Signal.conversation_id,
    Signal.received_at,
    Signal.user_id,
    Signal.agent_id,
    Signal.signal_source,
    Signal.signal_score,
    Signal.emotional_tone,
    Signal.escalate_flag,
    Signal.raw_content,
    Signal.signal_vector,
    Signal.payload,
    Signal.relationship_context,
    Signal.diagnostic_notes,
    Conversation.context_window_id,
)

ORDER = Order(Signal.time.expression, Signal.id.expression)


@dataclass(frozen=True, slots=True)
class SignalFilter:
    range: TimeRange = ALWAYS
    sources: tuple[str, ...] | None = None
    agent_id: str | None = None
    user_id: str | None = None
    classification: Classification | None = None
    escalated: bool | None = None
    min_score: float | None = None
    max_score: float | None = None


def named_sources(sources: Collection[str] | None) -> tuple[str, ...] | None:
    """`sources` without repetitions, in order; BadUserInput where there is none in the list."""
    if sources is None:
        return None
    if not sources:
        raise BadUserInput("sources is empty; name at least one, or leave it out for all.", field="sources")
    return tuple(sorted({checks.text("sources", source) for source in sources}))


def filtered(statement: Statement, wanted: SignalFilter) -> Statement:
    statement = statement.where(*wanted.range.holds(Signal.time))
    if wanted.sources is not None:
        statement = statement.where(Signal.signal_source.in_(wanted.sources))
    if wanted.agent_id is not None:
        statement = statement.where(Signal.agent_id == checks.text("agentId", wanted.agent_id))
    if wanted.user_id is not None:
        statement = statement.where(Signal.user_id == checks.text("userId", wanted.user_id))
    if wanted.classification is not None:
        statement = statement.where(_is(wanted.classification))
    if wanted.escalated is not None:
        statement = statement.where(Signal.escalate_flag == int(wanted.escalated))
    if wanted.min_score is not None:
        statement = statement.where(Signal.signal_score >= wanted.min_score)
    if wanted.max_score is not None:
        statement = statement.where(Signal.signal_score <= wanted.max_score)
    return statement


def _is(kind: Classification) -> ColumnElement[bool]:
    """Of signals that have been dealt with (app/arrivals.py)."""
    stored = exists().where(SignalClassification.time == Signal.time, SignalClassification.id == Signal.id)
    if kind is not Classification.NEUTRAL:
        return stored.where(SignalClassification.classification == kind.value)
    return ~stored & tuple_(Signal.time, Signal.id).not_in(waiting())


def waiting() -> Statement:
    """Keys of the signals that nobody has looked at."""
    return select(func.unnest(SignalArrival.times).label("time"), func.unnest(SignalArrival.ids).label("id"))


def signals() -> Statement:
    """All of them, whoever may read them."""
    return select(*COLUMNS).join_from(Signal, Conversation)


async def page(
    connection: AsyncConnection, rights: Rights, wanted: SignalFilter, page: Page
) -> Slice[AnyRow]:
    """Of all conversations that may be read, as one list."""
    statement = filtered(signals(), wanted).where(conversations.readable(rights))
    return await read_page(connection, statement, ORDER, page)


async def pages_of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], wanted: SignalFilter, page: Page
) -> dict[UUID, Slice[AnyRow]]:
    """Of conversations that the caller has been allowed to read."""
    return await read_pages(
        connection,
        filtered(signals(), wanted),
        ORDER,
        page,
        parent=Signal.conversation_id.expression,
        parents=ids,
    )


async def count(connection: AsyncConnection, rights: Rights, wanted: SignalFilter) -> int:
    statement = select(func.count()).select_from(Signal).join(Conversation)
    statement = filtered(statement.where(conversations.readable(rights)), wanted)
    return int((await connection.execute(statement)).scalar_one())


async def counts_of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], wanted: SignalFilter
) -> dict[UUID, int]:
    statement = (
        filtered(select(Signal.conversation_id, func.count().label("n")), wanted)
        .where(Signal.conversation_id.in_(ids))
        .group_by(Signal.conversation_id)
    )
    return {row.conversation_id: row.n for row in await connection.execute(statement)}


async def by_keys(
    connection: AsyncConnection, rights: Rights, keys: Sequence[SignalKey]
) -> dict[SignalKey, AnyRow]:
    statement = signals().where(conversations.readable(rights), tuple_(Signal.time, Signal.id).in_(keys))
    return {(row.time, row.id): row for row in await connection.execute(statement)}


async def newest(
    connection: AsyncConnection, rights: Rights, conversation: UUID, since: datetime, most: int
) -> list[AnyRow]:
    """Those of the conversation's last `most` signals that have been received since, in order."""
    return [row for row in await last(connection, rights, conversation, most) if row.received_at >= since]


async def last(connection: AsyncConnection, rights: Rights, conversation: UUID, most: int) -> list[AnyRow]:
    """The conversation's last `most` signals, in order."""
    found = signals().where(conversations.readable(rights), Signal.conversation_id == conversation)
    found = found.order_by(Signal.time.desc(), Signal.id.desc()).limit(most)
    return list(reversed((await connection.execute(found)).all()))


async def among(
    connection: AsyncConnection, rights: Rights, conversation: UUID, span: Span, most: int
) -> list[AnyRow]:
    """The conversation's signals in `span`, the last `most` of them, in order."""
    found = signals().where(
        conversations.readable(rights),
        Signal.conversation_id == conversation,
        Signal.time.between(span.first, span.last),
        Signal.id.between(span.first_id, span.last_id),
    )
    found = found.order_by(Signal.time.desc(), Signal.id.desc()).limit(most)
    return list(reversed((await connection.execute(found)).all()))


async def last_ingest(connection: AsyncConnection, rights: Rights) -> datetime | None:
    """Return when the newest signal that may be read was received.

    For those who may read everything, whether it is still there or has gone with its conversation.
    """
    newest = (
        select(func.max(ConversationActivity.last_received_at))
        .join_from(ConversationActivity, Conversation)
        .where(conversations.readable(rights))
        .scalar_subquery()
    )
    gone = select(func.nullif(RollupState.last_received_at, MINUS_INFINITY)).scalar_subquery()
    statement = select(func.greatest(newest, gone) if rights.everything else newest)
    found: datetime | None = await connection.scalar(statement)
    return found
