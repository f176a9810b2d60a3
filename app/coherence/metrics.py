"""Mean, volatility and risk of one window (metrics.md, "Mean, volatility, risk" and "Rounding")."""

import math
from dataclasses import dataclass

from app.coherence.drift import Level

METHOD = "mean and sample standard deviation of the window's scores; risk by thresholds of both"


@dataclass(frozen=True, slots=True)
class Metrics:
    n: int
    """Number of signals."""
    mean: float | None
    """0 to 100; None where there is no signal."""
    volatility: float | None
    """Sample standard deviation of the 0-to-1 scores; None for under two."""
    risk: Level | None
    """None where there is no signal."""


def metrics(n: int, s1: float, s2: float) -> Metrics:
    """Of `n` scores with the moments `s1` = Σ(x - 0.5) and `s2` = Σ(x - 0.5)², which are not read where n = 0."""
    if n == 0:
        return Metrics(0, None, None, None)
    mean = 100 * max(0.0, min(1.0, s1 / n + 0.5))
    volatility = _volatility(n, s1, s2) if n > 1 else None
    return Metrics(n, mean, volatility, _risk(mean, volatility))


def _volatility(n: int, s1: float, s2: float) -> float:
    # Of the sample variance and not of the population's, which is half of it for two scores: what is taken
    # for 0 is then a deviation below 1e-6, the most by which one may be off.
    variance = (s2 - s1 / n * s1) / (n - 1)
    return 0.0 if variance < 1e-12 else math.sqrt(min(variance, 0.25 * n / (n - 1)))


def _risk(mean: float, volatility: float | None) -> Level:
    mean = round(mean, 9)
    volatility = 0.0 if volatility is None else round(volatility, 9)
    if volatility > 0.25 or mean < 60:
        return "HIGH"
    if volatility > 0.10 or mean < 80:
        return "MEDIUM"
    return "LOW"
