"""Tables of anomalies."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class AnomalyKind(Enum):
    RAPID_FIRE = "RAPID_FIRE"
    DRIFT_SHIFT = "DRIFT_SHIFT"


class Anomaly(Table):
    __tablename__ = "anomalies"
    __table_args__ = (
        Index("anomalies_order", "started_at", "id"),
        Index("anomalies_user", "user_id", "started_at", "id"),
        Index("anomalies_conversation", "conversation_id", "started_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    kind: Mapped[str] = mapped_column(CheckConstraint("kind IN ('RAPID_FIRE', 'DRIFT_SHIFT')"))
    user_id: Mapped[str | None]
    conversation_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    event_count: Mapped[int] = mapped_column(BigInteger)
    signal_id: Mapped[int | None] = mapped_column(BigInteger)
    """Of a DRIFT_SHIFT, the signal at which it is detected; `started_at` is its time."""
    details: Mapped[dict[str, Any]]


class ShiftProgress(Table):
    """How far a conversation's scores have been looked at, and how often."""

    __tablename__ = "shift_progress"

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    time: Mapped[datetime]
    signal_id: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int] = mapped_column(BigInteger)
