"""Reads the command line's words, and looks at a file of JSONL or a table before anything of it is stored."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from app.checks import name as checked_name
from app.errors import BadUserInput
from app.signals.buckets import time_zone
from app.signals.importers import slack_jsonl, sniff
from app.signals.importers.formats import Format
from app.signals.importers.import_source import Options, Source, check_columns, columns_mapped
from app.signals.importers.jsonl import JsonLines
from app.signals.importers.lines import FileLines, Unreadable, opened, place_of
from app.signals.importers.tables import Table, head_of

FORMATS = ("jsonl", "csv", "slack")
_DELIMITERS = {"tab": "\t", r"\t": "\t"}
_LOOKED_AT = 1_000
_TABLES = (".csv", ".tsv", ".tab")


def options(
    maps: Iterable[str],
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    source: str | None = None,
    score: str | None = None,
    create_conversations: bool = False,
    conversation: str | None = None,
    timezone: str | None = None,
    delimiter: str | None = None,
    strict: bool = False,
) -> Options:
    """Of the command line's words. Raises BadUserInput."""
    mapped = columns_mapped(maps)
    if format is not None and format not in FORMATS:
        raise BadUserInput(f"--format {format}: it takes {_list(FORMATS)}.")
    if source is not None:
        checked_name("--source", source)
    if conversation is not None:
        checked_name("--conversation", conversation)
        if "contextWindowId" in mapped:
            raise BadUserInput(
                "--conversation and --map contextWindowId=… both name the conversation: give one."
            )
    if score is not None and "signalScore" in mapped:
        raise BadUserInput("--score and --map signalScore=… both say where the score is from: give one.")
    delimiter = None if delimiter is None else _DELIMITERS.get(delimiter, delimiter)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii()):
        raise BadUserInput(f"--delimiter {delimiter}: it takes one character, such as ; or tab.")
    if delimiter is not None and format not in {None, "csv"}:
        raise BadUserInput("--delimiter is for tables: it takes no other --format than csv.")
    return Options(
        mapped,
        format,
        source,
        _score(score),
        create_conversations,
        conversation,
        None if timezone is None else _zone(timezone),
        delimiter,
        strict,
    )


def _score(words: str | None) -> float | str | None:
    try:
        constant = float(words or "")
    except ValueError:
        return words
    if not 0 <= constant <= 1:
        raise BadUserInput(f"--score {words}: a constant lies from 0 to 1.")
    return constant


def _zone(words: str) -> ZoneInfo:
    try:
        return time_zone(words)
    except BadUserInput as error:
        raise BadUserInput(f"--timezone: {error.message}") from None


def source(path: Path, given: Options, *, name: str | None = None) -> Source:
    """`name` is what people are told of, in place of the path.

    Raises BadUserInput where its first lines have not what the options name, and Unreadable where they are no lines.
    """
    called = name or str(path)
    place = name or place_of(path)
    table = given.format == "csv" or (given.format is None and (given.delimiter or _is_table(path)))
    kind = "csv" if table else "jsonl"
    with opened(path, called) as lines:
        if table:
            reading: Format = _table(called, lines, given)
        else:
            first = _first(called, lines)
            found = _names(first)
            if given.format == "slack" or (not given.format and not given.map and slack_jsonl.holds(found)):
                return slack_jsonl.source(path, given, called, place, found)
            check_columns(called, given, list(found))
            reading = JsonLines(given.names, strict=given.strict)
    return Source(
        path=path,
        name=called,
        place=place,
        opened=partial(opened, path, called),
        size=path.stat().st_size,
        format=reading,
        default=given.defaults(),
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=given.identity(place, kind),
        mapped=bool(given.map),
    )


def is_slack(path: Path) -> bool:
    """Whether it holds messages of Slack, a line each."""
    try:
        with opened(path) as lines:
            return slack_jsonl.has_ts(_names(_first(str(path), lines)))
    except Unreadable:
        return False


def _is_table(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(_TABLES)


def _table(called: str, lines: FileLines, given: Options) -> Table:
    _refuse_binary(called, lines)
    try:
        head, dialect = head_of(lines, given.names, given.delimiter)
    except BadUserInput as fault:
        raise BadUserInput(f"{called} has no head: {fault.message}") from None
    check_columns(called, given, head)
    try:
        return Table(given.names, head, dialect, strict=given.strict)
    except BadUserInput as fault:
        raise BadUserInput(f"{called}: {fault.message}") from None


def _first(called: str, lines: FileLines) -> Sequence[bytes]:
    """The first lines. Raises Unreadable where they are not JSON objects."""
    _refuse_binary(called, lines)
    first = list(islice(lines, _LOOKED_AT))
    full = next((line for line in first if line.strip()), b"")
    if (document := sniff.document(full)) is not None:
        raise Unreadable(
            f"{called} is {document}; it takes an object a line. `jq -c '.[]'` makes one of a list."
        )
    if sniff.lines_of_no_object(first):
        raise Unreadable(
            f"{called} is no JSONL: none of its first {len(first)} lines is a JSON object. It takes {sniff.TAKEN};"
            " --format csv says that it is a table."
        )
    return first


def _refuse_binary(called: str, lines: FileLines) -> None:
    if (found := sniff.binary(lines.beginning())) is not None:
        raise Unreadable(f"{called} is {found}; it takes {sniff.TAKEN}.")


def _names(lines: Sequence[bytes]) -> dict[str, object]:
    """Every name that the lines have, in order, with its first value."""
    found: dict[str, object] = {}
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found |= {name: value for name, value in row.items() if name not in found}
    return found


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
