"""Drift and coherence; metrics.md defines every number."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Self

import strawberry

from app.coherence import ENGINE_VERSION, forecast
from app.coherence.drift import levels, nullable
from app.coherence.metrics import METHOD
from app.coherence.sources.analysis import Analysis
from app.coherence.sources.measure import Measurement
from app.coherence.windows import Ints, bounds
from app.instant import instant_since_2000
from app.services import Services
from graphql_schema.calculation import CalculationInputs, CalculationMeta
from graphql_schema.context import Info
from graphql_schema.signals.types import SourceCount

if TYPE_CHECKING:
    from graphql_schema.coherence.loaders import Semantics

SEMANTIC_DRIFT = (
    "Cosine distance of the window's mean embedding from that of the window listed before, 0 to 2; null for the first, "
    "and where one of the two has no embedding."
)


@strawberry.enum
class DriftLevel(Enum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@strawberry.type(description="A window that holds signals; others are never listed.")
class DriftMetric:
    window_start: datetime
    window_end: datetime
    signal_count: int = strawberry.field(description="Those inside both the window and the range.")
    mean: float
    variance: float = strawberry.field(description="Population variance of the window's scores, 0 to 0.25.")
    drift_score: float | None = strawberry.field(
        description="Variance over its largest possible value, 0 to 1; null under two signals."
    )
    level: DriftLevel | None
    coherence_trend: float | None = strawberry.field(
        description="(1 - driftScore) less that of the window listed before; null for the first and next to a null."
    )
    place: strawberry.Private[int]
    semantics: strawberry.Private["Semantics"]

    @strawberry.field(description="False for the window that is still going on: its end lies after now.")
    async def complete(self, info: Info) -> bool:
        return self.window_end <= await info.context.time()

    @strawberry.field(description=SEMANTIC_DRIFT)
    async def semantic_drift(self, info: Info) -> float | None:
        return (await self.semantics.drift(info.context))[self.place]


@strawberry.type(
    description="The same windows as `driftMetrics`, one array a field: for charts of thousands of points."
)
class DriftSeries:
    window_start: list[datetime]
    signal_count: list[int]
    mean: list[float]
    variance: list[float]
    drift_score: list[float | None]
    semantics: strawberry.Private["Semantics"]

    @strawberry.field
    async def complete(self, info: Info) -> list[bool]:
        return self.semantics.analysis.complete(await info.context.time()).tolist()  # type: ignore[no-any-return]

    @strawberry.field
    async def semantic_drift(self, info: Info) -> list[float | None]:
        return await self.semantics.drift(info.context)


@strawberry.type
class CoherenceAdjustments:
    source_diversity: float
    stability: float
    trend: float


def _datetimes(microseconds: Ints) -> list[datetime]:
    return list(map(instant_since_2000, microseconds.tolist()))


@strawberry.type(description="How semanticDrift is told: by whose embeddings.")
class SemanticMeta:
    method: str
    embedder: str | None = strawberry.field(
        description="What makes the embeddings: `local`, `sentence`, `openai`, or `none` where producers bring them; null "
        "where there are none here (COHERENCE_VECTORS=off), and every semanticDrift is null."
    )
    space: str | None = strawberry.field(
        description="Which embeddings are compared, embedder, model and version: those of another space never are."
    )
    width: int = strawberry.field(description="Numbers of an embedding.")
    engine_version: str

    @classmethod
    def of(cls, services: Services) -> Self:
        vectors, settings = services.vectors, services.settings
        return cls(
            method="1 - cosine of the angle between the mean embeddings of a window and of the one listed before",
            embedder=settings.embedder if vectors.on else None,
            space=vectors.store.space if vectors.on else None,
            width=settings.embedding_width,
            engine_version=ENGINE_VERSION,
        )


@strawberry.type
class Coherence:
    analysis: strawberry.Private[Analysis]
    semantics: strawberry.Private["Semantics"]

    coherence_score_current: float | None = strawberry.field(
        description="0 to 1; null where no window holds two signals."
    )
    coherence_score_trend: float | None = strawberry.field(
        description="Change of coherence from the first scored window to the last, fitted by least squares."
    )
    baseline: float | None = strawberry.field(description="1 - mean(driftScore), before the adjustments.")
    level: DriftLevel | None
    source_diversity: float = strawberry.field(
        description="Shannon entropy of the sources over its largest possible value, 0 to 1."
    )
    total_signal_count: int
    time_range_start: datetime | None
    time_range_end: datetime | None
    window_sec: int
    step_sec: int

    @classmethod
    def of(cls, analysis: Analysis, semantics: "Semantics") -> Self:
        coherence = analysis.coherence
        return cls(
            analysis=analysis,
            semantics=semantics,
            coherence_score_current=coherence.current,
            coherence_score_trend=coherence.trend,
            baseline=coherence.baseline,
            level=coherence.level and DriftLevel(coherence.level),
            source_diversity=coherence.source_diversity,
            total_signal_count=analysis.total,
            time_range_start=analysis.start,
            time_range_end=analysis.end,
            window_sec=int(analysis.windows.window),
            step_sec=int(analysis.windows.step),
        )

    @strawberry.field
    def adjustments(self) -> CoherenceAdjustments:
        by = self.analysis.coherence.adjustments
        return CoherenceAdjustments(
            source_diversity=by.source_diversity, stability=by.stability, trend=by.trend
        )

    @strawberry.field
    def drift_metrics(self) -> list[DriftMetric]:
        drift = self.analysis.drift
        starts, ends = bounds(drift.index, self.analysis.step_us, self.analysis.width_us)
        columns = zip(
            _datetimes(starts),
            _datetimes(ends),
            drift.n.tolist(),
            drift.mean.tolist(),
            drift.variance.tolist(),
            nullable(drift.score),
            (level and DriftLevel(level) for level in levels(drift.score)),
            nullable(drift.trend),
            strict=True,
        )
        return [
            DriftMetric(
                window_start=start,
                window_end=end,
                signal_count=n,
                mean=mean,
                variance=variance,
                drift_score=score,
                level=level,
                coherence_trend=trend,
                place=place,
                semantics=self.semantics,
            )
            for place, (start, end, n, mean, variance, score, level, trend) in enumerate(columns)
        ]

    @strawberry.field
    def series(self) -> DriftSeries:
        drift = self.analysis.drift
        starts, _ = bounds(drift.index, self.analysis.step_us, self.analysis.width_us)
        return DriftSeries(
            window_start=_datetimes(starts),
            signal_count=drift.n.tolist(),
            mean=drift.mean.tolist(),
            variance=drift.variance.tolist(),
            drift_score=nullable(drift.score),
            semantics=self.semantics,
        )

    @strawberry.field
    def signal_sources(self) -> list[SourceCount]:
        return [
            SourceCount(source=source, count=count) for source, count in self.analysis.source_counts.items()
        ]

    @strawberry.field(description="How the semanticDrift of its windows is told.")
    def semantic_meta(self, info: Info) -> SemanticMeta:
        return SemanticMeta.of(info.context.services)

    @strawberry.field
    def inputs(self) -> CalculationInputs:
        return CalculationInputs.of(self.analysis.start, self.analysis.end, self.analysis.freshness)

    @strawberry.field
    def meta(self) -> CalculationMeta:
        return CalculationMeta(
            method="population variance of each window; mean coherence with diversity, stability and trend",
            engine_version=ENGINE_VERSION,
            latency_ms=self.analysis.latency_ms,
        )


@strawberry.type(
    description="Mean, volatility and rule-based risk of one window. Scores are on a 0 to 100 scale here."
)
class CoherenceMetrics:
    coherence_mean: float | None = strawberry.field(description="0 to 100; null without a signal.")
    volatility_index: float | None = strawberry.field(
        description="Sample standard deviation of the 0-to-1 scores; null under two signals."
    )
    predicted_drift_risk: DriftLevel | None
    timestamp: datetime = strawberry.field(description="The window's end.")
    window_sec: int
    n: int
    inputs: CalculationInputs
    meta: CalculationMeta

    @classmethod
    def of(cls, measurement: Measurement) -> Self:
        found, moment = measurement.metrics, measurement.moment
        return cls(
            coherence_mean=found.mean,
            volatility_index=found.volatility,
            predicted_drift_risk=found.risk and DriftLevel(found.risk),
            timestamp=moment.at,
            window_sec=int(moment.window),
            n=found.n,
            inputs=CalculationInputs.of(moment.start, moment.at, measurement.freshness),
            meta=CalculationMeta(
                method=METHOD,
                engine_version=ENGINE_VERSION,
                latency_ms=measurement.latency_ms,
            ),
        )


@strawberry.type
class ForecastPoint:
    window_start: datetime
    drift_score: float
    lower: float
    upper: float


@strawberry.type
class Forecast:
    points: list[ForecastPoint]
    predicted_drift_risk: DriftLevel | None
    backtest_coverage: float | None = strawberry.field(
        description="Share of past windows that fell inside their own one-step interval (nominal 0.95); null where "
        "too few."
    )
    inputs: CalculationInputs
    meta: CalculationMeta

    @classmethod
    def of(cls, forecast: forecast.Forecast, analysis: Analysis, latency_ms: float) -> Self:
        """`analysis` is what it was made of."""
        starts, _ = bounds(forecast.index, analysis.step_us, analysis.width_us)
        columns = (
            _datetimes(starts),
            forecast.score.tolist(),
            forecast.lower.tolist(),
            forecast.upper.tolist(),
        )
        return cls(
            points=[
                ForecastPoint(window_start=start, drift_score=score, lower=lower, upper=upper)
                for start, score, lower, upper in zip(*columns, strict=True)
            ],
            predicted_drift_risk=forecast.risk and DriftLevel(forecast.risk),
            backtest_coverage=forecast.backtest_coverage,
            inputs=CalculationInputs.of(analysis.start, analysis.end, analysis.freshness),
            meta=CalculationMeta(
                method="Holt's linear method, fitted to the drift of past windows; 95 % intervals",
                engine_version=ENGINE_VERSION,
                latency_ms=latency_ms,
            ),
        )
