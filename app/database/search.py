"""Search for a part of a text, in any case."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from app import checks


def contains(part: str, *columns: Any) -> ColumnElement[bool]:
    """Whether `part` stands, literally, in one of the columns."""
    checks.text("search", part)
    return or_(*(column.icontains(part, autoescape=True) for column in columns))
