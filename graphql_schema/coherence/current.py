"""How conversations stand now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.current import Current, Run, current, runs
from app.coherence.sources.measure import Moment
from app.duration import Duration
from app.errors import BadUserInput
from graphql_schema.calculation import CalculationInputs
from graphql_schema.coherence.types import DriftLevel
from graphql_schema.context import Context, Info, Loader

log = structlog.get_logger()


class CurrentLoader(Loader[UUID, Moment, Current | BadUserInput]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: Moment
    ) -> dict[UUID, Current | BadUserInput]:
        return await current(connection, self.rights, keys, arguments)


class RunLoader(Loader[UUID, Moment, Run | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: Moment
    ) -> dict[UUID, Run | None]:
        return dict(await runs(connection, keys, arguments))

    def missing(self) -> None:
        return None


@strawberry.type(description="Of the window that ends now.")
class CurrentReading:
    key: strawberry.Private[UUID]
    current: strawberry.Private[Current]

    signal_count: int
    mean: float | None
    drift_score: float | None
    level: DriftLevel | None
    inputs: CalculationInputs

    @classmethod
    def of(cls, key: UUID, current: Current) -> Self:
        return cls(
            key=key,
            current=current,
            signal_count=current.n,
            mean=current.mean,
            drift_score=current.score,
            level=current.level and DriftLevel(current.level),
            inputs=CalculationInputs.of(current.moment.start, current.moment.at, current.freshness),
        )

    @strawberry.field(
        description="Since when the level has been what it is, by complete windows of the same width, of which 1 000 are "
        "looked at; null without one."
    )
    async def since(self, info: Info) -> datetime | None:
        return await since_of(info.context, self.key, self.current)


async def current_of(context: Context, key: UUID, window: Duration) -> CurrentReading:
    """What the contract's `current` answers."""
    found = await load_current(context, key, window)
    if isinstance(found, BadUserInput):
        raise found
    return CurrentReading.of(key, found)


async def load_current(context: Context, key: UUID, window: Duration) -> Current | BadUserInput:
    """Load it together with those of others, and log it."""
    found = await context.loader(CurrentLoader).load(key, Moment(window, await context.time()))
    if not isinstance(found, BadUserInput):
        log.info(
            "current",
            window=str(window),
            source=found.freshness.source,
            mean=found.mean,
            risk=found.level,
            request_id=context.request_id,
        )
    return found


async def since_of(context: Context, key: UUID, current: Current) -> datetime | None:
    """Return since when the current level has lasted; None where it has none, or the last complete window another."""
    if current.level is None:
        return None
    run = await context.loader(RunLoader).load(key, current.moment)
    return run.since if run is not None and run.level == current.level else None
