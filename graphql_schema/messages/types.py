"""Messages, and what was thought of them and spent on them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.errors import NotFound
from app.messages.models import MessageRole
from app.messages.queries import Bucket, Group, Sums
from app.signals.queries import SignalKey
from graphql_schema.calculation import Calculation, CalculationInputs, CalculationMeta
from graphql_schema.context import Info
from graphql_schema.nodes import Node, message_id
from graphql_schema.signals.types import Signal

if TYPE_CHECKING:
    from graphql_schema.conversations.types import Conversation
    from graphql_schema.users.types import User

strawberry.enum(MessageRole)
strawberry.enum(Group, name="MessageGroup", description="A message of several domains counts in each.")


@strawberry.type
class Message(Node):
    conversation_key: strawberry.Private[UUID]
    signal_key: strawberry.Private[SignalKey | None]

    id: strawberry.ID
    role: MessageRole
    content: str
    citations: JSON = strawberry.field(
        description="The coach's: a list of {number, at, type, id, start, end, quote}, one for each mark [number] in the "
        "content; `id` is that of the Message or Signal, `start` and `end` are places in its text."
    )
    domains: list[str]
    feedback_score: int | None = strawberry.field(description="-1, 0 or 1.")
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: str | None = strawberry.field(
        description="Decimal as text, so that no cent is lost to floating point."
    )
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the columns of app/messages/queries.py."""
        return cls(
            conversation_key=row.conversation_id,
            signal_key=None if row.signal_id is None else (row.signal_time, row.signal_id),
            id=message_id(row.id),
            role=MessageRole(row.role),
            content=row.content,
            citations=row.citations,
            domains=row.domains,
            feedback_score=row.feedback_score,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cost_usd=None if row.cost_usd is None else format(row.cost_usd, "f"),
            created_at=row.created_at,
        )

    @strawberry.field
    async def conversation(
        self, info: Info
    ) -> Annotated["Conversation", strawberry.lazy("graphql_schema.conversations.types")]:
        from graphql_schema.conversations.loaders import ConversationLoader

        conversation = await info.context.loader(ConversationLoader).load(self.conversation_key, None)
        if conversation is None:  # deleted since the message was read
            raise NotFound("The message's conversation is gone.")
        return conversation

    @strawberry.field(
        description="The signal that this message was recorded as; null once it has aged, and of the coach's questions "
        "and answers, which are no signals."
    )
    async def signal(self, info: Info) -> Signal | None:
        from graphql_schema.signals.loaders import SignalLoader

        if self.signal_key is None:
            return None
        return await info.context.loader(SignalLoader).load(self.signal_key, None)


@strawberry.type(
    description="positive to unrated count ASSISTANT messages; tokens and cost are of all messages."
)
class FeedbackSummary:
    positive: int
    neutral: int
    negative: int
    unrated: int
    input_tokens: int
    output_tokens: int
    cost_usd: str

    @classmethod
    def of(cls, sums: Sums) -> Self:
        return cls(
            positive=sums.positive,
            neutral=sums.neutral,
            negative=sums.negative,
            unrated=sums.unrated,
            input_tokens=sums.input_tokens,
            output_tokens=sums.output_tokens,
            cost_usd=format(sums.cost_usd, "f"),
        )


@strawberry.type(description="Messages of one local day, week, month or year.")
class MessageBucket:
    user_key: strawberry.Private[UUID | None]

    bucket: datetime
    agent_id: str | None = strawberry.field(
        description="The conversation's; null where not grouped by AGENT."
    )
    domain: str | None = strawberry.field(description="Null where not grouped by DOMAIN, and for none.")
    message_count: int
    feedback: FeedbackSummary
    inputs: CalculationInputs
    meta: CalculationMeta

    @classmethod
    def of(cls, bucket: Bucket, calculation: Calculation) -> Self:
        inputs, meta = calculation
        return cls(
            inputs=inputs,
            meta=meta,
            user_key=bucket.user_id,
            bucket=bucket.start,
            agent_id=bucket.agent_id,
            domain=bucket.domain,
            message_count=bucket.count,
            feedback=FeedbackSummary.of(bucket.sums),
        )

    @strawberry.field(description="Whose conversations they are in; null where not grouped by USER.")
    async def user(
        self, info: Info
    ) -> Annotated["User", strawberry.lazy("graphql_schema.users.types")] | None:
        from graphql_schema.users.loaders import UserLoader

        return (
            None if self.user_key is None else await info.context.loader(UserLoader).load(self.user_key, None)
        )


@strawberry.type
class AnswerChunk:
    text: str
    message: Message | None = strawberry.field(description="Set on the last chunk: the stored answer.")
