"""The rolling store: what each pull measured, a row a conversation, oldest first and never changed.

Any number of processes may append at once, and what a crash leaves half written is never read.
"""

import csv
import errno
import fcntl
import io
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from app.coherence import ENGINE_VERSION
from app.coherence.metrics import METHOD
from app.coherence.sources.measure import Measurement
from app.errors import BadUserInput, Unavailable
from app.instant import write_instant

_SECONDS = 30.0
"""For which a writer waits for the others."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """The API's CoherenceMetrics of one conversation, flat; instants as the API writes them."""

    context_window_id: str
    coherence_mean: float | None
    volatility_index: float | None
    predicted_drift_risk: str | None
    timestamp: str
    window_sec: int
    n: int
    start_ts: str
    end_ts: str
    source: str
    as_of: str
    materialized_through: str | None
    method: str
    engine_version: str
    latency_ms: float

    @classmethod
    def of(cls, name: str, measurement: Measurement) -> Self:
        moment, found, freshness = measurement.moment, measurement.metrics, measurement.freshness
        through = freshness.materialized_through
        return cls(
            context_window_id=name,
            timestamp=write_instant(moment.at),
            window_sec=int(moment.window),
            n=found.n,
            coherence_mean=found.mean,
            volatility_index=found.volatility,
            predicted_drift_risk=found.risk,
            start_ts=write_instant(moment.start),
            end_ts=write_instant(moment.at),
            source=freshness.source,
            as_of=write_instant(freshness.as_of),
            materialized_through=None if through is None else write_instant(through),
            method=METHOD,
            engine_version=ENGINE_VERSION,
            latency_ms=measurement.latency_ms,
        )

    def as_json(self) -> dict[str, Any]:
        """The API's form, and whose it is."""
        flat = {_camel(name): value for name, value in asdict(self).items()}
        inputs = {name: flat.pop(name) for name in _INPUTS}
        meta = {name: flat.pop(name) for name in _META}
        return {**flat, "inputs": inputs, "meta": meta}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


_INPUTS = ("startTs", "endTs", "source", "asOf", "materializedThrough")
_META = ("method", "engineVersion", "latencyMs")
COLUMNS = {field.name: field.type for field in fields(Rolled)}


@dataclass(frozen=True, slots=True)
class CsvStore:
    """A row a line, null as an empty field. Text holds no line breaks: a line without an end is a torn one."""

    path: Path

    def append(self, rows: Sequence[Rolled]) -> None:
        new = _lines([astuple(row) for row in rows])
        with _faults(self.path, "written"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = _end_of_lines(file)
                file.truncate(end)
                if end:
                    file.seek(0)
                    self._known(file.read(len(_HEADER)))
                else:
                    new = _HEADER + new
                if file.write(new) != len(new):
                    file.truncate(end)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())

    def read(self, limit: int | None = None) -> list[Rolled]:
        if not self.path.exists():
            return []
        with _faults(self.path, "read"), self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            content = file.read()
        header, *lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True) or [_HEADER]
        self._known(header)
        first = 0 if limit is None else max(0, len(lines) - limit)
        return [self._row(line, number) for number, line in enumerate(lines[first:], first + 2)]

    def _known(self, header: bytes) -> None:
        if header != _HEADER:
            raise BadUserInput(f"{self.path} has other columns than this version writes: move it away.")

    def _row(self, line: bytes, number: int) -> Rolled:
        try:
            (cells,) = csv.reader([line.decode()], strict=True)
            named = {name: cell or None for name, cell in zip(COLUMNS, cells, strict=True)}
            return msgspec.convert(named, Rolled, strict=False)
        except (ValueError, csv.Error):  # ValueError: msgspec's too
            raise BadUserInput(f"{self.path}, line {number} is none of this program's.") from None


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


_HEADER = _lines([tuple(COLUMNS)])


def _end_of_lines(file: io.FileIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = file.seek(max(0, end - 65_536))
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """The table `rolling_metrics`, with a row's number before the columns."""

    path: Path

    def append(self, rows: Sequence[Rolled]) -> None:
        with _faults(self.path, "written"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._connected() as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                columns = ", ".join(f"{name} {_SQL[type_]}" for name, type_ in COLUMNS.items())
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS rolling_metrics (id INTEGER PRIMARY KEY, {columns}) STRICT"
                )
                places = ", ".join("?" * len(COLUMNS))
                connection.executemany(
                    f"INSERT INTO rolling_metrics ({', '.join(COLUMNS)}) VALUES ({places})",
                    [astuple(row) for row in rows],
                )

    def read(self, limit: int | None = None) -> list[Rolled]:
        if not self.path.exists():
            return []
        with _faults(self.path, "read"), self._connected() as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rolling_metrics'").fetchone():
                found = connection.execute(
                    f"SELECT {', '.join(COLUMNS)} FROM rolling_metrics ORDER BY id DESC LIMIT ?",
                    (-1 if limit is None else limit,),
                )
                return [Rolled(*row) for row in reversed(found.fetchall())]
        return []

    def _connected(self) -> closing[sqlite3.Connection]:
        # No WAL: to switch a new file to it fails where others use it, and these rows are few.
        return closing(sqlite3.connect(self.path, timeout=_SECONDS, isolation_level=None))


_SQL: dict[object, str] = {
    str: "TEXT NOT NULL",
    int: "INTEGER NOT NULL",
    float: "REAL NOT NULL",
    float | None: "REAL",
    str | None: "TEXT",
}


type Store = CsvStore | SqliteStore
"""Appends rows, all or none, and reads the last ones, oldest first."""


def store_of(persistence: Literal["csv", "sqlite", "none"], data_dir: Path) -> Store | None:
    match persistence:
        case "csv":
            return CsvStore(data_dir / "rolling_store.csv")
        case "sqlite":
            return SqliteStore(data_dir / "rolling_store.db")
        case "none":
            return None


@contextmanager
def _faults(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unavailable(f"{path} cannot be {what}: {reason}.") from error
