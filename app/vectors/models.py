"""Tables of embeddings, and of what is still to be done about them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, REAL, BigInteger, DateTime, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class SignalEmbedding(Table):
    """Of a signal, once it has been looked at: a vector of unit length."""

    __tablename__ = "signal_embeddings"
    __table_args__ = (
        Index("signal_embeddings_conversation", "conversation_id", "time"),
        Index("signal_embeddings_not_indexed", "time", "id", postgresql_where=text("NOT indexed")),
    )

    time: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[UUID]
    space: Mapped[str]
    """Which embedder made it, and how wide: only vectors of one space can be compared."""
    given: Mapped[bool]
    """Whether the producer sent it."""
    indexed: Mapped[bool]
    """Whether the index elsewhere, if there is one, has it."""
    embedding: Mapped[list[float]] = mapped_column(ARRAY(REAL))


class GivenEmbedding(Table):
    """That a producer has sent, and that nobody has looked at since."""

    __tablename__ = "given_embeddings"

    time: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    embedding: Mapped[list[float]] = mapped_column(ARRAY(REAL))


class _Keys:
    """Of signals, one list a statement."""

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    times: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class EmbeddingArrival(_Keys, Table):
    """Signals that are to be embedded."""

    __tablename__ = "embedding_arrivals"


class EmbeddingDeparture(_Keys, Table):
    """Signals whose embedding is gone, of which an index elsewhere has not been told."""

    __tablename__ = "embedding_departures"
