"""Root fields of signals."""

from typing import Annotated

import strawberry

from app.conversations import queries as conversations
from app.conversations.service import no_such_conversation
from app.duration import Duration
from app.signals import queries
from graphql_schema.connections import SIGNALS, Connection
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange, known, range_of
from graphql_schema.signals.inputs import SignalFilter, filter_of
from graphql_schema.signals.loaders import signals_of
from graphql_schema.signals.types import Signal, SignalBucket


@strawberry.type
class SignalQueries:
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
        return signals_of(info.context, None, filter_of(filter), page)

    @strawberry.field(
        description="Averages and counts by bucket, source and agent. More than 50 000 rows: BAD_USER_INPUT."
    )
    async def signal_buckets(
        self,
        info: Info,
        duration: Duration = Duration(86_400),  # noqa: B008 - immutable
        context_window_id: str | None = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
        agent_id: str | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> list[SignalBucket]:
        async with info.context.read() as connection:
            conversation = None
            if context_window_id is not None and context_window_id is not strawberry.UNSET:
                conversation = await conversations.id_of(connection, context_window_id)
                if conversation is None:
                    raise no_such_conversation("contextWindowId")
            rows = await queries.buckets(
                connection,
                seconds=duration,
                range=range_of(time_range),
                conversation_id=conversation,
                sources=queries.named_sources(known(sources)),
                agent_id=known(agent_id),
            )
        return [
            SignalBucket(
                bucket=row.bucket,
                signal_source=row.signal_source,
                agent_id=row.agent_id,
                avg_signal_score=row.avg_score,
                avg_emotional_tone=row.avg_tone,
                total_count=row.n,
            )
            for row in rows
        ]
