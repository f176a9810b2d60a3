"""Root fields of signals."""

from time import perf_counter
from typing import Annotated

import strawberry

from app.coherence.sources.freshness import freshness
from app.coherence.sources.spans import spans
from app.conversations import queries as conversations
from app.conversations.service import no_such_conversation
from app.duration import Duration
from app.signals import buckets, queries
from graphql_schema.calculation import calculation
from graphql_schema.connections import SIGNALS, Connection
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange, known, range_of
from graphql_schema.signals.inputs import SignalFilter, filter_of
from graphql_schema.signals.loaders import signals_of, summary_of
from graphql_schema.signals.types import Signal, SignalBucket, SignalSummary

_BUCKETS = "mean of the scores, mean of the tones that there are, and count, by bucket, source and agent"


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
    ) -> Connection[Signal] | None:
        page = SIGNALS.page(first, after, last, before)
        return signals_of(info.context, None, filter_of(filter), page)

    @strawberry.field
    async def signal_summary(
        self, info: Info, filter: SignalFilter | None = strawberry.UNSET
    ) -> SignalSummary | None:
        return await summary_of(info.context, None, filter_of(known(filter)))

    @strawberry.field(
        description=(
            "By bucket, source and agent (null last). With `fillGaps` every (source, agent) that occurs has a row in "
            "each bucket of the range (an open side: first or last bucket). More than 50 000 rows: BAD_USER_INPUT. "
            "`unit` takes the place of `duration` and counts local days, weeks (from Monday), months or years of "
            "`timeZone` (IANA name)."
        )
    )
    async def signal_buckets(
        self,
        info: Info,
        duration: Duration = Duration(86_400),  # noqa: B008 - immutable
        unit: buckets.CalendarUnit | None = strawberry.UNSET,
        time_zone: str = "UTC",
        fill_gaps: bool = False,
        context_window_id: str | None = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
        agent_id: str | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> list[SignalBucket] | None:
        zone, calendar = buckets.time_zone(time_zone), known(unit)
        grid = buckets.Widths(duration) if calendar is None else buckets.Calendar(calendar, zone)
        named, key = queries.named_sources(known(sources)), known(context_window_id)
        rights = info.context.rights
        async with info.context.read() as connection:
            conversation = None if key is None else await conversations.id_of(connection, rights, key)
            if key is not None and conversation is None:
                raise no_such_conversation("contextWindowId")
            asked = buckets.Asked(rights, range_of(time_range), conversation, named, known(agent_id))
            began = perf_counter()
            fresh = await freshness(connection, spans(asked.range, grid.step))
            rows = await buckets.buckets(connection, grid, asked, fill_gaps=fill_gaps)
        inputs, meta = calculation(asked.range, fresh, _BUCKETS, began)
        return [
            SignalBucket(
                bucket=row.start,
                signal_source=row.signal_source,
                agent_id=row.agent_id,
                avg_signal_score=row.avg_score,
                avg_emotional_tone=row.avg_tone,
                total_count=row.n,
                inputs=inputs,
                meta=meta,
            )
            for row in rows
        ]
