"""Anomalies by id, and in pages of many conversations or users at once."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.anomalies import queries
from app.anomalies.queries import AnomalyFilter
from app.auth.viewer import Rights
from app.database.base import AnyRow
from app.database.paging import Page, Slice
from graphql_schema.anomalies.types import Anomaly
from graphql_schema.connections import ANOMALIES, Connection, Edge, edges
from graphql_schema.context import Context, Loader


class AnomalyLoader(Loader[UUID, None, Anomaly | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, Anomaly | None]:
        return {
            key: Anomaly.of(row) for key, row in (await queries.by_ids(connection, self.rights, keys)).items()
        }

    def missing(self) -> None:
        return None


class AnomalyPages(Loader[None, tuple[AnomalyFilter, Page], Slice[Edge[Anomaly]]]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[None], arguments: tuple[AnomalyFilter, Page]
    ) -> dict[None, Slice[Edge[Anomaly]]]:
        return {None: edges(ANOMALIES, await queries.page(connection, self.rights, *arguments), Anomaly.of)}


class AnomalyCounts(Loader[None, AnomalyFilter, int]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[None], arguments: AnomalyFilter
    ) -> dict[None, int]:
        return {None: await queries.count(connection, self.rights, arguments)}


type PagesOf = Callable[[AsyncConnection, Rights, Sequence[UUID], Page], Awaitable[dict[UUID, Slice[AnyRow]]]]
type CountsOf = Callable[[AsyncConnection, Rights, Sequence[UUID]], Awaitable[dict[UUID, int]]]


class PagesOfParents(Loader[UUID, tuple[PagesOf, Page], Slice[Edge[Anomaly]]]):
    """By conversation or by user, whichever the function reads."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: tuple[PagesOf, Page]
    ) -> dict[UUID, Slice[Edge[Anomaly]]]:
        pages_of, page = arguments
        pages = await pages_of(connection, self.rights, keys, page)
        return {key: edges(ANOMALIES, found, Anomaly.of) for key, found in pages.items()}


class CountsOfParents(Loader[UUID, CountsOf, int]):
    """As PagesOfParents."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: CountsOf
    ) -> dict[UUID, int]:
        return await arguments(connection, self.rights, keys)

    def missing(self) -> int:
        return 0


def _connection(
    context: Context,
    load: Callable[[], Awaitable[Slice[Edge[Anomaly]]]],
    count: Callable[[], Awaitable[int]],
) -> Connection[Anomaly]:
    """Both read once all that has been stored is looked at."""

    async def up_to_date_page() -> Slice[Edge[Anomaly]]:
        await context.arrivals_dealt_with()
        return await load()

    async def up_to_date_count() -> int:
        await context.arrivals_dealt_with()
        return await count()

    return Connection(paged=ANOMALIES, load=up_to_date_page, count=up_to_date_count)


def anomalies(context: Context, wanted: AnomalyFilter, page: Page) -> Connection[Anomaly]:
    return _connection(
        context,
        lambda: context.loader(AnomalyPages).load(None, (wanted, page)),
        lambda: context.loader(AnomalyCounts).load(None, wanted),
    )


def anomalies_of_conversation(context: Context, key: UUID, page: Page) -> Connection[Anomaly]:
    return _connection(
        context,
        lambda: context.loader(PagesOfParents).load(key, (queries.pages_of_conversations, page)),
        lambda: context.loader(CountsOfParents).load(key, queries.counts_of_conversations),
    )


def anomalies_of_user(context: Context, key: UUID, page: Page) -> Connection[Anomaly]:
    return _connection(
        context,
        lambda: context.loader(PagesOfParents).load(key, (queries.pages_of_users, page)),
        lambda: context.loader(CountsOfParents).load(key, queries.counts_of_users),
    )
