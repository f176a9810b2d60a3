"""Scalars of the contract: how their values are read and written."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from app.duration import Duration
from app.instant import parse_side, write_instant


def _reading[T](parse: Callable[[object], T]) -> Callable[[object], T]:
    """`parse`, whose ValueError is told to the client as it stands."""

    def read(value: object) -> T:
        try:
            return parse(value)
        except ValueError as error:
            raise GraphQLError(str(error)) from None

    return read


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant: RFC 3339 with an offset, to the microsecond, years 1970 to 9999 (starts of windows and "
            "buckets may lie up to 367 days earlier, and are taken as sides of a range); always given back in UTC "
            "with six digits of a second and a trailing Z. Naive or finer input is refused; digits beyond the sixth "
            "are taken where they are 0."
        ),
        serialize=write_instant,
        parse_value=_reading(parse_side),
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description=(
            "A length of time in whole seconds, 1 s to 366 d: `30s`, `5m`, `1h`, `7d`, `1h30m`, `5 minutes`, "
            "`1 day`, or ISO 8601 such as `PT5M`; given back short, in the largest units up to days. Months and "
            "years are not durations."
        ),
        serialize=str,
        parse_value=_reading(Duration.parse),
    ),
}

type Json = Any
"""Any JSON value, in Python's terms."""
