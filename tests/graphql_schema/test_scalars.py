"""DateTime, Duration and JSON through the API: read, kept, and given back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.instant import parse_instant, write_instant

ECHO = """query($start: DateTime, $window: Duration! = "5m") {
  coherence(range: {start: $start}, window: $window) { timeRangeStart windowSec }
}"""


@pytest.mark.parametrize(
    ("text", "given_back"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31 12:00:00Z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T00:00:00-12:00", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T12:00:00.1Z", "2026-01-31T12:00:00.100000Z"),
        ("2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00.000001Z"),
        ("2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00.000000Z"),
        ("2026-01-31T12:00:00.2770000Z", "2026-01-31T12:00:00.277000Z"),
        ("2026-01-31T14:00:00.123456000+02:00", "2026-01-31T12:00:00.123456Z"),
        ("2026-01-31T12:00:00." + "0" * 1_000 + "Z", "2026-01-31T12:00:00.000000Z"),
        ("1969-12-31T23:59:59.9999990Z", "1969-12-31T23:59:59.999999Z"),
        ("1968-12-30T00:00:00Z", "1968-12-30T00:00:00.000000Z"),
        ("2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
async def test_instants_come_back_in_utc(reader, text, given_back):
    data = await reader.data(ECHO, start=text)
    assert data["coherence"]["timeRangeStart"] == given_back
    literal = f'{{ coherence(range: {{start: "{text}"}}) {{ timeRangeStart }} }}'
    assert (await reader.data(literal))["coherence"]["timeRangeStart"] == given_back


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-01-31T12:00:00", "no offset"),
        ("2026-01-31T12:00:00." + "0" * 1_000, "no offset"),
        ("2026-01-31T12:00:00.1234567Z", "finer than a microsecond"),
        ("2026-01-31T12:00:00.00000000001Z", "finer than a microsecond"),
        ("1968-12-29T23:59:59.999999Z", "before 1970"),
        ("1968-12-30T00:00:00+00:01", "before 1970"),
        ("0001-01-01T00:00:00+01:00", "not in the calendar"),
        ("9999-12-31T23:59:59-00:01", "not in the calendar"),
        ("10000-01-01T00:00:00Z", "cannot be read"),
        ("2026-12-31T23:59:60Z", "not in the calendar"),
        ("2026-01-31T24:00:00Z", "cannot be read"),
        ("2026-02-29T00:00:00Z", "not in the calendar"),
        ("2026-13-01T00:00:00Z", "not in the calendar"),
        ("2026-01-31T12:60:00Z", "cannot be read"),
        ("2026-01-31T12:00:00+24:00", "cannot be read"),
        ("2026-01-31T12:00:00+01:60", "cannot be read"),
        ("2026-01-31", "cannot be read"),
        ("2026-01-31T12:00Z", "cannot be read"),
        ("20260131T120000Z", "cannot be read"),
        ("2026-W05-6T12:00:00Z", "cannot be read"),
        ("2026-01-31T12:00:00 Z", "cannot be read"),
        ("2026-01-31T12:00:00,5Z", "cannot be read"),
        ("2026-01-31T12:00:00+0100", "cannot be read"),
        ("٢٠٢٦-01-31T12:00:00Z", "cannot be read"),
        ("2026-01-31T12:00:00Z\n", "cannot be read"),
        ("now", "cannot be read"),
        ("", "cannot be read"),
        ("x" * 100_000, "cannot be read"),
        (1_767_225_600, "cannot be read"),
        (True, "cannot be read"),
        ({"a": 1}, "cannot be read"),
        ([1], "cannot be read"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_what_is_no_instant_is_refused_and_told_what_is(reader, text, says):
    error = await reader.error(ECHO, start=text)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "start"}
    assert says in error["message"]
    assert "such as 2026-01-31T12:00:00Z" in error["message"]
    assert len(error["message"]) < 400


async def test_starts_of_windows_and_buckets_before_1970_are_sides_of_ranges(client, pg):
    await pg.execute(
        """
        WITH one AS (INSERT INTO conversations (context_window_id) VALUES ('old') RETURNING id)
        INSERT INTO signals (time, conversation_id, signal_source, signal_score)
        SELECT timestamptz '1970-01-01Z' + n * interval '1 day', id, 'x', 0.5 FROM one, generate_series(0, 1) n
        """
    )
    of_range = (
        "coherence(window: %s, range: {start: $start}) { totalSignalCount driftMetrics { windowStart } }"
    )
    for window in ("7d", "30d", "366d"):
        asked = of_range % f'"{window}"'
        data = await client.data(f'{{ coherence(window: "{window}") {{ driftMetrics {{ windowStart }} }} }}')
        start = data["coherence"]["driftMetrics"][0]["windowStart"]
        assert start < "1970"
        again = await client.data(f"query($start: DateTime) {{ {asked} }}", start=start)
        assert again["coherence"]["totalSignalCount"] == 2
        assert again["coherence"]["driftMetrics"][0]["windowStart"] == start
    buckets = """query($unit: CalendarUnit, $zone: String!, $start: DateTime) {
      signalBuckets(unit: $unit, timeZone: $zone, range: {start: $start}) { bucket totalCount }
    }"""
    for unit, zone in (("WEEK", "UTC"), ("YEAR", "America/New_York"), ("DAY", "America/New_York")):
        (first, *_) = (await client.data(buckets, unit=unit, zone=zone))["signalBuckets"]
        assert first["bucket"] < "1970"
        (again, *_) = (await client.data(buckets, unit=unit, zone=zone, start=first["bucket"]))[
            "signalBuckets"
        ]
        assert again == first


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ('mutation { createSignal(input: {contextWindowId: "c", timestamp: "%s"}) { id } }', "timestamp"),
        ('mutation { createConversation(input: {startedAt: "%s"}) { id } }', "startedAt"),
        ('{ coherenceMetrics(at: "%s") { n } }', "at"),
    ],
)
async def test_nothing_else_lies_before_1970(client, document, field):
    error = await client.error(document % "1969-12-31T23:59:59Z")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["field"] == field
    assert "before 1970" in error["message"]


async def test_a_batch_takes_seven_digits_and_tells_the_item_before_1970(client):
    create = """mutation($s: [SignalInput!]!) { createSignals(signals: $s, createConversations: true) {
      successfulCount results { error { field message } }
    } }"""
    times = ("2024-07-24T19:45:28.2770000Z", "1969-12-31T00:00:00Z")
    signals = [{"contextWindowId": "net", "timestamp": time} for time in times]
    data = await client.data(create, s=signals)
    assert data["createSignals"]["successfulCount"] == 1
    assert data["createSignals"]["results"][1]["error"] == {
        "field": "timestamp", "message": "timestamp lies before 1970.",
    }  # fmt: skip
    stored = await client.data("{ signals { edges { node { timestamp } } } }")
    assert stored["signals"]["edges"][0]["node"]["timestamp"] == "2024-07-24T19:45:28.277000Z"


INSTANTS = st.datetimes(datetime(1970, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes naive bounds


@given(INSTANTS, st.integers(-1_439, 1_439))
def test_an_instant_at_any_offset_is_the_same_instant(instant, minutes):
    there = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(there.isoformat()) == instant
    assert parse_instant(write_instant(instant)) == instant


@given(st.text() | st.integers() | st.none() | st.lists(st.text()))
@example("\U0001239a" * 40)
@example(f"2026-02-30T00:00:00.1{'0' * 500}Z")
def test_anything_is_an_instant_or_a_value_error(value):
    try:
        parse_instant(value)
    except ValueError as error:
        assert len(str(error)) < 300  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT5M", 300), ("1h30m", 5_400), ("5 minutes", 300), ("366d", 31_622_400)]
)
async def test_durations_are_read_as_variables_and_literals(reader, text, seconds):
    assert (await reader.data(ECHO, window=text))["coherence"]["windowSec"] == seconds
    literal = f'{{ coherence(window: "{text}") {{ windowSec }} }}'
    assert (await reader.data(literal))["coherence"]["windowSec"] == seconds


@pytest.mark.parametrize("text", ["0s", "-5m", "5 parsecs", "1 month", "367d", 300, 5.5, True, "\u0665m", ""])
async def test_what_is_no_duration_is_refused_and_told_what_is_one(reader, text):
    error = await reader.error(ECHO, window=text)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "window"}
    assert "such as 30s, 5m" in error["message"]


async def test_any_json_value_is_kept(client):
    for value in [
        0, -0.5, 1e-7, 0.1, 10**100, True, False, "", "\u2028", [], [[]], {}, {"": None}, [None, {"a": [{}]}],
        {"ü": "\U0001f600", "nested": [[[["x"]]]]},
    ]:  # fmt: skip
        document = (
            "mutation($m: JSON) { createConversation(input: {contextMetadata: $m}) { contextMetadata } }"
        )
        assert (await client.data(document, m=value))["createConversation"]["contextMetadata"] == value


async def test_json_literals_are_read(client):
    document = """mutation($v: JSON, $s: String) { createConversation(input: {contextMetadata:
      {a: 1, b: -2.5, c: "x", d: true, e: null, f: [1, [2]], g: {h: ENUM}, v: $v, s: $s}}) { contextMetadata } }"""
    data = await client.data(document, v={"x": [1]}, s="text")
    assert data["createConversation"]["contextMetadata"] == {
        "a": 1,
        "b": -2.5,
        "c": "x",
        "d": True,
        "e": None,
        "f": [1, [2]],
        "g": {"h": "ENUM"},
        "v": {"x": [1]},
        "s": "text",
    }
