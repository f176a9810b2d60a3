"""Reads moments: sums over signals from which every number of a range is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, Self
from uuid import UUID

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    any_,
    bindparam,
    cast,
    func,
    literal,
    null,
    outerjoin,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy import UUID as UUID_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.coherence.sources.aged import lost, too_old
from app.coherence.sources.freshness import STATE, Freshness
from app.coherence.sources.spans import TABLES, Span, bucket_of, spans
from app.coherence.windows import ORIGIN, Cells, Floats, Ints, collect
from app.conversations.models import Conversation
from app.conversations.queries import readable
from app.database.base import Statement
from app.database.replica import replayed_until
from app.errors import BadUserInput
from app.signals.models import Rollup5Minutes, RollupState, Signal
from app.timerange import ALWAYS, TimeRange

MICROSECOND = 1_000_000

# What PostgreSQL sends for one row of `packed`: its own binary forms, end to end.
_ROW = np.dtype([("time", ">i8"), ("n", ">i8"), ("s1", ">f8"), ("s2", ">f8")])


_POOLS = bindparam("pools", type_=ARRAY(UUID_(as_uuid=True)))


class Pool(Enum):
    """Whose signals make one stream."""

    CONVERSATION = "conversation"
    USER = "user"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Question:
    """What to read, of any number of pools at once; of conversations, those that the caller has been allowed to read."""

    rights: Rights
    """Whose everything it is, and for whom a user's signals are read."""
    pool: Pool
    range: TimeRange
    step: int
    """Seconds."""
    sources: tuple[str, ...] | None = None
    """Just these; all where None."""


class Piece(NamedTuple):
    """A part of a range, whenever that is."""

    width: int | None
    """Of the rollup's buckets; None of raw signals."""
    begins: bool
    ends: bool

    @classmethod
    def of(cls, span: Span) -> Self:
        return cls(span.width, span.range.start is not None, span.range.end is not None)


@dataclass(slots=True)
class Reading:
    """The signals of one pool."""

    cells: Cells
    freshness: Freshness
    source_counts: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


async def read(
    connection: AsyncConnection, question: Question, pools: Sequence[UUID | None]
) -> dict[UUID | None, Reading | BadUserInput]:
    """A reading of each pool (a conversation, a user, or None for everything), by one statement for all.

    BadUserInput for a pool of which raw signals would have to be read that are no longer kept.
    """
    found: dict[UUID | None, list[Any]] = {pool: [] for pool in pools}
    pieces = _pieces(question)
    statement = _statement(replace(question, range=ALWAYS), tuple(map(Piece.of, pieces)))
    replayed = await replayed_until(connection)
    for row in await connection.execute(statement, {"pools": list(pools), **_times(pieces)}):
        if row.source is not None:
            found[row.pool].append(row)
    # There is always a row: of the state, where there are no signals.
    freshness = Freshness.of(pieces, row, replayed)
    answers: dict[UUID | None, Reading | BadUserInput] = {
        pool: _reading(rows, question.step, freshness) for pool, rows in found.items()
    }
    for pool in await _aged(connection, question, pools, row.kept_from):
        answers[pool] = too_old(row.kept_from, "window")
    return answers


async def count_windows(
    connection: AsyncConnection, question: Question, pools: Sequence[UUID | None], steps: int
) -> dict[UUID | None, int]:
    """How many windows of `steps` steps hold signals: counted by PostgreSQL, without bringing the cells here."""
    pieces = _pieces(question)
    parts = [_part(question, place, Piece.of(span)) for place, span in enumerate(pieces)]
    cells = union_all(*parts).subquery("rows")
    number = func.floor(func.extract("epoch", cells.c.cell - literal(ORIGIN)) / question.step)
    distinct = select(cells.c.pool, number.label("number")).distinct().subquery("cells")
    since = distinct.c.number - func.lag(distinct.c.number).over(
        partition_by=distinct.c.pool, order_by=distinct.c.number
    )
    new = select(distinct.c.pool, func.least(steps, func.coalesce(since, steps)).label("new")).subquery("new")
    summed = select(new.c.pool, func.sum(new.c.new).label("n")).group_by(new.c.pool)
    rows = await connection.execute(summed, {"pools": list(pools), **_times(pieces)})
    return {row.pool: int(row.n) for row in rows}


async def _aged(
    connection: AsyncConnection, question: Question, pools: Sequence[UUID | None], kept_from: datetime
) -> Sequence[UUID | None]:
    """Those that had signals which `question` reads raw, and which are no longer kept."""
    gone = lost(_pieces(question), kept_from)
    if gone is None:
        return ()
    pool = pool_of(question.pool, Rollup5Minutes)
    statement = select(pool).select_from(Rollup5Minutes).where(gone).distinct()
    of_pools = _of_pools(statement, question, Rollup5Minutes)
    return (await connection.scalars(of_pools, {"pools": list(pools)})).all()


def _pieces(question: Question) -> list[Span]:
    return list(spans(question.range, question.step)) or [Span(question.range, None)]  # an empty range


def _times(pieces: Sequence[Span]) -> dict[str, datetime]:
    """Parameters of a statement over these pieces."""
    ends: dict[str, datetime | None] = {}
    for place, span in enumerate(pieces):
        ends |= {f"start{place}": span.range.start, f"end{place}": span.range.end}
    return {name: time for name, time in ends.items() if time is not None}


def _reading(rows: Sequence[Any], step: int, freshness: Freshness) -> Reading:
    return Reading(
        collect(*unpacked(b"".join(row.packed for row in rows)), step * MICROSECOND),
        freshness,
        {row.source: int(row.n) for row in rows},
        min((row.first for row in rows), default=None),
        max((row.last for row in rows), default=None),
    )


def unpacked(packed: bytes) -> tuple[Ints, Ints, Floats, Floats]:
    """Return times, numbers of signals, and their two sums; one array each, as `collect` takes them.

    Arrays of their own: who reads memory as it lies (orjson) takes no view of every fourth number.
    """
    rows = np.frombuffer(packed, _ROW)
    times, n = (rows[name].astype(np.int64) for name in ("time", "n"))
    s1, s2 = (rows[name].astype(np.float64) for name in ("s1", "s2"))
    return times, n, s1, s2


@lru_cache(256)
def _statement(question: Question, pieces: Sequence[Piece]) -> Statement:
    """One row a pool and source: its cells packed into bytes, its totals, and the state they were read in.

    The range is that of its parameters, and the question's own none: to put a statement together takes longer than
    PostgreSQL does, and ranges of now are never twice the same.
    """
    sums: FromClause
    if question.pool is Pool.CONVERSATION:
        # Each by itself: of all together PostgreSQL would rather read the whole range, and throw most of it away.
        wanted = func.unnest(_POOLS).table_valued("pool", name="wanted").render_derived()
        found = _sums(question, pieces, wanted.c.pool).lateral("found")
        sums = select(wanted.c.pool, *found.c).select_from(wanted.join(found, true())).subquery("sums")
    else:
        sums = _sums(question, pieces).subquery("sums")
    return select(
        sums,
        RollupState.kept_from,
        *STATE,
    ).select_from(outerjoin(RollupState, sums, true()))


def _sums(
    question: Question, pieces: Sequence[Piece], conversation: ColumnElement[UUID] | None = None
) -> Statement:
    """A row a pool and source, or a source of one conversation."""
    parts = [_part(question, place, piece, conversation) for place, piece in enumerate(pieces)]
    c = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("rows").c
    packed = (
        func.timestamptz_send(c.cell)
        .op("||")(func.int8send(c.n))
        .op("||")(func.float8send(c.s1))
        .op("||")(func.float8send(c.s2))
    )
    own = (c.source,) if conversation is not None else (c.pool, c.source)
    return select(
        *own,
        func.sum(c.n).label("n"),
        func.min(c.first).label("first"),
        func.max(c.last).label("last"),
        func.string_agg(packed, literal(b"")).label("packed"),
    ).group_by(*own)


def _part(
    question: Question, place: int, piece: Piece, conversation: ColumnElement[UUID] | None = None
) -> Statement:
    """Moments of one piece, a row a cell at least; several rows of one cell are summed afterwards."""
    table = TABLES[piece.width]
    raw = table is Signal
    shifted = Signal.signal_score - 0.5
    time: Any = Signal.time if raw else table.bucket
    n, s1, s2 = (
        (func.count(), func.sum(shifted), func.sum(shifted * shifted))
        if raw
        else (table.n, table.s1, table.s2)
    )
    first, last = (Signal.time, Signal.time) if raw else (table.first_time, table.last_time)
    cell: ColumnElement[Any] = time
    # A conversation's rollup has hardly more rows than cells: numpy adds them up faster than a grouping here.
    grouped = raw or question.pool is not Pool.CONVERSATION
    if grouped:
        cell = bucket_of(time, question.step)
        first, last = func.min(first), func.max(last)
    if grouped and not raw:
        n, s1, s2 = cast(func.sum(n), BigInteger), func.sum(s1), func.sum(s2)
    statement = select(
        pool_of(question.pool, table).label("pool"),
        table.signal_source.label("source"),
        cell.label("cell"),
        n.label("n"),
        s1.label("s1"),
        s2.label("s2"),
        first.label("first"),
        last.label("last"),
    )
    if piece.begins:
        statement = statement.where(time >= bindparam(f"start{place}"))
    if piece.ends:
        statement = statement.where(time < bindparam(f"end{place}"))
    if conversation is None:
        statement = _of_pools(statement, question, table)
    else:
        own = table.conversation_id == conversation
        statement = _of_sources(statement, question, table).where(own).correlate(conversation.table)
    return statement.group_by(text("pool"), text("source"), text("cell")) if grouped else statement


def _of_sources(statement: Statement, question: Question, table: Any) -> Statement:
    wanted = question.sources
    return statement if wanted is None else statement.where(table.signal_source.in_(wanted))


def _of_pools(statement: Statement, question: Question, table: Any) -> Statement:
    """What of `table` the question asks for, range aside; `pools` is the statement's parameter."""
    statement = _of_sources(statement, question, table)
    if question.pool is Pool.CONVERSATION:
        return statement.where(table.conversation_id == any_(_POOLS))
    statement = statement.join(Conversation, Conversation.id == table.conversation_id).where(
        readable(question.rights)
    )
    return statement.where(Conversation.user_id == any_(_POOLS)) if question.pool is Pool.USER else statement


def pool_of(pool: Pool, table: Any) -> ColumnElement[Any]:
    match pool:
        case Pool.CONVERSATION:
            return table.conversation_id.expression  # type: ignore[no-any-return]
        case Pool.USER:
            return Conversation.user_id.expression
        case Pool.EVERYTHING:
            return cast(null(), UUID_)
