"""Table of how far each partition has been stored."""

from datetime import datetime

from sqlalchemy import BigInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class ConsumedOffset(Table):
    """One row a partition and consumer group; written in the transaction that stores the batch."""

    __tablename__ = "consumed_offsets"

    group_id: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_offset: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Of the first message that is not stored yet."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
