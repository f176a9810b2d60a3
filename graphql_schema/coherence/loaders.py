"""Coherence of many conversations or users at once."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.moments import Pool
from app.duration import Duration
from app.errors import BadUserInput
from app.signals.queries import named_sources
from graphql_schema.coherence.types import Coherence
from graphql_schema.context import Context, Loader
from graphql_schema.inputs import TimeRange, known, range_of


class CoherenceLoader(Loader[UUID | None, tuple[Pool, Windows], Analysis | BadUserInput]):
    """By conversation, by user, or of everything (None)."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: tuple[Pool, Windows]
    ) -> dict[UUID | None, Analysis | BadUserInput]:
        pool, windows = arguments
        return await analyse(connection, pool, keys, windows, self.services.settings.weights)


async def coherence_of(
    context: Context,
    pool: Pool,
    key: UUID | None,
    window: Duration,
    step: Duration | None,
    time_range: TimeRange | None,
    sources: list[str] | None,
) -> Coherence:
    """What the contract's `coherence` fields answer."""
    windows = Windows(window, known(step) or window, range_of(time_range), named_sources(known(sources)))
    analysis = await context.loader(CoherenceLoader).load(key, (pool, windows))
    if isinstance(analysis, BadUserInput):
        raise analysis
    return Coherence.of(analysis)
