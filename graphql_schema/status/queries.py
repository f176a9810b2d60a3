"""How the server is doing."""

from datetime import datetime

import strawberry

from app.database.capabilities import timescale_license
from app.duration import Duration
from app.signals.queries import last_ingest
from app.version import VERSION
from graphql_schema.context import Info


@strawberry.type
class ServerStatus:
    version: str
    uptime_seconds: float
    configured_windows: list[Duration]
    p95_latency_ms: float | None = strawberry.field(name="p95LatencyMs")
    request_count: int
    error_rate: float

    @strawberry.field(description="`community`, `apache`, or null on plain PostgreSQL.")
    async def timescale_license(self, info: Info) -> str | None:
        async with info.context.read() as connection:
            return await timescale_license(connection)

    @strawberry.field
    async def last_ingest_at(self, info: Info) -> datetime | None:
        async with info.context.read() as connection:
            return await last_ingest(connection, info.context.rights)


@strawberry.type
class StatusQueries:
    @strawberry.field
    def status(self, info: Info) -> ServerStatus:
        services = info.context.services
        statistics = services.statistics
        return ServerStatus(
            version=VERSION,
            uptime_seconds=statistics.uptime_seconds,
            configured_windows=list(services.settings.default_windows),
            p95_latency_ms=statistics.p95_latency_ms,
            request_count=statistics.requests.count,
            error_rate=statistics.error_rate,
        )
