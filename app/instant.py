"""An instant as people and machines write it: RFC 3339, to the microsecond."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)
# As machines write it in UTC, from 1970 on: only the calendar is left to be asked.
_USUAL = re.compile(
    r"(?:19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,6}0*)?(?:Z|\+00:00)"
)
_ALL_USUAL = re.compile(rf"(?:{_USUAL.pattern},)+")
_EARLIEST_SIDE = EPOCH - timedelta(days=367)
"""Windows and buckets of up to 366 days that hold a signal begin later."""
_EXPECTED = (
    "write an RFC 3339 instant with an offset, to the microsecond, years 1970 to 9999,"
    " such as 2026-01-31T12:00:00Z"
)


def parse_instant(value: object) -> datetime:
    """Return the instant in UTC; ValueError says what is wrong and what would be right."""
    return _parsed(value, EPOCH)


def parse_side(value: object) -> datetime:
    """As `parse_instant`, for a side of a range: starts of windows and buckets, up to 367 days before 1970, as well."""
    return _parsed(value, _EARLIEST_SIDE)


def _parsed(value: object, earliest: datetime) -> datetime:
    if isinstance(value, str) and _USUAL.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"DateTime {_shown(value)} is not in the calendar: {_EXPECTED}.") from None
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"DateTime {_shown(value)} cannot be read: {_EXPECTED}.")
    fraction, offset = match.groups()
    shown = _shown(match[0])
    if offset is None:
        raise ValueError(f"DateTime {shown} has no offset: {_EXPECTED}.")
    if fraction is not None and fraction[7:].strip("0"):  # some write seven digits, whatever they know
        raise ValueError(f"DateTime {shown} is finer than a microsecond: {_EXPECTED}.")
    try:
        instant = datetime.fromisoformat(match[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"DateTime {shown} is not in the calendar: {_EXPECTED}.") from None
    if instant < earliest:
        raise ValueError(f"DateTime {shown} lies before 1970: {_EXPECTED}.")
    return instant


def _shown(value: object) -> str:
    """Return the beginning of what cannot be read, as a message quotes it: escapes make some letters ten of them."""
    return repr(str(value)[:40])[:60]


def parse_instants(values: Sequence[str]) -> list[datetime]:
    """As `parse_instant` reads each; in half the time where all are as machines write them."""
    if _ALL_USUAL.fullmatch(",".join(values) + ","):
        with suppress(ValueError):
            return list(map(datetime.fromisoformat, values))
    return list(map(parse_instant, values))


def write_instant(value: datetime) -> str:
    """Return `value`, which is in UTC, with six digits of a second, so that all are written alike, and a trailing Z."""
    return value.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def microseconds(instant: datetime) -> int:
    """Since 1970."""
    return (instant - EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """Of as many since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def instant_since_2000(microseconds: int) -> datetime:
    """Return the instant of as many microseconds since 2000, PostgreSQL's epoch."""
    return _EPOCH_2000 + timedelta(microseconds=microseconds)


def microseconds_since_2000(instant: datetime) -> int:
    return (instant - _EPOCH_2000) // _MICROSECOND
