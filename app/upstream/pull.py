"""One pull: read what is new, store each row once, measure the conversations that it is about."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

import structlog

from app.auth.viewer import PROGRAM
from app.coherence.sources.measure import Moment, measure
from app.coherence.sources.moments import Pool
from app.database.engine import Database, repeated_after_deadlock
from app.duration import Duration
from app.errors import BadUserInput, Refused, Unavailable
from app.instant import EPOCH, write_instant
from app.observability.requests import new_request_id
from app.settings import Settings
from app.signals.importers.record import Record
from app.signals.rules import Rules
from app.signals.store import store
from app.timerange import TimeRange
from app.upstream import queries
from app.upstream.client import Upstream
from app.upstream.pages import from_file, pages
from app.upstream.queries import RowKey
from app.upstream.rolling import Rolled
from app.upstream.rows import PREFIX, SOURCE, signal_of

log = structlog.get_logger()

BATCH = 5_000
"""Rows a transaction."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Outcome:
    """What became of the rows: each of `read` is one of the others."""

    pages: int = 0
    read: int = 0
    stored: int = 0
    duplicates: int = 0
    outside: int = 0
    """Of the range that was asked for."""
    dropped: int = 0
    """Read by a pull that broke off, and not kept."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Which row, and why."""
    measured: list[Rolled] = field(default_factory=list)
    failure: Refused | None = None
    """Why the pull broke off."""


@dataclass(slots=True)
class Gathered:
    """The rows of a pull, by their keys: of those with one key the first."""

    range: TimeRange
    outcome: Outcome = field(default_factory=Outcome)
    rows: dict[RowKey, tuple[str, Record]] = field(default_factory=dict)
    last: datetime = EPOCH
    ascending: bool = True
    """Whether they came oldest first: what has been read then is all there is until `last`."""

    def add(self, rows: Sequence[object]) -> None:
        """A page."""
        self.outcome.pages += 1
        for number, row in enumerate(rows, 1):
            self.outcome.read += 1
            place = f"page {self.outcome.pages}, row {number}"
            try:
                record = signal_of(row)
            except BadUserInput as fault:
                self.outcome.refused.append((place, fault.message))
            else:
                self._add(place, record)

    def _add(self, place: str, record: Record) -> None:
        time = record.timestamp or EPOCH  # it has one
        start, end = self.range.start, self.range.end
        key = (record.context_window_id, time)
        if (start is not None and time < start) or (end is not None and time >= end):
            self.outcome.outside += 1
        elif key in self.rows:
            self.outcome.duplicates += 1
        else:
            self.rows[key] = (place, record)
            self.ascending &= time >= self.last
            self.last = time

    @property
    def resumable(self) -> bool:
        """Whether the next pull goes on where these end. One instant alone tells nothing of an order."""
        return self.ascending and len({time for _, time in self.rows}) > 1


@dataclass(frozen=True, slots=True)
class Puller:
    database: Database
    settings: Settings
    window: Duration

    async def pull(self, asked: TimeRange, now: datetime) -> Outcome:
        """What lies in `asked`; where it has no start, from the last row stored on, less the overlap. One log line."""
        began, request_id = perf_counter(), new_request_id()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            outcome = await self._pull(asked, now, request_id)
            log.info(
                "pull",
                pages=outcome.pages,
                read=outcome.read,
                stored=outcome.stored,
                duplicates=outcome.duplicates,
                refused=len(outcome.refused),
                outcome="OK" if outcome.failure is None else outcome.failure.code,
                duration_ms=round((perf_counter() - began) * 1_000, 2),
            )
        return outcome

    async def _pull(self, asked: TimeRange, now: datetime, request_id: str) -> Outcome:
        gathered = Gathered(asked)
        outcome = gathered.outcome
        if self.settings.mock_path is not None:
            gathered.add(from_file(self.settings.mock_path))
            end = max((time for _, time in gathered.rows), default=now) + _MICROSECOND
        else:
            end = asked.end or now
            await self._read(gathered, asked.start or await self._resumed(), end, request_id)
        if outcome.failure is None or gathered.resumable:
            await self._store(gathered, now)
            names = sorted({name for name, _ in gathered.rows})
            outcome.measured = await self._measured(names, asked.end or end)
        else:
            outcome.dropped = len(gathered.rows)
        return outcome

    async def _resumed(self) -> datetime:
        async with self.database.read(newest=True) as connection:
            last = await queries.last(connection, SOURCE, PREFIX)
        overlap = timedelta(seconds=self.settings.darshan_overlap)
        return EPOCH if last is None else max(EPOCH, last - overlap)

    async def _read(self, gathered: Gathered, since: datetime, until: datetime, request_id: str) -> None:
        """What breaks off is an outcome: what has been read until then may be kept."""
        if since > until:
            raise BadUserInput(
                f"The pull would begin at {write_instant(since)} and end at {write_instant(until)}, before that:"
                " set another --since or --until."
            )
        upstream = Upstream.of(self.settings, request_id)
        deadline = self.settings.darshan_deadline
        try:
            async with (
                upstream.http,
                asyncio.timeout(deadline),
                aclosing(pages(upstream, since, until)) as found,  # type: ignore[type-var]
            ):
                async for page in found:
                    gathered.add(page)
        except (Unavailable, BadUserInput) as failure:
            gathered.outcome.failure = failure
        except TimeoutError:
            gathered.outcome.failure = Unavailable(
                f"{upstream.address} was not read to its end within {deadline:g} s (DARSHAN_DEADLINE_S)."
            )

    async def _store(self, gathered: Gathered, now: datetime) -> None:
        """Oldest first, so that whatever ends it leaves no gap before the last row stored."""
        rows = [gathered.rows[key] for key in sorted(gathered.rows, key=lambda key: (key[1], key[0]))]
        for begin in range(0, len(rows), BATCH):
            await self._store_batch(gathered.outcome, rows[begin : begin + BATCH], now)

    async def _store_batch(self, outcome: Outcome, rows: Sequence[tuple[str, Record]], now: datetime) -> None:
        places = [place for place, _ in rows]
        results = await _store_new(self.database, [record for _, record in rows], now, self.settings.rules)
        for place, result in zip(places, results, strict=True):
            if isinstance(result, Refused):
                outcome.refused.append((place, result.message))
            elif result:
                outcome.stored += 1
            else:
                outcome.duplicates += 1

    async def _measured(self, names: Sequence[str], at: datetime) -> list[Rolled]:
        """Of each conversation that may be read; those whose window is no longer kept are left out."""
        moment = Moment(self.window, at)
        async with self.database.read(newest=True) as connection:
            ids = await queries.ids_of(connection, names)
            found = await measure(connection, PROGRAM, Pool.CONVERSATION, list(ids), moment) if ids else {}
        return [
            Rolled.of(name, measurement)
            for key, name in ids.items()
            if not isinstance(measurement := found[key], BadUserInput)
        ]


@repeated_after_deadlock
async def _store_new(
    database: Database, records: Sequence[Record], now: datetime, rules: Rules
) -> list[bool | Refused]:
    """Of each, in order: whether it is new, or why it is refused. The first row of a key stays."""
    keys = [(record.context_window_id, record.timestamp or now) for record in records]
    async with database.write() as connection:
        known = await queries.stored(connection, keys, SOURCE)
        new = [record for key, record in zip(keys, records, strict=True) if key not in known]
        done = await store(connection, new, now, rules, all_or_nothing=False, create_conversations=True)
    results = iter(done.results)
    return [
        False if key in known else result if isinstance(result := next(results), Refused) else True
        for key in keys
    ]
