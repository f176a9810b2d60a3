"""Root fields of sessions and API keys."""

from uuid import UUID

import strawberry

from app.auth import queries
from app.errors import Forbidden
from graphql_schema.auth.types import ApiKey, Session
from graphql_schema.context import Context, Info
from graphql_schema.nodes import key_of


def _whose(context: Context, given: str | None) -> UUID | None:
    """The user that is asked for; the viewer where none is. Forbidden for another's, unless to administrators."""
    viewer = context.viewer
    if not given:
        return viewer.user_id
    key: UUID = key_of("User", given, "userId")
    if key != viewer.user_id and not viewer.administrator:
        raise Forbidden("Other users' sessions and keys are shown to administrators alone.", field="userId")
    return key


@strawberry.type
class AuthQueries:
    @strawberry.field(
        description="Newest first, at most 1 000, revoked ones too. Without `userId`: all for administrators, one's own "
        "for others."
    )
    async def api_keys(
        self, info: Info, user_id: strawberry.ID | None = strawberry.UNSET
    ) -> list[ApiKey] | None:
        key = _whose(info.context, user_id)
        if not user_id and info.context.viewer.administrator:
            key = None
        elif key is None:
            return []
        async with info.context.services.database.read(newest=True) as connection:
            return [ApiKey.of(row) for row in await queries.keys(connection, key)]

    @strawberry.field(
        description="A user's that have not ended, newest first, at most 1 000; one's own without `userId`."
    )
    async def sessions(
        self, info: Info, user_id: strawberry.ID | None = strawberry.UNSET
    ) -> list[Session] | None:
        key = _whose(info.context, user_id)
        if key is None:
            return []
        async with info.context.services.database.read(newest=True) as connection:
            rows = await queries.sessions(connection, key)
        mine = info.context.viewer.credential
        return [Session.of(row, current=row.id == mine) for row in rows]
