"""Tables of conversations."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Instant, Table


class ConversationStatus(Enum):
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"


class Conversation(Table):
    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE', 'ARCHIVED', 'DELETED')"),
        CheckConstraint("coherence_score_current BETWEEN 0 AND 1"),
        Index("conversations_started", "started_at", "id"),
        Index("conversations_user", "user_id", "started_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    context_window_id: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    agent_id: Mapped[str | None]
    title: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    started_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    context_metadata: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    coherence_score_current: Mapped[float | None]
    coherence_score_trend: Mapped[float | None]


class ConversationCoach(Table):
    """A coach who may read a conversation."""

    __tablename__ = "conversation_coaches"
    __table_args__ = (
        PrimaryKeyConstraint("user_id", "conversation_id"),
        Index("conversation_coaches_conversation", "conversation_id"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ConversationShare(Table):
    """Of a conversation that is shared: the token's hash to look it up by, and the token as pgcrypto's ciphertext."""

    __tablename__ = "conversation_shares"
    __table_args__ = (CheckConstraint("length(token_hash) = 32"),)

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token: Mapped[bytes]
    shared_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ConversationActivity(Table):
    """One row a conversation, kept by triggers: apart, so that signals never rewrite the conversation."""

    __tablename__ = "conversation_activity"
    __table_args__ = (
        Index(
            "conversation_activity_last",
            text("COALESCE(last_signal_at, '-infinity'::timestamptz)"),
            "conversation_id",
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    signal_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_signal_at: Mapped[datetime | None]
    last_received_at: Mapped[datetime | None]
