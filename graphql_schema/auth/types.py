"""API keys and sessions, as their owners and administrators see them."""

from datetime import datetime
from typing import Any, Self

import strawberry

from app.auth.viewer import Scope
from graphql_schema.inputs import NullWhereLeftOut
from graphql_schema.nodes import api_key_id, session_id, user_id

strawberry.enum(
    Scope,
    name="ApiKeyScope",
    description="INGEST: to store signals, and no more. READ: queries, subscriptions, charts and metrics. "
    "ADMIN: everything.",
)


@strawberry.type(description="Of a machine, or of a user's program: `Authorization: Bearer <key>`.")
class ApiKey:
    id: strawberry.ID
    name: str
    prefix: str = strawberry.field(description="What the key begins with, to tell it from others.")
    scopes: list[Scope] = strawberry.field(description="No more than the user's role allows counts of them.")
    user_id: strawberry.ID | None = strawberry.field(
        description="The user whose rights it has; null: a machine's."
    )
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = strawberry.field(description="Some seconds late.")
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the KEY_COLUMNS of app/auth/queries.py."""
        return cls(
            id=api_key_id(row.id),
            name=row.name,
            prefix=row.prefix,
            scopes=[Scope(scope) for scope in row.scopes],
            user_id=None if row.user_id is None else user_id(row.user_id),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )


@strawberry.type
class CreatedApiKey:
    api_key: ApiKey
    key: str = strawberry.field(description="The key itself, which is told this once.")


@strawberry.type(description="Of a browser in which a user has signed in.")
class Session:
    id: strawberry.ID
    user_id: strawberry.ID
    provider: str = strawberry.field(description="Where the user signed in.")
    created_at: datetime
    last_seen_at: datetime = strawberry.field(description="Some seconds late.")
    expires_at: datetime = strawberry.field(description="If it is not used until then.")
    address: str | None
    user_agent: str | None
    current: bool = strawberry.field(description="Whether this very request belongs to it.")

    @classmethod
    def of(cls, row: Any, *, current: bool) -> Self:
        """`row` has the SESSION_COLUMNS of app/auth/queries.py."""
        return cls(
            id=session_id(row.id),
            user_id=user_id(row.user_id),
            provider=row.provider,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            address=row.address,
            user_agent=row.user_agent,
            current=current,
        )


@strawberry.input
class CreateApiKeyInput(NullWhereLeftOut):
    name: str
    scopes: list[Scope]
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Whose rights it has; a machine's own where left out."
    )
    expires_at: datetime | None = strawberry.UNSET
