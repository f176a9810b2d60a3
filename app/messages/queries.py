"""Reads of messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import AnyRow, Statement
from app.database.paging import Order, Page, Slice, read_pages
from app.errors import BadUserInput
from app.messages.models import Message, MessageRole
from app.signals.queries import SignalKey
from app.timerange import TimeRange

COLUMNS = (
    Message.id,
    Message.conversation_id,
    Message.role,
    Message.content,
    Message.citations,
    Message.domains,
    Message.feedback_score,
    Message.input_tokens,
    Message.output_tokens,
    Message.cost_usd,
    Message.created_at,
    Message.signal_time,
    Message.signal_id,
)

ORDER = Order(Message.created_at.expression, Message.id.expression)

MOST_BUCKETS = 50_000

MOST_TOKENS = 2**31 - 1
"""What GraphQL's Int can say."""


def readable(rights: Rights, *columns: Any) -> Statement:
    """Messages that someone may read are those of the conversations that they may read: every read goes through here,
    but for those of conversations that the caller has been allowed to read.
    """
    return select(*columns).join_from(Message, Conversation).where(conversations.readable(rights))


async def pages_of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], page: Page
) -> dict[UUID, Slice[AnyRow]]:
    """Of conversations that the caller has been allowed to read."""
    parent = Message.conversation_id.expression
    return await read_pages(connection, select(*COLUMNS), ORDER, page, parent=parent, parents=ids)


async def counts_of_conversations(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """As `pages_of_conversations`."""
    statement = (
        select(Message.conversation_id, func.count().label("n"))
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
    )
    return {row.conversation_id: row.n for row in await connection.execute(statement)}


async def by_ids(connection: AsyncConnection, rights: Rights, ids: Sequence[int]) -> dict[int, AnyRow]:
    rows = await connection.execute(readable(rights, *COLUMNS).where(Message.id.in_(ids)))
    return {row.id: row for row in rows}


async def of_signals(
    connection: AsyncConnection, rights: Rights, keys: Collection[SignalKey]
) -> dict[SignalKey, AnyRow]:
    """The messages that these signals are records of."""
    statement = readable(rights, *COLUMNS).where(
        tuple_(Message.signal_time, Message.signal_id).in_(list(keys))
    )
    return {(row.signal_time, row.signal_id): row for row in await connection.execute(statement)}


async def newest(
    connection: AsyncConnection, rights: Rights, conversation: UUID, most: int, since: datetime | None = None
) -> list[AnyRow]:
    """The conversation's last `most` messages, those since a time only, in order."""
    last = readable(rights, *COLUMNS).where(Message.conversation_id == conversation)
    if since is not None:
        last = last.where(Message.created_at >= since)
    last = last.order_by(Message.created_at.desc(), Message.id.desc()).limit(most)
    return list(reversed((await connection.execute(last)).all()))


class Group(Enum):
    """What messages are told apart by."""

    USER = "USER"
    """Whose conversation it is."""
    AGENT = "AGENT"
    DOMAIN = "DOMAIN"
    """A message of several domains counts in each."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of messages: the first four of those of assistants."""

    positive: int
    neutral: int
    negative: int
    unrated: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bucket:
    start: datetime
    user_id: UUID | None
    agent_id: str | None
    domain: str | None
    count: int
    sums: Sums


def _rated(score: int | None) -> ColumnElement[int]:
    of_assistants = Message.role == MessageRole.ASSISTANT.value
    return func.count().filter(of_assistants, Message.feedback_score.is_not_distinct_from(score))


_SUMS = (
    _rated(1).label("positive"),
    _rated(0).label("neutral"),
    _rated(-1).label("negative"),
    _rated(None).label("unrated"),
    func.coalesce(func.sum(Message.input_tokens), 0).label("input_tokens"),
    func.coalesce(func.sum(Message.output_tokens), 0).label("output_tokens"),
    func.coalesce(func.sum(Message.cost_usd), 0).label("cost_usd"),
)


def _sums(row: AnyRow) -> Sums:
    if max(row.input_tokens, row.output_tokens) > MOST_TOKENS:
        raise BadUserInput("range holds more tokens than can be told; take a shorter one.", field="range")
    return Sums(*(getattr(row, column.name) for column in _SUMS))


async def sums(connection: AsyncConnection, rights: Rights, wanted: TimeRange) -> Sums:
    statement = readable(rights, *_SUMS).where(*wanted.holds(Message.created_at))
    return _sums((await connection.execute(statement)).one())


async def buckets(
    connection: AsyncConnection,
    rights: Rights,
    wanted: TimeRange,
    unit: str,
    zone: str,
    groups: Collection[Group],
) -> list[Bucket]:
    """By local day, week (from Monday), month or year of the zone, and by what `groups` name; empty ones are left out."""
    start = func.date_trunc(unit, Message.created_at, zone)
    domain = func.unnest(Message.domains).table_valued("domain").render_derived().lateral()
    by: dict[str, ColumnElement[Any]] = {"start": start}
    if Group.USER in groups:
        by["user_id"] = Conversation.user_id.expression
    if Group.AGENT in groups:
        by["agent_id"] = Conversation.agent_id.expression
    if Group.DOMAIN in groups:
        by["domain"] = cast(domain.c.domain, Text)
    columns = [column.label(name) for name, column in by.items()]
    statement = readable(rights, *columns, func.count().label("n"), *_SUMS)
    if Group.DOMAIN in groups:
        statement = statement.join(domain, true(), isouter=True)
    statement = statement.where(*wanted.holds(Message.created_at))
    statement = statement.group_by(*columns).order_by(*(column.asc().nulls_last() for column in columns))
    rows = (await connection.execute(statement.limit(MOST_BUCKETS + 1))).all()
    if len(rows) > MOST_BUCKETS:
        raise BadUserInput(f"range holds more than {MOST_BUCKETS} rows; take a shorter one.", field="range")
    return [
        Bucket(
            row.start,
            getattr(row, "user_id", None),
            getattr(row, "agent_id", None),
            getattr(row, "domain", None),
            row.n,
            _sums(row),
        )
        for row in rows
    ]
