"""Messages as they come, and the coach's as they are written."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import strawberry

from app.auth.viewer import Rights
from app.conversations import queries
from app.conversations.service import no_such_conversation
from app.realtime import topics
from app.realtime.topics import Live
from graphql_schema.context import Info
from graphql_schema.conversations.loaders import require_key
from graphql_schema.messages.mutations import name_of
from graphql_schema.messages.types import AnswerChunk, Message
from graphql_schema.streams import Following


@dataclass(frozen=True, slots=True)
class NewMessages:
    """New messages of one conversation."""

    rights: Rights
    conversation: UUID
    most: int = topics.MOST_ROWS
    replays: bool = False

    async def events(self, live: Live) -> AsyncGenerator[tuple[int, Message]]:
        async for row in topics.messages_added(live, self.rights, self.conversation):
            yield row.id, Message.of(row)


@strawberry.type
class MessageSubscriptions:
    @strawberry.subscription(description="Messages stored from now on.")
    async def message_added(
        self, info: Info, conversation_id: strawberry.ID
    ) -> AsyncGenerator[Message, None]:
        key = await require_key(info.context, conversation_id, "conversationId")
        async with info.context.read() as connection:
            found = await queries.by_ids(connection, info.context.rights, [key])
        if not found:
            raise no_such_conversation("conversationId")
        yield cast(Message, Following([NewMessages(info.context.rights, key)]))

    @strawberry.subscription(
        description="The coach's answer as it is written. Whoever leaves before its end ends it, and it is not stored."
    )
    async def coach_answer(
        self, info: Info, conversation_id: strawberry.ID, question: str
    ) -> AsyncGenerator[AnswerChunk, None]:
        key = await require_key(info.context, conversation_id, "conversationId")
        answer = info.context.services.coach.ask(info.context.rights, key, question, name_of)
        async with aclosing(answer) as chunks:
            async for chunk in chunks:
                stored = None if chunk.message is None else Message.of(chunk.message)
                yield AnswerChunk(text=chunk.text, message=stored)
