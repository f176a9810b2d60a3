"""Roles given."""

from uuid import UUID

from sqlalchemy import func, update

from app.auth import audit
from app.database.engine import Database
from app.users.models import Role, User


async def promote(database: Database, actor: str, user_id: UUID, role: Role) -> None:
    """Sessions and keys of the user go on with the new role, but for what is open: that ends."""
    changed = update(User).where(User.id == user_id).values(role=role.value, updated_at=func.now())
    async with database.write() as connection:
        await connection.execute(changed)
        await audit.note(connection, actor, "role changed", f"user:{user_id}", role=role.value)
