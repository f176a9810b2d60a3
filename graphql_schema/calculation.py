"""Of every number: what it was made of, and how."""

from datetime import datetime
from time import perf_counter
from typing import Self

import strawberry

from app.coherence import ENGINE_VERSION
from app.coherence.sources.freshness import Freshness
from app.timerange import TimeRange


@strawberry.type
class CalculationInputs:
    start_ts: datetime | None
    end_ts: datetime | None
    source: str = strawberry.field(
        description="Where the numbers were read from: `continuous_aggregate`, `rollup`, `raw`, or two of them "
        "joined by `+`."
    )
    as_of: datetime = strawberry.field(description="Everything committed before it is counted.")
    materialized_through: datetime | None = strawberry.field(
        description="What lies before was summed beforehand, save what has been touched since; all later is counted "
        "on demand. `asOf` where triggers keep the sums; null where nothing was summed beforehand."
    )

    @classmethod
    def of(cls, start: datetime | None, end: datetime | None, freshness: Freshness) -> Self:
        return cls(
            start_ts=start,
            end_ts=end,
            source=freshness.source,
            as_of=freshness.as_of,
            materialized_through=freshness.materialized_through,
        )


@strawberry.type
class CalculationMeta:
    method: str
    engine_version: str
    latency_ms: float

    @classmethod
    def since(cls, method: str, began: float) -> Self:
        """Of what was begun when `perf_counter` said `began`."""
        return cls(method=method, engine_version=ENGINE_VERSION, latency_ms=(perf_counter() - began) * 1_000)


type Calculation = tuple[CalculationInputs, CalculationMeta]
"""That rows share which were calculated together."""


def calculation(wanted: TimeRange, freshness: Freshness, method: str, began: float) -> Calculation:
    """Of rows over `wanted`, whose open sides are null."""
    return CalculationInputs.of(wanted.start, wanted.end, freshness), CalculationMeta.since(method, began)
