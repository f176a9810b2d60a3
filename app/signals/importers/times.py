"""Times as lines have them: RFC 3339, or a Unix time."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.instant import EPOCH, parse_instant

_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,40})?")
_WITHOUT_OFFSET = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")

# Each unit reaches from March 1973 to the year 5138, so that a number's size tells its unit. What is smaller is rather a
# year, a date such as 20260131 or a count.
_LEAST = 10**8
_EXPECTED = "a Unix time, of seconds from 100000000 on, or of milli-, micro- or nanoseconds"
_MICROSECONDS = (
    (10**11, Decimal(10**6)),
    (10**14, Decimal(10**3)),
    (10**17, Decimal(1)),
    (10**20, Decimal("0.001")),
)


def parse_time(value: str | float, zone: ZoneInfo | None = None) -> datetime:
    """The instant in UTC, of a time without an offset in `zone`. ValueError says what is wrong."""
    if not isinstance(value, str):
        return _unix(Decimal(repr(value)), value)
    text = value.strip()
    if text[4:5] != "-" and _NUMBER.fullmatch(text):
        return _unix(Decimal(text), value)
    if zone is not None and _WITHOUT_OFFSET.fullmatch(text):
        return _in_zone(text, zone)
    return parse_instant(text)


def _unix(number: Decimal, shown: str | float) -> datetime:
    """Rounded to the microsecond, as a double is not exact beyond."""
    if number >= _LEAST:
        for end, unit in _MICROSECONDS:
            if number < end:
                return EPOCH + timedelta(microseconds=round(number * unit))
    if not isinstance(shown, str):
        raise ValueError(f"is {shown}; it takes a string. A number is {_EXPECTED}.")
    raise ValueError(f"is {shown[:40]!r}, which is no time. A number is {_EXPECTED}.")


def _in_zone(text: str, zone: ZoneInfo) -> datetime:
    """Of an hour that comes twice the first one; one that is left out is told by the offset before it."""
    as_utc = parse_instant(f"{text}Z")
    try:
        found = as_utc.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        found = as_utc
    if found < EPOCH:
        raise ValueError(f"DateTime {text!r} lies before 1970.")
    return found
