"""Coherence of everything."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.coherence.sources.moments import Pool
from app.duration import Duration
from graphql_schema.coherence.loaders import coherence_of, forecast_of, metrics_of
from graphql_schema.coherence.types import Coherence, CoherenceMetrics, Forecast
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
    ) -> Coherence | None:
        return await coherence_of(info.context, Pool.EVERYTHING, None, window, step, time_range, sources)

    @strawberry.field(
        description="Mean, volatility and risk of the window that ends at `at`, now where left out."
    )
    async def coherence_metrics(
        self,
        info: Info,
        window: Duration = Duration(3_600),  # noqa: B008 - immutable
        at: datetime | None = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
    ) -> CoherenceMetrics | None:
        return await metrics_of(info.context, Pool.EVERYTHING, None, window, at, sources)

    @strawberry.field(description="Where the drift of everything is going; `horizon` is 1 to 1 000 windows.")
    async def forecast(
        self,
        info: Info,
        window: Duration = Duration(300),  # noqa: B008 - immutable
        horizon: int = 12,
        sources: list[str] | None = strawberry.UNSET,
    ) -> Forecast | None:
        return await forecast_of(info.context, Pool.EVERYTHING, None, window, horizon, sources)
