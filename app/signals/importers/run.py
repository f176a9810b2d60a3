"""Imports a file: batch by batch, each one committed together with how far the import has come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.database.engine import Database, repeated_after_deadlock
from app.errors import Refused
from app.signals.importers import queries
from app.signals.importers.batches import Batch, batches_of
from app.signals.importers.options import Source
from app.signals.importers.queries import BEGINNING, Progress
from app.signals.importers.rejected import Rejected, RejectedFile
from app.signals.importers.vader import Scorer
from app.signals.ingest import store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import has done: from `start`, where it went on, to `end`."""

    start: Progress
    end: Progress
    unfinished: bool

    @property
    def imported(self) -> int:
        return self.end.imported - self.start.imported

    @property
    def rejected(self) -> int:
        """Those of earlier runs are among them."""
        return self.end.rejected + self.unfinished

    @property
    def nothing_new(self) -> bool:
        return self.start == self.end and not self.unfinished


type Report = Callable[[int, int], None]
"""Is told how many lines this run has dealt with, and at which byte of the file on disk it is."""


@dataclass(frozen=True, slots=True)
class Importer:
    """What the files of one command have in common."""

    database: Database
    clock_skew: timedelta
    scorer: Scorer | None
    """Needed where a source asks for VADER."""
    batch_size: int = 5_000

    async def run(self, source: Source, report: Report, *, restart: bool = False) -> Outcome:
        """Stores what has not been stored yet, or with `restart` everything.

        Raises Unreadable, Unavailable and Conflict; what has been committed before stays, and is not read again.
        """
        async with self.database.steps() as guard, queries.locked(guard, source.place, source.identity):
            with source.opened() as lines:
                start = await queries.find(guard, source.place, source.identity, lines)
            if restart:
                await queries.forget(guard, start)
                start = BEGINNING
            rejects = RejectedFile(source.path)
            rejects.keep(start.line)
            progress, unfinished = start, False
            with source.opened() as lines:
                batches = batches_of(source, lines, start.line, self.batch_size, self.scorer)
                # One batch ahead: the workers score it while the one before is written. To decode ahead as well
                # (4 µs a line) ahead gained a few per cent on the loop, and nothing measurable in a thread.
                coming = next(batches, None)
                while (batch := coming) is not None:
                    coming = next(batches, None)
                    batch.take_scores()
                    progress = await self._write(source, batch, progress, rejects)
                    unfinished = batch.unfinished
                    report(progress.line - start.line, batch.position)
                    if batch.damage is not None:
                        raise batch.damage
        return Outcome(start, progress, unfinished)

    @repeated_after_deadlock  # which only `store` can meet: nothing is rejected twice
    async def _write(
        self, source: Source, batch: Batch, progress: Progress, rejects: RejectedFile
    ) -> Progress:
        """One transaction; how far the import has come with it."""
        now = datetime.now(UTC)
        async with self.database.write() as connection:
            ingested = await store(
                connection,
                batch.records,
                now,
                now + self.clock_skew,
                all_or_nothing=False,
                create_conversations=source.create_conversations,
                opening=batch.opening(),
            )
            refused = [
                Rejected(number, result.message, raw, result.field)
                for result, (number, raw) in zip(ingested.results, batch.lines, strict=True)
                if isinstance(result, Refused)
            ]
            rejected = sorted(refused + batch.rejected, key=lambda row: row.line)
            if rejected:
                rejects.add(rejected)
            new = Progress(
                batch.key,
                batch.end,
                progress.imported + len(batch.records) - len(refused),
                progress.rejected + len(rejected) - batch.unfinished,
            )
            await queries.advance(connection, source.place, progress, new)
        return new
