"""Episodes against every run, tried one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.anomalies.bursts import bursts

SECOND = 1_000_000


def episodes(times, *args, **kwargs):
    first, last = bursts(np.array(times, np.int64), *args, **kwargs)
    assert first.dtype == last.dtype == np.int64
    return list(zip(first.tolist(), last.tolist(), strict=True))


def plain(times, count, seconds):
    """Runs as sets of signals, of which any two that meet become one, until none do."""
    found = [
        set(range(i, i + count))
        for i in range(len(times) - count + 1)
        if times[i + count - 1] - times[i] < seconds * SECOND
    ]
    merged = []
    for run in found:
        apart = [other for other in merged if not other & run]
        merged = [*apart, run.union(*(other for other in merged if other & run))]
    return sorted((min(run), max(run)) for run in merged)


gaps = st.one_of(st.integers(0, 3), st.sampled_from([SECOND // 2, SECOND, 5 * SECOND - 1, 5 * SECOND]))


@given(st.lists(gaps, max_size=60), st.integers(1, 13), st.integers(1, 6))
def test_agrees_with_every_run(between, count, seconds):
    times = np.cumsum(between).tolist() if between else []
    assert episodes(times, count, seconds) == plain(times, count, seconds)


@given(st.lists(st.integers(0, 12 * SECOND), max_size=60), st.randoms())
def test_the_same_whatever_the_order_of_arrival(times, random):
    shuffled = times.copy()
    random.shuffle(shuffled)
    assert episodes(sorted(shuffled), 4) == plain(sorted(times), 4, 5)


def test_by_default_eleven_within_five_seconds():
    times = [i * SECOND // 2 for i in range(11)]  # 5 s from first to last
    assert episodes(times) == []
    assert episodes([*times[:-1], times[-1] - 1]) == [(0, 10)]
    assert episodes([1, *times[1:]]) == [(0, 10)]
    assert episodes(times[:10]) == []


def test_equal_times_are_a_run():
    assert episodes([7] * 10) == []
    assert episodes([7] * 11) == [(0, 10)]
    assert episodes([7] * 40) == [(0, 39)]


def test_runs_that_touch_are_two_episodes_and_runs_that_share_one_signal_are_one():
    near, far = [0] * 3, 100 * SECOND
    assert episodes([*near, far, far, far], 3) == [(0, 2), (3, 5)]
    # 0, 3, 4.9 | 4.9, 8, 9.8: the signal in the middle belongs to both
    shared = [round(s * SECOND) for s in (0, 3, 4.9, 8, 9.8)]
    assert episodes(shared, 3) == [(0, 4)]
    # and without it being shared: only the outer runs are near enough
    assert episodes([round(s * SECOND) for s in (0, 1, 2, 20, 21, 22)], 3) == [(0, 2), (3, 5)]


def test_an_episode_may_last():
    times = [i * SECOND // 3 for i in range(1_000)]
    assert episodes(times) == [(0, 999)]
    assert episodes([*times[:500], *(t + 60 * SECOND for t in times[500:])]) == [(0, 499), (500, 999)]


@pytest.mark.parametrize("n", range(11))
def test_too_few(n):
    assert episodes([0] * n) == []


def test_times_before_the_epoch():
    assert episodes([-(2**60) + i for i in range(11)]) == [(0, 10)]
