"""Imports a file: batch by batch, each one committed together with how far the import has come."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.engine import Database, repeated_after_deadlock
from app.errors import Conflict
from app.signals.check import check
from app.signals.importers import queries
from app.signals.importers.batches import Batch, batches_of
from app.signals.importers.import_source import Source
from app.signals.importers.names import Unread
from app.signals.importers.preview import Preview
from app.signals.importers.queries import BEGINNING, Progress
from app.signals.importers.record import opening
from app.signals.importers.rejected import RejectedFile
from app.signals.importers.vader import Scorer
from app.signals.rules import Rules
from app.signals.store import store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import has done: from `start`, where it went on, to `end`."""

    start: Progress
    end: Progress
    unfinished: bool
    skipped: Counter[str]
    """`Lines.skipped` of all that there is to read."""
    unread: Unread
    """Of this run's lines, what was there and was not read."""

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
    rules: Rules
    scorer: Scorer | None
    """Needed where a source asks for VADER."""
    batch_size: int = 5_000

    async def run(self, source: Source, report: Report, *, restart: bool = False) -> Outcome:
        """Stores what has not been stored yet, or with `restart` everything.

        Raises Unreadable, Unavailable and Conflict; what has been committed before stays, and is not read again.
        """
        async with self.database.steps() as guard, queries.locked(guard, source.place, source.identity):
            start = await _start(guard, source, restart=restart)
            if restart:
                await queries.forget(guard, start)
                start = BEGINNING
            rejects = RejectedFile(source.path)
            rejects.keep(start.line)
            progress, unfinished, unread = start, False, Unread()
            with source.opened() as lines:
                skipped = lines.skipped
                batches = batches_of(source, lines, start.line, self.batch_size, self.scorer)
                # One batch ahead: the workers score it while the one before is written. To decode ahead as well
                # (4 µs a line) ahead gained a few per cent on the loop, and nothing measurable in a thread.
                coming = next(batches, None)
                while (batch := coming) is not None:
                    coming = next(batches, None)
                    batch.take_scores()
                    progress = await self._write(source, batch, progress, rejects)
                    unfinished = batch.unfinished
                    unread.update(batch.unread)
                    report(progress.line - start.line, batch.position)
                    if batch.damage is not None:
                        raise batch.damage
                unread.count(lines.unread)
        return Outcome(start, progress, unfinished, skipped, unread)

    async def preview(
        self, source: Source, report: Report, *, restart: bool = False, limit: int | None = None
    ) -> Preview:
        """What `run` would do with the first `limit` lines or all, by the same checks. Nothing is stored."""
        async with self.database.steps() as connection:
            start = await _start(connection, source, restart=restart)
        if restart:
            start = BEGINNING
        preview = Preview(start)
        with source.opened() as lines:
            preview.skipped = lines.skipped
            for batch in batches_of(source, lines, start.line, self.batch_size, self.scorer, limit):
                batch.take_scores()
                await self._look_at(source, batch, preview)
                report(batch.end - start.line, batch.position)
                if batch.damage is not None:
                    raise batch.damage
            preview.unread.count(lines.unread)
        return preview

    @repeated_after_deadlock
    async def _look_at(self, source: Source, batch: Batch, preview: Preview) -> None:
        """The conversations are opened, as the checks find out that way which they are, and rolled back."""
        now = datetime.now(UTC)
        async with self.database.write() as connection:
            checked = await check(
                connection,
                batch.records,
                now,
                self.rules,
                create_conversations=source.create_conversations,
                opening=opening(batch.records) | dict.fromkeys(preview.opened),
            )
            await connection.rollback()
        preview.add(batch, checked, now)

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
                self.rules,
                all_or_nothing=False,
                create_conversations=source.create_conversations,
                opening=opening(batch.records),
            )
            rejected = batch.all_rejected(ingested.results)
            if rejected:
                rejects.add(rejected)
            new = Progress(
                batch.key,
                batch.end,
                progress.imported + len(batch.records) + len(batch.rejected) - len(rejected),
                progress.rejected + len(rejected) - batch.unfinished,
            )
            await queries.advance(connection, source.place, progress, new)
        return new


async def _start(connection: AsyncConnection, source: Source, *, restart: bool) -> Progress:
    """How far the import has come. Conflict where it is to go on, and what it began with is not there any more."""
    with source.opened() as lines:
        start = await queries.find(connection, source.place, source.identity, lines)
    if (
        source.appended
        and not restart
        and start == BEGINNING
        and await queries.begun(connection, source.place)
    ):
        raise Conflict(
            f"{source.name}: the query's first rows are others, or in another order, than those that were imported,"
            " so there is no telling where to go on. Give it an order that stays, or import all of it by --restart."
        )
    return start
