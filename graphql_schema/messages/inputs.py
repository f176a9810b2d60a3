"""Inputs of messages."""

import strawberry
from strawberry.scalars import JSON

from app.messages.models import MessageRole
from graphql_schema.inputs import NullWhereLeftOut


@strawberry.input
class CreateMessageInput(NullWhereLeftOut):
    conversation_id: strawberry.ID
    role: MessageRole
    content: str
    citations: JSON | None = strawberry.UNSET
    domains: list[str] | None = strawberry.UNSET
    input_tokens: int | None = strawberry.UNSET
    output_tokens: int | None = strawberry.UNSET
    cost_usd: str | None = strawberry.field(default=strawberry.UNSET, description="A decimal as text.")
