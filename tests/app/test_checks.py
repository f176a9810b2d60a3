"""What may be stored as text, as a name, as a number from 0 to 1 and as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import checks
from app.errors import BadUserInput

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.text(st.characters(codec=None)))
def test_text_is_refused_exactly_where_it_cannot_be_stored(text):
    try:
        storable = "\0" not in text and text.encode() is not None
    except UnicodeEncodeError:
        storable = False
    assert (checks.fault_of_text(text) is None) is storable


@pytest.mark.parametrize(
    ("value", "says"),
    [("", "0 characters"), ("x" * 256, "256 characters"), ("a\0", "NUL"), ("\ud800", "lone surrogate")],
)
def test_names(value, says):
    with pytest.raises(BadUserInput, match=f"^title .*{says}") as refusal:
        checks.name("title", value)
    assert refusal.value.field == "title"


def test_good_names_come_back():
    for value in ("x", "\U0001f600" * 255):
        assert checks.name("title", value) == checks.optional_name("title", value) == value
    assert checks.optional_name("title", None) is None


@pytest.mark.parametrize("value", [-1e-9, 1 + 1e-9, float("nan"), float("inf"), -1, 2])
def test_fractions_lie_between_0_and_1(value):
    with pytest.raises(BadUserInput, match="from 0 to 1") as refusal:
        checks.fraction("score", value)
    assert refusal.value.field == "score"


def test_good_fractions_come_back():
    for value in (0, 1, 0.5, -0.0, None):
        assert checks.fraction("score", value) == value


@given(JSON)
def test_json_is_refused_exactly_where_it_cannot_be_stored(value):
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
        storable = "\\u0000" not in text.replace("\\\\", "")
    except ValueError:
        storable = False
    assert (checks.fault_of_json(value) is None) is storable


def nested(depth, value="x"):
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@pytest.mark.parametrize(("depth", "fine"), [(0, True), (64, True), (65, False), (5_000, False)])
def test_json_is_nested_at_most_64_deep(depth, fine):
    assert (checks.fault_of_json(nested(depth)) is None) is fine
    assert (checks.fault_of_json(nested(max(depth - 1, 0), [])) is None) is fine
    for bad in ("a\0", "\ud800", float("nan")):
        assert checks.fault_of_json(nested(depth, bad)) is not None
    assert checks.fault_of_json(nested(min(depth, 63), {"a\0": 1})) is not None
