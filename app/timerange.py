"""Half-open ranges of time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import BadUserInput


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`start <= t < end`, both in UTC; a side that is None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise BadUserInput(
                f"start {self.start:%Y-%m-%dT%H:%M:%S.%fZ} lies after end {self.end:%Y-%m-%dT%H:%M:%S.%fZ}.",
                field="range",
            )

    def holds(self, column: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
        """The conditions that `column` lies inside."""
        conditions = []
        if self.start is not None:
            conditions.append(column >= self.start)
        if self.end is not None:
            conditions.append(column < self.end)
        return conditions


ALWAYS = TimeRange()
