"""Users made and found by who they are at a provider."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app import checks
from app.auth import audit
from app.auth.models import ProviderIdentity
from app.database.base import AnyRow
from app.database.engine import Database
from app.errors import Conflict, Forbidden
from app.users.models import User
from app.users.service import LONGEST_PERSONAL, Users

_LONGEST_SUBJECT: Final = 255
_LONGEST_NAME: Final = 60
_NO_NAME: Final = re.compile(r"[^\w.-]+")


async def user_of(database: Database, users: Users, provider: str, claims: Mapping[str, Any]) -> UUID:
    """The user who is `claims` at the provider, made at their first sign-in: by (provider, subject), never by an
    e-mail address, which a provider may give to another, or believe without a check.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or "\0" in subject:
        raise Forbidden("The provider does not say who has signed in.")
    found = await _find(database, provider, subject)
    if found is not None:
        await _complete(users, found, claims)
        return UUID(str(found.id))
    made = await _make(users, provider, claims)
    owner = await _note(database, provider, subject, made)
    if owner != made:  # the same person, in another tab
        await users.delete(made)
    return owner


async def _find(database: Database, provider: str, subject: str) -> AnyRow | None:
    statement = (
        select(User.id, User.is_active, User.name, User.email.is_not(None).label("has_email"))
        .join(ProviderIdentity, ProviderIdentity.user_id == User.id)
        .where(ProviderIdentity.provider == provider, ProviderIdentity.subject == subject)
    )
    async with database.read(newest=True) as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is not None and not row.is_active:
        raise Forbidden("This user may not sign in any more.")
    return row


async def _note(database: Database, provider: str, subject: str, user_id: UUID) -> UUID:
    """Whose identity it is: `user_id`'s, unless somebody was faster."""
    given = {"provider": provider, "subject": subject, "user_id": user_id}
    async with database.write() as connection:
        inserted = await connection.execute(
            insert(ProviderIdentity)
            .values(given)
            .on_conflict_do_nothing()
            .returning(ProviderIdentity.user_id)
        )
        if inserted.one_or_none() is not None:
            await audit.note(connection, f"user:{user_id}", "joined", f"user:{user_id}", provider=provider)
            return user_id
    found = await _find(database, provider, subject)
    assert found is not None  # noqa: S101 - that was the conflict
    return UUID(str(found.id))


async def _complete(users: Users, user: AnyRow, claims: Mapping[str, Any]) -> None:
    """Write down the name and the e-mail address that are not known yet. What is known stays."""
    changes = {} if user.name else _given("name", _name(claims))
    if not user.has_email:
        changes |= _given("email", _email(claims))
    while changes:
        try:
            await users.update(user.id, changes)
        except Conflict:  # another user has the address
            del changes["email"]
        else:
            break


def _given(field: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {field: value}


async def _make(users: Users, provider: str, claims: Mapping[str, Any]) -> UUID:
    """With the name that the provider knows, or one like it, and the e-mail address unless another user has it."""
    shown, email = _name(claims), _email(claims)
    words = (_text(claims, "preferred_username", _LONGEST_NAME), shown, provider)
    wanted = next(filter(None, (_NO_NAME.sub("-", word).strip("-") for word in words if word)))
    name = wanted
    while True:
        try:
            return UUID(str((await users.create(username=name, name=shown, email=email)).id))
        except Conflict as conflict:
            if conflict.field == "email":
                email = None
            else:
                name = f"{wanted}-{secrets.token_hex(3)}"


def _name(claims: Mapping[str, Any]) -> str | None:
    parts = (_text(claims, part, _LONGEST_NAME) for part in ("given_name", "family_name"))
    return _text(claims, "name", _LONGEST_NAME) or " ".join(filter(None, parts)) or None


def _email(claims: Mapping[str, Any]) -> str | None:
    """Return the address, or None where it is none: that keeps nobody from signing in."""
    value = _text(claims, "email", LONGEST_PERSONAL)
    return None if value is None or checks.fault_of_email(value) else value


def _text(claims: Mapping[str, Any], claim: str, longest: int) -> str | None:
    value = claims.get(claim)
    if not isinstance(value, str):
        return None
    return "".join(letter for letter in value if letter.isprintable()).strip()[:longest].strip() or None
