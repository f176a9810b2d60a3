"""Anomalies as they are found."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import strawberry

from app.anomalies import queries
from app.anomalies.queries import AnomalyFilter
from app.auth.viewer import Rights
from app.realtime import topics
from app.realtime.topics import Live
from graphql_schema.anomalies.types import Anomaly
from graphql_schema.context import Info
from graphql_schema.inputs import known
from graphql_schema.streams import Following


@dataclass(frozen=True, slots=True)
class FoundAnomalies:
    rights: Rights
    wanted: AnomalyFilter
    quiet: float
    most: int = topics.MOST_ROWS
    replays: bool = False

    async def events(self, live: Live) -> AsyncGenerator[tuple[tuple[UUID, bool], Anomaly]]:
        async for row, ended in topics.anomalies_found(live, self.rights, self.wanted, self.quiet):
            yield (row.id, ended), Anomaly.of(row)


@strawberry.type
class AnomalySubscriptions:
    @strawberry.subscription(
        description="When an anomaly is first found, and once a RAPID_FIRE episode has not grown for its seconds."
    )
    async def anomaly_detected(
        self, info: Info, user_id: str | None = strawberry.UNSET
    ) -> AsyncGenerator[Anomaly, None]:
        quiet = info.context.services.settings.rapid_fire_seconds
        wanted = AnomalyFilter(user_id=known(user_id))
        queries.check(wanted)
        yield cast(Anomaly, Following([FoundAnomalies(info.context.rights, wanted, quiet)]))
