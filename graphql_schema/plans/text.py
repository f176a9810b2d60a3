"""JSON written by PostgreSQL: expressions whose value is the text of a JSON value, and never NULL."""

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, cast, extract, func, literal_column, type_coerce

type Piece = str | ColumnElement[str]
"""Text as it stands, or an expression for it."""

NULL = "null"


def quoted(text: str) -> ColumnElement[str]:
    """As an SQL literal: what a document or the schema spells, never a value from outside."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)


def joined(pieces: Iterable[Piece]) -> ColumnElement[str]:
    """Joining texts takes PostgreSQL a third of the time of its own functions for JSON."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    columns = [quoted(piece) if isinstance(piece, str) else type_coerce(piece, Text) for piece in merged]
    return reduce(add, columns) if columns else quoted("")


def plain(column: Any) -> ColumnElement[str]:
    """Of a number, a boolean or a JSON value."""
    return cast(column, Text)


def text(column: Any) -> ColumnElement[str]:
    return cast(func.to_json(column), Text)


def maybe(value: ColumnElement[str]) -> ColumnElement[str]:
    """Null for NULL."""
    return func.coalesce(value, quoted(NULL))


def instant(column: Any) -> ColumnElement[str]:
    """As `write_instant`. The session's time zone is UTC."""
    return func.to_char(column, quoted(r'\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\"'))


def opaque(pieces: Iterable[Piece]) -> ColumnElement[str]:
    """As `graphql_schema.nodes.opaque`, in quotation marks.

    Letters, digits, colons, hyphens and underscores give neither of the letters that base64 for addresses has instead.
    """
    return joined(['"', func.encode(func.convert_to(joined(pieces), quoted("UTF8")), quoted("base64")), '"'])


def on_one_line(encoded: ColumnElement[str]) -> ColumnElement[str]:
    """Base64 of more than 57 bytes, which PostgreSQL breaks."""
    return func.replace(encoded, literal_column(r"E'\n'", Text), quoted(""))


def microseconds(column: Any) -> ColumnElement[str]:
    """Since 1970, without quotation marks."""
    return plain(cast(extract("epoch", column) * literal_column("1000000"), BigInteger))
