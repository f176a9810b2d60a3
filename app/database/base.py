"""What all tables share."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, Row, Select, Text, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase

type AnyRow = Row[*tuple[Any, ...]]
type Statement = Select[*tuple[Any, ...]]


MINUS_INFINITY = datetime.min.replace(tzinfo=UTC)
"""PostgreSQL's -infinity, as an Instant."""


def to_json(value: Any) -> str:
    """As PostgreSQL takes a JSON value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Instant(TypeDecorator[datetime]):
    """A time that may be infinite, or the last instant of the year 9999, which asyncpg takes for infinity.

    asyncpg reads infinity as a datetime without a time zone, which cannot be compared with others.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


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
