"""Root fields of users."""

import strawberry

from app.users import queries
from graphql_schema.connections import USERS, Connection
from graphql_schema.context import Info
from graphql_schema.inputs import known
from graphql_schema.nodes import key_of
from graphql_schema.users.inputs import UserBy, UserFilter, filter_of
from graphql_schema.users.loaders import UserLoader, users_of
from graphql_schema.users.types import User


@strawberry.type
class UserQueries:
    @strawberry.field(description="Who is asking; null where nobody signed in.")
    async def viewer(self, info: Info) -> User | None:
        key = info.context.viewer.user_id
        return None if key is None else await info.context.loader(UserLoader).load(key, None)

    @strawberry.field
    async def user(self, info: Info, by: UserBy) -> User | None:
        context = info.context
        if by.id is not None:
            key = key_of("User", by.id.value, "id")
        else:
            assert by.username is not None  # noqa: S101 - oneOf
            async with context.read() as connection:
                key = await queries.id_of(connection, context.rights, by.username.value)
        return None if key is None else await context.loader(UserLoader).load(key, None)

    @strawberry.field
    def users(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: UserFilter | None = strawberry.UNSET,
    ) -> Connection[User] | None:
        page = USERS.page(first, after, last, before)
        return users_of(info.context, filter_of(known(filter)), page)
