"""Root field of anomalies."""

from typing import Annotated

import strawberry

from app.anomalies.models import AnomalyKind
from app.anomalies.queries import AnomalyFilter
from graphql_schema.anomalies.loaders import anomalies
from graphql_schema.anomalies.types import Anomaly
from graphql_schema.connections import ANOMALIES, Connection
from graphql_schema.context import Info
from graphql_schema.inputs import TimeRange, known, range_of


@strawberry.type
class AnomalyQueries:
    @strawberry.field(description="Oldest first; `range` is that of `startedAt`.")
    def anomalies(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        kind: AnomalyKind | None = strawberry.UNSET,
        user_id: str | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> Connection[Anomaly] | None:
        wanted = AnomalyFilter(known(kind), known(user_id), range_of(time_range))
        return anomalies(info.context, wanted, ANOMALIES.page(first, after, last, before))
