"""Where the drift of windows is going (metrics.md, "Forecast")."""

import threading
import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.coherence.drift import Level, level
from app.coherence.windows import Floats, Ints

MOST_PLACES: Final = 1_000
FEWEST_PLACES: Final = 10
Z: Final = 1.96
"""Standard deviations to either side that hold 95 % of a normal distribution."""

# The filters of warnings belong to the process, not to the thread.
_filters = threading.Lock()


@dataclass(frozen=True, slots=True)
class Forecast:
    """`horizon` points, or none where there are too few places; all arrays of one shape, all numbers 0 to 1."""

    index: Ints
    """The windows after the last scored one."""
    score: Floats
    lower: Floats
    upper: Floats
    risk: Level | None
    """Level of the last point; None where there is none."""
    backtest_coverage: float | None
    """Share of the last third of the places that one-step intervals hold, by a fit to the places before."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Holt's linear method fitted to places: x = l + b + e, l' = l + b + alpha·e, b' = b + beta·e."""

    alpha: float
    beta: float
    """In the form above; statsmodels reports beta / alpha."""
    variance: float
    """Mean square of e."""
    level: float
    """l after the last place."""
    trend: float
    """b after the last place."""


def forecast(index: Ints, score: Floats, horizon: int) -> Forecast:
    """Of windows by their strictly increasing numbers, NaN where there is no score; `horizon` from 1."""
    places, last = grid(index, score)
    if len(places) < FEWEST_PLACES:
        nothing = np.empty(0)
        return Forecast(np.empty(0, np.int64), nothing, nothing, nothing, None, None)
    fitted = fit(places)
    h = np.arange(1.0, horizon + 1)
    points = h * fitted.trend + fitted.level
    margin = Z * np.sqrt(_variance_ahead(fitted, h))
    score, lower, upper = _clamp(points), _clamp(points - margin), _clamp(points + margin)
    return Forecast(
        np.arange(last + 1, last + 1 + horizon),
        score,
        lower,
        upper,
        level(float(score[-1])),
        backtest_coverage(places),
    )


def grid(index: Ints, score: Floats) -> tuple[Floats, int]:
    """Scores of the last places up to the last scored window, of every gap that before it, and that window's number.

    No places and 0 where nothing is scored.
    """
    scored = ~np.isnan(score)
    index, score = index[scored], score[scored]
    if not len(index):
        return score, 0
    last = int(index[-1])
    places = np.arange(max(int(index[0]), last - MOST_PLACES + 1), last + 1)
    # The first place may be a gap as well, of a score that lies before it.
    return score[index.searchsorted(places, side="right") - 1], last


def fit(places: Floats) -> Fit:
    fitted, _ = _holt(places, places)
    return fitted


def backtest_coverage(places: Floats) -> float:
    """Compares to 9 decimals, for places on one line lie on their interval, which has no width."""
    known = 2 * len(places) // 3
    fitted, expected = _holt(places[:known], places)
    margin = Z * np.sqrt(fitted.variance)
    values, expected = places[known:], expected[known:]
    lower, upper = _clamp(expected - margin), _clamp(expected + margin)
    held = (lower.round(9) <= values.round(9)) & (values.round(9) <= upper.round(9))
    return float(held.mean())


def _holt(known: Floats, places: Floats) -> tuple[Fit, Floats]:
    """Fitted to `known`, and each of the `places`, which begin with them, as it was expected one step before."""
    # Takes seconds, and is needed by this alone.
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.holtwinters import Holt

    # A sum of squares of 0 has no logarithm, for the AIC that nobody asks for, and no slope to converge by.
    with np.errstate(divide="ignore", invalid="ignore"), _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = Holt(known, initialization_method="estimated").fit()
        alpha, beta = float(result.params["smoothing_level"]), float(result.params["smoothing_trend"])
        fitted = Fit(
            alpha,
            alpha * beta,
            float(result.sse) / len(known),
            float(result.level[-1]),
            float(result.trend[-1]),
        )
        if len(known) < len(places):
            result = Holt(
                places,
                initialization_method="known",
                initial_level=result.params["initial_level"],
                initial_trend=result.params["initial_trend"],
            ).fit(smoothing_level=alpha, smoothing_trend=beta, optimized=False)
    return fitted, np.asarray(result.fittedvalues, float)


def _variance_ahead(fitted: Fit, h: Floats) -> Floats:
    """Of the error `h` steps ahead."""
    a, b = fitted.alpha, fitted.beta
    return fitted.variance * (1 + (h - 1) * (a * a + a * b * h + b * b * h * (2 * h - 1) / 6))


def _clamp(x: Floats) -> Floats:
    return x.clip(0, 1) + 0.0  # so that none is -0


def warm_up() -> None:
    """Loads what the first forecast needs."""
    from statsmodels.tsa import holtwinters  # noqa: F401
