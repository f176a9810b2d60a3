"""Stores signals of sources that cannot send again: what is refused becomes a dead letter, nothing is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.engine import Database, repeated_after_deadlock, sqlstate
from app.dead_letters import queries
from app.dead_letters.payloads import READ, Item
from app.errors import BadUserInput, NotFound, Refused
from app.signals.importers.jsonl import Reader
from app.signals.importers.names import Unread
from app.signals.importers.record import Record
from app.signals.rules import Rules
from app.signals.store import store

PAGE = 1_000
"""Letters a transaction."""

# What PostgreSQL says of values: data exceptions, constraints, limits of the program.
_OF_VALUES = ("22", "23", "54")


def said(error: BaseException) -> str:
    """What PostgreSQL says, without the values that it adds."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    return f"{str(cause or error).partition('\n')[0]} ({sqlstate(error)})"


@dataclass(frozen=True, slots=True)
class Writer:
    """How signals are stored within somebody's transaction."""

    rules: Rules
    create_conversations: bool = True
    read: Reader = READ
    """Reads what was sent."""
    unread: Unread = field(default_factory=Unread)
    """What was there and was not read."""

    def item(self, source: str, received_at: datetime, payload: bytes) -> Item:
        return Item.of(source, received_at, payload, self.read, self.unread)

    async def store(
        self, connection: AsyncConnection, items: Sequence[Item], now: datetime
    ) -> list[Refused | None]:
        """Stores what can be stored; of each, in order, why it cannot."""
        records = [item.read for item in items if isinstance(item.read, Record)]
        results = iter(await self._halved(connection, records, now))
        return [next(results) if isinstance(item.read, Record) else item.read for item in items]

    async def _halved(
        self, connection: AsyncConnection, records: Sequence[Record], now: datetime
    ) -> list[Refused | None]:
        """Where only PostgreSQL finds a fault, it stores halves until it is found."""
        if not records:
            return []
        try:
            async with connection.begin_nested():
                done = await store(
                    connection,
                    records,
                    now,
                    self.rules,
                    all_or_nothing=False,
                    create_conversations=self.create_conversations,
                )
        except (DBAPIError, PostgresError) as error:
            if not (sqlstate(error) or "").startswith(_OF_VALUES):
                raise
            if len(records) == 1:
                return [BadUserInput(f"The database refuses it: {said(error)}.")]
        else:
            return [result if isinstance(result, Refused) else None for result in done.results]
        half = len(records) // 2
        first = await self._halved(connection, records[:half], now)
        return first + await self._halved(connection, records[half:], now)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What an operator does with them."""

    database: Database

    async def retry(self, ids: Sequence[int] | None, writer: Writer) -> tuple[int, int]:
        """Stores them, or all, as signals now; how many are stored, and how many are refused again.

        NotFound, before anything is stored, where one of `ids` is none.
        """
        end = await self._checked(ids)
        stored = refused = after = 0
        while after < end:
            after, done, again = await self._retry_page(ids, after, end, writer)
            stored, refused = stored + done, refused + again
        return stored, refused

    async def _checked(self, ids: Sequence[int] | None) -> int:
        """The last one's id."""
        async with self.database.read(newest=True) as connection:
            if ids is None:
                return await queries.last(connection)
            _require(ids, await queries.present(connection, ids))
        return max(ids, default=0)

    @repeated_after_deadlock
    async def _retry_page(
        self, ids: Sequence[int] | None, after: int, end: int, writer: Writer
    ) -> tuple[int, int, int]:
        """One transaction: the last id that it is about, how many are stored, how many are not."""
        async with self.database.write() as connection:
            rows = await queries.lock(connection, ids, PAGE, after=after)
            last = rows[-1].id if rows else end
            empty = [
                row.id for row in rows if not row.payload
            ]  # tombstones, of which version 0.1 made letters
            rows = [row for row in rows if row.payload]
            items = [writer.item(row.source, row.received_at, row.payload) for row in rows]
            faults = await writer.store(connection, items, datetime.now(UTC))
            stored = [row.id for row, fault in zip(rows, faults, strict=True) if fault is None]
            await queries.remove(connection, stored + empty)
            failed = [(row.id, fault) for row, fault in zip(rows, faults, strict=True) if fault is not None]
            await queries.failed_again(connection, failed)
        return last, len(stored), len(failed)

    @repeated_after_deadlock
    async def discard(self, ids: Sequence[int] | None) -> int:
        """How many there were. NotFound, and none is discarded, where one of `ids` is none."""
        async with self.database.write() as connection:
            if ids is None:
                return await queries.remove_all(connection)
            _require(ids, await queries.present(connection, ids))
            return await queries.remove(connection, ids)


def _require(ids: Sequence[int], present: Collection[int]) -> None:
    if missing := sorted(set(ids).difference(present)):
        raise NotFound(f"There is no dead letter {', '.join(map(str, missing))}.")
