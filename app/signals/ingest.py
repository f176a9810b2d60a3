"""The way in: signals are checked (app/signals/check.py) and written all at once."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from time import monotonic
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import PROGRAM, Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.engine import Database, changes_of, driver, is_transient, repeated_after_deadlock
from app.errors import NotFound, RateLimited, Refused, Unavailable
from app.messages.models import Message
from app.realtime.changes import Changes, Span
from app.signals import deliveries, single
from app.signals.check import Titles, check
from app.signals.models import Signal
from app.signals.queries import SignalKey, by_keys
from app.signals.rules import NewSignal, Rules
from app.signals.single import Insertion


class Proof(NamedTuple):
    """One of a batch's new signals: once its transaction has ended and this is to be read, all are stored."""

    transaction: str
    time: datetime
    id: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a batch."""

    results: list[SignalKey | Refused]
    """For every item, in order, its key or why it was refused."""
    transaction_id: str | None
    """PostgreSQL's own, for tracing; None where nothing was stored."""
    duplicates: Collection[int] = frozenset()
    """Places of those that had been delivered before; their keys are the first ones'."""
    proof: Proof | None = None
    """None where nothing new was stored."""


_IS_RUNNING = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE transactionid = cast(cast(cast(:transaction AS text) AS xid8) AS xid))"
)
_IS_STORED = text(
    "SELECT EXISTS (SELECT FROM signals WHERE time = :time AND id = :id AND received_at = :received_at)"
)

MOST_COPIED = 2_000
"""Signals of one statement."""

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
                if not is_transient(error):
                    raise
                await self._wait(wait, deadline, error)
                wait = min(2 * wait, _LONGEST_WAIT)
                # What stored nothing new may be done again.
                if (
                    done is not None
                    and done.proof is not None
                    and await self._committed(done.proof, deadline)
                ):
                    return done
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

    async def create_by(
        self, insertion: Insertion, signal: NewSignal, now: datetime, given: Mapping[str, Any]
    ) -> str | None:
        """Stores the signal by one statement, and once, as `create` does; the text that `insertion` answers.

        None where there is a fault for `create` to find, what takes it more than a statement, or a database to wait
        for. `given` has the insertion's own parameters.
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
            columns = dict(zip(_COLUMNS, _row(signal, key, None, payload), strict=True))
            own = {"received_at": now, "context_window_id": signal.context_window_id}
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
        """Raises `error` where that would be beyond the deadline."""
        if monotonic() + seconds > deadline:
            raise error
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


async def store(
    connection: AsyncConnection,
    signals: Sequence[NewSignal],
    now: datetime,
    rules: Rules,
    *,
    all_or_nothing: bool,
    create_conversations: bool,
    opening: Titles = MappingProxyType({}),
    rights: Rights = PROGRAM,
) -> Ingested:
    """`Signals.ingest` within the caller's transaction; for the program itself where no rights are given.

    The conversations in `opening` are opened whatever `create_conversations` says.
    """
    checked = await check(
        connection,
        signals,
        now,
        rules,
        create_conversations=create_conversations,
        opening=opening,
        rights=rights,
    )
    results: list[Any] = list(checked.faults)
    if all_or_nothing:
        _raise_first(results)
    stored = [index for index, fault in enumerate(results) if fault is None]
    if not stored:
        return Ingested(results, None)
    pg = await driver(connection)
    for index in stored:
        results[index] = signals[index].timestamp or now, checked.numbers[index]
    first = await _delivered_before(pg, signals, checked.known, stored, results)
    new = [index for index in stored if index not in first] if first else stored
    # Received at the very time that some of them have been given. Others leave it to the database: an instant takes
    # the driver as long as five other values.
    received = now if any(signals[index].timestamp is None for index in new) else None
    # COPY: for 5 000 signals 1.4 times as fast as INSERT from arrays, for one hardly slower.
    for part in batched(new, MOST_COPIED):
        rows = [
            _row(
                signals[index],
                results[index],
                checked.known[signals[index].context_window_id],
                checked.payloads[index],
            )
            for index in part
        ]
        await _copy(pg, rows, received)
    own = [(*results[index], given) for index in new if (given := signals[index].embedding) is not None]
    if own:
        await pg.copy_records_to_table(  # type: ignore[no-untyped-call]
            "given_embeddings", records=own, columns=("time", "id", "embedding")
        )
    proof = None
    if new:
        time, number = results[new[0]]
        proof = Proof(checked.transaction, time, number, received or checked.began)
        # One span for all of the batch: rough, and told at once.
        span = Span.of(results[index] for index in new)
        for name in {signals[index].context_window_id for index in new}:
            changes_of(connection).note(checked.known[name], span)
    for index, key in first.items():
        results[index] = key
    return Ingested(results, checked.transaction, first.keys(), proof)


async def _delivered_before(
    pg: asyncpg.Connection,
    signals: Sequence[NewSignal],
    known: Mapping[str, UUID],
    stored: Sequence[int],
    keys: Sequence[SignalKey],
) -> dict[int, SignalKey]:
    """Where among `stored` signals come again under their idempotency keys, and the first ones' keys."""
    keyed = {
        index: deliveries.Delivery(known[signals[index].context_window_id], once, *keys[index])
        for index in stored
        if (once := signals[index].idempotency_key) is not None
    }
    if not keyed:
        return {}
    first = zip(keyed, await deliveries.deliver(pg, list(keyed.values())), strict=True)
    return {index: key for index, key in first if key[1] != keys[index][1]}


def _raise_first(results: Sequence[Refused | None]) -> None:
    for index, fault in enumerate(results):
        if fault is not None:
            fault.index = index
            raise fault


_COLUMNS = (
    "time",
    "id",
    "conversation_id",
    "user_id",
    "agent_id",
    "signal_source",
    "signal_score",
    "emotional_tone",
    "escalate_flag",
    "raw_content",
    "signal_vector",
    "payload",
    "relationship_context",
    "diagnostic_notes",
)


async def _copy(pg: asyncpg.Connection, rows: Sequence[tuple[Any, ...]], received: datetime | None) -> None:
    columns: Sequence[str] = _COLUMNS
    if received is not None:
        columns, rows = (*_COLUMNS, "received_at"), [(*row, received) for row in rows]
    await pg.copy_records_to_table("signals", records=rows, columns=columns)  # type: ignore[no-untyped-call]


def _row(signal: NewSignal, key: SignalKey, conversation: UUID | None, payload: str) -> tuple[Any, ...]:
    """As _COLUMNS names them."""
    return (
        *key,
        conversation,
        signal.user_id,
        signal.agent_id,
        signal.signal_source,
        signal.signal_score,
        signal.emotional_tone,
        signal.escalate_flag,
        signal.raw_content,
        signal.signal_vector,
        payload,
        signal.relationship_context,
        signal.diagnostic_notes,
    )
