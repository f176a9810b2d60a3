"""Averages and counts by bucket, source and agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import BigInteger, ColumnElement, DateTime, case, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.viewer import Rights
from app.coherence.sources.aged import lost, too_old
from app.coherence.sources.spans import TABLES, Span, bucket_of, spans, start_of
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import Statement
from app.errors import BadUserInput
from app.signals.models import Rollup5Minutes, RollupState, Signal
from app.timerange import ALWAYS, TimeRange

MOST_BUCKETS = 50_000
MICROSECOND = timedelta(microseconds=1)


class CalendarUnit(Enum):
    """Weeks begin on Monday."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class Grid(Protocol):
    """Where buckets begin. `place` is what tells one from another, and grows with time."""

    @property
    def step(self) -> int:
        """Seconds of which every border is a multiple, counted from metrics.md's origin."""

    def places(self, time: ColumnElement[datetime]) -> ColumnElement[Any]:
        """In SQL."""

    def place(self, time: datetime) -> datetime: ...

    def after(self, place: datetime) -> datetime: ...

    def start(self, place: datetime) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Widths:
    """Buckets of one width from metrics.md's origin; a place is the start."""

    seconds: int

    @property
    def step(self) -> int:
        return self.seconds

    def places(self, time: ColumnElement[datetime]) -> ColumnElement[Any]:
        return bucket_of(time, self.seconds)

    def place(self, time: datetime) -> datetime:
        return start_of(time, self.seconds)

    def after(self, place: datetime) -> datetime:
        return place + timedelta(seconds=self.seconds)

    def start(self, place: datetime) -> datetime:
        return place


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days, weeks, months or years of a time zone; a place is the local time at which it begins, without a zone."""

    unit: CalendarUnit
    zone: ZoneInfo

    @property
    def step(self) -> int:
        return _step(self.zone)

    def places(self, time: ColumnElement[datetime]) -> ColumnElement[Any]:
        local = cast(func.timezone(self.zone.key, time), DateTime(timezone=False))
        return func.date_trunc(self.unit.value.lower(), local)

    def place(self, time: datetime) -> datetime:
        try:
            local = time.astimezone(self.zone)
        except OverflowError:  # in the last hours of the year 9999
            local = time
        day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        match self.unit:
            case CalendarUnit.DAY:
                return day
            case CalendarUnit.WEEK:
                return day - timedelta(days=day.weekday())
            case CalendarUnit.MONTH:
                return day.replace(day=1)
            case CalendarUnit.YEAR:
                return day.replace(month=1, day=1)

    def after(self, place: datetime) -> datetime:
        match self.unit:
            case CalendarUnit.DAY:
                return place + timedelta(days=1)
            case CalendarUnit.WEEK:
                return place + timedelta(days=7)
            case CalendarUnit.MONTH:
                return (place + timedelta(days=31)).replace(day=1)
            case CalendarUnit.YEAR:
                return place.replace(year=place.year + 1)

    def start(self, place: datetime) -> datetime:
        """The first instant of it: where a clock shows midnight twice, the earlier; where it leaps over, the leap."""
        return place.replace(tzinfo=self.zone, fold=0).astimezone(UTC)


@lru_cache(maxsize=1_000)
def _step(zone: ZoneInfo) -> int:
    """What the zone's distances from UTC have been multiples of since 1970: an hour, 5 minutes, or hardly anything."""
    probes = (datetime(year, month, 1, tzinfo=UTC) for year in range(1970, 2100) for month in range(1, 13))
    offsets = {
        int(offset.total_seconds()) for probe in probes if (offset := probe.astimezone(zone).utcoffset())
    }
    return next((step for step in (3_600, 300) if not any(offset % step for offset in offsets)), 1)


def time_zone(name: str) -> ZoneInfo:
    """BadUserInput where it is no name of the IANA's."""
    if name not in available_timezones():
        raise BadUserInput(
            f"timeZone {name[:40]!r} is no IANA time zone; take one such as Europe/Berlin.", field="timeZone"
        )
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which signals, and for whom; of a conversation that the caller has been allowed to read."""

    rights: Rights
    range: TimeRange = ALWAYS
    conversation_id: UUID | None = None
    sources: tuple[str, ...] | None = None
    agent_id: str | None = None

    def narrow(self, statement: Statement, table: Any) -> Statement:
        """`statement` on `table`, range aside."""
        if self.conversation_id is None:
            statement = statement.join(Conversation, Conversation.id == table.conversation_id).where(
                conversations.readable(self.rights)
            )
        else:
            statement = statement.where(table.conversation_id == self.conversation_id)
        if self.sources is not None:
            statement = statement.where(table.signal_source.in_(self.sources))
        if self.agent_id is not None:
            statement = statement.where(table.agent_id == checks.text("agentId", self.agent_id))
        return statement


@dataclass(frozen=True, slots=True)
class Bucket:
    start: datetime
    signal_source: str
    agent_id: str | None
    avg_score: float | None = None
    """None in a filled gap."""
    avg_tone: float | None = None
    n: int = 0


async def buckets(
    connection: AsyncConnection, grid: Grid, asked: Asked, *, fill_gaps: bool = False
) -> list[Bucket]:
    """By bucket, source, agent (None last); those that hold signals, or where `fill_gaps` all of the range for every
    source and agent that occurs (an open side ends at the first or last bucket that holds one).

    BadUserInput where there are more than 50 000, and where raw signals would have to be read that are no longer kept.
    """
    pieces = list(spans(asked.range, grid.step))
    if (
        not pieces or asked.agent_id == ""
    ):  # an empty range; nobody's name, which in rollups stands for no agent
        return []
    rows = await _rows(connection, grid, asked, pieces)
    if len(rows) > MOST_BUCKETS:
        raise _too_many()
    kept_from = (await connection.execute(select(RollupState.kept_from))).scalar_one()
    gone = lost(pieces, kept_from)
    if gone is not None and await connection.scalar(
        asked.narrow(select(Rollup5Minutes.bucket).where(gone), Rollup5Minutes).limit(1)
    ):
        raise too_old(kept_from, "duration")
    found = {
        (row.place, row.signal_source, row.agent_id): Bucket(
            grid.start(row.place),
            row.signal_source,
            row.agent_id,
            row.avg_score,
            # Not by PostgreSQL, where a number too small to be halved is an error.
            row.tone_sum / row.tone_count if row.tone_count else None,
            row.n,
        )
        for row in rows
    }
    return _filled(grid, asked.range, found) if fill_gaps and found else list(found.values())


def _too_many() -> BadUserInput:
    return BadUserInput(
        f"There are more than {MOST_BUCKETS} rows; take a wider duration or a shorter range.",
        field="duration",
    )


def _filled(
    grid: Grid, asked: TimeRange, found: dict[tuple[datetime, str, str | None], Bucket]
) -> list[Bucket]:
    pairs = sorted(
        {(source, agent) for _, source, agent in found},
        key=lambda pair: (pair[0], pair[1] is None, pair[1] or ""),
    )
    place = min(key[0] for key in found) if asked.start is None else grid.place(asked.start)
    last = max(key[0] for key in found) if asked.end is None else grid.place(asked.end - MICROSECOND)
    rows: list[Bucket] = []
    while True:
        start = grid.start(place)
        if place >= last or grid.start(grid.after(place)) > start:  # else a day that a zone has left out
            rows += [found.get((place, *pair)) or Bucket(start, *pair) for pair in pairs]
        if len(rows) > MOST_BUCKETS:
            raise _too_many()
        if place >= last:
            return rows
        place = grid.after(place)


async def _rows(connection: AsyncConnection, grid: Grid, asked: Asked, pieces: list[Span]) -> Sequence[Any]:
    parts = union_all(*(_part(grid, asked, span) for span in pieces)).subquery("part")
    n = cast(func.sum(parts.c.n), BigInteger)
    key = (parts.c.place, parts.c.signal_source, parts.c.agent_id)
    statement = (
        select(
            *key,
            (0.5 + func.sum(parts.c.s1) / n).label("avg_score"),
            func.sum(parts.c.tone_sum).label("tone_sum"),
            cast(func.sum(parts.c.tone_count), BigInteger).label("tone_count"),
            n.label("n"),
        )
        .group_by(*key)
        .order_by(
            parts.c.place,
            parts.c.signal_source.collate("C"),
            parts.c.agent_id.collate("C").asc().nulls_last(),
        )
        .limit(MOST_BUCKETS + 1)
    )
    return (await connection.execute(statement)).all()


def _part(grid: Grid, asked: Asked, span: Span) -> Statement:
    table = TABLES[span.width]
    time: Any
    sums: tuple[Any, ...]
    if table is Signal:
        time, sums = (
            Signal.time,
            (
                Signal.agent_id,
                literal(1).label("n"),
                (Signal.signal_score - 0.5).label("s1"),
                func.coalesce(Signal.emotional_tone, 0).label("tone_sum"),
                case((Signal.emotional_tone.is_(None), 0), else_=1).label("tone_count"),
            ),
        )
    else:
        time, sums = (
            table.bucket,
            (
                func.nullif(table.agent_id, "").label("agent_id"),
                table.n,
                table.s1,
                table.tone_sum,
                table.tone_count,
            ),
        )
    place = grid.places(time).label("place")
    return asked.narrow(select(place, table.signal_source, *sums).where(*span.range.holds(time)), table)
