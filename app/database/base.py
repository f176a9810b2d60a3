"""What all tables share."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Row, Select, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase

type AnyRow = Row[*tuple[Any, ...]]
type Statement = Select[*tuple[Any, ...]]


class Table(DeclarativeBase):
    """Base of the tables. Alembic makes them; these classes name their columns for queries."""

    metadata = MetaData()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to declare it
        str: Text,
        datetime: DateTime(timezone=True),
        UUID: postgresql.UUID(as_uuid=True),
        dict[str, Any]: postgresql.JSONB,
        bytes: postgresql.BYTEA,
        float: postgresql.DOUBLE_PRECISION,
    }
