"""Arrays become JSON however their numbers lie in memory."""

import json

import numpy as np
import pytest

from app import arrays

VALUES = [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "array",
    [
        np.array(VALUES),
        np.array([[value, 0] for value in VALUES])[:, 0],
        np.array(VALUES[::-1])[::-1],
        np.array(VALUES, ">f8"),
        np.array([(0, value) for value in VALUES], [("time", "i8"), ("value", "f8")])["value"],
        np.array([(0, value) for value in VALUES], [("time", ">i8"), ("value", ">f8")])["value"],
        np.array(VALUES, np.float32)[::1],
        np.array(VALUES, ">i8"),
    ],
)
def test_an_array_is_written_whatever_its_memory_looks_like(array):
    assert json.loads(arrays.to_json({"a": array})) == {"a": VALUES}


def test_nan_is_null_in_views_too():
    assert arrays.to_json(np.array([np.nan, 0, 1, 0])[::2]) == b"[null,1.0]"


def test_booleans_are_written():
    assert arrays.to_json(np.array([True, False, True])[::2]) == b"[true,true]"


def test_what_is_no_array_has_no_json():
    with pytest.raises(TypeError, match="set"):
        arrays.to_json({1})
