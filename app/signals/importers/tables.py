"""Tables with a head: CSV, and the same with semicolons, tabs or bars between the fields."""

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from app.errors import BadUserInput
from app.signals.importers.formats import (
    Item,
    Values,
    named,
    one_of,
    shown,
    tell_unread,
    too_long,
    values_of_event,
)
from app.signals.importers.lines import LONGEST, Lines
from app.signals.importers.names import Names, Unread
from app.signals.importers.record import KINDS, json_value, number

DELIMITERS = (",", ";", "\t", "|")
_MAX_READ_AGAIN = 64_000_000
"""Bytes of a file that are read a second time, because a row before them does not end where it should."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table separates its fields."""

    delimiter: str = ","
    spaced: bool = False
    """Whether a blank follows each delimiter."""


def head_of(lines: Lines, names: Names, delimiter: str | None) -> tuple[list[str], Dialect]:
    """The table's columns, and its dialect: the one in which most columns are read, or in which there are most.

    Raises BadUserInput where the head cannot be read.
    """
    item = next((item for item in _items(lines, Dialect(delimiter or ",")) if item.raw.strip()), None)
    if item is None:
        return [], Dialect(delimiter or ",")
    tried = []
    for each in (delimiter,) if delimiter else DELIMITERS:
        head = _row(item.raw, Dialect(each))
        if isinstance(head, BadUserInput):
            continue
        spaced = len(head) > 1 and all(column[:1] == " " for column in head[1:])
        if spaced:
            head = _row(item.raw, Dialect(each, spaced=True))
        if not isinstance(head, BadUserInput):
            found = names.resolve(tuple(head))
            read = len(found.columns) + len(found.event or ())
            tried.append(((read, len(head)), head, Dialect(each, spaced=spaced)))
    if not tried:
        raise item.row  # why it cannot be read
    _, head, dialect = max(tried, key=lambda each: each[0])  # the first of equals
    return head, dialect


def _row(raw: bytes, dialect: Dialect) -> list[str] | BadUserInput:
    """The fields of one row; a null is an empty text."""
    [item, *_] = _items(_OneRow(raw), dialect)
    return item.row if isinstance(item.row, BadUserInput) else [field or "" for field in item.row or ()]


class _OneRow(Iterator[bytes]):
    """A row that has been read, as lines."""

    def __init__(self, raw: bytes) -> None:
        self.number = 0
        self.unfinished = False
        self._lines = io.BytesIO(raw)

    def __next__(self) -> bytes:
        return next(self._lines)


class Table:
    """A table with a head (RFC 4180). An empty field without quotes is null, `""` is the empty string."""

    def __init__(
        self, names: Names, head: Sequence[str], dialect: Dialect = Dialect(), *, strict: bool = False
    ) -> None:
        """With `strict`, a table with a column that is not read is refused: BadUserInput."""
        self._head = head
        self._dialect = dialect
        self._given = names.given
        self._found = names.resolve(tuple(head))
        tell_unread(self._found, Unread(), strict=strict)
        # A null is put at the end of every row: the place of what the table does not have.
        self._places = {name: place for place, name in enumerate(head)}
        columns = {field: names for field, names in self._found.columns.items() if names}
        self._values: Callable[[list[Any]], Values] = itemgetter(
            *(self._places[columns[field][0]] if field in columns else -1 for field in KINDS)
        )
        self._several = [
            (place, field, columns[field])
            for place, field in enumerate(KINDS)
            if len(columns.get(field, ())) > 1
        ]
        self._columns = {field: names[0] for field, names in columns.items()}
        self._typed = [
            (place, field, kind) for place, (field, kind) in enumerate(KINDS.items()) if kind in _TYPED
        ]

    def items(self, lines: Lines) -> Iterator[Item]:
        items = _items(lines, self._dialect)
        for item in items:
            yield item._replace(row=None)
            if item.raw.strip():
                break
        yield from items

    def values(self, row: list[Any] | BadUserInput, unread: Unread) -> Values:
        if isinstance(row, BadUserInput):
            raise row
        if len(row) != len(self._head):
            raise BadUserInput(f"The row has {len(row)} fields; the head has {len(self._head)}.")
        if self._found.unread:
            unread.add(self._found.unread)
        if self._found.event is not None:
            return self._values_of_event(row)
        values = list(self._values([*row, None]))
        for place, field, columns in self._several:
            values[place] = one_of(field, columns, [row[self._places[column]] for column in columns])
        for place, field, kind in self._typed:
            if values[place] is not None:
                values[place] = _TYPED[kind](named(field, self._columns[field]), values[place], field)
        return values

    def _values_of_event(self, row: list[Any]) -> Values:
        """A table's fields are text: numbers and JSON are read from it."""
        event = {member: row[self._places[name]] for member, name in (self._found.event or {}).items()}
        for member in ("score", "signal_score"):
            if event.get(member) is not None:
                event[member] = _number(member, event[member], member)
        if event.get("payload") is not None:
            event["payload"] = json_value(event["payload"])
        column = self._columns.get("signalScore")
        own = None if column is None else row[self._places[column]]
        return values_of_event(
            event, self._given, None if own is None else _number(str(column), own, str(column))
        )


def _items(lines: Lines | _OneRow, dialect: Dialect) -> Iterator[Item]:
    """The table's rows, each as its fields, or as why it cannot be read."""
    rows = _Rows(lines, dialect)
    while (item := rows.next()) is not None:
        yield item


class _Rows:
    """Where a row does not end as it should, only its first line is lost: those behind it are read anew."""

    def __init__(self, lines: Lines | _OneRow, dialect: Dialect) -> None:
        csv.field_size_limit(LONGEST)
        self._lines = lines
        self._dialect = dialect
        self._line = 1
        """The next row's first one."""
        self._read: list[bytes] = []
        self._again: deque[bytes] = deque()
        self._budget = _MAX_READ_AGAIN
        self._rows = self._reader()

    def next(self) -> Item | None:
        row: Any
        try:
            row = next(self._rows) or None
        except StopIteration:
            return None
        except csv.Error as error:
            row = BadUserInput(f"The row is not CSV: {error}.")
            if self._gives_back(error):
                row = BadUserInput(
                    f"The row is not CSV: a quote in it is not closed as it should be ({error})."
                )
            self._rows = self._reader()
        raw = b"".join(self._read)
        if (place := self._not_utf8()) is not None:
            row = BadUserInput(f"The row is not UTF-8: see line {place}.")
        if len(raw) > LONGEST:
            row = too_long("The line")
        item = Item(self._line, raw, row, self._line + len(self._read) - 1)
        self._line += len(self._read)
        self._read.clear()
        return item

    def _gives_back(self, error: csv.Error) -> bool:
        """Whether the lines behind the first are to be read anew."""
        behind = self._read[1:]
        if not behind:
            return False
        if self._lines.unfinished and not self._again and "end of data" in str(error):
            return False  # whoever writes the file may not be done with the row
        self._budget -= sum(map(len, behind))
        if self._budget < 0:
            return False
        self._again.extendleft(reversed(behind))
        del self._read[1:]
        return True

    def _not_utf8(self) -> int | None:
        """The number of the row's first line that is not."""
        for place, line in enumerate(self._read):
            if not line.isascii():
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return self._line + place
        return None

    def _reader(self) -> Iterator[list[Any]]:
        return csv.reader(
            self._decoded(),
            delimiter=self._dialect.delimiter,
            skipinitialspace=self._dialect.spaced,
            quoting=csv.QUOTE_NOTNULL,
            strict=True,
        )

    def _decoded(self) -> Iterator[str]:
        while (raw := self._again.popleft() if self._again else next(self._lines, None)) is not None:
            self._read.append(raw)
            yield raw.decode(errors="replace")


def _number(called: str, text: str, field: str) -> float:
    try:
        return number(text)
    except ValueError:
        raise BadUserInput(f"{called} is {shown(text)}; it takes a number.", field=field) from None


def _numbers(called: str, text: str, field: str) -> list[float]:
    try:
        return msgspec.json.decode(text, type=list[float])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadUserInput(f"{called} is {shown(text)}; it takes a list of numbers.", field=field) from None


_TYPED = {"number": _number, "whole": _number, "numbers": _numbers}
