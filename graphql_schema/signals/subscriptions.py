"""Signals as they come."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import strawberry

from app.auth.viewer import Rights
from app.conversations import queries
from app.conversations.service import no_such_conversation
from app.realtime import topics
from app.realtime.topics import Live
from app.signals.queries import SignalKey
from graphql_schema.context import Info
from graphql_schema.signals.types import Signal
from graphql_schema.streams import Following


@dataclass(frozen=True, slots=True)
class NewSignals:
    """New signals of one conversation."""

    rights: Rights
    conversation: UUID
    most: int = topics.MOST_SIGNALS
    replays: bool = False

    async def events(self, live: Live) -> AsyncGenerator[tuple[SignalKey, Signal]]:
        async for row in topics.signals_added(live, self.rights, self.conversation):
            yield (row.time, row.id), Signal.of(row)


@strawberry.type
class SignalSubscriptions:
    @strawberry.subscription(
        description="Signals stored from now on, in the order of their commits. Who is slower than they come gets the "
        "newest 1 000."
    )
    async def signal_added(self, info: Info, context_window_id: str) -> AsyncGenerator[Signal, None]:
        async with info.context.read() as connection:
            key = await queries.id_of(connection, info.context.rights, context_window_id)
        if key is None:
            raise no_such_conversation("contextWindowId")
        yield cast(Signal, Following([NewSignals(info.context.rights, key)]))
