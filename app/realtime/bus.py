"""How the servers of one database tell each other what has changed: at most once, and without a memory.

Who listens is told when it has begun to: before that, something may have been missed.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from pydantic import SecretStr
from sqlalchemy import text

from app.database.engine import Database, driver

CHANNEL = "coherence_changes"

SILENCE = 10.0
"""Seconds after which a connection is asked whether the other side is still there."""

# Nothing of it has to outlive a crash, and commits beside it need not wait for the disk once more.
_NOTIFY = text(
    "SELECT pg_notify(:channel, message)"
    " FROM set_config('synchronous_commit', 'off', true), unnest(cast(:messages AS text[])) AS message"
)

type Heard = Callable[[bytes | str | None], None]
"""Called with every message, and with None when listening has begun."""


class Bus(Protocol):
    async def send(self, messages: Sequence[bytes]) -> None:
        """Raises where it cannot be told whether they have gone out."""

    async def listen(self, heard: Heard) -> None:
        """Until the connection is lost, with or without an exception."""


class PostgresBus:
    """LISTEN and NOTIFY, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, messages: Sequence[bytes]) -> None:
        given = {"channel": CHANNEL, "messages": [message.decode() for message in messages]}
        async with self._database.steps() as connection:
            await connection.execute(_NOTIFY, given)

    async def listen(self, heard: Heard) -> None:
        async with self._database.apart() as connection:
            pg = await driver(connection)
            lost = asyncio.Event()
            pg.add_termination_listener(lambda _: lost.set())  # type: ignore[no-untyped-call]
            await pg.add_listener(CHANNEL, lambda *given: heard(given[-1]))  # type: ignore[no-untyped-call]
            heard(None)
            while not lost.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), SILENCE)
                await pg.execute("SELECT 1", timeout=SILENCE)


def bus_of(redis_url: SecretStr | None, database: Database) -> Bus:
    if redis_url is None:
        return PostgresBus(database)
    from app.realtime.redis import RedisBus

    return RedisBus(redis_url.get_secret_value())
