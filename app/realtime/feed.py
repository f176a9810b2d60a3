"""The one sender of a process: tells the others what its commits have changed.

After the commit, for a NOTIFY inside of it would make commits wait for each other; and together, so that a flood of
commits is a trickle of messages.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from app.database.engine import Database
from app.realtime.bus import Bus, bus_of
from app.realtime.changes import Changes

logger = logging.getLogger(__name__)

_GATHER = 0.005
"""Seconds in which commits are gathered."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
"""Seconds before the next attempt, each twice the one before."""
_PATIENCE = 2.0
"""Seconds that the last words have to go out in."""
MOST = 10_000
"""Keys that wait while nothing can be sent. What is beyond is found by those who look again every few seconds."""


class Feed:
    """Told of changes by those who commit them (`Database.tell`); it never fails and never waits."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._changes = Changes()
        self._sender: asyncio.Task[None] | None = None

    def tell(self, changes: Changes) -> None:
        self._changes.add(changes)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        """Until there is nothing left to send."""
        wait = _FIRST_WAIT
        await asyncio.sleep(_GATHER)
        while self._changes:
            changes, self._changes = self._changes, Changes()
            try:
                await self._bus.send(list(changes.messages()))
            except Exception:  # whatever fails, the next attempt may not
                logger.warning("changes could not be told; it is tried again", exc_info=True)
                if len(changes.conversations) + len(changes.anomalies) <= MOST:
                    changes.add(self._changes)
                    self._changes = changes
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
        self._sender = None

    async def close(self) -> None:
        """Sends what is left, if that is possible."""
        if (sender := self._sender) is not None:
            await asyncio.wait((sender,), timeout=_PATIENCE)
            sender.cancel()


@asynccontextmanager
async def telling(database: Database, redis_url: SecretStr | None) -> AsyncIterator[Feed]:
    """Has what is committed there be told, for as long as the block runs."""
    feed = Feed(bus_of(redis_url, database))
    database.tell = feed.tell
    try:
        yield feed
    finally:
        database.tell = None
        await feed.close()
