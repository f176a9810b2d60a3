"""The rows of a query on another PostgreSQL: each is made a line of JSON, so that the import goes on by lines."""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import BadUserInput
from app.instant import write_instant
from app.signals import events
from app.signals.importers.import_source import Options, Source, check_columns
from app.signals.importers.jsonl import JsonLines
from app.signals.importers.lines import Lines, MadeLines, Unreadable
from app.signals.importers.record import KINDS

_AT_A_TIME = 100
_CONNECT_SECONDS = 10
_FAILURES = (OSError, TimeoutError, PostgresError, InterfaceError, ValueError, OverflowError)
_WITHOUT_ZONE = {"timestamp", "date", "time"}

type Wait = Callable[[Coroutine[Any, Any, Any]], Any]


def source(dsn: str, query: str, given: Options) -> Source:
    """Has the query planned, but not run. Raises BadUserInput and Unreadable."""
    if given.delimiter is not None:
        raise BadUserInput("--delimiter: a query has no delimiter.")
    if given.format is not None:
        raise BadUserInput(f"--format {given.format}: a query has no format.")
    if not re.search(r"\border\s+by\b", query, re.IGNORECASE):
        raise BadUserInput(
            "--from-sql: end the query with ORDER BY and what tells the rows apart:"
            " an import that goes on needs the same order every time."
        )
    place = _place(dsn)
    with _prepared(dsn, query) as (_, statement):
        types = {attribute.name: attribute.type.name for attribute in statement.get_attributes()}
        found = [attribute.name for attribute in statement.get_attributes()]
    if not found:
        raise BadUserInput("--from-sql: the query returns no rows.")
    check_columns("The query", given, found)
    resolved = given.names.resolve(tuple(found))
    columns, event = resolved.columns, resolved.event or {}
    for time in [*columns.get("timestamp", ()), *(name for name in [event.get("timestamp")] if name)]:
        if types[time] in _WITHOUT_ZONE and not (types[time] == "timestamp" and given.zone):
            raise BadUserInput(
                f"Column {time} is a {types[time]} without time zone: give --timezone, or write"
                f" {time} AT TIME ZONE 'UTC' AS {time}, or whichever zone it is."
            )
    kinds = {name: events.KINDS[member] for member, name in event.items()}
    kinds |= {column: KINDS[field] for field, read in columns.items() for column in read}
    identity = given.identity(place, query)
    digest = hashlib.sha256(identity).hexdigest()[:16]
    return Source(
        path=Path(f"sql-{digest}"),
        name=place,
        place=f"{place}#{digest}",
        opened=partial(_opened, dsn, query, kinds),
        size=None,
        format=JsonLines(given.names, strict=given.strict),
        default=given.defaults(),
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=identity,
        appended=True,
        mapped=bool(given.map),
    )


@contextmanager
def _opened(dsn: str, query: str, kinds: Mapping[str, str]) -> Iterator[Lines]:
    with _prepared(dsn, query) as (wait, statement):
        yield MadeLines(_lines(wait, statement, kinds), Counter(), Counter())


def _lines(wait: Wait, statement: Any, kinds: Mapping[str, str]) -> Iterator[bytes]:
    columns = [
        (
            json.dumps(attribute.name),
            kinds.get(attribute.name, "json"),
            attribute.type.name in {"json", "jsonb"},
        )
        for attribute in statement.get_attributes()
    ]
    number = 0
    try:
        cursor = wait(_cursor(statement))
        while rows := wait(cursor.fetch(_AT_A_TIME)):
            for row in rows:
                yield _line(columns, row)
                number += 1
    except _FAILURES as error:
        raise Unreadable(f"The query cannot be read beyond row {number}: {error}.") from error


async def _cursor(statement: Any) -> Any:
    return await statement.cursor()


def _line(columns: Sequence[tuple[str, str, bool]], row: Any) -> bytes:
    members = [
        f"{name}: {value if is_json and kind == 'json' and value is not None else _json(_value(value, kind))}"
        for (name, kind, is_json), value in zip(columns, row, strict=True)
    ]
    return f"{{{', '.join(members)}}}\n".encode()


def _value(value: Any, kind: str) -> Any:
    """As a field of this kind takes it: keys are often numbers or UUIDs, flags booleans."""
    if isinstance(value, bool):
        return int(value) if kind in {"number", "whole"} else value
    if isinstance(value, Decimal) and kind not in {"text", "time"}:
        return float(value)
    if kind in {"text", "time"} and not isinstance(value, str | None):
        return _plain(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return write_instant(value.astimezone(UTC))
    if isinstance(value, asyncpg.Record):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_json = partial(json.dumps, ensure_ascii=False, default=_plain)


@contextmanager
def _prepared(dsn: str, query: str) -> Iterator[tuple[Wait, Any]]:
    """The query, planned in a read-only transaction. Raises Unreadable and BadUserInput.

    Lines are read one by one, not awaited: so the driver has an event loop of its own.
    """
    with _loop() as wait:
        connection = wait(_connect(dsn))
        try:
            try:
                wait(connection.transaction(readonly=True).start())
                statement = wait(connection.prepare(query))
            except _FAILURES as error:
                raise BadUserInput(f"--from-sql: {error}") from error
            yield wait, statement
        finally:
            wait(_close(connection))


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=_CONNECT_SECONDS)
    except _FAILURES:
        connection.terminate()


async def _connect(dsn: str) -> Any:
    """What the driver says of a DSN may hold the password; what a server says of it does not."""
    try:
        return await asyncpg.connect(  # type: ignore[no-untyped-call]
            dsn.replace("postgresql+asyncpg:", "postgresql:", 1),
            timeout=_CONNECT_SECONDS,
            server_settings={"application_name": "coherence import"},
        )
    except (OSError, PostgresError) as error:
        reason = "it does not answer in time" if isinstance(error, TimeoutError) else str(error)
        raise Unreadable(f"The database of --dsn cannot be reached: {reason}.") from error
    except (InterfaceError, ValueError):
        raise _not_understood() from None


def _place(dsn: str) -> str:
    """Where it leads, without name and password. Raises BadUserInput."""
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        raise _not_understood() from None
    return f"postgresql://{url.query.get('host', url.host) or ''}:{url.query.get('port', url.port or 5432)}/{url.database or ''}"


def _not_understood() -> BadUserInput:
    return BadUserInput("--dsn is not understood: write postgresql://user:password@host/database.")


@contextmanager
def _loop() -> Iterator[Wait]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
