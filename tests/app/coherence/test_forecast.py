"""Forecasts against statsmodels called directly, and against the recursion written out."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import Holt

from app.coherence.forecast import _clamp, backtest_coverage, fit, forecast, grid

NAN = math.nan


def statsmodels(places):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Holt(np.asarray(places), initialization_method="estimated").fit()


def recursion(places, params):
    """Each place as expected one step before, and level and trend after all of them."""
    a, b = params["smoothing_level"], params["smoothing_level"] * params["smoothing_trend"]
    level, trend = params["initial_level"], params["initial_trend"]
    expected = []
    for x in places:
        expected.append(level + trend)
        error = x - level - trend
        level, trend = level + trend + a * error, trend + b * error
    return np.array(expected), level, trend


def unsteady(n, seed):
    """Steps, spikes, noise and slopes between 0 and 1."""
    rng = np.random.default_rng(seed)
    walk = rng.normal(0, rng.choice([0.001, 0.02, 0.1]), n).cumsum() + rng.random()
    return np.clip(walk + rng.normal(0, rng.choice([0, 0.02, 0.2]), n), 0, 1)


SERIES = [(n, seed) for n in (10, 11, 12, 17, 60, 400) for seed in range(5)]


@pytest.mark.parametrize(("n", "seed"), SERIES)
def test_points_agree_with_statsmodels(n, seed):
    places = unsteady(n, seed)
    result = forecast(np.arange(7, 7 + n), places, 25)
    assert result.index.tolist() == list(range(7 + n, 32 + n))
    assert result.score == pytest.approx(np.clip(statsmodels(places).forecast(25), 0, 1), abs=1e-4)


def waves():
    """To which both level and trend are fitted to follow."""
    return 0.5 + 0.3 * np.sin(np.arange(80) / 6) + 0.02 * np.random.default_rng(1).normal(size=80)


@pytest.mark.parametrize("places", [*(unsteady(n, seed) for n, seed in SERIES), waves()])
def test_points_and_intervals_agree_with_the_recursion(places):
    n = len(places)
    params = statsmodels(places).params
    expected, level, trend = recursion(places, params)
    variance = np.square(places - expected).sum() / n
    a, b = params["smoothing_level"], params["smoothing_level"] * params["smoothing_trend"]

    result = forecast(np.arange(n), places, 40)
    for h in range(1, 41):
        # An error of j steps ago is carried into the level a times, and j times by the trend.
        spread = 1.96 * math.sqrt(variance * (1 + sum((a + b * j) ** 2 for j in range(1, h))))
        point = level + h * trend
        values = (result.score[h - 1], result.lower[h - 1], result.upper[h - 1])
        assert values == pytest.approx(np.clip((point, point - spread, point + spread), 0, 1), abs=1e-9)
    last = round(result.score[-1], 9)
    assert result.risk == ("LOW" if last < 0.3 else "MEDIUM" if last < 0.7 else "HIGH")


@pytest.mark.parametrize(("n", "seed"), SERIES)
def test_coverage_agrees_with_the_recursion(n, seed):
    places = unsteady(n, seed)
    known = 2 * n // 3
    params = statsmodels(places[:known]).params
    expected, _, _ = recursion(places, params)
    margin = 1.96 * math.sqrt(np.square(places[:known] - expected[:known]).sum() / known)
    held = [
        max(0, e - margin) - 1e-9 <= x <= min(1, e + margin) + 1e-9 or (x == 1 and e - margin > 1)
        or (x == 0 and e + margin < 0)
        for x, e in zip(places[known:], expected[known:], strict=True)
    ]  # fmt: skip
    assert forecast(np.arange(n), places, 1).backtest_coverage == pytest.approx(sum(held) / len(held))


def test_the_series_cover_all_levels_and_various_shares():
    results = [forecast(np.arange(n), unsteady(n, seed), 40) for n, seed in SERIES]
    assert {result.risk for result in results} == {"LOW", "MEDIUM", "HIGH"}
    assert len({result.backtest_coverage for result in results}) > 8


def test_the_trend_and_the_level_are_weighed_apart():
    """So that a beta in statsmodels' terms would be told from one in the form of metrics.md."""
    places = waves()
    params = statsmodels(places).params
    assert 0.2 < params["smoothing_level"] < 0.9
    assert params["smoothing_trend"] > 0.2
    fitted = fit(places)
    assert fitted.alpha == pytest.approx(params["smoothing_level"])
    assert fitted.beta == pytest.approx(params["smoothing_level"] * params["smoothing_trend"])
    expected, level, trend = recursion(places, params)
    assert (fitted.level, fitted.trend) == pytest.approx((level, trend))
    assert fitted.variance == pytest.approx(float(np.square(places - expected).mean()))


def plain_grid(index, score):
    by_index = {i: x for i, x in zip(index, score, strict=True) if not math.isnan(x)}
    if not by_index:
        return [], 0
    places, value = [], NAN
    for i in range(min(by_index), max(by_index) + 1):
        value = by_index.get(i, value)
        places.append(value)
    return places[-1_000:], max(by_index)


@given(
    st.dictionaries(
        st.one_of(st.integers(-40, 40), st.integers(-3_000, 3_000)), st.one_of(st.floats(0, 1), st.just(NAN))
    )
)
def test_grid(scores):
    index = np.array(sorted(scores), np.int64)
    score = np.array([scores[i] for i in index.tolist()], float)
    places, last = grid(index, score)
    assert (places.tolist(), last) == plain_grid(index.tolist(), score.tolist())


def test_the_grid_that_begins_in_a_gap_carries_what_lies_before_it():
    places, last = grid(np.array([0, 5, 2_000]), np.array([0.1, 0.2, 0.9]))
    assert last == 2_000
    assert places.tolist() == [0.2] * 999 + [0.9]


def test_gaps_count_as_places():
    index, score = np.array([0, 3, 4, 30]), np.array([0.1, 0.7, NAN, 0.4])
    filled = np.array([0.1] * 3 + [0.7] * 27 + [0.4])
    result, expected = forecast(index, score, 5), forecast(np.arange(31), filled, 5)
    assert result.index.tolist() == expected.index.tolist() == [31, 32, 33, 34, 35]
    assert result.score.tolist() == expected.score.tolist()
    assert result.upper.tolist() == expected.upper.tolist()
    assert result.backtest_coverage == expected.backtest_coverage


@pytest.mark.parametrize(
    "score", [[], [NAN] * 30, [NAN] * 9 + [0.5], [0.1, 0.9] * 4 + [0.3], [NAN, *[0.2] * 9, NAN, NAN]]
)
def test_under_ten_places_there_are_no_points(score):
    result = forecast(np.arange(len(score)), np.array(score, float), 3)
    assert [len(x) for x in (result.index, result.score, result.lower, result.upper)] == [0, 0, 0, 0]
    assert result.risk is None
    assert result.backtest_coverage is None


def test_ten_places_are_enough_of_however_few_windows():
    result = forecast(np.array([4, 13]), np.array([0.5, 0.5]), 3)
    assert result.index.tolist() == [14, 15, 16]
    assert result.score == pytest.approx([0.5] * 3)
    assert result.backtest_coverage == 1


@pytest.mark.parametrize("x", [0.0, 0.1, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("n", [10, 12, 100, 1_000])
def test_a_constant_stays(n, x):
    result = forecast(np.arange(n), np.full(n, x), 1_000)
    for values in (result.score, result.lower, result.upper):
        assert values == pytest.approx(np.full(1_000, x), abs=1e-9)
    assert result.backtest_coverage == 1
    assert result.risk == ("LOW" if x < 0.3 else "MEDIUM" if x < 0.7 else "HIGH")


@pytest.mark.parametrize("n", [10, 100, 1_000])
def test_a_line_goes_on_and_is_clamped(n):
    rising = forecast(np.arange(n), np.linspace(0, 1, n), 1_000)
    assert rising.score == pytest.approx(np.ones(1_000), abs=1e-6)
    assert rising.risk == "HIGH"
    falling = forecast(np.arange(n), np.linspace(1, 0.5, n), n)
    assert falling.score == pytest.approx((0.5 - 0.5 / (n - 1) * falling.index + 0.5).clip(0), abs=1e-6)
    assert falling.risk == "LOW"


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=10, max_size=40),
    st.sampled_from([1, 2, 1_000]),
)
def test_every_number_is_between_zero_and_one(places, horizon):
    result = forecast(np.arange(len(places)), np.array(places), horizon)
    for values in (result.score, result.lower, result.upper):
        assert values.shape == (horizon,)
        assert ((values >= 0) & (values <= 1)).all()
        assert not np.signbit(values).any()
    assert (result.lower <= result.score).all()
    assert (result.score <= result.upper).all()
    assert 0 <= result.backtest_coverage <= 1


@pytest.mark.parametrize(("n", "first", "last"), [(20, 0.2, 0.8), (20, 0.4, 0.6), (100, 0.1, 0.9)])
def test_places_on_a_line_are_held_by_intervals_without_a_width(n, first, last):
    assert backtest_coverage(np.linspace(first, last, n)) == 1


def test_a_place_at_the_edge_is_held_by_an_interval_that_would_lie_beyond_it():
    """Rises to 1 and stays: the fit to the rise expects more than 1, the more the steeper."""
    places = np.concatenate((np.linspace(0, 1, 41)[:-1] + 0.001 * (-1.0) ** np.arange(40), np.ones(20))).clip(
        0, 1
    )
    assert backtest_coverage(places) == 1
    assert backtest_coverage(1 - places) == 1


def test_clamped_there_is_no_negative_zero():
    assert [str(x) for x in _clamp(np.array([-0.0, -1.0, 0.25, 2.0])).tolist()] == [
        "0.0",
        "0.0",
        "0.25",
        "1.0",
    ]


def test_a_coverage_that_can_be_counted():
    """Noise of one size, then far out every third time."""
    places = 0.5 + 0.01 * (-1.0) ** np.arange(90)
    places[60:][::3] = 0.95
    assert backtest_coverage(places) == pytest.approx(2 / 3)


def test_warnings_of_others_are_left_alone():
    before = list(warnings.filters)
    forecast(np.arange(1_000), np.zeros(1_000), 3)
    assert warnings.filters == before
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(np.zeros(1))


def test_threads_do_not_undo_one_another():
    """The fit to a thousand zeros warns, which is an error in tests, and so would be what is left of a filter."""
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: forecast(np.arange(1_000), np.zeros(1_000), 3), range(16)))
    assert [result.score.tolist() for result in results] == [[0, 0, 0]] * 16
    assert warnings.filters == before
