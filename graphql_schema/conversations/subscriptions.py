"""Conversations as they change."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import strawberry

from app.auth.viewer import Rights
from app.conversations import queries
from app.realtime import topics
from app.realtime.topics import Live
from graphql_schema.context import Info
from graphql_schema.conversations.inputs import ConversationFilter, filter_of
from graphql_schema.conversations.types import Conversation
from graphql_schema.inputs import known
from graphql_schema.streams import Following


@dataclass(frozen=True, slots=True)
class ChangedConversations:
    rights: Rights
    wanted: queries.ConversationFilter
    most: int = topics.MOST_ROWS
    replays: bool = False

    async def events(self, live: Live) -> AsyncGenerator[tuple[UUID, Conversation]]:
        async for row in topics.conversations_changed(live, self.rights, self.wanted):
            yield row.id, Conversation.of(row)


@strawberry.type
class ConversationSubscriptions:
    @strawberry.subscription(
        description="Conversations opened, changed, hidden or with a new last signal, at most one event a conversation a "
        "second."
    )
    async def conversation_changed(
        self, info: Info, filter: ConversationFilter | None = strawberry.UNSET
    ) -> AsyncGenerator[Conversation, None]:
        wanted = filter_of(known(filter))
        queries.check(wanted)
        yield cast(Conversation, Following([ChangedConversations(info.context.rights, wanted)]))
