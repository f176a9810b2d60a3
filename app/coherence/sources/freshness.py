"""Where numbers are read from, and how fresh that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.spans import Span
from app.database.base import MINUS_INFINITY
from app.database.replica import replayed_until
from app.signals.models import RollupState

STATE: Final = (
    RollupState.source.label("rollups"),
    RollupState.materialized_5m,
    RollupState.materialized_1h,
    func.now().label("as_of"),
)
"""Columns of what `of` needs."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of what is read together, in one snapshot."""

    source: str
    """`continuous_aggregate`, `rollup`, `raw`, or one of the former two `+raw`."""
    as_of: datetime
    """Everything committed before it is counted. On a replica what it had replayed before it was read."""
    materialized_through: datetime | None
    """What lies before comes from buckets summed beforehand, save what was touched since; None where all is raw."""

    @classmethod
    def of(cls, spans: Iterable[Span], state: Any, replayed: datetime | None) -> "Freshness":
        """Of what is read by these spans; `state` has the columns of STATE.

        `replayed` is `replayed_until`, asked by an earlier statement than the one that reads.
        """
        as_of = state.as_of if replayed is None else min(state.as_of, replayed)
        widths = {span.width for span in spans}
        rolled_up = widths - {None}
        through = None
        if rolled_up:
            through = (
                as_of
                if state.rollups == "rollup"
                else state.materialized_1h
                if 3_600 in rolled_up
                else state.materialized_5m
            )
        return cls(
            source="+".join(([state.rollups] if rolled_up else []) + (["raw"] if None in widths else [])),
            as_of=as_of,
            materialized_through=None if through == MINUS_INFINITY else through,
        )


async def freshness(connection: AsyncConnection, spans: Iterable[Span]) -> Freshness:
    """Return how fresh is what the next statement reads by these spans: asked before it, so that `as_of` holds."""
    replayed = await replayed_until(connection)
    return Freshness.of(spans, (await connection.execute(select(*STATE))).one(), replayed)
