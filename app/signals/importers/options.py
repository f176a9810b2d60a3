"""How files are to be read: what the command line says, checked against the files before anything is stored."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.checks import name
from app.errors import BadUserInput
from app.signals.importers.formats import Csv, Format, JsonLines, columns_of
from app.signals.importers.lines import Lines, opened
from app.signals.importers.record import KINDS
from app.signals.rules import NEUTRAL

FORMATS = ("jsonl", "csv", "slack")
_VADER = "vader"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; the same for all of its files."""

    map: Mapping[str, str]
    format: str | None = None
    source: str | None = None
    score: float | str | None = None
    """A constant from 0 to 1, `vader`, or a column."""
    create_conversations: bool = False

    @property
    def vader(self) -> bool:
        return self.score == _VADER

    @property
    def constant(self) -> float:
        """The score of signals that have none."""
        return self.score if isinstance(self.score, float) else NEUTRAL


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
    source: str
    """signalSource where the file has none."""
    score: float
    """signalScore where the file has none."""
    vader: bool
    create_conversations: bool
    identity: bytes
    """Tells this way of reading this place from others."""
    appended: bool = False
    """Whether what has been read once is expected to be there still, and in the same order."""


def options(
    maps: Iterable[str],
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    source: str | None = None,
    score: str | None = None,
    create_conversations: bool = False,
) -> Options:
    """Of the command line's words. Raises BadUserInput."""
    mapped: dict[str, str] = {}
    for words in maps:
        field, equals, column = words.partition("=")
        if field not in KINDS or not equals or not column:
            raise BadUserInput(f"--map {words}: write field=column, where field is one of {_list(KINDS)}.")
        if field in mapped:
            raise BadUserInput(f"--map {words}: {field} is read from {mapped[field]} already.")
        mapped[field] = column
    if format is not None and format not in FORMATS:
        raise BadUserInput(f"--format {format}: it takes {_list(FORMATS)}.")
    if source is not None:
        name("--source", source)
    if score is not None and "signalScore" in mapped:
        raise BadUserInput("--score and --map signalScore=… both say where the score is from: give one.")
    return Options(mapped, format, source, _score(score), create_conversations)


def _score(words: str | None) -> float | str | None:
    try:
        constant = float(words or "")
    except ValueError:
        return words
    if not 0 <= constant <= 1:
        raise BadUserInput(f"--score {words}: a constant lies from 0 to 1.")
    return constant


def source(path: Path, given: Options) -> Source:
    """Of JSONL or CSV. Looks at the file's first lines. Raises BadUserInput where they have not what the options name."""
    place = path.resolve()
    kind = given.format or _format_of(path)
    with opened(path) as lines:
        found = columns_of(kind, lines)
    columns = columns_read(str(path), given, found)
    events = not given.map
    # Resolved as far as it decides what is stored: `--format jsonl` where that is the format anyway is no other way.
    identity = [
        str(place),
        kind,
        sorted(columns.items()),
        given.source,
        given.score,
        given.create_conversations,
    ]
    return Source(
        path=path,
        name=str(path),
        place=str(place),
        opened=partial(opened, path),
        size=path.stat().st_size,
        format=Csv(columns, found, events=events) if kind == "csv" else JsonLines(columns, events=events),
        source=given.source or "unknown",
        score=given.constant,
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=json.dumps(identity).encode(),
    )


def _format_of(path: Path) -> str:
    return "csv" if path.name.lower().removesuffix(".gz").endswith(".csv") else "jsonl"


def columns_read(name: str, given: Options, found: Sequence[str]) -> dict[str, str]:
    """The column of every field that is read. Raises BadUserInput where one of them is not among those `found`."""
    if twice := [column for column, count in Counter(found).items() if column and count > 1]:
        raise BadUserInput(f"{name} has several columns of the same name: {_list(twice)}.")
    columns = {field: field for field in KINDS} | dict(given.map)
    if isinstance(given.score, str) and given.score != _VADER:
        columns["signalScore"] = given.score
        if found and given.score not in found:
            raise BadUserInput(
                f"--score {given.score}: it takes vader, a number from 0 to 1, or a column of {name}: {_list(found)}."
            )
    elif given.score is not None:
        del columns["signalScore"]
    needed = () if not given.map and "signal_type" in found else ("contextWindowId",)  # events have it not
    for field in (*given.map, *needed) if found else ():
        if columns[field] not in found:
            raise BadUserInput(
                f"{name} has no column {columns[field]} to read {field} from; it has {_list(found)}."
                f" Say which one it is: --map {field}=…"
            )
    kinds: dict[str, str] = {}
    for field, column in columns.items():
        if kinds.setdefault(column, KINDS[field]) != KINDS[field]:
            raise BadUserInput(
                f"Column {column} cannot be {KINDS[field]} ({field}) and {kinds[column]} at once."
            )
    return columns


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
