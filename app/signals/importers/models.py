"""Table of how far each import has come."""

from datetime import datetime

from sqlalchemy import BigInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Table


class ImportProgress(Table):
    """One row a file and way of reading it; written in the transaction that stores the batch."""

    __tablename__ = "import_progress"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    path: Mapped[str]
    line: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    imported: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
