"""One JSON object a line: of files, /ingest, Kafka's messages and dead letters."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from app.checks import fault_of_json
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
from app.signals.importers.lines import BOM, LONGEST, Lines
from app.signals.importers.names import Names, Resolved, Unread
from app.signals.importers.record import KINDS, Defaults, Record, record


class _Kind(NamedTuple):
    """What msgspec takes, what Python makes of it, and how people call it."""

    accepted: Any
    types: type | tuple[type, ...]
    name: str


_KINDS = {
    "text": _Kind(str | None, str, "a string"),
    "time": _Kind(str | int | float | None, (str, int, float), "a string or a Unix time"),
    "number": _Kind(float | None, (int, float), "a number"),
    "whole": _Kind(int | float | None, (int, float), "a whole number"),
    "numbers": _Kind(list[float] | None, list, "a list of numbers"),
    "json": _Kind(msgspec.Raw, object, "JSON"),
}
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    name: msgspec.json.Decoder(kind.accepted).decode for name, kind in _KINDS.items() if name != "json"
}
_MEMBERS: Callable[[bytes], dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class JsonLines:
    """One JSON object a line, or whatever it is `called`. Types are strict: a string is no number."""

    def __init__(self, names: Names, *, called: str = "line", strict: bool = False) -> None:
        """With `strict`, a line with a name that is not read is refused."""
        self._names = names
        self._called = f"The {called}"
        self._strict = strict
        self._has_other_names = False
        """Whether the line before had names of other programs: then the next one will have, too."""
        columns: dict[str, str] = {field: field for field in KINDS if field not in names.given}
        columns |= {field: column for field, column in names.given.items() if column is not None}
        self._decode, self._values = _exactly(columns)

    def items(self, lines: Lines) -> Iterator[Item]:
        for line in lines:
            yield Item(lines.number, line, None if line.isspace() else line, lines.number)

    def values(self, row: bytes, unread: Unread) -> Values:
        if len(row) > LONGEST:
            raise too_long(self._called)
        if not self._has_other_names:
            try:
                return self._values(self._decode(row))
            except _UNREADABLE:  # it has other names, or something is wrong with it
                pass
        return self._by_names(row.removeprefix(BOM), unread)

    def _by_names(self, row: bytes, unread: Unread) -> Values:
        try:
            members = _MEMBERS(row)
            found = self._names.resolve(tuple(members))
            self._has_other_names = not found.exact
            if found.event is None:
                values: list[Any] = [None] * len(KINDS)
                for place, field, columns in found.places:
                    values[place] = _value(field, columns, members)
                tell_unread(found, unread, strict=self._strict)
                return values
        except BadUserInput:
            raise
        except _UNREADABLE as error:
            raise self._fault(row) or BadUserInput(f"{self._called} cannot be read: {error}.") from None
        tell_unread(found, unread, strict=self._strict)
        whole = _object(row, self._called)
        event = {member: whole[name] for member, name in found.event.items()}
        own_score = whole.get(self._names.given.get("signalScore") or "")
        return values_of_event(event, self._names.given, own_score)

    def _fault(self, row: bytes) -> BadUserInput | None:
        """What is wrong with the line, in the contract's words."""
        whole = _object(row, self._called)
        found: Resolved = self._names.resolve(tuple(whole))
        for field, columns in found.columns.items():
            kind = _KINDS[KINDS[field]]
            for column in columns:
                value = whole.get(column)
                wrong = not isinstance(value, kind.types) or (
                    isinstance(value, bool) and kind.types is not object
                )
                if value is not None and wrong:
                    fault = f"{named(field, column)} is {shown(value)}; it takes {kind.name}."
                    return BadUserInput(fault, field=field)
        unfit = fault_of_json(whole)
        return BadUserInput(f"{self._called} {unfit}.") if unfit else None


def _exactly(columns: Mapping[str, str]) -> tuple[Callable[[bytes], Any], Callable[[Any], Values]]:
    """A decoder of lines that have these names and no others, and what takes the values out of what it decodes."""
    names = list(dict.fromkeys(columns.values()))
    attributes = {name: f"column_{place}" for place, name in enumerate(names)}
    kinds = {column: KINDS[field] for field, column in columns.items()}
    line = msgspec.defstruct(
        "Line",
        [(attributes[name], _KINDS[kinds[name]].accepted, None) for name in names],
        rename={attribute: name for name, attribute in attributes.items()},
        namespace={"missing": None},
        forbid_unknown_fields=True,
        gc=False,
    )
    values = attrgetter(*(attributes[columns[field]] if field in columns else "missing" for field in KINDS))
    return msgspec.json.Decoder(line).decode, values


def _value(field: str, columns: Sequence[str], members: Mapping[str, msgspec.Raw]) -> Any:
    kind = KINDS[field]
    if len(columns) == 1:
        raw = members[columns[0]]
        return raw if kind == "json" else _DECODERS[kind](raw)
    return one_of(
        field,
        columns,
        [members[column] if kind == "json" else _DECODERS[kind](members[column]) for column in columns],
    )


type Reader = Callable[[bytes, datetime, Unread], Record]
"""Reads one JSON object; the time is that of a signal that names none. Raises BadUserInput."""


def reader(
    called: str,
    default: Defaults = Defaults(),  # noqa: B008 - it is immutable
    given: Mapping[str, str | None] = MappingProxyType({}),
    *,
    strict: bool = False,
) -> Reader:
    """Of signals, and where nothing is `given` of events; `called` as for JsonLines, `given` as for Names."""
    values = JsonLines(Names(given, events=not given), called=called, strict=strict).values

    def read(sent: bytes, time: datetime, unread: Unread) -> Record:
        found = record(default, *values(sent, unread))
        found.timestamp = found.timestamp or time
        return found

    return read


def _object(row: bytes, called: str) -> dict[str, Any]:
    """Raises BadUserInput where the row is no JSON object."""
    try:
        found = json.loads(row.decode())
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
