"""Changes to users."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.anomalies.models import Anomaly
from app.auth import audit
from app.auth.viewer import Rights
from app.conversations.models import Conversation
from app.database.base import AnyRow
from app.database.engine import Database, changes_of, repeated_after_deadlock
from app.database.search import folded
from app.errors import BadUserInput, Conflict, NotFound
from app.signals.models import Signal
from app.users import encryption
from app.users.encryption import Key
from app.users.models import Role, User
from app.users.queries import COLUMNS, personal_information

LONGEST_PERSONAL = 1_000
_PERSONAL: Final[Mapping[str, Callable[[str, str], str]]] = {
    "email": checks.email,
    "phone": partial(checks.name, longest=LONGEST_PERSONAL),
    "address": partial(checks.name, longest=LONGEST_PERSONAL),
}


@dataclass(frozen=True, slots=True)
class Users:
    """Writes users; holds the key of their personal data."""

    database: Database
    key: Key

    async def create(
        self, *, username: str, role: Role = Role.EDUCATOR, name: str | None = None, **personal: str | None
    ) -> Any:
        """The new user's row. Conflict where another has the username or the e-mail, in any case."""
        values = {"username": checks.username("username", username), "role": role.value}
        values |= _checked({"name": name, **personal})
        return await self._write(insert(User).values(values).returning(*COLUMNS))

    async def update(self, user_id: UUID, changes: dict[str, Any], *, actor: str = audit.PROGRAM) -> Any:
        """The changed user's row. A field left out of `changes` stays as it is, None clears it."""
        values = _checked(changes) | {"updated_at": func.now()}
        statement = update(User).where(User.id == user_id).values(values).returning(*COLUMNS)
        return await self._write(statement, actor if "role" in values else None)

    async def _write(self, statement: Any, gives_role: str | None = None) -> Any:
        """`gives_role` is who changes the role, if anyone does."""

        async def write(key: str) -> Any:
            async with self.database.write() as connection:
                await encryption.hand_over(connection, key)
                row = (await connection.execute(statement)).one_or_none()
                if row is not None and gives_role:
                    await audit.note(connection, gives_role, "role changed", f"user:{row.id}", role=row.role)
                return row

        try:
            row = await self.key.using(self.database, write)
        except IntegrityError as error:
            raise _conflict(error) from None
        if row is None:
            raise no_such_user("id")
        return row

    async def personal_information(
        self, rights: Rights, ids: Sequence[UUID], *, actor: str
    ) -> dict[UUID, AnyRow]:
        """email, phone and address of each, in plain. Nobody gets them without its being noted who did."""

        async def read(key: str) -> dict[UUID, AnyRow]:
            async with self.database.write() as connection:
                found = await personal_information(connection, rights, ids, key)
                await audit.note_each(
                    connection, actor, "personal information read", [f"user:{user}" for user in found]
                )
                return found

        return await self.key.using(self.database, read)

    @repeated_after_deadlock
    async def delete(self, user_id: UUID, *, actor: str = audit.PROGRAM) -> None:
        """For good, with the user's conversations and all that is in them, sessions, keys and assignments.

        The audit log keeps what the user has done, but not who it was.
        """
        async with self.database.write() as connection:
            conversations = await _lock_conversations(connection, user_id)
            gone = delete(User).where(User.id == user_id).returning(User.username)
            username = (await connection.execute(gone)).scalar_one_or_none()
            if username is None:
                raise no_such_user("id")
            await _forget(connection, username)
            await _take_name(connection, username)
            for key in conversations:
                changes_of(connection).note(key, None)
            await audit.note(connection, actor, "user deleted", f"user:{user_id}")
            await audit.forget(connection, f"user:{user_id}")


async def _forget(connection: AsyncConnection, username: str) -> None:
    """The name in what others' conversations hold: their signals stay, without saying whose words they are."""
    await connection.execute(delete(Anomaly).where(Anomaly.user_id == username))
    await connection.execute(update(Signal).where(Signal.user_id == username).values(user_id=None))


async def _take_name(connection: AsyncConnection, username: str) -> None:
    """Give the name to the oldest of its namesakes (alembic/versions/0014): nobody new may have it beside them."""
    name = folded(User.username) == folded(username)
    oldest = select(func.min(User.namesake)).where(name).scalar_subquery()
    heir = update(User).where(name, User.namesake == oldest, User.namesake > 0).values(namesake=0)
    await connection.execute(heir)


async def _lock_conversations(connection: AsyncConnection, user_id: UUID) -> Sequence[UUID]:
    """In the order in which ingestion locks them, so that the two never wait for each other in a circle."""
    found = await connection.scalars(
        select(Conversation.id)
        .where(Conversation.user_id == user_id)
        .order_by(Conversation.id)
        .with_for_update()
    )
    return found.all()


def no_such_user(field: str) -> NotFound:
    return NotFound(f"{field} names no user.", field=field)


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    """Columns to write: personal data as bytes for the trigger to encrypt."""
    values: dict[str, Any] = {}
    for field, value in changes.items():
        if field in _PERSONAL:
            values[field] = None if value is None else _PERSONAL[field](field, value).encode()
        elif field == "name":
            values[field] = None if value is None else checks.display_name(field, value)
        elif value is None:
            label = "isActive" if field == "is_active" else field
            raise BadUserInput(f"{label} cannot be null; leave it out to keep it as it is.", field=label)
        else:
            values[field] = value.value if isinstance(value, Role) else value
    return values


def _conflict(error: IntegrityError) -> Conflict:
    field = "email" if "users_email_index_key" in str(error.orig) else "username"
    return Conflict(f"Another user has this {field} (in any case and Unicode form).", field=field)
