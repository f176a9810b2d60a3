"""Live drift."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

import strawberry

from app.auth.viewer import Rights
from app.coherence.sources.moments import Pool
from app.conversations import queries
from app.conversations.service import no_such_conversation
from app.duration import Duration
from app.errors import BadUserInput
from app.realtime import topics
from app.realtime.topics import Live
from graphql_schema.coherence.loaders import coherence_of
from graphql_schema.coherence.types import Coherence
from graphql_schema.context import Context, Info
from graphql_schema.conversations.loaders import ConversationLoader
from graphql_schema.conversations.types import Conversation
from graphql_schema.inputs import TimeRange
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
    most: int = 1
    replays: bool = True

    async def events(self, live: Live) -> AsyncGenerator[tuple[None, "DriftUpdate"]]:
        async for reading in topics.readings(live, self.rights, self.conversation, float(self.throttle)):
            yield (
                None,
                DriftUpdate(topic=self, sequence=reading.sequence, new_signal_count=reading.new_signal_count),
            )


@strawberry.type(description="A fresh reading of one conversation.")
class DriftUpdate:
    topic: strawberry.Private[Drift]

    sequence: int = strawberry.field(
        description="Numbers the readings of one conversation at one window, lookback and throttle on this server: a "
        "hole means that this reader was too slow for one."
    )

    @strawberry.field
    async def conversation(self, info: Info) -> Conversation:
        found = await info.context.loader(ConversationLoader).load(self.topic.conversation, None)
        if found is None:
            raise no_such_conversation("contextWindowIds")
        return found

    @strawberry.field
    async def coherence(self, info: Info) -> Coherence:
        context, drift = info.context, self.topic
        start = await context.time() - timedelta(seconds=drift.lookback)
        window = TimeRange(start=start)
        return await coherence_of(
            context, Pool.CONVERSATION, drift.conversation, drift.window, None, window, None
        )

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
        following = Following([Drift(info.context.rights, key, window, lookback, throttle) for key in ids])
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
