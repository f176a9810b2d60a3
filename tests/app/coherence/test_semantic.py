"""Semantic drift against its definition, window by window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.coherence.semantic import Meanings, semantic_drift

WIDTH = 3


def by_definition(cells, windows, m):
    """Of vectors by cell."""
    means = []
    for window in windows:
        inside = [
            vector for cell, vectors in cells.items() if window <= cell < window + m for vector in vectors
        ]
        mean = np.mean(inside, axis=0) if inside else np.zeros(WIDTH)
        means.append(mean if np.linalg.norm(mean) > 1e-6 else None)
    return [
        np.nan
        if here is None or before is None
        else 1 - here @ before / np.linalg.norm(here) / np.linalg.norm(before)
        for before, here in zip([None, *means], means, strict=False)
    ]


def meanings(cells):
    index = sorted(cells)
    return Meanings(
        np.array(index, np.int64),
        np.array([np.sum(cells[i], axis=0) for i in index]).reshape(len(index), WIDTH),
    )


vectors = st.lists(st.tuples(*[st.integers(-3, 3)] * WIDTH).filter(any), min_size=1, max_size=4)


@given(st.dictionaries(st.integers(-5, 20), vectors), st.sets(st.integers(-8, 20)), st.integers(1, 4))
def test_it_is_what_it_is_defined_to_be(cells, windows, m):
    units = {
        cell: [np.array(vector) / np.linalg.norm(vector) for vector in drawn] for cell, drawn in cells.items()
    }
    windows = sorted(windows)
    found = semantic_drift(meanings(units), np.array(windows, np.int64), m)
    assert found == pytest.approx(by_definition(units, windows, m), abs=1e-9, nan_ok=True)


def test_opposite_means_are_2_apart_and_equal_ones_0():
    cells = {
        0: [[0, 0, 1.0]],
        1: [[0, 0, 1.0]],
        2: [[0, 0, -1.0]],
        3: [[1.0, 0, 0], [-1.0, 0, 0]],
        4: [[1.0, 0, 0]],
    }
    found = semantic_drift(meanings(cells), np.arange(5), 1)
    assert found == pytest.approx([np.nan, 0, 2, np.nan, np.nan], nan_ok=True)
