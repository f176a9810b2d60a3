"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import strawberry

from app.database.paging import Key, Page, Slice
from app.errors import BadUserInput
from app.instant import instant, microseconds
from graphql_schema.inputs import known
from graphql_schema.nodes import number_of, opaque, plain


@dataclass(frozen=True, slots=True)
class Paged:
    """A list that can be paged: what its cursors are called and how long its pages may be."""

    kind: str
    """Cursors of one kind are not taken for another."""
    parse_id: Callable[[str], Any] = UUID
    default: int = 20
    most: int = 100

    def cursor(self, key: Key) -> str:
        return opaque(f"{self.kind}:{microseconds(key[0])}:{key[1]}")

    def key(self, cursor: str, field: str) -> Key:
        try:
            kind, time, number = plain(cursor).split(":")
            if kind != self.kind:
                raise ValueError(kind)  # noqa: TRY301 - all that is wrong with a cursor is said below
            return instant(int(time)), self.parse_id(number)
        except (ValueError, OverflowError):
            raise BadUserInput(
                f"{field} {cursor[:60]!r} is not a cursor of this list; take one from its edges or pageInfo.",
                field=field,
            ) from None

    def page(self, first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
        """The page that a client asked for."""
        first, after, last, before = known(first), known(after), known(last), known(before)
        for field, size in (("first", first), ("last", last)):
            if size is not None and not 0 <= size <= self.most:
                raise BadUserInput(f"{field} is {size}; it takes 0 to {self.most}.", field=field)
        if first is not None and last is not None:
            raise BadUserInput("first and last are both given; take one of them.", field="last")
        limit = first if first is not None else last
        return Page(
            self.default if limit is None else limit,
            backward=last is not None,
            after=None if after is None else self.key(after, "after"),
            before=None if before is None else self.key(before, "before"),
        )


NodeType = TypeVar("NodeType")

USERS = Paged("users")
SIGNALS = Paged("signals", number_of, default=50, most=1_000)
ANOMALIES = Paged("anomalies")
MESSAGES = Paged("messages", number_of)


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(name="Edge")
class Edge(Generic[NodeType]):  # noqa: UP046 - Strawberry names types by its own variable
    paged: strawberry.Private[Paged]
    place: strawberry.Private[Key]
    node: NodeType

    @strawberry.field
    def cursor(self) -> str:
        return self.paged.cursor(self.place)


@strawberry.type(name="Connection")
class Connection(Generic[NodeType]):  # noqa: UP046
    """Reads its page when something of it is asked for, and counts only where `totalCount` is."""

    paged: strawberry.Private[Paged]
    load: strawberry.Private[Callable[[], Awaitable[Slice[Edge[Any]]]]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field
    async def edges(self) -> list[Edge[NodeType]]:
        return (await self.load()).rows

    @strawberry.field
    async def page_info(self) -> PageInfo:
        page = await self.load()
        return PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=self.paged.cursor(page.rows[0].place) if page.rows else None,
            end_cursor=self.paged.cursor(page.rows[-1].place) if page.rows else None,
        )

    @strawberry.field
    async def total_count(self) -> int:
        return await self.count()


def edges(paged: Paged, page: Slice[Any], node: Callable[[Any], Any]) -> Slice[Edge[Any]]:
    """The page's rows as edges; `node` makes a node of a row."""
    return Slice(
        [Edge(paged=paged, place=(row.sort_value, row.id), node=node(row)) for row in page.rows],
        page.has_previous,
        page.has_next,
    )
