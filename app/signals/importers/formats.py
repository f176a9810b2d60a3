"""What the formats of files have in common: an object a line (jsonl.py), or a table (tables.py)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from app.errors import BadUserInput
from app.signals import events
from app.signals.importers.lines import LONGEST, Lines
from app.signals.importers.names import Resolved, Unread
from app.signals.importers.record import KINDS

type Values = Sequence[Any]
"""A signal's values as the file has them, in the order of KINDS; None for what it does not have.

What `record` takes beyond them may follow.
"""


class Item(NamedTuple):
    """What stands between two points of a file."""

    line: int
    """Number of the first line."""
    raw: bytes
    row: Any
    """What `Format.values` takes; None where there is nothing, as in an empty line or a table's head."""
    end: int
    """Number of the last line."""


class Format(Protocol):
    """How a file is read. One serves a whole file, and its lines again when it is resumed."""

    def items(self, lines: Lines) -> Iterator[Item]:
        """All of the file, item by item."""

    def values(self, row: Any, unread: Unread) -> Values:
        """Tells `unread` of what it does not read.

        Raises BadUserInput where the row is not of the format, or a value of the wrong type.
        """


def tell_unread(found: Resolved, unread: Unread, *, strict: bool) -> None:
    """Counts the names that are not read. Raises BadUserInput where that is not allowed."""
    if not found.unread:
        return
    if strict:
        raise BadUserInput(f"{listed(found.unread)}: no field is read from it, which --strict refuses.")
    unread.add(found.unread)


def one_of(field: str, columns: Sequence[str], values: Sequence[Any]) -> Any:
    """The value that the columns agree on; null is as good as left out. Raises BadUserInput."""
    there = [(column, value) for column, value in zip(columns, values, strict=True) if value is not None]
    for column, value in there[1:]:
        if value != there[0][1]:
            raise BadUserInput(
                f"{field} is {shown(there[0][1])} in {there[0][0]!r} and {shown(value)} in {column!r}:"
                f" send one of them, or {field}.",
                field=field,
            )
    return there[0][1] if there else None


def values_of_event(event: dict[str, Any], given: Mapping[str, str | None], own_score: Any) -> Values:
    """Its score is another column's, or the options', where they say so."""
    signal = events.signal_of(event)
    if "signalScore" in given:
        column = given["signalScore"]
        signal["signalScore"] = None if column is None else events.number(column, own_score)
    if signal["payload"] is not None:
        signal["payload"] = json.dumps(signal["payload"])
    return (*map(signal.get, KINDS), True)


def too_long(called: str) -> BadUserInput:
    return BadUserInput(f"{called} is longer than {LONGEST} bytes.")


def named(field: str, column: str) -> str:
    return field if field == column else f"{field} ({column})"


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 40 else f"{text[:40]}…"


def listed(names: Sequence[str]) -> str:
    """Names in quotes, as they may hold anything; the first of many."""
    more = len(names) - 10
    return ", ".join(repr(name[:60]) for name in names[:10]) + (f" and {more} more" if more > 0 else "")
