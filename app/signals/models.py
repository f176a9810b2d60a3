"""Tables of signals and of their rollups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Instant, Table

_TIME_AND_ID = {"primary_key": ["time", "id"]}
_OFTEN_UPDATED = {"postgresql_with": {"fillfactor": 80}}


class Signal(Table):
    """`time` stands in the key, so that a hypertable can take the table as it is."""

    __tablename__ = "signals"
    __table_args__ = (
        CheckConstraint("agent_id <> ''"),
        CheckConstraint("signal_score BETWEEN 0 AND 1"),
        CheckConstraint("emotional_tone BETWEEN 0 AND 1"),
        CheckConstraint("escalate_flag IN (0, 1)"),
        Index(
            "signals_conversation",
            "conversation_id",
            "time",
            "id",
            postgresql_include=["signal_source", "signal_score", "emotional_tone", "escalate_flag"],
        ),
        Index(
            "signals_user",
            "user_id",
            "time",
            postgresql_include=["conversation_id"],
            postgresql_where=text("user_id IS NOT NULL"),
        ),
    )

    time: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    user_id: Mapped[str | None]
    agent_id: Mapped[str | None]
    signal_source: Mapped[str]
    signal_score: Mapped[float]
    emotional_tone: Mapped[float | None]
    escalate_flag: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    raw_content: Mapped[str | None]
    signal_vector: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    relationship_context: Mapped[str | None]
    diagnostic_notes: Mapped[str | None]


class _Rollup:
    """Signals of one conversation, bucket, source and agent ('' for none), summed.

    `s1` is the sum of (score - 0.5), `s2` that of its square.
    """

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    bucket: Mapped[datetime] = mapped_column(primary_key=True)
    signal_source: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)
    s1: Mapped[float]
    s2: Mapped[float]
    min_score: Mapped[float]
    max_score: Mapped[float]
    tone_sum: Mapped[float]
    tone_count: Mapped[int] = mapped_column(BigInteger)
    escalations: Mapped[int] = mapped_column(BigInteger)
    first_time: Mapped[datetime]
    last_time: Mapped[datetime]


class RollupState(Table):
    """One row: what the rollups can answer for, and from when on raw signals are kept.

    Where `source` is `rollup` triggers keep the rollups, and they are always complete. Where it is
    `continuous_aggregate` they are views of one: see alembic/timescaledb/continuous_aggregates.sql.
    """

    __tablename__ = "rollup_state"
    __table_args__ = (
        CheckConstraint("one"),
        CheckConstraint("source IN ('rollup', 'continuous_aggregate')"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    source: Mapped[str] = mapped_column(server_default=text("'rollup'"))
    kept_from: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    noted_until: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    materialized_5m: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    materialized_1h: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    last_received_at: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    """When the newest signal was received of those that have gone with their conversations."""
    classified_by: Mapped[str | None]
    """Digest of the table of keywords that the stored classes are from."""


class Rollup5Minutes(_Rollup, Table):
    __tablename__ = "signal_rollup_5m"
    __table_args__ = (Index("signal_rollup_5m_bucket", "bucket"), _OFTEN_UPDATED)


class Rollup1Hour(_Rollup, Table):
    __tablename__ = "signal_rollup_1h"
    __table_args__ = (Index("signal_rollup_1h_bucket", "bucket"), _OFTEN_UPDATED)


class SignalArrival(Table):
    """Signals that a statement has stored, and that nobody has looked at since (app/arrivals.py)."""

    __tablename__ = "signal_arrivals"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    times: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    again: Mapped[bool]
    """Whether they had been stored before, and have changed."""


class SignalDeparture(Table):
    """Where signals have gone, and nobody has looked since."""

    __tablename__ = "signal_departures"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    conversation_id: Mapped[UUID]
    user_id: Mapped[str | None]
    first_time: Mapped[datetime]
    last_time: Mapped[datetime]


class DeletedSignal(Table):
    """What a statement deletes. Triggers fill and empty it within that statement: nobody ever sees a row."""

    __tablename__ = "deleted_signals"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
    __mapper_args__: Any = _TIME_AND_ID  # which the table itself does not know for a key

    time: Mapped[datetime]
    id: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[UUID]
    user_id: Mapped[str | None]
    signal_source: Mapped[str]
    agent_id: Mapped[str | None]


class SignalClassification(Table):
    """Of every signal that is not NEUTRAL, once it has been looked at."""

    __tablename__ = "signal_classifications"
    __table_args__ = (
        CheckConstraint("classification IN ('POSITIVE', 'STRESSED', 'UNCERTAIN')"),
        Index("signal_classifications_class", "classification", "time", "id"),
    )

    time: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    classification: Mapped[str]


class _ClassificationRollup:
    """How many signals of a conversation, bucket, source and agent ('' for none) are of each class but NEUTRAL."""

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    bucket: Mapped[datetime] = mapped_column(primary_key=True)
    signal_source: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    positive: Mapped[int] = mapped_column(BigInteger)
    stressed: Mapped[int] = mapped_column(BigInteger)
    uncertain: Mapped[int] = mapped_column(BigInteger)


class ClassificationRollup5Minutes(_ClassificationRollup, Table):
    __tablename__ = "classification_rollup_5m"
    __table_args__ = (Index("classification_rollup_5m_bucket", "bucket"), _OFTEN_UPDATED)


class ClassificationRollup1Hour(_ClassificationRollup, Table):
    __tablename__ = "classification_rollup_1h"
    __table_args__ = (Index("classification_rollup_1h_bucket", "bucket"), _OFTEN_UPDATED)


class DeliveredSignal(Table):
    """The signal that an idempotency key was first delivered with."""

    __tablename__ = "delivered_signals"
    __table_args__ = (Index("delivered_signals_age", "delivered_at"),)

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[datetime]
    signal_id: Mapped[int] = mapped_column(BigInteger)
    delivered_at: Mapped[datetime] = mapped_column(server_default=func.now())
