"""What is imported, and what the command line says of how it is read."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from app.errors import BadUserInput
from app.signals.importers.formats import Format
from app.signals.importers.lines import Lines
from app.signals.importers.names import Names
from app.signals.importers.record import KINDS, Defaults
from app.signals.rules import NEUTRAL

VADER = "vader"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; the same for all of its files."""

    map: Mapping[str, str]
    format: str | None = None
    source: str | None = None
    score: float | str | None = None
    """A constant from 0 to 1, `vader`, or a column."""
    create_conversations: bool = False
    conversation: str | None = None
    zone: ZoneInfo | None = None
    delimiter: str | None = None
    strict: bool = False

    @property
    def vader(self) -> bool:
        return self.score == VADER

    def defaults(self, source: str = "unknown") -> Defaults:
        """What signals have that do not say it."""
        score = self.score if isinstance(self.score, float) else NEUTRAL
        return Defaults(self.source or source, score, self.conversation, self.zone)

    @property
    def given(self) -> Mapping[str, str | None]:
        """The columns that are named; None for a score that is not read."""
        if self.score is None:
            return self.map
        return {
            **self.map,
            "signalScore": None if self.vader or isinstance(self.score, float) else str(self.score),
        }

    @property
    def names(self) -> Names:
        return Names(self.given, events=not self.map)

    def identity(self, place: str, what: str) -> bytes:
        """Tells this way of reading a place from others; `what` is the format, or the query.

        Resolved as far as it decides what is stored: `--format jsonl` where that is the format anyway is no other way.
        What version 0.1 did not know is in it only where it is said, so that its imports are gone on with.
        """
        columns = {field: self.given.get(field, field) for field in KINDS}
        if "embedding" not in self.map:
            del columns["embedding"]
        read = sorted((field, column) for field, column in columns.items() if column is not None)
        zone = self.zone and self.zone.key
        since = {
            "conversation": self.conversation,
            "timezone": zone,
            "delimiter": self.delimiter,
            "strict": self.strict,
        }
        said = {word: value for word, value in since.items() if value}
        whole = [
            place,
            what,
            read,
            self.source,
            self.score,
            self.create_conversations,
            *([said] if said else ()),
        ]
        return json.dumps(whole).encode()


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported, and how it is read."""

    path: Path
    """As it was named: the rejected lines go beside it."""
    name: str
    """What people are told that it is."""
    place: str
    """Where it is, however it is named."""
    opened: Callable[[], AbstractContextManager[Lines]]
    """Reads it from its beginning."""
    size: int | None
    """What `Lines.position` is at the end, where that is known."""
    format: Format
    default: Defaults
    vader: bool
    create_conversations: bool
    identity: bytes
    """Tells this way of reading this place from others."""
    appended: bool = False
    """Whether what has been read once is expected to be there still, and in the same order."""
    mapped: bool = False
    """Whether the command line names columns: then that others are not read is intended."""


def columns_mapped(maps: Iterable[str]) -> dict[str, str]:
    """The column of each field that `--map FIELD=COLUMN` names. Raises BadUserInput."""
    mapped: dict[str, str] = {}
    for words in maps:
        field, equals, column = words.partition("=")
        if field not in KINDS or not equals or not column:
            raise BadUserInput(f"--map {words}: write field=column, where field is one of {_list(KINDS)}.")
        if field in mapped:
            raise BadUserInput(f"--map {words}: {field} is read from {mapped[field]} already.")
        mapped[field] = column
    _check_kinds(mapped)
    return mapped


def check_columns(called: str, given: Options, found: Sequence[str]) -> None:
    """Raises BadUserInput where a column that the options name, or one that is needed, is not among those `found`."""
    if twice := [column for column, count in Counter(found).items() if column and count > 1]:
        raise BadUserInput(f"{called} has several columns of the same name: {_list(twice)}.")
    resolved = given.names.resolve(tuple(found))
    _check_kinds({field: column for field, column in given.given.items() if column is not None})
    if not found:
        return
    if isinstance(given.score, str) and not given.vader and not resolved.columns.get("signalScore"):
        raise BadUserInput(
            f"--score {given.score}: it takes vader, a number from 0 to 1, or a column of {called}: {_list(found)}."
        )
    for field, column in given.map.items():
        if not resolved.columns.get(field):
            raise _missing(called, field, column, found)
    if resolved.event is None and given.conversation is None and not resolved.columns.get("contextWindowId"):
        raise _missing(called, "contextWindowId", "contextWindowId", found)


def _missing(called: str, field: str, column: str, found: Sequence[str]) -> BadUserInput:
    return BadUserInput(
        f"{called} has no column {column} to read {field} from; it has {_list(found)}."
        f" Say which one it is: --map {field}=…"
    )


def _check_kinds(mapped: Mapping[str, str]) -> None:
    kinds: dict[str, str] = {}
    for field, column in ({field: field for field in KINDS} | dict(mapped)).items():
        if kinds.setdefault(column, KINDS[field]) != KINDS[field]:
            raise BadUserInput(
                f"Column {column} cannot be {KINDS[field]} ({field}) and {kinds[column]} at once."
            )


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
