"""What conversations are written with and asked by."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry.scalars import JSON

from app.conversations import queries
from app.conversations.models import ConversationStatus
from app.conversations.queries import ConversationOrderField
from graphql_schema.inputs import NullWhereLeftOut, TimeRange, range_of
from graphql_schema.nodes import key_of

strawberry.enum(ConversationOrderField)


@strawberry.enum
class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Exactly one field.", one_of=True)
class ConversationBy:
    id: strawberry.Maybe[strawberry.ID]
    context_window_id: strawberry.Maybe[str]
    share_token: strawberry.Maybe[str] = strawberry.field(
        description="Opens a conversation whose owner has turned sharing on."
    )


@strawberry.input(
    description="""
DELETED conversations, and everything in them, are hidden from every read, aggregates included, unless
`status: DELETED` asks for them here. updateConversation and deleteConversation still reach them; signals
sent to them are NOT_FOUND, with createConversations too.
""".strip()
)
class ConversationFilter(NullWhereLeftOut):
    user_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The User's id.")
    agent_id: str | None = strawberry.UNSET
    status: ConversationStatus | None = strawberry.UNSET
    started: TimeRange | None = strawberry.UNSET
    search: str | None = strawberry.field(
        default=strawberry.UNSET, description="Part of the title or contextWindowId, in any case."
    )


@strawberry.input(
    description="Oldest first by `startedAt` where left out. Ties go by id; conversations without a signal stand last."
)
class ConversationOrder:
    field: ConversationOrderField
    direction: OrderDirection = OrderDirection.ASC


@strawberry.input
class CreateConversationInput(NullWhereLeftOut):
    context_window_id: str | None = strawberry.UNSET
    user_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The User's id.")
    agent_id: str | None = strawberry.UNSET
    title: str | None = strawberry.UNSET
    started_at: datetime | None = strawberry.UNSET
    context_metadata: JSON | None = strawberry.UNSET


@strawberry.input(
    description="A field left out stays as it is; null clears it, and is BAD_USER_INPUT for status and contextMetadata."
)
class UpdateConversationInput:
    title: strawberry.Maybe[str | None]
    agent_id: strawberry.Maybe[str | None]
    status: strawberry.Maybe[ConversationStatus | None]
    ended_at: strawberry.Maybe[datetime | None]
    context_metadata: strawberry.Maybe[JSON | None]
    coherence_score_current: strawberry.Maybe[float | None]
    coherence_score_trend: strawberry.Maybe[float | None]


def filter_of(given: ConversationFilter | None) -> queries.ConversationFilter:
    if not given:
        return queries.ConversationFilter()
    return queries.ConversationFilter(
        user_id=None if given.user_id is None else key_of("User", given.user_id, "userId"),
        agent_id=given.agent_id,
        status=given.status,
        started=range_of(given.started, "started"),
        search=given.search,
    )


def order_of(given: ConversationOrder | None) -> queries.ConversationOrder:
    if not given:
        return queries.ConversationOrder()
    return queries.ConversationOrder(given.field, given.direction is OrderDirection.DESC)
