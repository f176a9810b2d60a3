"""Messages written, rated and asked for."""

from typing import Any

import strawberry

from app.messages.service import NewMessage
from graphql_schema.context import Info
from graphql_schema.conversations.loaders import require_key
from graphql_schema.messages.inputs import CreateMessageInput
from graphql_schema.messages.types import Message
from graphql_schema.nodes import key_of, message_id, signal_id


def name_of(kind: str, key: Any) -> str:
    """The global id of what the coach cites."""
    return signal_id(*key) if kind == "Signal" else message_id(key)


@strawberry.type
class MessageMutations:
    @strawberry.mutation(
        description="A message is a signal too: `source` is the role, the score (compound + 1) / 2 of its text."
    )
    async def create_message(self, info: Info, input: CreateMessageInput) -> Message:
        message = NewMessage(
            await require_key(info.context, input.conversation_id, "conversationId"),
            input.role,
            input.content,
            input.citations,
            input.domains or (),
            input.input_tokens,
            input.output_tokens,
            input.cost_usd,
        )
        return Message.of(await info.context.services.messages.create(info.context.rights, message))

    @strawberry.mutation(
        description="Stores the question, asks the coach, stores and returns the answer: both are messages and no "
        "signals. Without a model set up the answer consists of passages of what is stored."
    )
    async def ask_coach(self, info: Info, conversation_id: strawberry.ID, question: str) -> Message:
        key = await require_key(info.context, conversation_id, "conversationId")
        coach, row = info.context.services.coach, None
        async for chunk in coach.ask(info.context.rights, key, question, name_of):
            row = chunk.message
        return Message.of(row)

    @strawberry.mutation(description="-1, 0 or 1, on ASSISTANT messages; BAD_USER_INPUT otherwise.")
    async def rate_message(self, info: Info, id: strawberry.ID, feedback_score: int) -> Message:
        row = await info.context.services.messages.rate(
            info.context.rights, key_of("Message", id, "id"), feedback_score
        )
        return Message.of(row)
