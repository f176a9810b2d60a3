"""Users made, changed and deleted."""

import strawberry

from graphql_schema.context import Info
from graphql_schema.inputs import given
from graphql_schema.nodes import key_of
from graphql_schema.types import DeletePayload
from graphql_schema.users.inputs import CreateUserInput, UpdateUserInput
from graphql_schema.users.types import User


@strawberry.type
class UserMutations:
    @strawberry.mutation(description="A username or e-mail (in any case) that another user has is CONFLICT.")
    async def create_user(self, info: Info, input: CreateUserInput) -> User:
        return User.of(await info.context.services.users.create(**vars(input)))

    @strawberry.mutation
    async def update_user(self, info: Info, id: strawberry.ID, input: UpdateUserInput) -> User:
        context = info.context
        row = await context.services.users.update(
            key_of("User", id, "id"), given(input), actor=context.viewer.name
        )
        return User.of(row)

    @strawberry.mutation(description="For good, with everything of theirs.")
    async def delete_user(self, info: Info, id: strawberry.ID) -> DeletePayload:
        await info.context.services.users.delete(key_of("User", id, "id"), actor=info.context.viewer.name)
        return DeletePayload(deleted_id=id)
