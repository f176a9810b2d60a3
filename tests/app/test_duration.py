"""Durations: every form in which people write them, and what is no duration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.duration import LONGEST, Duration

DAY = 86_400
DURATIONS = st.integers(1, LONGEST).map(Duration)


@pytest.mark.parametrize(
    ("text", "seconds", "short"),
    [
        ("30s", 30, "30s"),
        ("5m", 300, "5m"),
        ("1h", 3_600, "1h"),
        ("7d", 7 * DAY, "7d"),
        ("1h30m", 5_400, "1h30m"),
        ("5 minutes", 300, "5m"),
        ("1 minute", 60, "1m"),
        ("1 day", DAY, "1d"),
        ("PT5M", 300, "5m"),
        ("P1DT2H", DAY + 7_200, "1d2h"),
        ("P1D", DAY, "1d"),
        ("P2W", 14 * DAY, "14d"),
        ("PT36H", 36 * 3_600, "1d12h"),
        ("PT90S", 90, "1m30s"),
        ("90s", 90, "1m30s"),
        ("24h", DAY, "1d"),
        ("1w", 7 * DAY, "7d"),
        ("2 weeks 1 day", 15 * DAY, "15d"),
        ("1 h 30 min", 5_400, "1h30m"),
        ("1 HOUR", 3_600, "1h"),
        ("10 secs", 10, "10s"),
        ("2hrs", 7_200, "2h"),
        (" 5m ", 300, "5m"),
        ("1d2h3m4s", DAY + 7_384, "1d2h3m4s"),
        ("0h5m", 300, "5m"),
        ("005m", 300, "5m"),
        ("1s", 1, "1s"),
        ("366d", LONGEST, "366d"),
        ("31622400s", LONGEST, "366d"),
    ],
)
def test_forms(text, seconds, short):
    assert Duration.parse(text) == seconds
    assert str(Duration.parse(text)) == short


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0s",
        "0",
        "PT0S",
        "-5m",
        "+5m",
        "5 parsecs",
        "5",
        "m",
        "5 m m",
        "5m5m",
        "30s1m",
        "1.5h",
        "1,5h",
        "1h-30m",
        "1 month",
        "1mo",
        "1y",
        "1 year",
        "P1M",
        "P1Y",
        "P1Y2M",
        "P",
        "PT",
        "P1DT",
        "PT1.5H",
        "pt5m",
        "366d1s",
        "367d",
        "31622401s",
        "9999999999w",
        "99999999999999999999s",
        "\u0665m",  # an Arabic 5
        "\uff15m",  # a wide 5
        "5\u017f",  # a long s, which is an s in any case but English
        "5m\0",
        "5\u00a0m",
        "1" * 10_000,
        "1w" + " " * 100_000 + "x",
        5,
        5.0,
        True,
        None,
        ["5m"],
        {},
    ],
    ids=lambda text: repr(text)[:30],
)
def test_what_is_no_duration_is_refused_and_told_what_is(text):
    with pytest.raises(ValueError, match="such as 30s, 5m, 1h30m, 7d, 5 minutes or PT5M") as refusal:
        Duration.parse(text)
    assert len(str(refusal.value)) < 300
    assert "1s to 366d" in str(refusal.value)


@given(DURATIONS)
def test_the_short_form_reads_back(duration):
    assert Duration.parse(str(duration)) == duration
    assert not str(duration).startswith("0")


@given(DURATIONS)
def test_the_long_and_the_iso_form_read_back(duration):
    minutes, seconds = divmod(duration, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    assert Duration.parse(f"{days} days {hours} hours {minutes} minutes {seconds} seconds") == duration
    assert Duration.parse(f"P{days}DT{hours}H{minutes}M{seconds}S") == duration


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text):
    try:
        duration = Duration.parse(text)
    except ValueError:
        return
    assert 1 <= duration <= LONGEST
    assert Duration.parse(str(duration)) == duration


@given(st.text(alphabet=" 0123456789wdhmsPT", max_size=12))
def test_almost_durations(text):
    test_any_text_is_a_duration_or_a_value_error.hypothesis.inner_test(text)
