"""Table of users."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class Role(Enum):
    EDUCATOR = "EDUCATOR"
    COACH = "COACH"
    ADMIN = "ADMIN"


class User(Table):
    """`email`, `phone` and `address` are ciphertext of pgcrypto: a trigger encrypts what is written there."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('EDUCATOR', 'COACH', 'ADMIN')"),
        Index("users_username_key", text("folded_text(username)"), "namesake", unique=True),
        Index("users_created", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    username: Mapped[str]
    name: Mapped[str | None]
    role: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_login_at: Mapped[datetime | None]
    email: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    address: Mapped[bytes | None]
    email_index: Mapped[bytes | None] = mapped_column(unique=True)
    namesake: Mapped[int] = mapped_column(server_default=text("0"))
    """0 but for users of one name in several Unicode forms, from before these counted as one name."""


class EncryptionKey(Table):
    """One row, which tells the right key from a wrong one without telling the key."""

    __tablename__ = "encryption_key"
    __table_args__ = (CheckConstraint("one"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    fingerprint: Mapped[bytes]
