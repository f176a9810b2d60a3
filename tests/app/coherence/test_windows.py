from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.coherence.windows import (
    ORIGIN,
    ORIGIN_US,
    Cells,
    TooManyWindows,
    bounds,
    collect,
    count_windows,
    slide,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

# (microseconds from the origin, n, s1, s2): moments need not belong together to be added up
rows = st.lists(
    st.tuples(st.integers(-200, 200), st.integers(1, 9), st.floats(-9, 9), st.floats(0, 9)),
    max_size=40,
)


def cells_of(index, n=None, s1=None, s2=None) -> Cells:
    k = len(index)
    return Cells(
        np.array(index, np.int64),
        np.array([1] * k if n is None else n, np.int64),
        np.array([0.0] * k if s1 is None else s1, float),
        np.array([0.0] * k if s2 is None else s2, float),
    )


def collected(rows, step):
    times, n, s1, s2 = zip(*rows, strict=True) if rows else ((), (), (), ())
    return collect(
        np.array(times, np.int64) + ORIGIN_US,
        np.array(n, np.int64),
        np.array(s1, float),
        np.array(s2, float),
        step,
    )


def plain_windows(rows, step, m):
    """Every window there could be, each adding up the rows inside it exactly."""
    times = [row[0] for row in rows]
    listed = {}
    for start in range(min(times, default=0) // step - m, max(times, default=0) // step + 1):
        inside = [row for row in rows if start * step <= row[0] < (start + m) * step]
        if inside:
            listed[start] = [sum(Fraction(row[column]) for row in inside) for column in (1, 2, 3)]
    return listed


def assert_same(cells, listed):
    assert cells.index.tolist() == list(listed)
    assert cells.n.tolist() == [n for n, _, _ in listed.values()]
    assert cells.s1.tolist() == pytest.approx([float(s1) for _, s1, _ in listed.values()], abs=1e-12)
    assert cells.s2.tolist() == pytest.approx([float(s2) for _, _, s2 in listed.values()], abs=1e-12)
    assert cells.index.dtype == cells.n.dtype == np.int64
    assert cells.s1.dtype == cells.s2.dtype == np.float64


def test_the_origin_is_a_monday_two_days_after_postgresqls_epoch():
    assert datetime(2000, 1, 3, tzinfo=UTC) == ORIGIN
    assert timedelta(microseconds=ORIGIN_US) == ORIGIN - EPOCH
    assert ORIGIN.weekday() == 0


@given(rows=rows, step=st.integers(1, 90))
def test_collect_adds_up_rows_by_cell(rows, step):
    assert_same(collected(rows, step), plain_windows(rows, step, 1))


@given(rows=st.lists(st.integers(-200, 200), unique=True, min_size=1))
def test_collect_leaves_out_rows_that_count_nothing(rows):
    counted = [(t, 2, 0.5, 0.25) for t in rows[1:]]
    assert_same(collected([(rows[0], 0, 0.0, 0.0), *counted], 1), plain_windows(sorted(counted), 1, 1))


@given(rows=rows, step=st.integers(1, 90), m=st.integers(1, 450))
def test_a_window_is_the_sum_of_its_rows(rows, step, m):
    listed = plain_windows(rows, step, m)
    cells = collected(rows, step)
    assert count_windows(cells, m) == len(listed)
    assert_same(slide(cells, m, len(listed)), listed)
    if listed:
        with pytest.raises(TooManyWindows) as raised:
            slide(cells, m, len(listed) - 1)
        assert (raised.value.count, raised.value.limit) == (len(listed), len(listed) - 1)


def test_windows_of_one_step_are_the_cells():
    cells = cells_of([-3, 0, 7])
    assert slide(cells, 1, 3) is cells


@pytest.mark.parametrize(
    ("index", "m"),
    [(range(50_000), 1), ([5], 50_000), ([-9, -8], 49_999), ([0, 10**12], 25_000), (range(47_985), 2_016)],
)
def test_the_limit_itself_is_allowed(index, m):
    assert len(slide(cells_of(index), m, 50_000).n) == count_windows(cells_of(index), m) == 50_000


@pytest.mark.parametrize(
    ("index", "m"), [(range(50_001), 1), ([5], 50_001), ([-9, -8], 50_000), (range(47_986), 2_016)]
)
def test_one_more_is_not(index, m):
    with pytest.raises(TooManyWindows, match=r"\b50001 windows .* 50000\b") as raised:
        slide(cells_of(index), m, 50_000)
    assert (raised.value.count, raised.value.limit) == (50_001, 50_000)


def test_too_many_are_counted_and_never_enumerated():
    widest = 366 * 86_400  # 50 000 such windows a year apart: 1.6e12, far beyond any memory
    with pytest.raises(TooManyWindows) as raised:
        slide(cells_of(range(0, 50_000 * widest, widest)), widest, 50_000)
    assert raised.value.count == 50_000 * widest


def test_a_large_cell_leaves_no_trace_in_the_windows_after_it():
    small = np.full(40, 1e-3)
    cells = cells_of(range(41), [10**12, *[1] * 40], [-4e11, *small], [2e11, *small])
    later = slide(cells, 6, 50_000)
    assert later.index[6] == 1
    assert later.s1[6:-5].tolist() == pytest.approx([6e-3] * 35, abs=1e-15)
    assert later.s2[6:-5].tolist() == pytest.approx([6e-3] * 35, abs=1e-15)


def test_fifty_thousand_windows_of_2016_steps():
    rng = np.random.default_rng(7)
    index = np.unique(np.concatenate((rng.integers(0, 47_000, 30_000), [0, 47_000])))
    s1, s2 = rng.normal(size=len(index)), rng.random(len(index))
    windows = slide(Cells(index, rng.integers(1, 99, len(index)), s1, s2), 2016, 50_000)
    assert len(windows.n) > 49_000
    for i in rng.integers(0, len(windows.n), 100).tolist():
        inside = (windows.index[i] <= index) & (index < windows.index[i] + 2016)
        assert windows.s1[i] == pytest.approx(fsum(s1[inside]), abs=1e-11)
        assert windows.s2[i] == pytest.approx(fsum(s2[inside]), abs=1e-11)


@given(index=st.integers(-1_000, 7_000), step=st.integers(1, 366 * 86_400), m=st.integers(1, 50))
def test_spans_are_counted_from_the_origin(index, step, m):
    starts, ends = bounds(np.array([index], np.int64), step * 1_000_000, m * step * 1_000_000)
    start = ORIGIN + index * timedelta(seconds=step)
    assert EPOCH + timedelta(microseconds=int(starts[0])) == start
    assert EPOCH + timedelta(microseconds=int(ends[0])) == start + m * timedelta(seconds=step)
