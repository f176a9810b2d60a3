"""Coherence of everything."""

from typing import Annotated

import strawberry

from app.coherence.sources.moments import Pool
from app.duration import Duration
from graphql_schema.coherence.loaders import coherence_of
from graphql_schema.coherence.types import Coherence
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange


@strawberry.type
class CoherenceQueries:
    @strawberry.field(
        description="Over everything the viewer may read, as one stream, or some sources of it."
    )
    async def coherence(
        self,
        info: Info,
        window: Duration = Duration(300),  # noqa: B008 - immutable
        step: Duration | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
    ) -> Coherence:
        return await coherence_of(info.context, Pool.EVERYTHING, None, window, step, time_range, sources)
