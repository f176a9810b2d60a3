"""Tables of messages."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class MessageRole(Enum):
    USER = "USER"
    ASSISTANT = "ASSISTANT"
    SYSTEM = "SYSTEM"


class Message(Table):
    """What someone has said in a conversation.

    A signal as well, which goes when the message goes; but for the coach's questions and answers, which are about the
    conversation and make none: `signal_time` and `signal_id` are null there, and stay set where the signal has aged.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("role IN ('USER', 'ASSISTANT', 'SYSTEM')"),
        CheckConstraint("content <> ''"),
        CheckConstraint(
            "feedback_score IS NULL OR feedback_score BETWEEN -1 AND 1 AND role = 'ASSISTANT'",
        ),
        CheckConstraint("input_tokens >= 0"),
        CheckConstraint("output_tokens >= 0"),
        CheckConstraint("cost_usd >= 0 AND cost_usd < 'infinity'"),
        CheckConstraint("(signal_time IS NULL) = (signal_id IS NULL)"),
        UniqueConstraint("signal_time", "signal_id"),
        Index("messages_conversation", "conversation_id", "created_at", "id"),
        Index("messages_time", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    role: Mapped[str]
    content: Mapped[str]
    citations: Mapped[Any] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    domains: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    feedback_score: Mapped[int | None] = mapped_column(SmallInteger)
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    signal_time: Mapped[datetime | None]
    signal_id: Mapped[int | None] = mapped_column(BigInteger)
