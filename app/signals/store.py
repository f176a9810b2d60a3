"""What a batch is stored by, in one transaction: checked (app/signals/check.py), told apart from what had been delivered,
and copied.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import PROGRAM, Rights
from app.database.engine import changes_of, driver
from app.errors import Refused
from app.realtime.changes import Span
from app.signals import deliveries
from app.signals.check import Titles, check
from app.signals.queries import SignalKey
from app.signals.rules import NewSignal, Rules

MOST_COPIED = 2_000
"""Signals of one statement."""


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
            row_of(
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


COLUMNS = (
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
    columns: Sequence[str] = COLUMNS
    if received is not None:
        columns, rows = (*COLUMNS, "received_at"), [(*row, received) for row in rows]
    await pg.copy_records_to_table("signals", records=rows, columns=columns)  # type: ignore[no-untyped-call]


def row_of(signal: NewSignal, key: SignalKey, conversation: UUID | None, payload: str) -> tuple[Any, ...]:
    """As COLUMNS names them."""
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
