"""The rows of a connection's page, and what is told of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, func, literal_column, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.database import paging
from app.database.base import Statement
from app.database.paging import Order, Page
from graphql_schema.connections import Paged
from graphql_schema.plans.plan import Unplanned
from graphql_schema.plans.text import Piece, maybe, microseconds, on_one_line, opaque, plain


@dataclass(frozen=True, slots=True)
class Rows:
    """A list that can be paged, of all or of one parent."""

    type_name: str
    paged: Paged
    order: Order
    all: Statement
    """With the columns of the type's fields."""
    parent: Any = None
    """Column of the parent's row that the list is of."""


class Found:
    """The rows of a page; where it is asked for, with what lies beside it (`app.database.paging.page_of`)."""

    def __init__(self, rows: Rows, page: Page, *, whole: bool, alias: str) -> None:
        self.paged, self.page, self.whole = rows.paged, page, whole
        order = rows.order
        if not whole:
            ways = [
                column.desc() if order.descending != page.backward else column.asc()
                for column in (order.value, order.id)
            ]
            sorted_ = rows.all.add_columns(order.value.label("sort_value")).order_by(*ways).limit(page.limit)
            self.rows: Any = sorted_.subquery(alias)
        else:
            parts: Any = paging.page_of(rows.all, order, page).subquery(f"{alias}p")
            ways = [
                column.desc() if order.descending != page.backward else column.asc()
                for column in (parts.c.sort_value, parts.c.id)
            ]
            number = func.row_number().over(partition_by=parts.c.part, order_by=ways)
            numbered = select(*parts.c, number.label("place"))
            self.rows = numbered.subquery(alias)
        ascending, descending = zip(
            *((column.asc(), column.desc()) for column in (self.rows.c.sort_value, self.rows.c.id)),
            strict=True,
        )
        self.order, self.reverse = (descending, ascending) if order.descending else (ascending, descending)
        place: list[Piece] = [
            f"{self.paged.kind}:",
            microseconds(self.rows.c.sort_value),
            ":",
            plain(self.rows.c.id),
        ]
        self.cursor = on_one_line(opaque(place))

    @property
    def inside(self) -> ColumnElement[bool]:
        return and_(self.rows.c.part == paging.INSIDE, self.rows.c.place <= self.page.limit)

    def joined(self, edge: ColumnElement[str]) -> ColumnElement[Any]:
        edges = func.string_agg(edge, aggregate_order_by(literal_column("','"), *self.order))
        return edges.filter(self.inside) if self.whole else edges

    def info(self, name: str) -> Piece:
        row, backward = self.rows.c, self.page.backward
        over = and_(row.part == paging.INSIDE, row.place > self.page.limit)
        if name == "hasNextPage":
            return _any(row.part == paging.NEXT if backward else or_(row.part == paging.NEXT, over))
        if name == "hasPreviousPage":
            return _any(or_(row.part == paging.PREVIOUS, over) if backward else row.part == paging.PREVIOUS)
        if name not in {"startCursor", "endCursor"}:
            raise Unplanned(name)
        ways = self.order if name == "startCursor" else self.reverse
        cursors = func.array_agg(aggregate_order_by(self.cursor, *ways)).filter(self.inside)
        return maybe(type_coerce(cursors, ARRAY(Text))[1])


def _any(condition: ColumnElement[bool]) -> ColumnElement[str]:
    return func.coalesce(plain(func.bool_or(condition)), "false")


def count(rows: Rows) -> ColumnElement[int]:
    counted = rows.all.with_only_columns(func.count(), maintain_column_froms=True)
    return counted.scalar_subquery()
