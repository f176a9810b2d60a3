"""Takes batches from Kafka, stores each in one transaction, and commits its offsets after that."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

import stamina
from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DBAPIError

from app.database.engine import Database, is_transient
from app.dead_letters.service import Writer, said
from app.errors import Unavailable
from app.signals.consumers import batches
from app.signals.consumers.batches import Counts, Message
from app.signals.consumers.kafka import Subscription
from app.signals.consumers.options import Options

logger = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds that a batch is stored before the group is kept waiting by other means."""


@dataclass(slots=True)
class Worker:
    """One member of the group, until it is told to stop."""

    database: Database
    subscription: Subscription
    options: Options
    writer: Writer
    counts: Counts = field(default_factory=Counts)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "kafka"))
    _told: float = field(default_factory=monotonic)

    async def run(self) -> Counts:
        """What it has done. Unavailable where it could not go on: then what was not stored is not committed."""
        try:
            await self._blocking(self.subscription.open)
            try:
                await self._consume()
            finally:
                await self._blocking(self.subscription.close)
        finally:
            self._thread.shutdown(wait=False)
        return self.counts

    async def _consume(self) -> None:
        kafka, options = self.subscription, self.options
        while True:
            messages = await self._blocking(partial(kafka.take, options.batch, options.linger))
            if messages:
                self.counts.add(await self._stored(messages))
                await self._blocking(partial(kafka.commit, batches.reached(messages)))
            await self._tell()
            if kafka.stop.is_set() or (options.until_end and not messages and kafka.ended):
                return

    async def _stored(self, messages: Sequence[Message]) -> Counts:
        """What takes long, because the database is away, is no reason for Kafka to take us for dead."""
        task = asyncio.create_task(self._store(messages))
        try:
            await asyncio.wait({task}, timeout=_PATIENCE)
            while not task.done():
                await self._blocking(self.subscription.idle)
                await self._tell()
            await self._blocking(self.subscription.resume)
        except BaseException:
            task.cancel()
            await asyncio.wait({task})
            raise
        return await task

    async def _store(self, messages: Sequence[Message]) -> Counts:
        first, options = messages[0], self.options
        place = f"{first.partition[0]}/{first.partition[1]}/{first.offset}"
        attempts = stamina.retry_context(
            on=self._worth_waiting, attempts=None, timeout=options.deadline, wait_initial=0.1, wait_max=5
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await batches.store(self.database, options.group, messages, self.writer)
        except (Unavailable, DBAPIError, PostgresError) as error:
            cause = error.__cause__ if isinstance(error, Unavailable) else error
            why = said(cause) if isinstance(cause, DBAPIError | PostgresError) else str(error)
            raise Unavailable(
                f"{len(messages)} messages from kafka:{place} on could be stored neither as signals nor as dead"
                f" letters, and are not committed: {why}"
            ) from error
        raise AssertionError

    def _worth_waiting(self, error: Exception) -> bool:
        return is_transient(error) and not self.subscription.stop.is_set()

    async def _tell(self) -> None:
        if monotonic() - self._told < self.options.progress:
            return
        self._told = monotonic()
        counts, lag = self.counts, await self._blocking(self.subscription.lag)
        logger.info(
            "consumed: %d accepted, %d refused, %d dead-lettered, %d stored before; lag %d%s%s",
            counts.accepted,
            counts.refused,
            counts.dead_lettered,
            counts.skipped,
            lag,
            f"; {counts.empty} without a value" if counts.empty else "",
            f"; {self.writer.unread}" if self.writer.unread else "",
        )

    async def _blocking[T](self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)
