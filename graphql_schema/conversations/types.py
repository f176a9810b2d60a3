"""Conversations."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.coherence.sources.moments import Pool
from app.conversations.models import ConversationStatus
from app.duration import Duration
from graphql_schema.anomalies.loaders import anomalies_of_conversation
from graphql_schema.anomalies.types import Anomaly
from graphql_schema.coherence.current import CurrentReading, current_of
from graphql_schema.coherence.loaders import coherence_of, forecast_of, metrics_of
from graphql_schema.coherence.types import Coherence, CoherenceMetrics, Forecast
from graphql_schema.connections import ANOMALIES, MESSAGES, SIGNALS, Connection
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange, range_of
from graphql_schema.messages.loaders import messages_of
from graphql_schema.messages.types import Message
from graphql_schema.nodes import Node, conversation_id
from graphql_schema.signals.inputs import SignalFilter, filter_of
from graphql_schema.signals.loaders import lineage_of, signals_of
from graphql_schema.signals.types import LineageStep, Signal

if TYPE_CHECKING:
    from graphql_schema.users.types import User

strawberry.enum(ConversationStatus)


@strawberry.type
class Conversation(Node):
    key: strawberry.Private[UUID]
    user_key: strawberry.Private[UUID | None]

    id: strawberry.ID
    context_window_id: str = strawberry.field(
        description="The producer's own key for the conversation; the conversation's UUID where none was given. Unique."
    )
    agent_id: str | None
    title: str | None
    status: ConversationStatus
    started_at: datetime
    ended_at: datetime | None
    updated_at: datetime
    last_signal_at: datetime | None
    signal_count: int
    context_metadata: JSON
    coherence_score_current: float | None = strawberry.field(
        description="What `updateConversation` last wrote here, and nothing else; `coherence` computes a fresh reading."
    )
    coherence_score_trend: float | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the columns of app/conversations/queries.py."""
        return cls(
            key=row.id,
            user_key=row.user_id,
            id=conversation_id(row.id),
            context_window_id=row.context_window_id,
            agent_id=row.agent_id,
            title=row.title,
            status=ConversationStatus(row.status),
            started_at=row.started_at,
            ended_at=row.ended_at,
            updated_at=row.updated_at,
            last_signal_at=row.last_signal_at,
            signal_count=row.signal_count,
            context_metadata=row.context_metadata,
            coherence_score_current=row.coherence_score_current,
            coherence_score_trend=row.coherence_score_trend,
        )

    @strawberry.field
    async def share_enabled(self, info: Info) -> bool:
        return (await self._share(info))[0]

    @strawberry.field(description="Null unless the viewer may manage the conversation and sharing is on.")
    async def share_token(self, info: Info) -> str | None:
        return (await self._share(info))[1]

    async def _share(self, info: Info) -> tuple[bool, str | None]:
        from graphql_schema.conversations.loaders import ShareLoader

        return await info.context.loader(ShareLoader).load(self.key, None)

    @strawberry.field
    async def user(
        self, info: Info
    ) -> Annotated["User", strawberry.lazy("graphql_schema.users.types")] | None:
        from graphql_schema.users.loaders import UserLoader

        if self.user_key is None:
            return None
        return await info.context.loader(UserLoader).load(self.user_key, None)

    @strawberry.field
    def signals(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: SignalFilter | None = strawberry.UNSET,
    ) -> Connection[Signal]:
        page = SIGNALS.page(first, after, last, before)
        return signals_of(info.context, self.key, filter_of(filter), page)

    @strawberry.field(
        description="`step`: how far one window's start lies from the next one's; the window's own width where left "
        "out, a divisor of it for sliding windows."
    )
    async def coherence(
        self,
        info: Info,
        window: Duration = Duration(300),  # noqa: B008 - immutable
        step: Duration | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
    ) -> Coherence:
        return await coherence_of(
            info.context, Pool.CONVERSATION, self.key, window, step, time_range, sources
        )

    @strawberry.field(
        description="Mean, volatility and risk of the window that ends at `at`, now where left out."
    )
    async def metrics(
        self,
        info: Info,
        window: Duration = Duration(3_600),  # noqa: B008 - immutable
        at: datetime | None = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
    ) -> CoherenceMetrics:
        return await metrics_of(info.context, Pool.CONVERSATION, self.key, window, at, sources)

    @strawberry.field(
        description="How it stands now: of the signals of the last `window`, whatever the clock's marks."
    )
    async def current(
        self,
        info: Info,
        window: Duration = Duration(3_600),  # noqa: B008 - immutable
    ) -> CurrentReading:
        return await current_of(info.context, self.key, window)

    @strawberry.field(description="Where its drift is going; `horizon` is 1 to 1 000 windows.")
    async def forecast(
        self,
        info: Info,
        window: Duration = Duration(300),  # noqa: B008 - immutable
        horizon: int = 12,
        sources: list[str] | None = strawberry.UNSET,
    ) -> Forecast:
        return await forecast_of(info.context, Pool.CONVERSATION, self.key, window, horizon, sources)

    @strawberry.field(
        description="Steps between consecutive signals whose sources differ: by count down, then names."
    )
    async def lineage(
        self,
        info: Info,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> list[LineageStep]:
        return await lineage_of(info.context, self.key, range_of(time_range))

    @strawberry.field
    def messages(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Message]:
        return messages_of(info.context, self.key, MESSAGES.page(first, after, last, before))

    @strawberry.field
    def anomalies(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Anomaly]:
        page = ANOMALIES.page(first, after, last, before)
        return anomalies_of_conversation(info.context, self.key, page)
