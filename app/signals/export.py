"""The way out: signals as lines of a file that `coherence import` reads back as the same signals."""

import csv
import gzip
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

import msgspec
from sqlalchemy import Text, or_, select, text
from sqlalchemy import cast as sql_cast

from app.auth import audit
from app.auth.viewer import Rights
from app.checks import nfc
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.conversations.queries import Reference
from app.database.base import AnyRow
from app.database.engine import Database
from app.errors import BadUserInput
from app.instant import parse_side, write_instant
from app.signals.models import Signal
from app.timerange import ALWAYS, TimeRange

_FETCHED = 1_000
"""Rows in memory at a time."""

# The contract's fields and what each is read from, in the order in which they are written.
_FIELDS = {
    "contextWindowId": Conversation.context_window_id,
    "timestamp": Signal.time,
    "rawContent": Signal.raw_content,
    "signalSource": Signal.signal_source,
    "signalScore": Signal.signal_score,
    "signalVector": Signal.signal_vector,
    "emotionalTone": Signal.emotional_tone,
    "escalateFlag": Signal.escalate_flag,
    "agentId": Signal.agent_id,
    "userId": Signal.user_id,
    "payload": sql_cast(Signal.payload, Text),  # as it stands: numbers keep all their digits
    "relationshipContext": Signal.relationship_context,
    "diagnosticNotes": Signal.diagnostic_notes,
}
_NAMES = tuple(_FIELDS)
_TIME, _PAYLOAD = _NAMES.index("timestamp"), _NAMES.index("payload")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which signals to export: all that may be read, where nothing is said."""

    conversations: Sequence[Reference] = ()
    sources: Sequence[str] = ()
    range: TimeRange = ALWAYS


def wanted(
    references: Sequence[Reference],
    sources: Sequence[str],
    since: str | None,
    until: str | None,
) -> Wanted:
    """Of the command line's words. Raises BadUserInput."""
    return Wanted(references, sources, TimeRange(_instant("--since", since), _instant("--until", until)))


def _instant(option: str, words: str | None) -> datetime | None:
    try:
        return None if words is None else parse_side(words)
    except ValueError as error:
        raise BadUserInput(f"{option}: {error}") from None


def format_of(path: Path | None, given: str | None) -> str:
    """`given`, or by the file's name; JSONL where neither says anything. Raises BadUserInput."""
    if given is None:
        return "csv" if path and path.name.lower().removesuffix(".gz").endswith(".csv") else "jsonl"
    if given not in _FORMATS:
        raise BadUserInput(f"--format {given}: it takes {', '.join(_FORMATS)}.")
    return given


async def export(
    database: Database,
    rights: Rights,
    wanted: Wanted,
    file: BinaryIO,
    format: str,  # noqa: A002
    *,
    actor: str = audit.PROGRAM,
) -> int:
    """Writes them in the order of their times, as `jsonl` or `csv`, all as of one moment; how many there were.

    The audit log has it before the first is read: what is not finished has left the house, too.
    """
    await _note(database, wanted, actor)
    write = _FORMATS[format](file)
    count = 0
    async for rows in _read(database, rights, wanted):
        write(rows)
        count += len(rows)
    return count


async def _note(database: Database, wanted: Wanted, actor: str) -> None:
    """How much was asked for, but no names: a producer may have made them of people's."""
    start, end = wanted.range.start, wanted.range.end
    details = {
        "conversations": len(wanted.conversations) or "all",
        "sources": len(wanted.sources) or "all",
        "since": start and write_instant(start),
        "until": end and write_instant(end),
    }
    async with database.write() as connection:
        await audit.note(connection, actor, "signals exported", "signals", **details)


async def _read(database: Database, rights: Rights, wanted: Wanted) -> AsyncIterator[Sequence[AnyRow]]:
    statement = (
        select(*_FIELDS.values())
        .select_from(Signal)
        .join(Conversation)
        .where(conversations.readable(rights), *wanted.range.holds(Signal.time))
        .order_by(Signal.time, Signal.id)
    )
    if wanted.conversations:
        keys = [each for each in wanted.conversations if isinstance(each, UUID)]
        names = [nfc(each) for each in wanted.conversations if not isinstance(each, UUID)]
        statement = statement.where(or_(Conversation.id.in_(keys), Conversation.context_window_id.in_(names)))
    if wanted.sources:
        statement = statement.where(Signal.signal_source.in_(wanted.sources))
    async with database.write() as connection:  # a cursor lives in a transaction
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        async with connection.stream(statement.execution_options(yield_per=_FETCHED)) as result:
            async for rows in result.partitions():
                yield rows


def _jsonl(file: BinaryIO) -> Callable[[Sequence[AnyRow]], None]:
    encode = msgspec.json.Encoder().encode

    def write(rows: Sequence[AnyRow]) -> None:
        for row in rows:
            values: list[Any] = list(row)
            values[_TIME] = write_instant(row[_TIME])
            values[_PAYLOAD] = msgspec.Raw(row[_PAYLOAD].encode())
            file.write(encode(dict(zip(_NAMES, values, strict=True))) + b"\n")

    return write


def _csv(file: BinaryIO) -> Callable[[Sequence[AnyRow]], None]:
    """Null is an empty field, the empty string is `""`."""

    def lines(rows: Iterator[Sequence[Any]]) -> None:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, quoting=csv.QUOTE_NOTNULL).writerows(rows)
        file.write(buffer.getvalue().encode())

    def write(rows: Sequence[AnyRow]) -> None:
        lines((*row[:_TIME], write_instant(row[_TIME]), *row[_TIME + 1 :]) for row in rows)

    lines(iter([_NAMES]))
    return write


_FORMATS = {"jsonl": _jsonl, "csv": _csv}


@contextmanager
def output(path: Path | None) -> Iterator[BinaryIO]:
    """The file to write, gzip where its name ends in .gz; standard output without one.

    It appears under its name once it is whole: an export that fails leaves nothing that looks like one.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as plain:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=plain, mode="wb", compresslevel=6) as zipped:
                    yield cast(BinaryIO, zipped)
            else:
                yield plain
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
