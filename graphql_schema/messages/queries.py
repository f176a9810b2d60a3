"""Root fields of messages."""

from time import perf_counter
from typing import Annotated

import strawberry

from app.coherence.sources.freshness import freshness
from app.coherence.sources.spans import Span
from app.messages import queries
from app.messages.queries import Group
from app.signals.buckets import CalendarUnit, time_zone
from graphql_schema.calculation import calculation
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange, range_of
from graphql_schema.messages.types import FeedbackSummary, MessageBucket

_BUCKETS = "count of messages and their feedback; sums of tokens and cost, by local time and group"


@strawberry.type
class MessageQueries:
    @strawberry.field(description="`range` is that of `createdAt`.")
    async def feedback_summary(
        self,
        info: Info,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> FeedbackSummary | None:
        async with info.context.read() as connection:
            return FeedbackSummary.of(
                await queries.sums(connection, info.context.rights, range_of(time_range))
            )

    @strawberry.field(
        description="Feedback, tokens and cost over time: by local days, weeks (from Monday), months or years of "
        "`timeZone` (IANA name), and by what `by` names. In order; empty ones are left out. More than 50 000 rows: "
        "BAD_USER_INPUT."
    )
    async def message_buckets(
        self,
        info: Info,
        unit: CalendarUnit = CalendarUnit.DAY,
        time_zone_name: Annotated[str, strawberry.argument(name="timeZone")] = "UTC",
        by: list[Group] = [],  # noqa: B006 - read only
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> list[MessageBucket] | None:
        zone, wanted = time_zone(time_zone_name), range_of(time_range)
        async with info.context.read() as connection:
            began = perf_counter()
            fresh = await freshness(connection, [Span(wanted, None)])
            found = await queries.buckets(
                connection, info.context.rights, wanted, unit.value.lower(), zone.key, frozenset(by)
            )
        calculated = calculation(wanted, fresh, _BUCKETS, began)
        return [MessageBucket.of(bucket, calculated) for bucket in found]
