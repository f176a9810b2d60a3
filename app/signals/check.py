"""What is found out about a batch before it is stored: which signals are refused and why, and their conversations."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import PROGRAM, Rights
from app.checks import nfc
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.conversations.service import no_such_conversation
from app.database.base import Statement
from app.errors import BadUserInput, Refused
from app.instant import write_instant
from app.signals.rules import NewSignal, Rules

type Titles = Mapping[str, str | None]
"""Titles, where they have one, of conversations that are to be opened, by contextWindowId."""


SLICE = 1_000
"""Signals that are checked while nobody else has a turn, a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `store` finds out before it stores."""

    faults: list[Refused | None]
    """Why each signal is refused, in order."""
    payloads: list[str]
    """Of each, as PostgreSQL takes it."""
    known: dict[str, UUID]
    """Conversations by contextWindowId, in NFC and as the signals name them."""
    opened: set[str]
    """Those of them that the transaction has opened."""
    numbers: Sequence[int]
    """An id for each."""
    transaction: str
    began: datetime
    """The transaction: `received_at` of signals that are stored without one."""


async def check(
    connection: AsyncConnection,
    signals: Sequence[NewSignal],
    now: datetime,
    rules: Rules,
    *,
    create_conversations: bool,
    opening: Titles = MappingProxyType({}),
    rights: Rights = PROGRAM,
) -> Checked:
    """All that `store` does but storing the signals: the conversations are opened."""
    faults: list[Refused | None] = []
    payloads: list[str] = []
    for start in range(0, len(signals), SLICE):
        if start:
            await asyncio.sleep(0)
        part = signals[start : start + SLICE]
        for fault, payload in zip(rules.faults_of(part, now), rules.payloads(part), strict=True):
            if isinstance(payload, BadUserInput):
                faults.append(fault or payload)
                payloads.append("")
            else:
                faults.append(fault)
                payloads.append(payload)
    names = {signal.context_window_id for signal, fault in zip(signals, faults, strict=True) if fault is None}
    wanted = set(map(nfc, names))
    find = _find(rights)
    row = (await connection.execute(find, {"keys": list(wanted), "count": len(signals)})).one()
    known = dict(zip(row.keys or (), row.ids or (), strict=True))
    missing = wanted - known.keys()
    if not create_conversations:
        missing &= opening.keys()
    if missing:
        started = _starts(missing, signals, faults, now)
        titles = [opening.get(key) for key in started]
        columns = (list(started), list(started.values()), titles, rights.user_id)
        await connection.exec_driver_sql(_OPEN, columns)
        opened = (await connection.execute(find, {"keys": list(started), "count": 0})).one()
        known |= zip(opened.keys or (), opened.ids or (), strict=True)
    known |= {name: known[nfc(name)] for name in names - wanted if nfc(name) in known}
    if row.kept_from is not None or not wanted <= known.keys():
        for index, signal in enumerate(signals):
            if faults[index] is None:
                faults[index] = _fault_of_place(signal, known, row.kept_from, now)
    return Checked(faults, payloads, known, missing & known.keys(), row.numbers, row.transaction, row.began)


def _starts(
    keys: Collection[str], signals: Sequence[NewSignal], faults: Sequence[Refused | None], now: datetime
) -> dict[str, datetime]:
    """When each of the conversations begins: with its first signal that is not refused."""
    started: dict[str, datetime] = {}
    for signal, fault in zip(signals, faults, strict=True):
        key, time = nfc(signal.context_window_id), signal.timestamp or now
        if fault is None and key in keys and (key not in started or time < started[key]):
            started[key] = time
    return started


def _fault_of_place(
    signal: NewSignal, known: Collection[str], kept_from: datetime | None, now: datetime
) -> Refused | None:
    if signal.context_window_id not in known:
        return no_such_conversation("contextWindowId")
    if kept_from is not None and (signal.timestamp or now) < kept_from:
        fault = f"timestamp lies before {write_instant(kept_from)}, from when on signals are kept."
        return BadUserInput(fault, field="timestamp")
    return None


@lru_cache(256)
def _find(rights: Rights) -> Statement:
    """Conversations that signals may be stored in, and what all signals need: one row, whatever there is.

    Locked in the order of their ids against being deleted before the signals are in. COPY gives no ids back: they are
    drawn first, and so grow in the order of the items.
    """
    found = (
        select(Conversation.id, Conversation.context_window_id)
        .where(
            Conversation.context_window_id == any_(bindparam("keys", type_=ARRAY(Text))),
            conversations.readable(rights),
            conversations.writable(rights),
        )
        .order_by(Conversation.id)
        .with_for_update(read=True, key_share=True)
        .cte("found")
    )
    return select(
        func.array_agg(found.c.context_window_id).label("keys"),
        func.array_agg(found.c.id).label("ids"),
        *_OF_ALL,
    )


_OF_ALL = (
    text("(SELECT nullif(kept_from, '-infinity') FROM rollup_state) AS kept_from"),
    text("ARRAY(SELECT nextval('signals_id_seq') FROM generate_series(1, :count)) AS numbers"),
    text("pg_current_xact_id()::text AS transaction"),
    text("now() AS began"),
)

_OPEN = """
INSERT INTO conversations (context_window_id, started_at, title, user_id)
SELECT *, $4::uuid FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS new (key, started, title) ORDER BY key
ON CONFLICT (context_window_id) DO NOTHING
"""
