"""Inputs that several domains take."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import strawberry

from app import timerange
from app.errors import BadUserInput


def known[T](value: T | None) -> T | None:
    """`value`, or None where the client left it out."""
    return None if value is strawberry.UNSET else value


class NullWhereLeftOut:
    """For inputs in which leaving a field out means what null means."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is strawberry.UNSET:
                setattr(self, name, None)


@strawberry.input(
    description="Half-open: `start <= t < end`. A side left out is open. start after end is BAD_USER_INPUT."
)
class TimeRange(NullWhereLeftOut):
    start: datetime | None = strawberry.UNSET
    end: datetime | None = strawberry.UNSET


def range_of(given: TimeRange | None, field: str = "range") -> timerange.TimeRange:
    """`field` is what the client calls it."""
    if not given:
        return timerange.ALWAYS
    try:
        return timerange.TimeRange(given.start, given.end)
    except BadUserInput as error:
        error.field = field
        raise


def given(changes: Any) -> dict[str, Any]:
    """The fields of an update input that the client wrote, null as None."""
    written = ((field.name, getattr(changes, field.name)) for field in fields(changes))
    return {name: some.value for name, some in written if some is not None}
