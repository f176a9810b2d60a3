import math
from fractions import Fraction
from statistics import fmean, pvariance, stdev

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.coherence.drift import drift, level, levels, volatility
from app.coherence.windows import Cells

scores = st.one_of(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=30),
    st.builds(
        lambda x, steps: [min(1.0, x + step * 1e-7) for step in steps],
        st.floats(0, 1),
        st.lists(st.integers(0, 20), min_size=1, max_size=30),
    ),
)


def windows_of(*windows: list[float]) -> Cells:
    return Cells(
        np.arange(len(windows)),
        np.array([len(xs) for xs in windows], np.int64),
        np.array([math.fsum(x - 0.5 for x in xs) for xs in windows]),
        np.array([math.fsum((x - 0.5) ** 2 for x in xs) for xs in windows]),
    )


def plain_variance(xs: list[float]) -> float:
    return float(pvariance([Fraction(x) for x in xs]))


def or_none(values) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]


@given(st.lists(scores, max_size=8))
@example([[0.0] * 4, [1.0] * 4, [0.0, 1.0], [0.1] * 30, [0.7]])
def test_drift_agrees_with_the_raw_scores(windows):
    result = drift(windows_of(*windows))
    plain = [4 * plain_variance(xs) if len(xs) > 1 else None for xs in windows]
    assert result.mean.tolist() == pytest.approx([fmean(xs) for xs in windows], abs=1e-9)
    assert result.variance.tolist() == pytest.approx([plain_variance(xs) for xs in windows], abs=1e-9)
    assert or_none(result.score) == [None if s is None else pytest.approx(s, abs=1e-9) for s in plain]
    changes = [
        None if a is None or b is None else pytest.approx((1 - b) - (1 - a), abs=1e-9)
        for a, b in zip([None, *plain], plain, strict=False)
    ]
    assert or_none(result.trend) == changes
    assert all(0 <= mean <= 1 for mean in result.mean)
    assert all(variance == 0 or 1e-12 <= variance <= 0.25 for variance in result.variance)
    assert all(score is None or 0 <= score <= 1 for score in or_none(result.score))


def test_the_example():
    result = drift(windows_of([0.2, 0.4, 0.9]))
    assert result.mean[0] == pytest.approx(0.5, abs=1e-12)
    assert result.variance[0] == pytest.approx(0.26 / 3, abs=1e-12)
    assert result.score[0] == pytest.approx(0.346667, abs=5e-7)
    assert levels(result.score) == ["MEDIUM"]
    assert or_none(result.trend) == [None]


def test_trend_is_null_on_both_sides_of_a_single_signal():
    result = drift(windows_of([0, 1], [0.5, 0.5], [0.4], [0, 1], [0, 1]))
    assert or_none(result.score) == [1, 0, None, 1, 1]
    assert or_none(result.trend) == [None, 1, None, None, 0]


@given(st.floats(0, 1), st.integers(2, 1000))
def test_equal_scores_do_not_drift(x, n):
    result = drift(windows_of([x] * n))
    assert result.score[0] == result.variance[0] == 0


def test_what_rounding_leaves_outside_a_range_is_brought_back():
    n = np.array([3, 3, 2], np.int64)
    s1 = np.array([1.5 + 1e-15, -1.5 - 1e-15, 0.0])
    result = drift(Cells(np.arange(3), n, s1, np.array([0.75, 0.75, 0.5 + 1e-15])))
    assert result.mean.tolist() == [1, 0, 0.5]
    assert result.variance.tolist() == [0, 0, 0.25]
    assert result.score.tolist() == [0, 0, 1]


def test_a_variance_below_1e_12_is_zero():
    variances = np.array([9e-13, 1.1e-12, 9e-9])
    result = drift(Cells(np.arange(3), np.full(3, 4), np.zeros(3), 4 * variances))
    assert result.variance.tolist() == [0, *variances[1:]]


def test_a_thousand_million_nearly_equal_scores():
    n = 10**9
    low, high = Fraction("0.3"), Fraction("0.3002")
    half = Fraction(1, 2)
    s1 = n * (low - half) + n * (high - half)
    s2 = n * (low - half) ** 2 + n * (high - half) ** 2
    result = drift(Cells(np.array([0]), np.array([2 * n]), np.array([float(s1)]), np.array([float(s2)])))
    assert result.mean[0] == pytest.approx(0.3001, abs=1e-12)
    assert result.variance[0] == pytest.approx(1e-8, abs=1e-12)


def test_no_windows():
    result = drift(windows_of())
    assert result.score.tolist() == result.trend.tolist() == levels(result.score) == []


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (0.0, "LOW"),
        (0.3 - 6e-10, "LOW"),
        (0.3 - 4e-10, "MEDIUM"),
        (0.3, "MEDIUM"),
        (0.7 - 6e-10, "MEDIUM"),
        (0.7 - 4e-10, "HIGH"),
        (0.7, "HIGH"),
        (1.0, "HIGH"),
        (None, None),
    ],
)
def test_levels_compare_what_is_rounded_to_nine_decimals(score, name):
    assert level(score) == name
    assert levels(np.array([0.5, np.nan if score is None else score])) == ["MEDIUM", name]


def test_scores_that_drift_by_exactly_a_threshold_have_reached_it():
    third, seventh = [0.9, 0.2, 0.3, 0.6], [1.0, 0.0, 1.0, 0.0, 0.9, 0.1, 0.7, 0.3]  # in decimals 0.3 and 0.7
    for shuffled in (sorted, list, lambda xs: xs[::-1]):
        assert levels(drift(windows_of(shuffled(third), shuffled(seventh))).score) == ["MEDIUM", "HIGH"]


@given(st.lists(scores, min_size=1, max_size=10))
def test_volatility_is_that_of_all_windows_together(given_windows):
    together = [score for window in given_windows for score in window]
    found = volatility(drift(windows_of(*given_windows)))
    if len(together) < 2:
        assert found is None
    else:
        assert found == pytest.approx(stdev(together), abs=1e-6)
