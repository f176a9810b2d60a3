"""Table of what came from sources that cannot send again, and could not be stored."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class DeadLetter(Table):
    """One signal, or what should have been one; written in the transaction that stores the others."""

    __tablename__ = "dead_letters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source: Mapped[str]
    """Where it came from: kafka:topic/partition/offset, with #index where the message is an array."""
    received_at: Mapped[datetime]
    """The time of a signal that names none."""
    reason: Mapped[str]
    field: Mapped[str | None]
    payload: Mapped[bytes]
    """Exactly as it came."""
    conversation: Mapped[str | None]
    """Its contextWindowId, where that can be read."""
    attempts: Mapped[int] = mapped_column(server_default=text("1"))
