"""What can be followed: each topic yields what happens, as the database has it when it is yielded.

Readings and rows are read after the commit that they tell of, and never told twice for it. While the database is away
a topic waits; where what it is about goes, or may no longer be read, it raises NotFound. What one may read is asked
anew each time: who shares a topic has the same rights.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from time import monotonic
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.anomalies import queries as anomalies
from app.anomalies.models import AnomalyKind
from app.anomalies.queries import AnomalyFilter
from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.queries import ConversationFilter
from app.conversations.service import no_such_conversation
from app.database.engine import Database, is_transient
from app.messages import queries as messages
from app.realtime import queries
from app.realtime.changes import Span
from app.realtime.hub import Hub
from app.realtime.queries import Activity
from app.signals import queries as signals

MOST_REMEMBERED = 10_000
"""Things that a topic remembers to have told of."""

MOST_SIGNALS = 1_000
"""Signals of a conversation that are looked up at once, the newest."""
MOST_ROWS = 1_000
"""Rows that one statement is asked for."""

_WAIT = 1.0
"""Seconds before the database is asked again."""
_SECOND = 1.0
"""What lies at least between two events of one conversation."""
_BEFORE = timedelta(minutes=1)
"""How long a signal may take from being received to being committed, at most, to be found by looking again."""


@dataclass(frozen=True, slots=True)
class Live:
    """What topics are made from."""

    hub: Hub
    database: Database
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server ends: who waits for another moment to pass does so no longer."""

    async def ask[T](
        self, question: Callable[[AsyncConnection], Awaitable[T]], *, one_snapshot: bool = False
    ) -> T:
        """The answer of the database that is written to; waits for it where it is away."""
        connected = self.database.snapshot if one_snapshot else self.database.steps
        while True:
            try:
                async with connected() as connection:
                    return await question(connection)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(_WAIT)

    async def pause(self, seconds: float) -> None:
        """Shorter where the server ends."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.hurry.wait(), max(seconds, 0))


class _Told:
    """Remembers the latest of what it was given."""

    def __init__(self) -> None:
        self._versions: OrderedDict[Hashable, Hashable] = OrderedDict()

    def is_new(self, key: Hashable, version: Hashable = None) -> bool:
        """Whether it is told for the first time, at this version."""
        new = key not in self._versions or self._versions[key] != version
        self._versions[key] = version
        self._versions.move_to_end(key)
        if len(self._versions) > MOST_REMEMBERED:
            self._versions.popitem(last=False)
        return new


@dataclass(frozen=True, slots=True)
class Reading[T]:
    """What was read of a conversation, all of it in one snapshot."""

    sequence: int
    """From 1 on."""
    new_signal_count: int
    """Since the reading before."""
    activity: Activity
    found: T


type Read[T] = Callable[[AsyncConnection], Awaitable[T]]


async def readings[T](
    live: Live, rights: Rights, conversation: UUID, throttle: float, read: Read[T]
) -> AsyncGenerator[Reading[T]]:
    """One at once, then one whenever signals have come, changed or gone, `throttle` seconds apart at least."""
    with live.hub.conversation(conversation) as watch:
        sequence, known = 0, None
        while True:
            watch.take()
            question = partial(
                _with_activity, rights=rights, conversation=conversation, read=read, known=known
            )
            activity, found = await live.ask(question, one_snapshot=True)
            if activity is None:
                raise no_such_conversation("contextWindowIds")
            if activity != known:
                sequence += 1
                came = 0 if known is None else max(activity.signal_count - known.signal_count, 0)
                known, began = activity, monotonic()
                yield Reading(sequence, came, activity, cast(T, found))
            await watch.wait()
            await live.pause(began + throttle - monotonic())


async def reread[T](
    live: Live, rights: Rights, conversation: UUID, reading: Reading[T], read: Read[T]
) -> Reading[T]:
    """Return `reading` as of now; as it is where more has happened, of which a reading of its own will tell."""
    question = partial(_with_activity, rights=rights, conversation=conversation, read=read)
    activity, found = await live.ask(question, one_snapshot=True)
    return replace(reading, found=cast(T, found)) if activity == reading.activity else reading


async def _with_activity[T](
    connection: AsyncConnection,
    rights: Rights,
    conversation: UUID,
    read: Read[T],
    known: Activity | None = None,
) -> tuple[Activity | None, T | None]:
    """What `read` finds is None where the activity is the one that is known, or the conversation is not there."""
    activity = await queries.activity(connection, rights, conversation)
    return activity, None if activity in {None, known} else await read(connection)


async def signals_added(live: Live, rights: Rights, conversation: UUID) -> AsyncGenerator[Any]:
    """Rows of the conversation's new signals, those that were found together by time."""
    told = _Told()
    with live.hub.conversation(conversation) as watch:
        since = await live.ask(queries.clock) - _BEFORE
        for row in await live.ask(_newest(rights, conversation, since)):
            told.is_new((row.time, row.id))
        while True:
            await watch.wait()
            (place,) = watch.take().conversations.values()
            if place is None:
                now = await live.ask(queries.clock)
                if (
                    await live.ask(partial(queries.activity, rights=rights, conversation=conversation))
                    is None
                ):
                    raise no_such_conversation("contextWindowId")
                rows = await live.ask(_newest(rights, conversation, since))
                since = now - _BEFORE
            else:
                rows = await live.ask(_among(rights, conversation, place))
            for row in rows:
                if told.is_new((row.time, row.id)):
                    yield row


def _newest(
    rights: Rights, conversation: UUID, since: datetime
) -> Callable[[AsyncConnection], Awaitable[list[Any]]]:
    return lambda connection: signals.newest(connection, rights, conversation, since, MOST_SIGNALS)


def _among(
    rights: Rights, conversation: UUID, place: Span
) -> Callable[[AsyncConnection], Awaitable[list[Any]]]:
    return lambda connection: signals.among(connection, rights, conversation, place, MOST_SIGNALS)


async def messages_added(live: Live, rights: Rights, conversation: UUID) -> AsyncGenerator[Any]:
    """Rows of the conversation's new messages."""
    told = _Told()

    async def latest(connection: AsyncConnection) -> tuple[bool, list[Any], datetime]:
        rows = await messages.newest(connection, rights, conversation, MOST_ROWS, since)
        there = rows or await queries.activity(connection, rights, conversation)
        return bool(there), rows, await queries.clock(connection)

    with live.hub.conversation(conversation) as watch:
        since = await live.ask(queries.clock) - _BEFORE
        new = False
        while True:
            there, rows, now = await live.ask(latest)
            if not there:
                raise no_such_conversation("conversationId")
            since = now - _BEFORE
            for row in rows:
                if told.is_new(row.id) and new:
                    yield row
            new = True
            await watch.wait()
            watch.take()


async def conversations_changed(
    live: Live, rights: Rights, wanted: ConversationFilter
) -> AsyncGenerator[Any]:
    """Rows of those that have been opened, changed or hidden or have new signals, a second apart at least."""
    told = _Told()
    with live.hub.conversations() as watch:
        while True:
            await watch.wait()
            began = monotonic()
            for ids in batched(watch.take().conversations, MOST_ROWS):
                for row in await live.ask(
                    partial(conversations.changed, rights=rights, ids=ids, wanted=wanted)
                ):
                    if told.is_new(row.id, row.version):
                        yield row
            await live.pause(began + _SECOND - monotonic())


async def anomalies_found(
    live: Live, rights: Rights, wanted: AnomalyFilter, quiet: float
) -> AsyncGenerator[tuple[Any, bool]]:
    """Rows of anomalies, and whether it is for the last time: when one is found, and once an episode has ended.

    A RAPID_FIRE episode has when it has not grown for `quiet` seconds.
    """
    found, grown = _Told(), _Told()
    ends: dict[UUID, float] = {}
    with live.hub.anomalies() as watch:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(watch.wait(), min(ends.values()) - monotonic() if ends else None)
            for ids in batched(watch.take().anomalies, MOST_ROWS):
                for row in await live.ask(partial(anomalies.among, rights=rights, ids=ids, wanted=wanted)):
                    rapid_fire = row.kind == AnomalyKind.RAPID_FIRE.value
                    if rapid_fire and grown.is_new(row.id, (row.started_at, row.ended_at, row.event_count)):
                        ends[row.id] = monotonic() + quiet
                    if found.is_new(row.id):
                        yield row, False
            ended = [key for key, end in ends.items() if end <= monotonic()]
            for ids in batched(ended, MOST_ROWS):
                for row in await live.ask(partial(anomalies.among, rights=rights, ids=ids, wanted=wanted)):
                    yield row, True
            for key in ended:
                ends.pop(key, None)
