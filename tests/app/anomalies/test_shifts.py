"""Shifts against river's detector in a plain loop."""

from inspect import signature

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.drift import ADWIN

from app.anomalies.shifts import DETECTOR, PARAMETERS, Shift, Shifts


def shifts(scores):
    return Shifts().feed(scores.tolist())


def plain(scores):
    """index, width and mean after as river tells them; the mean before from the total just before the cut."""
    detector, found, total = ADWIN(delta=0.002), [], 0.0
    since = 0
    for index, score in enumerate(scores):
        detector.update(float(score))
        total += score
        if detector.drift_detected:
            dropped = index + 1 - since - detector.width
            found.append((index, detector.width, (total - detector.total) / dropped, detector.estimation))
            since, total = index + 1, 0.0
    return found


def flat(found):
    return [(s.index, s.width, s.before, s.after) for s in found]


def assert_same(found, expected):
    assert [(s.index, s.width) for s in found] == [row[:2] for row in expected]
    for shift, row in zip(found, expected, strict=True):
        assert (shift.before, shift.after) == pytest.approx(row[2:], abs=1e-9)


def steps(lengths, levels, noise, seed):
    rng = np.random.default_rng(seed)
    return np.clip(np.repeat(levels, lengths) + rng.normal(0, noise, sum(lengths)), 0, 1)


stepped = st.builds(
    lambda parts, noise, seed: steps([n for n, _ in parts], [x for _, x in parts], noise, seed),
    st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=8),
    st.sampled_from([0.0, 0.05, 0.2]),
    st.integers(0, 2**32 - 1),
)


@settings(max_examples=60)
@given(stepped)
def test_agrees_with_river(scores):
    assert_same(list(shifts(scores)), plain(scores.tolist()))


@settings(max_examples=60)
@given(stepped)
def test_after_a_shift_the_past_has_no_say(scores):
    found = plain(scores.tolist())
    for i, shift in enumerate(found):
        start = shift[0] + 1
        assert_same(list(shifts(scores[start:])), [(index - start, *rest) for index, *rest in found[i + 1 :]])


@settings(max_examples=60)
@given(stepped, st.lists(st.integers(0, 1_600)))
def test_scores_may_be_fed_bit_by_bit(scores, cuts):
    detector, found, fed = Shifts(), [], 0
    for part in np.split(scores, sorted(min(cut, len(scores)) for cut in cuts)):
        found += [(fed + s.index, s.width, s.before, s.after) for s in detector.feed(part.tolist())]
        fed += len(part)
    assert found == flat(shifts(scores))


@settings(max_examples=60)
@given(stepped, st.integers(0, 1_600))
def test_what_has_come_later_changes_nothing_before_it(scores, n):
    assert list(shifts(scores[:n])) == [shift for shift in shifts(scores) if shift.index < n]


@settings(max_examples=60)
@given(stepped)
def test_what_is_dropped_and_what_is_kept_are_all_since_the_last_shift(scores):
    since = 0
    for shift in shifts(scores):
        assert 0 < shift.width < shift.index + 1 - since
        cut = shift.index + 1 - shift.width
        assert shift.before == pytest.approx(sum(scores[since:cut].tolist()) / (cut - since))
        assert shift.after == pytest.approx(sum(scores[cut : shift.index + 1].tolist()) / shift.width)
        since = shift.index + 1


def test_a_step_up_and_a_step_down():
    scores = steps([300, 300, 300], [0.2, 0.8, 0.3], 0.05, 1)
    found = list(shifts(scores))
    assert_same(found, plain(scores.tolist()))
    assert len(found) == 2
    up, down = found
    assert 300 <= up.index < 400
    assert 600 <= down.index < 700
    # What is dropped is of one level. What is kept is not all of the other: no more is dropped than tells.
    assert (up.before, down.before) == pytest.approx((0.2, 0.8), abs=0.05)
    assert up.before + 0.05 < up.after < 0.8
    assert 0.3 < down.after < down.before - 0.05


def test_steady_scores_do_not_shift():
    assert list(shifts(np.full(5_000, 0.4))) == []
    assert list(shifts(steps([5_000], [0.4], 0.05, 2))) == []


def test_few_scores_do_not_shift():
    assert list(shifts(np.array([]))) == []
    assert list(shifts(np.array([0.0, 1.0]))) == []


def test_numbers_are_plain():
    (shift,) = shifts(steps([200, 200], [0.1, 0.9], 0.0, 0))
    assert shift == Shift(shift.index, shift.width, shift.before, shift.after)
    assert [type(x) for x in flat([shift])[0]] == [int, int, float, float]


def test_the_parameters_are_all_and_are_rivers_but_for_delta():
    defaults = {name: p.default for name, p in signature(ADWIN).parameters.items()}
    assert dict(PARAMETERS) == defaults | {"delta": 0.002}
    assert f"{ADWIN.__module__.rpartition('.')[0]}.{ADWIN.__name__}" == DETECTOR
