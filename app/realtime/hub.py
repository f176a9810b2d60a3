"""Who waits for which changes. One hub a process; it hears of them over the bus, and looks by itself now and then."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import chain
from uuid import UUID

from app.background import beside
from app.database.engine import Database
from app.realtime import queries
from app.realtime.bus import Bus
from app.realtime.changes import Changes

logger = logging.getLogger(__name__)

_WAIT = 1.0
"""Seconds before a lost connection is opened again."""


class Watch:
    """Gathers what changes until it is asked for: the longer one waits, the more is told at once, and no oftener."""

    def __init__(self) -> None:
        self.idle = False
        """Whether all that it gathered has been taken and dealt with."""
        self._changes = Changes()
        self._changed = asyncio.Event()

    def note(self, changes: Changes) -> None:
        self._changes.add(changes)
        self._changed.set()
        self.idle = False

    async def wait(self) -> None:
        """Until something has changed that has not been taken."""
        self.idle = not self._changed.is_set()
        await self._changed.wait()

    def take(self) -> Changes:
        changes, self._changes = self._changes, Changes()
        self._changed.clear()
        return changes


class Hub:
    """`seconds`: how often it looks for changes that nobody told it of (COHERENCE_LOOK_AGAIN_SECONDS)."""

    def __init__(self, database: Database, bus: Bus, seconds: float) -> None:
        self._database = database
        self._bus = bus
        self._seconds = seconds
        self._of: defaultdict[UUID, set[Watch]] = defaultdict(set)
        self._of_all: set[Watch] = set()
        self._of_anomalies: set[Watch] = set()
        self._look_now = asyncio.Event()
        self._since: str | None = None
        """The last look's. None before the first, which comes before anybody waits."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hears of changes and looks for them for as long as the block runs."""
        await self.look()
        async with beside(self._listen(), self._look_again()):
            yield

    @contextmanager
    def conversation(self, conversation: UUID) -> Iterator[Watch]:
        """Over one conversation, for as long as the block runs."""
        try:
            with self._watching(self._of[conversation]) as watch:
                yield watch
        finally:
            if not self._of[conversation]:
                del self._of[conversation]

    @contextmanager
    def conversations(self) -> Iterator[Watch]:
        """Over all of them."""
        with self._watching(self._of_all) as watch:
            yield watch

    @contextmanager
    def anomalies(self) -> Iterator[Watch]:
        with self._watching(self._of_anomalies) as watch:
            yield watch

    @contextmanager
    def _watching(self, watches: set[Watch]) -> Iterator[Watch]:
        watch = Watch()
        watches.add(watch)
        try:
            yield watch
        finally:
            watches.discard(watch)

    async def _listen(self) -> None:
        while True:
            try:
                await self._bus.listen(self._hear)
            except Exception as error:  # noqa: BLE001 - whatever it was, one can try again
                logger.warning("the connection that hears of changes was lost: %r; it is opened again", error)
            await asyncio.sleep(_WAIT)

    @property
    def idle(self) -> bool:
        """Whether everything that was told has been dealt with."""
        watches = chain(*self._of.values(), self._of_all, self._of_anomalies)
        return all(watch.idle for watch in watches)

    def _hear(self, message: bytes | str | None) -> None:
        if message is None:
            self._look_now.set()
            return
        try:
            self._tell(Changes.read(message))
        except ValueError:
            logger.warning("a message on the bus cannot be read: %.200r", message)

    def _tell(self, changes: Changes) -> None:
        if changes.conversations:
            for conversation, place in changes.conversations.items():
                for watch in self._of.get(conversation, ()):
                    watch.note(Changes({conversation: place}))
            for watch in self._of_all:
                watch.note(changes)
        if changes.anomalies:
            for watch in self._of_anomalies:
                watch.note(changes)

    async def _look_again(self) -> None:
        """Every so many seconds, and once it listens anew: what was missed meanwhile is told late, but told."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), self._seconds)
            self._look_now.clear()
            await self.look()

    async def look(self) -> None:
        """For what has changed since the last time it succeeded."""
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - whatever it was, one can try again
            logger.warning("changes could not be looked for: %r; it is tried again", error)

    async def _look(self) -> None:
        changes = Changes()
        async with self._database.steps() as connection:
            now = await queries.now(connection)
            if self._since is not None:
                found = await queries.changed(connection, self._since, list(self._of)) if self._of else []
                if self._of_all:
                    found += await queries.changed(connection, self._since, None)
                for conversation in found:
                    changes.note(conversation, None)
                if self._of_anomalies:
                    changes.anomalies.update(await queries.changed_anomalies(connection, self._since))
        self._since = now
        self._tell(changes)
