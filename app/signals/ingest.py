"""The way in: signals are checked (app/signals/check.py) and written all at once."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from types import MappingProxyType
from typing import Any

import asyncpg
from sqlalchemy import delete, select, text, tuple_

from app.auth.viewer import Rights
from app.checks import nfc
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.engine import Database, changes_of, is_transient, reason_of, repeated_after_deadlock
from app.errors import NotFound, RateLimited, Refused, Unavailable
from app.messages.models import Message
from app.realtime.changes import Changes, Span
from app.signals import single
from app.signals.check import Titles
from app.signals.models import Signal
from app.signals.queries import SignalKey, by_keys
from app.signals.rules import NewSignal, Rules
from app.signals.single import Insertion
from app.signals.store import COLUMNS, Ingested, Proof, row_of, store

_IS_RUNNING = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE transactionid = cast(cast(cast(:transaction AS text) AS xid8) AS xid))"
)
_IS_STORED = text(
    "SELECT EXISTS (SELECT FROM signals WHERE time = :time AND id = :id AND received_at = :received_at)"
)

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
"""Seconds between two attempts: each wait is twice the one before."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Writes signals."""

    database: Database
    rules: Rules = field(default_factory=Rules)
    patience: float = 10
    """Seconds in which a batch is tried again while the database is away."""
    most_at_once: int = 64
    """Batches that are stored or wait for it; who comes then is told to come later."""
    _running: set[object] = field(default_factory=set)
    _numbers: list[int] = field(default_factory=list)
    """Ids that have been drawn, the next one last."""

    async def ingest(
        self,
        rights: Rights,
        signals: Sequence[NewSignal],
        now: datetime,
        *,
        all_or_nothing: bool = False,
        create_conversations: bool = False,
        opening: Titles = MappingProxyType({}),
    ) -> Ingested:
        """Stores the batch in one transaction, in conversations that `rights` allow to write to.

        Of a batch that is `all_or_nothing` the first refused item is raised, with its index, and nothing is
        stored; of another every valid item is stored. `create_conversations` opens what is not there yet.

        Where the database fails for a while the batch is tried again, and stored once: what became of a commit that
        was not answered is asked for. Unavailable where that takes too long.
        """
        self.rules.check_size(signals)
        with self._turn():
            return await self._ingest(
                signals,
                now,
                rights=rights,
                all_or_nothing=all_or_nothing,
                create_conversations=create_conversations,
                opening=opening,
            )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """RateLimited where it is nobody's."""
        if len(self._running) >= self.most_at_once:
            raise RateLimited(
                f"{self.most_at_once} batches are being stored already; send this one again later."
            )
        running = object()
        self._running.add(running)
        try:
            yield
        finally:
            self._running.discard(running)

    async def _ingest(self, signals: Sequence[NewSignal], now: datetime, **options: Any) -> Ingested:
        deadline, wait = monotonic() + self.patience, _FIRST_WAIT
        while True:
            done: Ingested | None = None
            try:
                async with self.database.write() as connection:
                    done = await store(connection, signals, now, self.rules, **options)
            except Exception as error:
                transient = is_transient(error)
                if done is None or done.proof is None:  # what stored nothing new may be done again
                    if not transient:
                        raise
                    await self._wait(wait, deadline, error)
                else:
                    if transient:
                        await self._wait(wait, deadline, error)
                    if await self._committed(done.proof, deadline):
                        return done
                    if not transient:
                        raise
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                return done

    async def create(self, rights: Rights, signal: NewSignal, now: datetime) -> tuple[Any, bool]:
        """The signal's row, and whether it had been delivered before. What is at fault is raised."""
        ingested = await self.ingest(rights, [signal], now)
        (key,) = ingested.results
        if isinstance(key, Refused):
            raise key
        async with self.database.read(newest=True) as connection:
            row = (await by_keys(connection, rights, [key])).get(key)
        if row is None:
            raise NotFound("The signal has been deleted since it was delivered.", field="idempotencyKey")
        return row, bool(ingested.duplicates)

    async def find(self, rights: Rights, key: SignalKey, received_at: datetime) -> Any:
        """The row of a signal that may have been stored; None where it has not been."""
        async with self.database.read(newest=True) as connection:
            row = (await by_keys(connection, rights, [key])).get(key)
        # After a crash an id may be drawn again.
        return row if row is not None and row.received_at == received_at else None

    async def create_by(
        self,
        insertion: Insertion,
        signal: NewSignal,
        now: datetime,
        given: Mapping[str, Any],
        sends: Callable[[SignalKey], None],
    ) -> str | None:
        """Stores the signal by one statement, and once, as `create` does; the text that `insertion` answers.

        None where nothing has been stored: there is a fault for `create` to find, what takes it more than a
        statement, or a database to wait for. `given` has the insertion's own parameters. `sends` is called before
        anything is sent that may be stored.
        """
        (payload,) = self.rules.payloads([signal])
        if (
            isinstance(payload, Refused)
            or signal.idempotency_key is not None
            or self.rules.faults_of([signal], now) != [None]
            or signal.embedding is not None
        ):
            return None
        with self._turn():
            if not self._numbers:
                try:
                    (numbers,) = await self.database.fast_write(single.DRAW, {})
                except Exception as error:
                    if is_transient(error):
                        return None
                    raise
                self._numbers.extend(reversed(numbers))
            key = signal.timestamp or now, self._numbers.pop()
            columns = dict(zip(COLUMNS, row_of(signal, key, None, payload), strict=True))
            own = {"received_at": now, "context_window_id": nfc(signal.context_window_id)}
            sends(key)
            row = await self._inserted(insertion, {**columns, **own, **given})
        if row is None:
            return None
        text, conversation = row
        if self.database.tell is not None:
            self.database.tell(Changes({conversation: Span.of([key])}))
        return str(text)

    async def _inserted(self, insertion: Insertion, given: Mapping[str, Any]) -> Any:
        """Tried again for as long as a batch is; with the same id, so that it is stored once."""
        deadline, wait = monotonic() + self.patience, _FIRST_WAIT
        row = None
        while True:
            try:
                if wait > _FIRST_WAIT:
                    row = await self.database.fast_write(insertion.again, given)
                return row or await self.database.fast_write(insertion.insert, given)
            except Exception as error:
                # It may be committed while one looks for it, and is then there already.
                if not is_transient(error) and not isinstance(error, asyncpg.UniqueViolationError):
                    raise
                await self._wait(wait, deadline, error)
                wait = min(2 * wait, _LONGEST_WAIT)

    async def _committed(self, proof: Proof, deadline: float) -> bool:
        """Whether a batch whose commit was not answered has been committed.

        Its transaction's status does not tell: of one that a crash has undone before anything of it reached the disk
        PostgreSQL knows nothing, and gives its id, like those of its signals, to the next one.
        """
        wait = _FIRST_WAIT
        while True:
            try:
                async with self.database.steps() as connection:
                    running = await connection.scalar(_IS_RUNNING, proof._asdict())
                    # By a statement of its own: one that began before the commit would not see it.
                    stored = bool(await connection.scalar(_IS_STORED, proof._asdict()))
            except Exception as error:
                if not is_transient(error):
                    raise
                await self._wait(wait, deadline, error)
            else:
                if not running:
                    return stored
                await self._wait(
                    wait, deadline, Unavailable("The database has not ended a commit; try again.")
                )
            wait = min(2 * wait, _LONGEST_WAIT)

    @staticmethod
    async def _wait(seconds: float, deadline: float, error: Exception) -> None:
        """Unavailable where that would be beyond the deadline."""
        if monotonic() + seconds > deadline:
            raise error if isinstance(error, Refused) else Unavailable(reason_of(error)) from error
        await asyncio.sleep(seconds)

    @repeated_after_deadlock
    async def delete(self, rights: Rights, keys: Sequence[SignalKey]) -> int:
        """Deletes those that may be read and written, with the messages that they are records of; how many there were."""
        of = select(Signal.conversation_id).where(tuple_(Signal.time, Signal.id).in_(keys)).distinct()
        async with self.database.write() as connection:
            parents = (await connection.scalars(of)).all()
            # A deleted conversation takes its activity along before its signals, and another deletion may meet this
            # one: all lock conversations first, in one order. Signals in a columnstore cannot be locked.
            allowed = (
                select(Conversation.id)
                .where(
                    conversations.readable(rights),
                    conversations.writable(rights),
                    Conversation.id.in_(parents),
                )
                .order_by(Conversation.id)
                .with_for_update(key_share=True)
            )
            own = (await connection.scalars(allowed)).all()
            deleted = await connection.execute(
                delete(Signal).where(
                    tuple_(Signal.time, Signal.id).in_(keys), Signal.conversation_id.in_(own)
                )
            )
            recorded = tuple_(Message.signal_time, Message.signal_id).in_(keys)
            await connection.execute(delete(Message).where(recorded, Message.conversation_id.in_(own)))
            for conversation in own:
                changes_of(connection).note(conversation, None)
            return deleted.rowcount
