"""Coherence, metrics and forecasts of many conversations or users at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.coherence.drift import nullable, volatility
from app.coherence.forecast import forecast
from app.coherence.semantic import Meanings, semantic_drift
from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.meanings import meanings
from app.coherence.sources.measure import Measurement, Moment, measure
from app.coherence.sources.moments import Pool, Question
from app.duration import Duration
from app.errors import BadUserInput
from app.signals.queries import named_sources
from graphql_schema.coherence.types import Coherence, CoherenceMetrics, Forecast
from graphql_schema.context import Context, Loader
from graphql_schema.inputs import TimeRange, known, range_of

log = structlog.get_logger()

MOST_POINTS = 1_000


class CoherenceLoader(Loader[UUID | None, tuple[Pool, Windows], Analysis | BadUserInput]):
    """By conversation, by user, or of everything (None)."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: tuple[Pool, Windows]
    ) -> dict[UUID | None, Analysis | BadUserInput]:
        pool, windows = arguments
        return await analyse(connection, self.rights, pool, keys, windows, self.services.settings.weights)


class MetricsLoader(Loader[UUID | None, tuple[Pool, Moment], Measurement | BadUserInput]):
    """By conversation, by user, or of everything (None)."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: tuple[Pool, Moment]
    ) -> dict[UUID | None, Measurement | BadUserInput]:
        pool, moment = arguments
        return await measure(connection, self.rights, pool, keys, moment)


class MeaningsLoader(Loader[UUID | None, tuple[Pool, Windows], Meanings]):
    """By conversation, by user, or of everything (None)."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: tuple[Pool, Windows]
    ) -> dict[UUID | None, Meanings]:
        pool, windows = arguments
        question = Question(self.rights, pool, windows.range, windows.step, windows.sources)
        return await meanings(connection, question, keys, self.services.vectors.store)


@dataclass(slots=True)
class Semantics:
    """Semantic drift of one analysis, read once and only where it is asked for."""

    pool: Pool
    key: UUID | None
    analysis: Analysis
    _task: asyncio.Task[list[float | None]] | None = None

    async def drift(self, context: Context) -> list[float | None]:
        """Of its windows, in order."""
        if self._task is None:
            self._task = asyncio.create_task(self._read(context))
        return await asyncio.shield(self._task)

    async def _read(self, context: Context) -> list[float | None]:
        index, windows = self.analysis.drift.index, self.analysis.windows
        if not context.services.vectors.on:
            return [None] * len(index)
        found = await context.loader(MeaningsLoader).load(self.key, (self.pool, windows))
        drifted = await asyncio.to_thread(semantic_drift, found, index, windows.window // windows.step)
        return nullable(drifted)


async def coherence_of(
    context: Context,
    pool: Pool,
    key: UUID | None,
    window: Duration,
    step: Duration | None,
    time_range: TimeRange | None,
    sources: list[str] | None,
) -> Coherence:
    """What the contract's `coherence` fields answer."""
    windows = windows_of(window, step, time_range, sources)
    return answer(context, pool, key, await context.loader(CoherenceLoader).load(key, (pool, windows)))


def answer(context: Context, pool: Pool, key: UUID | None, analysis: Analysis | BadUserInput) -> Coherence:
    """Log `analysis` and return what the API says of it; raise it where it is a fault."""
    if isinstance(analysis, BadUserInput):
        raise analysis
    tell(analysis, context, pool, key)
    return Coherence.of(analysis, Semantics(pool, key, analysis))


def windows_of(
    window: Duration, step: Duration | None, time_range: TimeRange | None, sources: list[str] | None
) -> Windows:
    return Windows(window, known(step) or window, range_of(time_range), named_sources(known(sources)))


def tell(analysis: Analysis, context: Context, pool: Pool, key: UUID | None) -> None:
    """Logs one answer."""
    log.info(
        "coherence",
        **_whose(pool, key),
        window=str(analysis.windows.window),
        source=analysis.freshness.source,
        mean=analysis.coherence.current,
        volatility=volatility(analysis.drift),
        risk=analysis.coherence.level,
        latency_ms=round(analysis.latency_ms, 2),
        request_id=context.request_id,
    )


def _whose(pool: Pool, key: UUID | None) -> dict[str, str]:
    """Whose numbers a line is about, by the id in the database; nothing of everybody's."""
    return {} if key is None else {pool.value: str(key)}


async def metrics_of(
    context: Context,
    pool: Pool,
    key: UUID | None,
    window: Duration,
    at: datetime | None,
    sources: list[str] | None,
) -> CoherenceMetrics:
    """What the contract's `metrics` fields answer."""
    moment = Moment(
        window, checks.since_1970("at", known(at)) or await context.time(), named_sources(known(sources))
    )
    measurement = await context.loader(MetricsLoader).load(key, (pool, moment))
    if isinstance(measurement, BadUserInput):
        raise measurement
    log.info(
        "metrics",
        **_whose(pool, key),
        window=str(window),
        source=measurement.freshness.source,
        mean=measurement.metrics.mean,
        volatility=measurement.metrics.volatility,
        risk=measurement.metrics.risk,
        latency_ms=round(measurement.latency_ms, 2),
        request_id=context.request_id,
    )
    return CoherenceMetrics.of(measurement)


async def forecast_of(
    context: Context, pool: Pool, key: UUID | None, window: Duration, horizon: int, sources: list[str] | None
) -> Forecast:
    """What the contract's `forecast` fields answer. Fitted in a thread, and only once the windows are read."""
    if not 1 <= horizon <= MOST_POINTS:
        raise BadUserInput(f"horizon is {horizon}; it takes 1 to {MOST_POINTS}.", field="horizon")
    began = perf_counter()
    windows = Windows(window, window, sources=named_sources(known(sources)))
    analysis = await context.loader(CoherenceLoader).load(key, (pool, windows))
    if isinstance(analysis, BadUserInput):
        raise analysis
    found = await asyncio.to_thread(forecast, analysis.drift.index, analysis.drift.score, horizon)
    latency = (perf_counter() - began) * 1_000
    log.info(
        "forecast",
        **_whose(pool, key),
        window=str(window),
        source=analysis.freshness.source,
        volatility=volatility(analysis.drift),
        risk=found.risk,
        latency_ms=round(latency, 2),
        request_id=context.request_id,
    )
    return Forecast.of(found, analysis, latency)
