"""Sessions and API keys made and ended."""

import strawberry

from app.auth import keys, sessions
from graphql_schema.auth.types import ApiKey, CreateApiKeyInput, CreatedApiKey
from graphql_schema.context import Info
from graphql_schema.nodes import key_of
from graphql_schema.types import DeletePayload


@strawberry.type
class AuthMutations:
    @strawberry.mutation(description="For administrators. The key is in the answer, and nowhere else.")
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> CreatedApiKey:
        row, token = await keys.create(
            info.context.services.database,
            info.context.viewer.name,
            input.name,
            input.scopes,
            None if input.user_id is None else key_of("User", input.user_id, "userId"),
            input.expires_at,
        )
        return CreatedApiKey(api_key=ApiKey.of(row), key=token)

    @strawberry.mutation(
        description="What goes on with it ends within two seconds. For administrators; of one's own for everyone."
    )
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> ApiKey:
        viewer, services = info.context.viewer, info.context.services
        owner = None if viewer.administrator else viewer.user_id
        row = await keys.revoke(services.database, viewer.name, key_of("ApiKey", id, "id"), owner)
        services.auth.end(row.id)
        return ApiKey.of(row)

    @strawberry.mutation(
        description="Signs out wherever it is; what goes on in it ends within two seconds. For administrators; of one's "
        "own for everyone."
    )
    async def revoke_session(self, info: Info, id: strawberry.ID) -> DeletePayload:
        viewer, services = info.context.viewer, info.context.services
        owner = None if viewer.administrator else viewer.user_id
        key = key_of("Session", id, "id")
        await sessions.revoke(services.database, viewer.name, key, owner)
        services.auth.end(key)
        return DeletePayload(deleted_id=id)
