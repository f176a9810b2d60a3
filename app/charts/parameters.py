"""The query of a chart's address, read as the API reads arguments of the same names."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import QueryParams

from app.duration import Duration
from app.errors import BadUserInput
from app.instant import parse_side
from app.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every fault is BAD_USER_INPUT that names the parameter."""

    query: QueryParams

    def only(self, *names: str, repeatable: Collection[str] = ()) -> None:
        """Refuses others, and those that are there twice but may not."""
        for name in self.query:
            if name not in names:
                shown = ascii(name[:60])
                raise BadUserInput(
                    f"{shown} is no parameter of this chart; it takes {', '.join(names)}.", field=name[:60]
                )
            if name not in repeatable and len(self.query.getlist(name)) > 1:
                raise BadUserInput(f"{name} is there more than once.", field=name)

    def text(self, name: str) -> str | None:
        return self.query.get(name)

    def texts(self, name: str) -> list[str] | None:
        """All of them; None where there is none."""
        return self.query.getlist(name) or None

    def duration(self, name: str) -> Duration | None:
        return self.parsed(name, Duration.parse)

    def instant(self, name: str) -> datetime | None:
        return self.parsed(name, parse_side)

    def range(self) -> TimeRange:
        """From `start` to `end`."""
        return TimeRange(self.instant("start"), self.instant("end"))

    def parsed[T](self, name: str, parse: Callable[[str], T]) -> T | None:
        """What `parse` makes of it; its ValueError says what is wrong."""
        text = self.query.get(name)
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise BadUserInput(f"{name}: {error}", field=name) from None
