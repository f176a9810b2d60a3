"""Scalars of the contract: how their values are read and written."""

import re
from datetime import UTC, datetime
from typing import Any

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.duration import Duration

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_EXPECTED = (
    "write an RFC 3339 instant with an offset, to the microsecond, years 1970 to 9999,"
    " such as 2026-01-31T12:00:00Z"
)


def parse_instant(value: object) -> datetime:
    """The instant in UTC; ValueError says what is wrong and what would be right."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"DateTime {str(value)[:40]!r} cannot be read: {_EXPECTED}.")
    fraction, offset = match.groups()
    if offset is None:
        raise ValueError(f"DateTime {match[0]!r} has no offset: {_EXPECTED}.")
    if fraction is not None and len(fraction) > 7:
        raise ValueError(f"DateTime {match[0][:60]!r} is finer than a microsecond: {_EXPECTED}.")
    try:
        instant = datetime.fromisoformat(match[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"DateTime {match[0]!r} is not in the calendar: {_EXPECTED}.") from None
    if instant.year < 1970:
        raise ValueError(f"DateTime {match[0]!r} lies before 1970: {_EXPECTED}.")
    return instant


def write_instant(value: datetime) -> str:
    """`value`, which is in UTC, with a trailing Z."""
    return value.isoformat().removesuffix("+00:00") + "Z"


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant: RFC 3339 with an offset, to the microsecond, years 1970 to 9999; always given back in "
            "UTC with a trailing Z. Naive or finer input is refused."
        ),
        serialize=write_instant,
        parse_value=parse_instant,
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description=(
            "A length of time in whole seconds, 1 s to 366 d: `30s`, `5m`, `1h`, `7d`, `1h30m`, `5 minutes`, "
            "`1 day`, or ISO 8601 such as `PT5M`; given back short, in the largest units up to days. Months and "
            "years are not durations."
        ),
        serialize=str,
        parse_value=Duration.parse,
    ),
}

type Json = Any
"""Any JSON value, in Python's terms."""
