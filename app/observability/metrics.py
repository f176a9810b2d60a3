"""`GET /metrics`: what Prometheus reads."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.auth.viewer import PROGRAM
from app.database.engine import Database
from app.database.replica import replayed_until
from app.dead_letters import queries as dead_letters
from app.errors import Refused
from app.observability.statistics import BUCKETS, Statistics, Times
from app.realtime.queries import behind
from app.signals.queries import last_ingest

_SHARES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows, as other processes write there too."""

    last_ingest: datetime | None
    dead_lettered: int
    dead_letters: int
    """That wait to be retried or discarded."""
    behind: int
    """Transactions that a look for changes goes back."""
    replayed: datetime | None
    """Until when the replica has replayed; None without one."""

    @classmethod
    async def of(cls, database: Database) -> "Stored":
        async with database.read() as connection:
            replayed = await replayed_until(connection)
            last = await last_ingest(connection, PROGRAM)
        async with database.read(newest=True) as connection:  # a replica knows the sequence by halves
            counts = await dead_letters.counts(connection)
            return cls(last, *counts, await behind(connection), replayed)


@dataclass(frozen=True, slots=True)
class Metrics(Collector):
    """One answer. Where the database does not answer, what it knows is left out."""

    statistics: Statistics
    stored: Stored | None

    def collect(self) -> Iterator[Metric]:
        statistics, stored = self.statistics, self.stored
        signals = CounterMetricFamily(
            "coherence_signals", "Signals by what became of them.", labels=["outcome"]
        )
        signals.add_metric(["accepted"], statistics.accepted)
        signals.add_metric(["refused"], statistics.refused)
        signals.add_metric(["duplicate"], statistics.duplicates)
        if stored:
            signals.add_metric(["dead_lettered"], stored.dead_lettered)
        yield signals
        yield from _times("coherence_ingest_batch", "Batches of signals", statistics.batches)
        yield CounterMetricFamily(
            "coherence_requests", "GraphQL operations.", value=statistics.requests.count
        )
        yield CounterMetricFamily(
            "coherence_errors",
            "GraphQL operations that failed by the server's fault.",
            value=statistics.failures,
        )
        yield CounterMetricFamily(
            "coherence_plan_failures",
            "Plans of GraphQL operations that failed unexpectedly; the operations were executed instead.",
            value=statistics.plan_failures,
        )
        yield CounterMetricFamily(
            "coherence_failed_requests",
            "Requests that failed as a whole, on whatever path, in a way that nobody expected.",
            value=statistics.failed_requests,
        )
        yield from _times("coherence_request", "GraphQL operations", statistics.requests)
        yield GaugeMetricFamily(
            "coherence_subscriptions", "Subscriptions at the moment.", value=statistics.subscriptions
        )
        yield GaugeMetricFamily(
            "coherence_readings", "Different readings that they follow.", value=statistics.readings
        )
        yield CounterMetricFamily(
            "coherence_events", "Events delivered to subscribers.", value=statistics.events
        )
        yield GaugeMetricFamily(
            "coherence_uptime_seconds", "Since the server's start.", value=statistics.uptime_seconds
        )
        if stored:
            yield GaugeMetricFamily(
                "coherence_dead_letters", "Dead letters that wait.", value=stored.dead_letters
            )
            yield GaugeMetricFamily(
                "coherence_look_again_transactions",
                "Transactions since the oldest one of this database that has written and not ended.",
                value=stored.behind,
            )
            if stored.replayed:
                yield GaugeMetricFamily(
                    "coherence_replica_replayed_timestamp_seconds",
                    "Until when the replica has replayed what was committed.",
                    value=stored.replayed.timestamp(),
                )
            if stored.last_ingest:
                yield GaugeMetricFamily(
                    "coherence_last_ingest_timestamp_seconds",
                    "When the newest signal was received.",
                    value=stored.last_ingest.timestamp(),
                )


def _times(name: str, what: str, times: Times) -> Iterator[Metric]:
    bounds = [*map(str, BUCKETS), "+Inf"]
    yield HistogramMetricFamily(
        f"{name}_seconds",
        f"{what}, by how long each took.",
        buckets=list(zip(bounds, times.up_to, strict=True)),
        sum_value=times.seconds,
    )
    # Not `quantile`, which is a summary's: Prometheus' lint rules refuse it of a gauge.
    latency = GaugeMetricFamily(
        f"{name}_latency_seconds", f"{what}: quantiles of the last 1 000.", labels=["share"]
    )
    for share, value in zip(_SHARES, times.quantiles(_SHARES) or (), strict=False):
        latency.add_metric([str(share)], value)
    yield latency


def route(statistics: Statistics, database: Database) -> Route:
    async def metrics(_: Request) -> Response:
        stored = None
        try:
            async with asyncio.timeout(2):
                stored = await Stored.of(database)
        except (TimeoutError, Refused, DBAPIError):
            pass
        return Response(
            generate_latest(Metrics(statistics, stored)),
            headers={"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4},
        )

    return Route("/metrics", metrics, methods=["GET"])
