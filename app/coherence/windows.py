"""Cells of one step, and the windows made of consecutive cells (metrics.md, "Windows").

Cell `i` covers [ORIGIN + i·step, ORIGIN + (i + 1)·step); the window of `m` steps that starts at `i` covers
cells i … i + m - 1. Times are int64 microseconds since PostgreSQL's epoch, 2000-01-01T00:00:00Z.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]
type Bools = npt.NDArray[np.bool]

ORIGIN: Final = datetime(2000, 1, 3, tzinfo=UTC)
ORIGIN_US: Final = 2 * 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """Moments of cells, or of windows by their first cell; `k` of them, all arrays of shape (k,)."""

    index: Ints
    """Strictly increasing."""
    n: Ints
    """Number of signals, > 0."""
    s1: Floats
    """Σ(x - 0.5)."""
    s2: Floats
    """Σ(x - 0.5)²."""


class TooManyWindows(ValueError):
    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"{count} windows hold signals, at most {limit} may")
        self.count = count
        self.limit = limit


def collect(times_us: Ints, n: Ints, s1: Floats, s2: Floats, step_us: int) -> Cells:
    """Rows in any order, all of shape (rows,), any number of them a cell, summed by cell.

    A row that counts nothing is left out. The cells may share memory with the rows.
    """
    if not n.all():
        some = n > 0
        times_us, n, s1, s2 = times_us[some], n[some], s1[some], s2[some]
    index = (times_us - ORIGIN_US) // step_us
    gaps = index[1:] - index[:-1]
    if (gaps > 0).all():
        return Cells(index, n, s1, s2)
    if (gaps < 0).any():
        # Stable, for rows of several sources are a few sorted runs, which it merges.
        order = index.argsort(kind="stable")
        index, n, s1, s2 = index[order], n[order], s1[order], s2[order]
        gaps = index[1:] - index[:-1]
    first = np.concatenate(([0], gaps.nonzero()[0] + 1))
    return Cells(
        index[first], np.add.reduceat(n, first), np.add.reduceat(s1, first), np.add.reduceat(s2, first)
    )


def count_windows(cells: Cells, m: int) -> int:
    """How many windows of `m` steps hold signals, without enumerating them."""
    return int(_windows_up_to(cells.index, m).sum())


def slide(cells: Cells, m: int, limit: int) -> Cells:
    """Every window of `m` steps that holds signals, with the moments of its cells.

    Raises TooManyWindows, before anything is enumerated, where there are more than `limit`. Memory and time
    grow with the number of windows, which is at least `m` and the number of cells.
    """
    new = _windows_up_to(cells.index, m)
    count = int(new.sum())
    if count > limit:
        raise TooManyWindows(count, limit)
    if m == 1 or count == 0:
        return cells
    # A cell's own number is the last window that holds it. Numbered as they are listed, windows leave just
    # m places between cells that are m or more apart: no window reaches from one to the other, and every
    # window is the sum of m consecutive places.
    place = new.cumsum() - 1
    moments = np.zeros((3, count + m - 1))
    moments[:, place] = cells.n, cells.s1, cells.s2  # a float64 counts exactly to 2⁵³
    n, s1, s2 = _sums_of_next(moments, m)
    return Cells((cells.index - place).repeat(new) + np.arange(count), n.astype(np.int64), s1, s2)


def bounds(index: Ints, step_us: int, width_us: int) -> tuple[Ints, Ints]:
    """Starts and ends of the windows `index`, in microseconds since 2000-01-01T00:00:00Z."""
    starts = index * step_us + ORIGIN_US
    return starts, starts + width_us


def _windows_up_to(index: Ints, m: int) -> Ints:
    """For each cell, how many windows hold it and no cell before it: of [i - m + 1, i], those after the last."""
    new = np.full(index.shape, m, np.int64)
    np.minimum(index[1:] - index[:-1], m, out=new[1:])
    return new


def _sums_of_next(x: Floats, m: int) -> Floats:
    """y[…, i] = x[…, i] + … + x[…, i + m - 1].

    Sums of 1, 2, 4, … places, of which those that make up `m` in binary are added: each window adds only its
    own values, pairwise. A difference of running sums would be quicker and wrong after large values.
    """
    count = x.shape[-1] - m + 1
    total = np.zeros((*x.shape[:-1], count))
    start, width = 0, 1
    while True:
        if m & width:
            total += x[..., start : start + count]
            start += width
        if 2 * width > m:
            return total
        x = x[..., :-width] + x[..., width:]
        width *= 2
