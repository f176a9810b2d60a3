"""How far the scores of a window lie apart (metrics.md, "Drift of a window" and "Rounding")."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.coherence.windows import Cells, Floats, Ints

type Level = Literal["LOW", "MEDIUM", "HIGH"]

# NaN sorts after infinity, and so finds the last name.
_STARTS: Final = np.array([0.3, 0.7, np.inf])
_NAMES: Final[tuple[Level | None, ...]] = ("LOW", "MEDIUM", "HIGH", None)


@dataclass(frozen=True, slots=True)
class Drift:
    """`k` windows in time order, all arrays of shape (k,); NaN stands for null."""

    index: Ints
    n: Ints
    mean: Floats
    """0 to 1."""
    variance: Floats
    """Population variance, 0 to 0.25."""
    score: Floats
    """Variance over its largest possible value, 0 to 1; NaN where n < 2."""
    trend: Floats
    """(1 - score) less that of the window before, -1 to 1; NaN for the first and next to a NaN."""


def drift(windows: Cells) -> Drift:
    shift = windows.s1 / windows.n
    mean = (shift + 0.5).clip(0, 1)
    variance = windows.s2 / windows.n - shift * shift
    variance[variance < 1e-12] = 0
    np.minimum(variance, 0.25, out=variance)
    score = np.where(windows.n > 1, 4 * variance, np.nan)
    trend = np.full_like(score, np.nan)
    np.subtract(score[:-1], score[1:], out=trend[1:])
    return Drift(windows.index, windows.n, mean, variance, score, trend)


def levels(scores: Floats) -> list[Level | None]:
    """LOW below 0.3, MEDIUM below 0.7, HIGH from there, of scores rounded to 9 decimals; None for NaN."""
    return [_NAMES[i] for i in _STARTS.searchsorted(scores.round(9), side="right").tolist()]


def level(score: float | None) -> Level | None:
    """`levels` of one score: the same code, so that they cannot disagree about a value between two."""
    return None if score is None else levels(np.array([score]))[0]


def volatility(drift: Drift) -> float | None:
    """Sample standard deviation of the scores of all windows together, each as often as a window holds it."""
    total = int(drift.n.sum())
    if total < 2:
        return None
    mean = float(drift.n @ drift.mean) / total
    squares = float(drift.n @ (drift.variance + (drift.mean - mean) ** 2))
    return math.sqrt(squares / (total - 1))


def nullable(values: Floats) -> list[float | None]:
    """Return the numbers, None for NaN."""
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN alone
