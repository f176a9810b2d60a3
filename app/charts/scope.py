"""What a chart is of, in a line: whose signals, which of them, and when."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from app.charts.paper import plain
from app.signals.queries import SignalFilter
from app.timerange import TimeRange

EVERYTHING: Final = "All conversations"
LONGEST_NAME: Final = 60
"""Characters of one name: the line has room for several."""


def scope(whose: str | None, wanted: SignalFilter) -> str:
    """Return what is counted: `whose` signals, everybody's where None, and of those the `wanted` ones."""
    return " · ".join([EVERYTHING if whose is None else _short(whose), *_parts(wanted)])


def _parts(wanted: SignalFilter) -> Iterator[str]:
    if wanted.agent_id is not None:
        yield f"agent {_short(wanted.agent_id)}"
    if wanted.user_id is not None:
        yield f"user {_short(wanted.user_id)}"
    if wanted.range != TimeRange():
        yield _range(wanted.range)
    if wanted.sources:
        yield f"only {', '.join(map(_short, wanted.sources))}"
    if wanted.classification is not None:
        yield f"class {wanted.classification.value}"
    if wanted.escalated is not None:
        yield "escalated" if wanted.escalated else "not escalated"
    if wanted.min_score is not None:
        yield f"scores from {wanted.min_score:g}"
    if wanted.max_score is not None:
        yield f"scores up to {wanted.max_score:g}"


def _range(within: TimeRange) -> str:
    start, end = within.start, within.end
    if start is None:
        return f"until {_written(end)}"
    return f"since {_written(start)}" if end is None else f"{_written(start)} to {_written(end)}"


def _written(instant: datetime | None) -> str:
    if instant is None:
        return ""
    return instant.replace(tzinfo=None).isoformat(" ").removesuffix(":00") + " UTC"


def _short(name: str) -> str:
    name = plain(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
