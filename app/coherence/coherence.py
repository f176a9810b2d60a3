"""What the windows of a range say together (metrics.md, "Coherence of a range")."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.coherence.drift import Drift, Level, level
from app.coherence.windows import Floats, Ints


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each adjustment may move the baseline."""

    source_diversity: float = 0.05
    stability: float = 0.10
    trend: float = 0.05


@dataclass(frozen=True, slots=True)
class Adjustments:
    """What is added to the baseline; 0 where there is nothing to tell from."""

    source_diversity: float
    stability: float
    trend: float


@dataclass(frozen=True, slots=True)
class Coherence:
    """`current`, `baseline`, `trend` and `level` are None where no window has a score."""

    current: float | None
    """0 to 1."""
    baseline: float | None
    """1 - mean(driftScore), 0 to 1."""
    trend: float | None
    """Change from the first scored window to the last, fitted; not clamped."""
    adjustments: Adjustments
    level: Level | None
    source_diversity: float
    """0 to 1."""


def coherence(drift: Drift, source_counts: Mapping[str, int], weights: Weights) -> Coherence:
    """`source_counts` are the numbers of signals by source, of the same range as the windows."""
    index, mean, score = drift.index, drift.mean, drift.score
    scored = drift.n > 1
    if not scored.all():
        index, mean, score = index[scored], mean[scored], score[scored]
    k = len(score)
    diversity = _diversity(source_counts)
    trend = _slope(index, score) if k > 1 else 0.0 if k else None
    change = float(np.abs(mean[1:] - mean[:-1]).sum()) / (k - 1) if k > 1 else 0.0  # 1 - S
    adjustments = Adjustments(
        source_diversity=weights.source_diversity * diversity,
        # 0 - 0 and -0 + 0 are 0, so that no adjustment is ever -0.
        stability=0.0 - weights.stability * change,
        trend=weights.trend * max(-1.0, min(1.0, trend or 0.0)) + 0.0,
    )
    if not k:
        return Coherence(None, None, None, adjustments, None, diversity)
    drifted = float(score.sum()) / k
    baseline = 1 - drifted
    current = baseline + adjustments.source_diversity + adjustments.stability + adjustments.trend
    return Coherence(max(0.0, min(1.0, current)), baseline, trend, adjustments, level(drifted), diversity)


def _diversity(source_counts: Mapping[str, int]) -> float:
    """Shannon entropy of the sources' shares over its largest possible value, 0 to 1; 0 for under two."""
    counts = [count for count in source_counts.values() if count]
    if len(counts) < 2:
        return 0.0
    total = sum(counts)
    return min(1.0, sum(count / total * math.log(total / count) for count in counts) / math.log(len(counts)))


def _slope(index: Ints, score: Floats) -> float:
    """Least-squares slope of 1 - score over the windows' middles, scaled to run from 0 to 1.

    Windows are equally wide, so their numbers scale to the same places as their middles.
    """
    t = (index - index[0]) / (index[-1] - index[0])
    t -= t.sum() / len(t)
    # Any constant may be taken from the scores; the first makes equal scores exactly 0.
    return float(t @ (score[0] - score)) / float(t @ t)
