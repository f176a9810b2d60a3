"""Moments against numpy and statistics on the scores themselves."""

import math
from statistics import stdev

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.coherence.metrics import Metrics, metrics


def of(scores) -> Metrics:
    return metrics(len(scores), sum(x - 0.5 for x in scores), sum((x - 0.5) ** 2 for x in scores))


def with_volatility(mean, volatility) -> Metrics:
    """Of two scores' moments: Σ(x - 0.5)² is what gives that sample variance."""
    s1 = 2 * (mean / 100 - 0.5)
    return metrics(2, s1, volatility**2 + s1 * s1 / 2)


@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 0.8, 1.0])), max_size=80))
@example([0.0] * 100)
@example([1.0] * 99)
@example([0.1] * 1000)
def test_agrees_with_the_scores(scores):
    result = of(scores)
    assert result.n == len(scores)
    assert result.mean == (pytest.approx(100 * float(np.mean(scores)), abs=1e-9) if scores else None)
    assert result.volatility == (pytest.approx(stdev(scores), abs=1e-6) if len(scores) > 1 else None)
    if len(scores) > 1 and stdev(scores) > 1e-3:
        assert result.volatility == pytest.approx(float(np.std(scores, ddof=1)), abs=1e-9)
    if scores:
        mean, deviation = 100 * np.mean(scores), stdev(scores) if len(scores) > 1 else 0
        clear = all(abs(mean - edge) > 1e-6 for edge in (60, 80))
        if clear and all(abs(deviation - edge) > 1e-6 for edge in (0.25, 0.10)):
            high, medium = deviation > 0.25 or mean < 60, deviation > 0.10 or mean < 80
            assert result.risk == ("HIGH" if high else "MEDIUM" if medium else "LOW")
        assert 0 <= result.mean <= 100


def test_nothing():
    assert metrics(0, 0.0, 0.0) == Metrics(0, None, None, None)


def test_an_empty_sum_may_be_nan():
    assert metrics(0, math.nan, math.nan) == Metrics(0, None, None, None)


@pytest.mark.parametrize(("score", "risk"), [(1.0, "LOW"), (0.8, "LOW"), (0.7, "MEDIUM"), (0.5, "HIGH")])
def test_one_score_has_no_volatility_and_its_mean_decides(score, risk):
    assert of([score]) == Metrics(1, pytest.approx(100 * score), None, risk)


def test_an_example():
    assert of([0.2, 0.4, 0.9]) == Metrics(3, pytest.approx(50), pytest.approx(math.sqrt(0.13)), "HIGH")


@pytest.mark.parametrize(
    ("mean", "volatility", "risk"),
    [
        (80, 0.10, "LOW"),
        (80, 0.1000001, "MEDIUM"),
        (79.9999999, 0.0, "MEDIUM"),
        (90, 0.25, "MEDIUM"),
        (90, 0.2500001, "HIGH"),
        (60, 0.05, "MEDIUM"),
        (59.9999999, 0.0, "HIGH"),
        # what differs from a threshold in the tenth decimal lies on it
        (79.9999999999, 0.0, "LOW"),
        (90, 0.1000000002, "LOW"),
        (90, 0.2500000002, "MEDIUM"),
        (59.9999999999, 0.0, "MEDIUM"),
        # and what differs in the ninth does not
        (90, 0.100000001, "MEDIUM"),
        (90, 0.250000001, "HIGH"),
        (79.999999999, 0.0, "MEDIUM"),
        (59.999999999, 0.0, "HIGH"),
    ],
)
def test_risk(mean, volatility, risk):
    result = with_volatility(mean, volatility)
    assert result == Metrics(2, pytest.approx(mean), pytest.approx(volatility, abs=1e-12), risk)


@pytest.mark.parametrize("x", [0.1, 0.3, 1 / 3, 0.7, 0.9])
@pytest.mark.parametrize("n", [2, 3, 10, 99_999])
def test_equal_scores_have_a_volatility_of_exactly_zero(n, x):
    assert metrics(n, n * (x - 0.5), n * (x - 0.5) ** 2).volatility == 0


def test_a_sample_variance_below_a_millionth_of_a_millionth_is_zero():
    assert metrics(2, 0.0, 0.99e-12).volatility == 0
    assert metrics(2, 0.0, 1.01e-12).volatility == pytest.approx(math.sqrt(1.01e-12))


def test_moments_that_rounding_took_out_of_range():
    assert metrics(2, 1.0000000000000002, 0.5) == Metrics(2, 100.0, 0.0, "LOW")
    assert metrics(2, -1.0000000000000002, 0.5000000000000001) == Metrics(2, 0.0, 0.0, "HIGH")
    assert metrics(2, 0.0, 0.5000000000000001).volatility == math.sqrt(0.5)
