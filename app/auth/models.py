"""Tables of who signs in, and of what was done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table

_SHA256 = "length(token_hash) = 32"


class ProviderIdentity(Table):
    """Someone at a provider, and the user they are here."""

    __tablename__ = "identities"
    __table_args__ = (Index("identities_user", "user_id"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Session(Table):
    """Of a browser. Its token is nowhere but there."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(_SHA256),
        Index("sessions_user", "user_id", "created_at", "id"),
        Index("sessions_age", text("LEAST(idle_expires_at, expires_at)")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """Not to the second: see `Auth`."""
    idle_expires_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]


class ApiKey(Table):
    """Of a machine, or of a user's program. The key itself is shown once and kept nowhere."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint(_SHA256),
        CheckConstraint("cardinality(scopes) > 0 AND scopes <@ '{INGEST,READ,ADMIN}'"),
        Index("api_keys_user", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    prefix: Mapped[str]
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Table):
    """`actor` and `subject` as in user:<id>, key:<id>, session:<id>; `details` holds no secret."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("audit_log_time", "time"), Index("audit_log_subject", "subject", "time"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    time: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
