"""What has changed goes out in messages that PostgreSQL takes, and comes back whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.realtime.changes import Changes, Span

LONGEST = 7_999
"""Bytes of a NOTIFY."""

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
IDS = st.integers(1, 2**63 - 1)
SPANS = st.lists(st.tuples(INSTANTS, IDS), min_size=1, max_size=3).map(Span.of)
PLACES = st.none() | SPANS
CHANGES = st.builds(
    Changes,
    st.dictionaries(st.uuids(), PLACES, max_size=200),
    st.sets(st.uuids(), max_size=200),
)


@given(CHANGES)
def test_messages_tell_all_and_fit(changes):
    messages = list(changes.messages())
    read = Changes()
    for message in messages:
        assert len(message) <= LONGEST
        read.add(Changes.read(message))
    assert read == changes
    assert bool(messages) == bool(changes)


@given(st.uuids(), st.lists(PLACES, min_size=1, max_size=5))
def test_places_of_one_conversation_are_joined(key, places):
    changes = Changes()
    for place in places:
        changes.note(key, place)
    joined = changes.conversations[key]
    if None in places:
        assert joined is None
    else:
        assert (joined.first, joined.last) == (min(p.first for p in places), max(p.last for p in places))
        assert (joined.first_id, joined.last_id) == (
            min(p.first_id for p in places),
            max(p.last_id for p in places),
        )


@pytest.mark.parametrize(
    "message",
    [b"", b"x", b"[]", b'{"conversations": 3}', b'{"conversations": [["x", null]]}', b'{"anomalies": ["x"]}'],
)
def test_a_message_of_somebody_else_is_refused(message):
    with pytest.raises(ValueError):  # noqa: PT011
        Changes.read(message)
