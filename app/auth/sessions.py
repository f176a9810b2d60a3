"""Sessions of browsers, begun and ended."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, update

from app.auth import audit, tokens
from app.auth.models import Session
from app.database.engine import Database
from app.errors import NotFound
from app.settings import Settings
from app.users.models import User

_LONGEST_AGENT = 500


@dataclass(frozen=True, slots=True)
class Browser:
    """Where someone signs in."""

    address: str | None
    user_agent: str | None


async def begin(
    database: Database, settings: Settings, user_id: UUID, provider: str, browser: Browser, before: str | None
) -> str:
    """The token of a new session. The one that the browser had `before` ends: whoever knew that knows nothing now."""
    token, now = tokens.make(), datetime.now(UTC)
    agent = (browser.user_agent or "").encode("ascii", "replace").decode().replace("\0", "?")
    values = {
        "token_hash": tokens.hash_of(token),
        "user_id": user_id,
        "provider": provider,
        "idle_expires_at": now + timedelta(seconds=settings.session_idle),
        "expires_at": now + timedelta(seconds=settings.session_longest),
        "address": browser.address,
        "user_agent": agent[:_LONGEST_AGENT] or None,
    }
    async with database.write() as connection:
        if before is not None:
            await connection.execute(delete(Session).where(Session.token_hash == tokens.hash_of(before)))
        await connection.execute(update(User).where(User.id == user_id).values(last_login_at=func.now()))
        session_id = await connection.scalar(insert(Session).values(values).returning(Session.id))
        await audit.note(
            connection, f"user:{user_id}", "signed in", f"session:{session_id}", provider=provider
        )
    return token


async def revoke(database: Database, actor: str, session_id: UUID, owner: UUID | None = None) -> None:
    """NotFound where there is none. `owner`: whose it has to be."""
    statement = delete(Session).where(Session.id == session_id)
    if owner is not None:
        statement = statement.where(Session.user_id == owner)
    async with database.write() as connection:
        if not (await connection.execute(statement)).rowcount:
            raise NotFound("id names no session.", field="id")
        await audit.note(connection, actor, "signed out", f"session:{session_id}")
