"""What users are written with and asked by."""

import strawberry

from app.users import queries
from app.users.models import Role
from graphql_schema.inputs import NullWhereLeftOut


@strawberry.input(description="Exactly one field.", one_of=True)
class UserBy:
    id: strawberry.Maybe[strawberry.ID]
    username: strawberry.Maybe[str]


@strawberry.input
class UserFilter(NullWhereLeftOut):
    search: str | None = strawberry.field(
        default=strawberry.UNSET, description="Part of the username or name, in any case."
    )
    role: Role | None = strawberry.UNSET
    is_active: bool | None = strawberry.UNSET


@strawberry.input
class CreateUserInput(NullWhereLeftOut):
    username: str
    name: str | None = strawberry.UNSET
    role: Role = Role.EDUCATOR
    email: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET
    address: str | None = strawberry.UNSET


@strawberry.input(
    description="A field left out stays as it is; null clears it, and is BAD_USER_INPUT for role and isActive."
)
class UpdateUserInput:
    name: strawberry.Maybe[str | None]
    role: strawberry.Maybe[Role | None]
    email: strawberry.Maybe[str | None]
    phone: strawberry.Maybe[str | None]
    address: strawberry.Maybe[str | None]
    is_active: strawberry.Maybe[bool | None]


def filter_of(given: UserFilter | None) -> queries.UserFilter:
    return queries.UserFilter(given.search, given.role, given.is_active) if given else queries.UserFilter()
