"""Reads of sessions and keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.models import ApiKey, ProviderIdentity, Session
from app.auth.viewer import Scope, Viewer
from app.database.base import AnyRow
from app.users.models import Role, User

MOST = 1_000
"""Rows of a list."""

KEY_COLUMNS = (
    ApiKey.id,
    ApiKey.prefix,
    ApiKey.name,
    ApiKey.scopes,
    ApiKey.user_id,
    ApiKey.created_at,
    ApiKey.expires_at,
    ApiKey.last_used_at,
    ApiKey.revoked_at,
)
SESSION_COLUMNS = (
    Session.id,
    Session.user_id,
    Session.provider,
    Session.created_at,
    Session.last_seen_at,
    func.least(Session.idle_expires_at, Session.expires_at).label("expires_at"),
    Session.address,
    Session.user_agent,
)

_KEYS = (
    select(ApiKey.id, ApiKey.scopes, ApiKey.user_id, User.role)
    .outerjoin(User, User.id == ApiKey.user_id)
    .where(
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        or_(ApiKey.user_id.is_(None), User.is_active),
    )
)
_SESSIONS = (
    select(Session.id, Session.user_id, User.role)
    .join(User, User.id == Session.user_id)
    .where(func.least(Session.idle_expires_at, Session.expires_at) > func.now(), User.is_active)
)


async def of_key(connection: AsyncConnection, token_hash: bytes) -> Viewer | None:
    """Who holds the key of that hash; None where it is unknown, expired or revoked, or its user is not active."""
    found = await _viewers(connection, keys=ApiKey.token_hash == token_hash)
    return next(iter(found.values()), None)


async def of_session(connection: AsyncConnection, token_hash: bytes) -> Viewer | None:
    found = await _viewers(connection, sessions=Session.token_hash == token_hash)
    return next(iter(found.values()), None)


async def current(
    connection: AsyncConnection, keys: Iterable[UUID], sessions: Iterable[UUID]
) -> Mapping[UUID, Viewer]:
    """Of those sessions and keys the ones that still count, with what they allow by now."""
    return await _viewers(connection, ApiKey.id.in_(keys), Session.id.in_(sessions))


async def _viewers(
    connection: AsyncConnection,
    keys: ColumnElement[bool] | None = None,
    sessions: ColumnElement[bool] | None = None,
) -> dict[UUID, Viewer]:
    found: dict[UUID, Viewer] = {}
    if keys is not None:
        for key in await connection.execute(_KEYS.where(keys)):
            role = None if key.user_id is None else Role(key.role)
            found[key.id] = Viewer.by_key(key.id, frozenset(map(Scope, key.scopes)), key.user_id, role)
    if sessions is not None:
        for row in await connection.execute(_SESSIONS.where(sessions)):
            found[row.id] = Viewer.by_session(row.id, row.user_id, Role(row.role))
    return found


def first_identity(column: Any, user_id: Any) -> ScalarSelect[Any]:
    """That column of the identity by which a user came: the oldest, where there are several."""
    order = (ProviderIdentity.created_at, ProviderIdentity.provider, ProviderIdentity.subject)
    found: Any = select(column).where(ProviderIdentity.user_id == user_id).order_by(*order).limit(1)
    return cast(ScalarSelect[Any], found.scalar_subquery())


async def identities(connection: AsyncConnection, users: Sequence[UUID]) -> dict[UUID, AnyRow]:
    """`provider` and `subject` by which each of them came; None for both where they never signed in."""
    columns = (ProviderIdentity.provider, ProviderIdentity.subject)
    firsts = (first_identity(column, User.id).label(column.key) for column in columns)
    rows = await connection.execute(select(User.id, *firsts).where(User.id.in_(users)))
    return {row.id: row for row in rows}


async def keys(connection: AsyncConnection, user_id: UUID | None) -> Sequence[AnyRow]:
    """Of a user or of all, newest first, revoked ones too."""
    statement: Any = select(*KEY_COLUMNS).order_by(ApiKey.created_at.desc(), ApiKey.id).limit(MOST)
    if user_id is not None:
        statement = statement.where(ApiKey.user_id == user_id)
    return (await connection.execute(statement)).all()


async def sessions(connection: AsyncConnection, user_id: UUID) -> Sequence[AnyRow]:
    """Of a user, newest first, those that have not expired."""
    statement = (
        select(*SESSION_COLUMNS)
        .where(
            Session.user_id == user_id,
            func.least(Session.idle_expires_at, Session.expires_at) > func.now(),
        )
        .order_by(Session.created_at.desc(), Session.id)
        .limit(MOST)
    )
    return (await connection.execute(statement)).all()
