"""Conversations opened, changed and deleted."""

import strawberry

from graphql_schema.context import Info
from graphql_schema.conversations.inputs import CreateConversationInput, UpdateConversationInput
from graphql_schema.conversations.loaders import require_key
from graphql_schema.conversations.types import Conversation
from graphql_schema.inputs import given
from graphql_schema.nodes import conversation_id as global_id_of
from graphql_schema.nodes import key_of
from graphql_schema.types import DeletePayload


@strawberry.type
class ConversationMutations:
    @strawberry.mutation
    async def create_conversation(self, info: Info, input: CreateConversationInput) -> Conversation:
        row = await info.context.services.conversations.create(
            info.context.rights,
            context_window_id=input.context_window_id,
            user_id=None if input.user_id is None else key_of("User", input.user_id, "userId"),
            agent_id=input.agent_id,
            title=input.title,
            started_at=input.started_at,
            context_metadata=input.context_metadata,
        )
        return Conversation.of(row)

    @strawberry.mutation
    async def update_conversation(
        self,
        info: Info,
        id: strawberry.ID,
        input: UpdateConversationInput,
    ) -> Conversation:
        context = info.context
        key = await require_key(context, id, "id")
        row = await context.services.conversations.update(context.rights, key, given(input))
        return Conversation.of(row)

    @strawberry.mutation(description="For good, with everything in it; `status: DELETED` hides it instead.")
    async def delete_conversation(self, info: Info, id: strawberry.ID) -> DeletePayload:
        context = info.context
        key = await require_key(context, id, "id")
        await context.services.conversations.delete(context.rights, key, actor=context.viewer.name)
        return DeletePayload(deleted_id=global_id_of(key))

    @strawberry.mutation(description="Lets the coach read the conversation, or takes that back.")
    async def assign_coach(
        self, info: Info, conversation_id: strawberry.ID, user_id: strawberry.ID, assigned: bool = True
    ) -> Conversation:
        context = info.context
        row = await context.services.conversations.assign_coach(
            context.rights,
            await require_key(context, conversation_id, "conversationId"),
            key_of("User", user_id, "userId"),
            assigned=assigned,
            actor=context.viewer.name,
        )
        return Conversation.of(row)

    @strawberry.mutation(
        description="Turns public reading by link on or off; turning it on again makes a new token."
    )
    async def share_conversation(self, info: Info, id: strawberry.ID, enabled: bool) -> Conversation:
        context = info.context
        row = await context.services.conversations.share(
            context.rights, await require_key(context, id, "id"), enabled=enabled, actor=context.viewer.name
        )
        return Conversation.of(row)
