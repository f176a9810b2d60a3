"""What is told of many signals at once is what is told of each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.signals.rules import Rules
from tests.app.signals.test_ingest import NOW, New

RULES = Rules(most_text=20, most_payload=30, payload_depth=3)
VALUES = {
    "context_window_id": ("c", "", "x" * 255, "x" * 256, "nul \0", "\ud800"),
    "timestamp": (
        None,
        NOW + timedelta(seconds=300),
        NOW + timedelta(seconds=301),
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
    "signal_source": ("Slack", "", "ü"),
    "signal_score": (0, 1, 0.5, -0.1, 1.5, float("nan"), float("inf")),
    "emotional_tone": (None, 0, 1, 2, float("nan")),
    "escalate_flag": (0, 1, 2, 0.5, -1),
    "agent_id": (None, "a", "", "\0"),
    "raw_content": (None, "", "text", "ü ☃", "x" * 20, "x" * 21, "\ud83d", "\ude00"),
    "diagnostic_notes": (None, "\0", "x"),
}
PAYLOADS = (
    None, {}, [], "text", 1.5, 2**70, {"a": None}, {"a": "\0"}, {"\ud800": 1}, "null", float("nan"), [float("inf")],
    [[[1]]], [[[[1]]]], "[[[[", "x" * 28, "x" * 29, 10**40, True,
)  # fmt: skip
sound = st.just(New())
odd = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.sampled_from(VALUES[name]).map(lambda value: replace(New(), **{name: value}))
)


def told(results):
    return [(each.message, each.field) if isinstance(each, Exception) else each for each in results]


@given(st.lists(st.one_of(sound, odd), max_size=4))
def test_faults_of_many_are_those_of_each(signals):
    assert told(RULES.faults_of(signals, NOW)) == told(RULES.fault_of(signal, NOW) for signal in signals)


@given(st.lists(st.sampled_from(PAYLOADS), max_size=3))
def test_payloads_of_many_are_those_of_each(values):
    signals = [replace(New(), payload=value) for value in values]
    assert told(RULES.payloads(signals)) == told(map(RULES.payload, values))
