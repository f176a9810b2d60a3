"""Tables of signals and of their rollups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Identity, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Instant, Table


class Signal(Table):
    """`time` stands in the key, so that a hypertable can take the table as it is."""

    __tablename__ = "signals"

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

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    source: Mapped[str] = mapped_column(server_default=text("'rollup'"))
    kept_from: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    noted_until: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    materialized_5m: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    materialized_1h: Mapped[datetime] = mapped_column(Instant, server_default=text("'-infinity'"))
    classified_by: Mapped[str | None]
    """Digest of the table of keywords that the stored classes are from."""


class Rollup5Minutes(_Rollup, Table):
    __tablename__ = "signal_rollup_5m"


class Rollup1Hour(_Rollup, Table):
    __tablename__ = "signal_rollup_1h"


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


class SignalClassification(Table):
    """Of every signal that is not NEUTRAL, once it has been looked at."""

    __tablename__ = "signal_classifications"

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


class ClassificationRollup1Hour(_ClassificationRollup, Table):
    __tablename__ = "classification_rollup_1h"


class DeliveredSignal(Table):
    """The signal that an idempotency key was first delivered with."""

    __tablename__ = "delivered_signals"

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[datetime]
    signal_id: Mapped[int] = mapped_column(BigInteger)
    delivered_at: Mapped[datetime] = mapped_column(server_default=func.now())
