"""From raw signals to one number, against the same said in plain Python."""

import math
from collections import Counter
from dataclasses import astuple
from fractions import Fraction
from itertools import pairwise
from statistics import fmean, pvariance

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.coherence.coherence import Adjustments, Coherence, Weights, coherence
from app.coherence.drift import drift
from app.coherence.windows import ORIGIN_US, collect, slide

signals = st.lists(
    st.tuples(
        st.integers(-120, 120),  # microseconds from the origin
        st.sampled_from("abc"),
        st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 1.0])),
    ),
    max_size=60,
)


def ours(signals, step, m, bucket=1, weights=Weights()) -> Coherence:  # noqa: B008 - frozen
    """As a source gives them: a row for each bucket and source, in no order."""
    rows: dict[tuple[int, str], list[float]] = {}
    for time, source, x in signals:
        rows.setdefault((time // bucket * bucket, source), []).append(x)
    cells = collect(
        np.array([time for time, _ in rows], np.int64) + ORIGIN_US,
        np.array([len(xs) for xs in rows.values()], np.int64),
        np.array([sum(x - 0.5 for x in xs) for xs in rows.values()], float),
        np.array([sum((x - 0.5) ** 2 for x in xs) for xs in rows.values()], float),
        step,
    )
    return coherence(drift(slide(cells, m, 50_000)), Counter(source for _, source, _ in signals), weights)


def plain(signals, step, m, weights=Weights()) -> tuple[float | str | None, ...]:  # noqa: B008 - frozen
    """current, baseline, trend, the three adjustments, level and source diversity."""
    times = [time for time, _, _ in signals]
    middles, means, drifts = [], [], []
    for start in range(min(times, default=0) // step - m, max(times, default=0) // step + 1):
        xs = [Fraction(x) for time, _, x in signals if start * step <= time < (start + m) * step]
        if len(xs) > 1:
            middles.append(start * step + m * step / 2)
            means.append(float(sum(xs) / len(xs)))
            drifts.append(min(1.0, 4 * float(pvariance(xs))))

    shares = [count / len(signals) for count in Counter(source for _, source, _ in signals).values()]
    entropy = -math.fsum(p * math.log(p) for p in shares)
    diversity = entropy / math.log(len(shares)) if len(shares) > 1 else 0.0
    stability = 1 - fmean(abs(b - a) for a, b in pairwise(means)) if len(means) > 1 else 1.0
    trend = 0.0 if drifts else None
    if len(drifts) > 1:
        scaled = [(middle - middles[0]) / (middles[-1] - middles[0]) for middle in middles]
        trend = float(np.polyfit(scaled, [1 - score for score in drifts], 1)[0])

    adjustments = (
        weights.source_diversity * diversity,
        -weights.stability * (1 - stability),
        weights.trend * min(1, max(-1, trend or 0.0)),
    )
    if not drifts:
        return (None, None, None, *adjustments, None, diversity)
    mean = fmean(drifts)
    level = "LOW" if round(mean, 9) < 0.3 else "MEDIUM" if round(mean, 9) < 0.7 else "HIGH"
    current = min(1.0, max(0.0, 1 - mean + sum(adjustments)))
    return (current, 1 - mean, trend, *adjustments, level, diversity)


def flat(c: Coherence) -> tuple[float | str | None, ...]:
    return (c.current, c.baseline, c.trend, *astuple(c.adjustments), c.level, c.source_diversity)


def assert_same(result: Coherence, expected) -> None:
    values = flat(result)
    for value, other in zip(values, expected, strict=True):
        assert value == (pytest.approx(other, abs=1e-9) if isinstance(other, float) else other)
        assert type(value) in {float, str, type(None)}
        assert not isinstance(value, float) or (math.isfinite(value) and str(value) != "-0.0")


@given(signals=signals, bucket=st.integers(1, 12), steps=st.integers(1, 5), m=st.integers(1, 70))
def test_coherence_agrees_with_the_raw_signals(signals, bucket, steps, m):
    assert_same(ours(signals, bucket * steps, m, bucket), plain(signals, bucket * steps, m))


@given(signals=signals, weights=st.builds(Weights, *[st.floats(0, 3)] * 3))
def test_weights_are_settings(signals, weights):
    assert_same(ours(signals, 20, 3, weights=weights), plain(signals, 20, 3, weights))


def test_nothing():
    assert ours([], 5, 2) == Coherence(None, None, None, Adjustments(0.0, 0.0, 0.0), None, 0.0)


def test_windows_of_one_signal_give_no_score_but_sources_are_diverse():
    result = ours([(0, "a", 0.1), (9, "b", 0.9)], 5, 1)
    assert result == Coherence(None, None, None, Adjustments(0.05, 0.0, 0.0), None, 1.0)


def test_one_scored_window_has_a_trend_of_zero():
    result = ours([(0, "a", 0.0), (1, "a", 1.0), (50, "a", 0.5)], 10, 1)
    assert result == Coherence(0.0, 0.0, 0.0, Adjustments(0.0, 0.0, 0.0), "HIGH", 0.0)


def test_the_trend_runs_from_the_first_scored_window_to_the_last():
    # drift 1, then a lone signal outside, then 0 a long time later: coherence rose by 1
    rising = [(-500, "a", 0.9), (0, "a", 0.0), (1, "a", 1.0), (1000, "a", 0.5), (1001, "a", 0.5)]
    assert ours(rising, 10, 1).trend == pytest.approx(1, abs=1e-12)
    # and where it fell only at the end: the slope of 1, 1, 0 at 0, 1/2, 1
    falling = [(0, "a", 0.5), (1, "a", 0.5), (10, "a", 0.5), (11, "a", 0.5), (20, "a", 0.0), (21, "a", 1.0)]
    result = ours(falling, 10, 1)
    assert result == Coherence(
        pytest.approx(2 / 3 - 0.05),
        pytest.approx(2 / 3),
        pytest.approx(-1),
        result.adjustments,
        "MEDIUM",
        0.0,
    )
    assert result.adjustments == Adjustments(0.0, 0.0, pytest.approx(-0.05))


def test_the_trend_itself_is_not_clamped_but_its_adjustment_is():
    # coherence 0, 0, 1, 1 at 0, 0.4, 0.6, 1: steeper than from end to end
    bunched = [
        (10 * cell + i, "a", x)
        for cell, xs in {0: (0, 1), 4: (0, 1), 6: (1, 1), 10: (1, 1)}.items()
        for i, x in enumerate(xs)
    ]
    result = ours(bunched, 10, 1)
    assert result.trend == pytest.approx(60 / 52, abs=1e-12)
    assert result.adjustments.trend == 0.05


def test_equal_drift_has_a_trend_of_exactly_zero():
    for k in range(2, 60):
        assert (
            ours([(10 * i + j, "a", x) for i in range(k) for j, x in enumerate((0.2, 0.4, 0.9))], 10, 1).trend
            == 0
        )


def test_current_stays_between_zero_and_one():
    unsteady = [(0, "a", 0.0), (1, "b", 0.0), (10, "a", 1.0), (11, "b", 1.0)]
    assert ours(unsteady, 10, 1, weights=Weights(stability=3)).current == 0
    assert ours(unsteady, 10, 1, weights=Weights(source_diversity=3)).current == 1


def test_weights_of_zero_leave_no_negative_zero():
    falling = [(0, "a", 0.0), (1, "a", 0.0), (10, "a", 0.0), (11, "a", 1.0)]
    assert_same(ours(falling, 10, 1, weights=Weights(0, 0, 0)), plain(falling, 10, 1, Weights(0, 0, 0)))


def test_stability_passes_over_windows_of_one_signal():
    swinging = [(0, "a", 0.2), (1, "a", 0.2), (10, "a", 0.9), (20, "a", 0.6), (21, "a", 0.6)]
    assert ours(swinging, 10, 1).adjustments.stability == pytest.approx(-0.04)


def test_steady_scores_are_wholly_coherent():
    steady = [(i, "ab"[i % 2], 0.7) for i in range(100)]
    assert ours(steady, 10, 3) == Coherence(
        1.0,
        1.0,
        0.0,
        Adjustments(pytest.approx(0.05), pytest.approx(0.0, abs=1e-15), 0.0),
        "LOW",
        pytest.approx(1),
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, 0),
        ({"a": 7}, 0),
        ({"a": 7, "b": 0}, 0),
        ({"a": 7, "b": 7, "c": 0}, 1),
        ({"a": 3, "b": 1}, 0.811278124459),  # the binary entropy of 1/4, in bits
        ({"a": 10**12, "b": 1}, 0),
        *(({str(i): 3 for i in range(s)}, 1) for s in range(2, 20)),
    ],
)
def test_source_diversity(counts, expected):
    nothing = np.array([], np.int64)
    cells = collect(nothing, nothing, np.array([]), np.array([]), 1)
    diversity = coherence(drift(cells), counts, Weights()).source_diversity
    assert diversity == pytest.approx(expected, abs=1e-9)
    assert 0 <= diversity <= 1
