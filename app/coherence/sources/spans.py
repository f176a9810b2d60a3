"""Which part of a range is read from which table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal

from app.coherence.windows import ORIGIN
from app.signals.models import Rollup1Hour, Rollup5Minutes, Signal
from app.timerange import TimeRange

ROLLUPS = (3_600, 300)
"""Widths of the rollups in seconds, widest first."""

TABLES: dict[int | None, Any] = {3_600: Rollup1Hour, 300: Rollup5Minutes, None: Signal}
"""Where a span of each width is read."""


def bucket_of(time: ColumnElement[datetime], seconds: int) -> ColumnElement[datetime]:
    """Start of the bucket of that width in which `time` lies."""
    width = func.make_interval(0, 0, 0, 0, 0, 0, literal(seconds, Integer))
    return func.date_bin(width, time, literal(ORIGIN))


def start_of(time: datetime, seconds: int) -> datetime:
    """`bucket_of` in Python."""
    return time - (time - ORIGIN) % timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Span:
    """`range` is read from the rollup of `width` seconds, or from raw signals where that is None."""

    range: TimeRange
    width: int | None

    def older(self, than: datetime) -> "Span | None":
        """What of it lies before `than`."""
        start, end = self.range.start, self.range.end
        if start is not None and start >= than:
            return None
        return Span(TimeRange(start, than if end is None else min(end, than)), self.width)


def spans(wanted: TimeRange, step: int) -> Iterator[Span]:
    """`wanted` cut, in order, into whole buckets of the widest rollup that divides `step`, and what is left at
    either end into narrower ones and raw signals. Nothing is counted twice and nothing is left out.
    """
    yield from _cut(wanted, tuple(width for width in ROLLUPS if step % width == 0))


def _cut(wanted: TimeRange, widths: tuple[int, ...]) -> Iterator[Span]:
    if wanted.start is not None and wanted.start == wanted.end:
        return
    if not widths:
        yield Span(wanted, None)
        return
    width = timedelta(seconds=widths[0])
    try:
        start = wanted.start and wanted.start + (ORIGIN - wanted.start) % width
    except OverflowError:  # in the last bucket before the year 10000
        start = wanted.start and wanted.start.max.replace(tzinfo=UTC)
    end = wanted.end and start_of(wanted.end, widths[0])
    if start is not None and end is not None and start >= end:
        yield from _cut(wanted, widths[1:])
        return
    if start is not None:
        yield from _cut(TimeRange(wanted.start, start), widths[1:])
    yield Span(TimeRange(start, end), widths[0])
    if end is not None:
        yield from _cut(TimeRange(end, wanted.end), widths[1:])
