"""Live drift."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self, cast
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.moments import Pool
from app.conversations import queries
from app.conversations.service import no_such_conversation
from app.database.base import AnyRow
from app.duration import Duration
from app.errors import BadUserInput
from app.realtime import topics
from app.realtime.queries import clock
from app.realtime.topics import Live
from app.timerange import TimeRange
from graphql_schema.coherence.loaders import answer
from graphql_schema.coherence.types import Coherence
from graphql_schema.context import Context, Info
from graphql_schema.conversations.loaders import ConversationLoader
from graphql_schema.conversations.types import Conversation
from graphql_schema.streams import Following

MOST_CONVERSATIONS = 100


@dataclass(frozen=True, slots=True)
class Drift:
    """Readings of one conversation."""

    rights: Rights
    conversation: UUID
    window: Duration
    lookback: Duration
    throttle: Duration
    weights: Weights
    most: int = 1
    replays: bool = True

    async def events(self, live: Live) -> AsyncGenerator[tuple[None, "DriftUpdate"]]:
        throttle = float(self.throttle)
        async for reading in topics.readings(live, self.rights, self.conversation, throttle, self.read):
            yield None, DriftUpdate.of(self, reading)

    async def read(self, connection: AsyncConnection) -> "Found":
        """In the caller's snapshot."""
        row = (await queries.by_ids(connection, self.rights, [self.conversation]))[self.conversation]
        now = await clock(connection)
        since = TimeRange(now - timedelta(seconds=self.lookback))
        windows = Windows(self.window, self.window, since)
        analyses = await analyse(
            connection, self.rights, Pool.CONVERSATION, [self.conversation], windows, self.weights
        )
        return Found(now, row, analyses[self.conversation])


class Found(NamedTuple):
    """What an event tells of, in one snapshot."""

    now: datetime
    conversation: AnyRow
    analysis: Analysis | BadUserInput


@strawberry.type(description="A fresh reading of one conversation.")
class DriftUpdate:
    topic: strawberry.Private[Drift]
    reading: strawberry.Private[topics.Reading[Found]]

    sequence: int = strawberry.field(
        description="Numbers the readings of one conversation at one window, lookback and throttle on this server: a "
        "hole means that this reader was too slow for one."
    )

    @classmethod
    def of(cls, topic: Drift, reading: topics.Reading[Found]) -> Self:
        return cls(
            topic=topic,
            reading=reading,
            sequence=reading.sequence,
            new_signal_count=reading.new_signal_count,
        )

    async def renewed(self, live: Live) -> Self:
        """Return the same event as of now."""
        topic = self.topic
        reading = await topics.reread(live, topic.rights, topic.conversation, self.reading, topic.read)
        return self.of(topic, reading)

    @strawberry.field
    def conversation(self, info: Info) -> Conversation:
        found, context = self.reading.found, info.context
        context.now = found.now
        conversation = Conversation.of(found.conversation)
        context.loader(ConversationLoader).prime(conversation.key, None, conversation)
        return conversation

    @strawberry.field
    def coherence(self, info: Info) -> Coherence:
        found, context = self.reading.found, info.context
        context.now = found.now
        return answer(context, Pool.CONVERSATION, self.topic.conversation, found.analysis)

    new_signal_count: int = strawberry.field(
        description="Signals since the reading before in sequence; 0 in the first."
    )


@strawberry.type
class CoherenceSubscriptions:
    @strawberry.subscription(
        description="A reading at once, then one whenever signals come, change or go, at most one a conversation every "
        "`throttle`, always the newest.\nCoherence is over the range from now - lookback on. 1 to 100 conversations; an "
        "unknown one is NOT_FOUND."
    )
    async def drift_updates(
        self,
        info: Info,
        context_window_ids: list[str],
        window: Duration = Duration(300),  # noqa: B008 - immutable
        lookback: Duration = Duration(86_400),  # noqa: B008 - immutable
        throttle: Duration = Duration(1),  # noqa: B008 - immutable
    ) -> AsyncGenerator[DriftUpdate, None]:
        ids = await _conversations(info.context, context_window_ids)
        weights = info.context.services.settings.weights
        following = Following(
            [Drift(info.context.rights, key, window, lookback, throttle, weights) for key in ids]
        )
        yield cast(DriftUpdate, following)


async def _conversations(context: Context, context_window_ids: list[str]) -> list[UUID]:
    wanted = list(dict.fromkeys(context_window_ids))
    if not 1 <= len(wanted) <= MOST_CONVERSATIONS:
        raise BadUserInput(
            f"contextWindowIds names {len(wanted)} conversations; it takes 1 to {MOST_CONVERSATIONS}.",
            field="contextWindowIds",
        )
    async with context.read() as connection:
        found = await queries.ids_of(connection, context.rights, wanted)
    for name in wanted:
        if name not in found:
            raise no_such_conversation("contextWindowIds")
    return list(dict.fromkeys(found[name] for name in wanted))
