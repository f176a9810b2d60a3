"""The two ways in which a file holds signals: an object a line, or a table."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, Protocol

import msgspec

from app.checks import fault_of_json
from app.errors import BadUserInput
from app.signals import events as event_form
from app.signals.importers.lines import LONGEST, FileLines, Lines
from app.signals.importers.record import KINDS, Columns, Record, json_value, number, record
from app.signals.rules import NEUTRAL

_LOOKED_AT = 1_000

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


class Format(Protocol):
    """How a file is read. Immutable: one serves a whole file, and its lines again when it is resumed."""

    def items(self, lines: Lines) -> Iterator[Item]:
        """All of the file, item by item."""

    def values(self, row: Any) -> Values:
        """Raises BadUserInput where the row is not of the format, or a value of the wrong type."""


def columns_of(name: str, lines: FileLines) -> list[str]:
    """Columns that a file of the format `name` has, in order: those of its head, or of its first 1 000 lines.

    Raises BadUserInput where the head cannot be read.
    """
    if name == "csv":
        head: Any = next((item.row for item in _csv_items(lines) if item.row is not None), [])
        if isinstance(head, BadUserInput):
            raise BadUserInput(f"{lines.path} has no head: {head.message}")
        return [column or "" for column in head]
    found: dict[str, None] = {}
    for line in islice(lines, _LOOKED_AT):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found |= dict.fromkeys(row)
    return list(found)


class _Kind(NamedTuple):
    """What msgspec takes, what Python makes of it, and how people call it."""

    accepted: Any
    types: type | tuple[type, ...]
    name: str


_KINDS = {
    "text": _Kind(str | None, str, "a string"),
    "number": _Kind(float | None, (int, float), "a number"),
    "whole": _Kind(int | float | None, (int, float), "a whole number"),
    "json": _Kind(msgspec.Raw, object, "JSON"),
}


class JsonLines:
    """One JSON object a line, or whatever it is `called`. Types are strict: a string is no number.

    With `events`, objects may be events.
    """

    def __init__(self, columns: Columns, *, events: bool = False, called: str = "line") -> None:
        self._columns = columns
        self._called = f"The {called}"
        self._events = events
        names = list(dict.fromkeys(columns.values()))
        attributes = {name: f"column_{place}" for place, name in enumerate(names)}
        kinds = {column: KINDS[field] for field, column in columns.items()}
        line = msgspec.defstruct(
            "Line",
            [(attributes[name], _KINDS[kinds[name]].accepted, None) for name in names],
            rename={attribute: name for name, attribute in attributes.items()},
            namespace={"missing": None},
            gc=False,
        )
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(line).decode
        self._values: Callable[[Any], Values] = attrgetter(
            *(attributes[columns[field]] if field in columns else "missing" for field in KINDS)
        )

    def items(self, lines: Lines) -> Iterator[Item]:
        for line in lines:
            yield Item(lines.number, line, None if line.isspace() else line)

    def values(self, row: bytes) -> Values:
        if len(row) > LONGEST:
            raise _too_long(self._called)
        if (
            self._events
            and b'"signal_type"' in row
            and event_form.is_event(found := _object(row, self._called))
        ):
            return _values_of_event(found, self._columns)
        try:
            return self._values(self._decode(row))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._fault(row) or BadUserInput(f"{self._called} cannot be read: {error}.") from None

    def _fault(self, row: bytes) -> BadUserInput | None:
        """What is wrong with the line, in the contract's words."""
        found = _object(row, self._called)
        for field, column in self._columns.items():
            kind, value = _KINDS[KINDS[field]], found.get(column)
            wrong = not isinstance(value, kind.types) or (
                isinstance(value, bool) and kind.types is not object
            )
            if value is not None and wrong:
                named = _named(field, column)
                return BadUserInput(f"{named} is {_shown(value)}; it takes {kind.name}.", field=field)
        fault = fault_of_json(found)
        return BadUserInput(f"{self._called} {fault}.") if fault else None


def receiver(called: str) -> Callable[[bytes, datetime], Record]:
    """A reader of signals and events in the contract's names, one JSON object at a time; `called` as for JsonLines.

    It is given the time of one that names none, and raises BadUserInput.
    """
    values = JsonLines({field: field for field in KINDS}, events=True, called=called).values

    def read(sent: bytes, time: datetime) -> Record:
        found = record("unknown", NEUTRAL, *values(sent))
        found.timestamp = found.timestamp or time
        return found

    return read


class Csv:
    """A table with a head (RFC 4180). An empty field without quotes is null, `""` is the empty string."""

    def __init__(self, columns: Columns, head: Sequence[str], *, events: bool = False) -> None:
        """With `events`, a table whose head has an event's columns holds events."""
        self._head = head
        self._columns = columns
        self._events = events and event_form.is_event(dict.fromkeys(head))
        # A null is put at the end of every row: the place of what the table does not have.
        places = {name: place for place, name in enumerate(head)}
        self._values: Callable[[list[Any]], Values] = itemgetter(
            *(places.get(columns.get(field, ""), -1) for field in KINDS)
        )
        self._numbers = [
            (place, field) for place, (field, kind) in enumerate(KINDS.items()) if kind in {"number", "whole"}
        ]

    def items(self, lines: Lines) -> Iterator[Item]:
        items = _csv_items(lines)
        for item in items:
            yield item._replace(row=None)
            if item.row is not None:
                break
        yield from items

    def values(self, row: list[Any] | BadUserInput) -> Values:
        if isinstance(row, BadUserInput):
            raise row
        if len(row) != len(self._head):
            raise BadUserInput(f"The row has {len(row)} fields; the head has {len(self._head)}.")
        if self._events:
            return self._values_of_event(row)
        values = list(self._values([*row, None]))
        for place, field in self._numbers:
            if values[place] is not None:
                values[place] = _number(_named(field, self._columns[field]), values[place], field)
        return values

    def _values_of_event(self, row: list[Any]) -> Values:
        """A table's fields are text: numbers and JSON are read from it."""
        event = dict(zip(self._head, row, strict=True))
        for name in {"score", "signal_score", self._columns.get("signalScore", "")} & event.keys():
            if event[name] is not None:
                event[name] = _number(name, event[name], name)
        if event.get("payload") is not None:
            event["payload"] = json_value(event["payload"])
        return _values_of_event(event, self._columns)


def _csv_items(lines: Lines) -> Iterator[Item]:
    """The table's rows, each as its fields, or as why it cannot be read."""
    csv.field_size_limit(LONGEST)
    read: list[bytes] = []
    not_utf8: list[int] = []

    def decoded() -> Iterator[str]:
        for line in lines:
            read.append(line)
            try:
                yield line.decode()
            except UnicodeDecodeError:
                not_utf8.append(lines.number)
                yield line.decode(errors="replace")

    rows = csv.reader(decoded(), quoting=csv.QUOTE_NOTNULL, strict=True)
    while True:
        line = lines.number + 1
        row: Any
        try:
            row = next(rows) or None
        except StopIteration:
            return
        except csv.Error as error:
            row = BadUserInput(f"The row is not CSV: {error}.")
        if not_utf8:
            row = BadUserInput(f"The row is not UTF-8: see line {not_utf8[0]}.")
        raw = b"".join(read)
        if len(raw) > LONGEST:
            row = _too_long("The line")
        yield Item(line, raw, row)
        read.clear()
        not_utf8.clear()


def _values_of_event(event: dict[str, Any], columns: Columns) -> Values:
    """Its score is another column's, or the options', where they say so."""
    signal = event_form.signal_of(event)
    column = columns.get("signalScore")
    if column is None:
        signal["signalScore"] = None
    elif column != "signalScore":
        signal["signalScore"] = event_form.number(column, event.get(column))
    if signal["payload"] is not None:
        signal["payload"] = json.dumps(signal["payload"])
    return (*map(signal.get, KINDS), True)


def _object(row: bytes, called: str) -> dict[str, Any]:
    """Raises BadUserInput where the row is no JSON object."""
    try:
        found = json.loads(row)
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8: byte {error.start + 1} cannot be read"
    except json.JSONDecodeError as error:
        fault = f"is not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        fault = "is nested too deeply"
    except ValueError:
        fault = "holds a whole number of more than 4300 digits"
    else:
        if isinstance(found, dict):
            return found
        fault = "is not a JSON object"
    raise BadUserInput(f"{called} {fault}.")


def _number(named: str, text: str, field: str) -> float:
    try:
        return number(text)
    except ValueError:
        raise BadUserInput(f"{named} is {_shown(text)}; it takes a number.", field=field) from None


def _too_long(called: str) -> BadUserInput:
    return BadUserInput(f"{called} is longer than {LONGEST} bytes.")


def _named(field: str, column: str) -> str:
    return field if field == column else f"{field} ({column})"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
