"""Tables of signals and of their rollups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, SmallInteger, func, text
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


class Rollup5Minutes(_Rollup, Table):
    __tablename__ = "signal_rollup_5m"


class Rollup1Hour(_Rollup, Table):
    __tablename__ = "signal_rollup_1h"
