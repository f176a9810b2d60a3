"""Texts compared in any case and Unicode form."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_

from app import checks


def contains(part: str, *columns: Any) -> ColumnElement[bool]:
    """Whether `part` stands, literally, in one of the columns."""
    checks.text("search", part)
    return or_(*(func.strpos(folded(column), folded(part)) > 0 for column in columns))


def folded(text: Any) -> ColumnElement[str]:
    """The form in which texts are compared: NFKC, case-folded (alembic/versions/0014)."""
    return func.folded_text(text)
