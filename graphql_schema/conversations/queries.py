"""Root fields of conversations."""

import strawberry

from app.conversations import queries
from graphql_schema.connections import Connection
from graphql_schema.context import Info
from graphql_schema.conversations.inputs import (
    ConversationBy,
    ConversationFilter,
    ConversationOrder,
    filter_of,
    order_of,
)
from graphql_schema.conversations.loaders import (
    ConversationLoader,
    conversations_of,
    find_key,
    paged_by,
    shared_by,
)
from graphql_schema.conversations.types import Conversation
from graphql_schema.inputs import known


@strawberry.type
class ConversationQueries:
    @strawberry.field
    async def conversation(self, info: Info, by: ConversationBy) -> Conversation | None:
        context = info.context
        if by.share_token is not None:
            return await shared_by(context, by.share_token.value)
        if by.id is not None:
            key = await find_key(context, by.id.value, "id")
        else:
            assert by.context_window_id is not None  # noqa: S101 - oneOf
            async with context.read() as connection:
                key = await queries.id_of(connection, context.rights, by.context_window_id.value)
        return None if key is None else await context.loader(ConversationLoader).load(key, None)

    @strawberry.field
    def conversations(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: ConversationFilter | None = strawberry.UNSET,
        order_by: ConversationOrder | None = strawberry.UNSET,
    ) -> Connection[Conversation] | None:
        order = order_of(known(order_by))
        page = paged_by(order).page(first, after, last, before)
        return conversations_of(info.context, None, filter_of(known(filter)), order, page)
