"""The program: its parts are put together here, opened when it starts and closed when it stops."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app.auth.middleware import Authentication
from app.auth.routes import SignIn
from app.charts.routes import Charts
from app.database.engine import Database
from app.observability import health, metrics
from app.observability.requests import Failures, RequestLog
from app.observability.statistics import Statistics
from app.pages import DASHBOARD, Assets, favicon, page
from app.realtime.feed import telling
from app.refusals import not_routed
from app.services import Services
from app.setting_values import LOOPBACK
from app.settings import Settings
from app.signals.endpoint import Ingest
from app.upkeep import kept_up
from graphql_schema.http import GraphQLApp
from graphql_schema.nodes import conversation_reference
from graphql_schema.schema import build_schema

RARELY = (10_000, 10, 100)
"""Objects more than before, and collections of the younger ones, after which garbage is collected."""


def create_app(settings: Settings, url: str, key: str, statistics: Statistics | None = None) -> Starlette:
    """The ASGI application on a database that is ready; `key` is that of the personal data.

    `statistics` are those that it shares with others, where it is one of several.
    """
    replica = settings.database_read_url
    replica_url = None if replica is None else replica.get_secret_value()
    database = Database(
        url, replica_url=replica_url, pool_size=settings.pool_size, read_timeout=settings.read_timeout
    )
    services = Services.of(settings, database, key, statistics)
    charts = Charts(database, services.arrivals, settings.weights, conversation_reference)
    graphql = GraphQLApp(build_schema(settings), services, partial(page, "graphiql.html"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What is there now stays: to look through it again and again takes a tenth of a second each time. And a batch
        # of a thousand signals makes thousands of objects that are gone with it, which need not be looked for.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*RARELY)
        async with (
            telling(database, settings.redis_url) as feed,
            kept_up(database, services.arrivals, settings),
            services.live.hub.running(),
            services.auth.running(),
            services.vectors.running(settings.arrivals_seconds),
            services.rates.running(),
        ):
            app.state.farewell = partial(graphql.farewell, feed)
            yield
        await charts.close()
        await graphql.schema.documents.registered.close()
        await services.coach.close()
        await database.close()

    async def dashboard(_: Request) -> Response:
        return page("index.html")

    routes: list[BaseRoute] = [
        # Looked through in order for every request.
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        *(Route(path, dashboard) for path in DASHBOARD),
        *health.routes(services),
        metrics.route(services.statistics, database),
        charts.route,
        SignIn(settings, database, services.users, services.auth, services.rates).route,
        Route(
            "/ingest", Ingest(services.signals, services.statistics, services.rates.signals), methods=["POST"]
        ),
        Mount("/assets", Assets()),
        Route("/favicon.ico", favicon),
    ]
    middleware = [
        Middleware(RequestLog),
        # A page of another site that has its name point here must not get through.
        Middleware(
            TrustedHostMiddleware,
            allowed_hosts=[*LOOPBACK, *settings.allowed_hosts],
            www_redirect=False,
        ),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", *settings.allowed_headers],
            # A cookie is all that they are for.
            allow_credentials=settings.auth == "required",
            expose_headers=["Retry-After", "X-Request-Id"],
        ),
        Middleware(Failures, statistics=services.statistics),
        Middleware(Authentication, auth=services.auth),
    ]
    app = Starlette(
        routes=routes,
        middleware=middleware,
        lifespan=lifespan,
        exception_handlers={HTTPException: not_routed},
    )
    app.state.statistics = services.statistics
    return app
