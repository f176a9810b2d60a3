"""Whether the server and its database answer (`/health`, for anybody) and how the server fares (`/status`)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.database.capabilities import timescale_license
from app.errors import Refused
from app.instant import write_instant
from app.refusals import refusal
from app.services import Services
from app.signals.queries import last_ingest
from app.version import VERSION

_HEADERS = {"Cache-Control": "no-store"}


def routes(services: Services) -> list[Route]:
    """Return the routes `/health`, `/healthz`, which is the same, and `/status`."""
    database, statistics = services.database, services.statistics

    async def _database() -> str:
        if not await database.answers():
            return "unavailable"
        try:
            await services.users.key.renew(database)
        except Refused:
            return "encrypted with another key"
        return "ok"

    async def health(_: Request) -> JSONResponse:
        found = await _database()
        return JSONResponse(
            {
                "status": "ok" if found == "ok" else "unavailable",
                "version": VERSION,
                "uptimeSeconds": statistics.uptime_seconds,
                "database": found,
            },
            status_code=200 if found == "ok" else 503,
            headers=_HEADERS,
        )

    async def status(request: Request) -> JSONResponse:
        """Answer with what the query `status` has. Who may ask is decided by app/auth/middleware.py."""
        try:
            async with database.read() as connection:
                edition = await timescale_license(connection)
                last = await last_ingest(connection, request.state.viewer.rights)
        except Refused as refused:
            return refusal(refused)
        return JSONResponse(
            {
                "version": VERSION,
                "uptimeSeconds": statistics.uptime_seconds,
                "timescaleLicense": edition,
                "lastIngestAt": None if last is None else write_instant(last),
                "configuredWindows": [str(window) for window in services.settings.default_windows],
                "p95LatencyMs": statistics.p95_latency_ms,
                "requestCount": statistics.requests.count,
                "errorRate": statistics.error_rate,
            },
            headers=_HEADERS,
        )

    return [Route("/health", health), Route("/healthz", health), Route("/status", status)]
