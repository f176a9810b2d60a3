"""How signals move between sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.aged import lost, too_old
from app.coherence.sources.spans import Span
from app.errors import BadUserInput
from app.signals.models import Rollup5Minutes, RollupState, Signal
from app.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Step:
    """From one signal's source to that of the next one in the conversation."""

    from_source: str
    to_source: str
    count: int
    mean_score_change: float
    """Mean of score after - score before, -1 to 1."""


async def lineage(
    connection: AsyncConnection,
    ids: Sequence[UUID],
    range: TimeRange,  # noqa: A002 - the contract's name
) -> dict[UUID, list[Step] | BadUserInput]:
    """Steps between different sources of each conversation, of its signals in `range`: by count down, then names.

    BadUserInput for one that had signals there which are no longer kept.
    """

    def before(column: Any) -> Any:
        """Of the signal before, in the same conversation."""
        order = (Signal.time, Signal.id)
        return func.lag(column).over(partition_by=Signal.conversation_id, order_by=order)

    steps = (
        select(
            Signal.conversation_id,
            before(Signal.signal_source).label("before"),
            Signal.signal_source.label("after"),
            (Signal.signal_score - before(Signal.signal_score)).label("change"),
        )
        .where(Signal.conversation_id.in_(ids), *range.holds(Signal.time))
        .subquery("steps")
    )
    c = steps.c
    count = func.count()
    statement = (
        select(c.conversation_id, c.before, c.after, count.label("n"), func.avg(c.change).label("change"))
        .where(c.before != c.after)
        .group_by(c.conversation_id, c.before, c.after)
        .order_by(count.desc(), c.before.collate("C"), c.after.collate("C"))
    )
    found: dict[UUID, list[Step] | BadUserInput] = {key: [] for key in ids}
    for row in await connection.execute(statement):
        own = found[row.conversation_id]
        if isinstance(own, list):
            own.append(Step(row.before, row.after, row.n, row.change))
    kept_from = (await connection.execute(select(RollupState.kept_from))).scalar_one()
    for key in await _aged(connection, ids, range, kept_from):
        found[key] = too_old(kept_from, "range")
    return found


async def _aged(
    connection: AsyncConnection, ids: Sequence[UUID], wanted: TimeRange, kept_from: datetime
) -> Sequence[UUID]:
    gone = lost([Span(wanted, None)], kept_from)
    if gone is None:
        return ()
    key = Rollup5Minutes.conversation_id
    return (await connection.scalars(select(key).where(key.in_(ids), gone).distinct())).all()
