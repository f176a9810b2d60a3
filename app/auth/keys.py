"""API keys made and revoked."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import exists, func, insert, select, update

from app import checks
from app.auth import audit, tokens
from app.auth.models import ApiKey
from app.auth.queries import KEY_COLUMNS
from app.auth.viewer import Scope
from app.database.base import AnyRow
from app.database.engine import Database
from app.errors import BadUserInput, NotFound
from app.users.models import User


async def create(
    database: Database,
    actor: str,
    name: str,
    scopes: Collection[Scope],
    user_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> tuple[AnyRow, str]:
    """The new key's row, and the key itself, which nobody can be told again."""
    checks.name("name", name)
    if not scopes:
        raise BadUserInput("scopes is empty; it takes at least one of INGEST, READ, ADMIN.", field="scopes")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise BadUserInput("expiresAt lies in the past.", field="expiresAt")
    token = tokens.make(tokens.KEY)
    values = {
        "token_hash": tokens.hash_of(token),
        "prefix": token[: tokens.SHOWN],
        "name": name,
        "scopes": [scope.value for scope in Scope if scope in scopes],
        "user_id": user_id,
        "expires_at": expires_at,
    }
    async with database.write() as connection:
        if user_id is not None and not await connection.scalar(select(exists().where(User.id == user_id))):
            raise NotFound("userId names no user.", field="userId")
        row = (await connection.execute(insert(ApiKey).values(values).returning(*KEY_COLUMNS))).one()
        await audit.note(
            connection, actor, "key created", f"key:{row.id}", name=name, scopes=values["scopes"]
        )
    return row, token


async def revoke(database: Database, actor: str, key_id: UUID, owner: UUID | None = None) -> AnyRow:
    """The revoked key's row; a second time changes nothing. `owner`: whose it has to be."""
    statement = update(ApiKey).where(ApiKey.id == key_id)
    if owner is not None:
        statement = statement.where(ApiKey.user_id == owner)
    revoked = statement.values(revoked_at=func.coalesce(ApiKey.revoked_at, func.now()))
    async with database.write() as connection:
        row = (await connection.execute(revoked.returning(*KEY_COLUMNS))).one_or_none()
        if row is None:
            raise NotFound("id names no API key.", field="id")
        await audit.note(connection, actor, "key revoked", f"key:{key_id}")
    return row
