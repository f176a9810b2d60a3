"""Signals of many conversations at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.paging import Page, Slice
from app.errors import BadUserInput
from app.signals import queries
from app.signals.lineage import Step, lineage
from app.signals.queries import SignalFilter, SignalKey
from app.signals.summary import Summary, summaries
from app.timerange import TimeRange
from graphql_schema.connections import SIGNALS, Connection, Edge, edges
from graphql_schema.context import Context, Loader
from graphql_schema.signals.types import LineageStep, Signal, SignalSummary


class SignalLoader(Loader[SignalKey, None, Signal | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[SignalKey], arguments: None
    ) -> dict[SignalKey, Signal | None]:
        found = await queries.by_keys(connection, self.rights, keys)
        return {key: Signal.of(row) for key, row in found.items()}

    def missing(self) -> None:
        return None


class SignalPages(Loader[UUID | None, tuple[SignalFilter, Page], Slice[Edge[Signal]]]):
    """By conversation; None for those of all."""

    async def read(
        self,
        connection: AsyncConnection,
        keys: Sequence[UUID | None],
        arguments: tuple[SignalFilter, Page],
    ) -> dict[UUID | None, Slice[Edge[Signal]]]:
        found: dict[UUID | None, Slice[Edge[Signal]]] = {}
        if None in keys:
            found[None] = edges(SIGNALS, await queries.page(connection, self.rights, *arguments), Signal.of)
        if ids := [key for key in keys if key is not None]:
            pages = await queries.pages_of_conversations(connection, ids, *arguments)
            found |= {key: edges(SIGNALS, page, Signal.of) for key, page in pages.items()}
        return found


class SignalCounts(Loader[UUID | None, SignalFilter, int]):
    """By conversation; None for those of all."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: SignalFilter
    ) -> dict[UUID | None, int]:
        found: dict[Any, int] = {}
        if None in keys:
            found[None] = await queries.count(connection, self.rights, arguments)
        if ids := [key for key in keys if key is not None]:
            found |= await queries.counts_of_conversations(connection, ids, arguments)
        return found

    def missing(self) -> int:
        return 0


def signals_of(
    context: Context, conversation: UUID | None, wanted: SignalFilter, page: Page
) -> Connection[Signal]:
    async def load() -> Slice[Edge[Signal]]:
        if wanted.classification is not None:
            await context.arrivals_dealt_with()
        return await context.loader(SignalPages).load(conversation, (wanted, page))

    async def count() -> int:
        if wanted.classification is not None:
            await context.arrivals_dealt_with()
        return await context.loader(SignalCounts).load(conversation, wanted)

    return Connection(paged=SIGNALS, load=load, count=count)


class SummaryLoader(Loader[UUID | None, SignalFilter, Summary | BadUserInput]):
    """By user; None for that of everything."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: SignalFilter
    ) -> dict[UUID | None, Summary | BadUserInput]:
        found: dict[UUID | None, Summary | BadUserInput] = {}
        if None in keys:
            found |= await summaries(connection, self.rights, [None], arguments)
        if users := [key for key in keys if key is not None]:
            found |= await summaries(connection, self.rights, users, arguments)
        return found


async def summary_of(context: Context, user: UUID | None, wanted: SignalFilter) -> SignalSummary:
    await context.arrivals_dealt_with()
    summary = await context.loader(SummaryLoader).load(user, wanted)
    if isinstance(summary, BadUserInput):
        raise summary
    return SignalSummary.of(summary, user, wanted)


class LineageLoader(Loader[UUID, TimeRange, list[Step] | BadUserInput]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: TimeRange
    ) -> dict[UUID, list[Step] | BadUserInput]:
        return await lineage(connection, keys, arguments)


async def lineage_of(context: Context, conversation: UUID, wanted: TimeRange) -> list[LineageStep]:
    steps = await context.loader(LineageLoader).load(conversation, wanted)
    if isinstance(steps, BadUserInput):
        raise steps
    return [
        LineageStep(
            from_source=step.from_source,
            to_source=step.to_source,
            count=step.count,
            mean_score_change=step.mean_score_change,
        )
        for step in steps
    ]
