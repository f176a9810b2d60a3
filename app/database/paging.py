"""Keyset pages: parts of a list in order by (sort value, id), found by the key and never by counting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.base import AnyRow, Instant, Statement

type Key = tuple[datetime, Any]
"""Sort value and id of a row."""

# Beside the rows of the page itself, a statement brings one row from either side of it where there is one.
PREVIOUS, INSIDE, NEXT = -1, 0, 1


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` rows between two keys, both exclusive: the first ones, or the last ones where `backward`.

    The parts of a key may be parameters of a statement that is kept.
    """

    limit: int
    backward: bool = False
    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Ascending by (value, id), or descending by both."""

    value: ColumnElement[datetime]
    id: ColumnElement[Any]
    descending: bool = False


@dataclass(slots=True)
class Slice[R]:
    """The rows of a page in the list's order, and whether the list goes on beyond them."""

    rows: list[R] = field(default_factory=list)
    has_previous: bool = False
    has_next: bool = False


async def read_page(
    connection: AsyncConnection, statement: Statement, order: Order, page: Page
) -> Slice[AnyRow]:
    """One page of `statement`, whose columns include `id`; its rows have `sort_value` besides."""
    return _slice((await connection.execute(page_of(statement, order, page))).all(), order, page)


async def read_pages(
    connection: AsyncConnection,
    statement: Statement,
    order: Order,
    page: Page,
    *,
    parent: ColumnElement[Any],
    parents: Sequence[Any],
) -> dict[Any, Slice[AnyRow]]:
    """The same page for each of `parents`, values of the column `parent`: one statement for all."""
    wanted = select(
        func.unnest(bindparam("parents", list(parents), postgresql.ARRAY(parent.type))).label("id")
    ).cte("wanted")
    rows = page_of(statement.where(parent == wanted.c.id).correlate(wanted), order, page).lateral("page")
    found = await connection.execute(
        select(wanted.c.id.label("parent"), *rows.c).select_from(wanted).join(rows, true())
    )
    by_parent: dict[Any, list[AnyRow]] = {key: [] for key in parents}
    for row in found:
        by_parent[row.parent].append(row)
    return {key: _slice(rows, order, page) for key, rows in by_parent.items()}


def page_of(statement: Statement, order: Order, page: Page) -> Statement | CompoundSelect[*tuple[Any, ...]]:
    """One row more than the page has, and one from either side of it: `part` tells which, `sort_value` what it is
    sorted by.
    """
    key = tuple_(order.value, order.id)
    forward = order.descending == page.backward
    after, before = (k and tuple_(*_literals(order, k)) for k in (page.after, page.before))
    later, sooner = (key.__lt__, key.__gt__) if order.descending else (key.__gt__, key.__lt__)

    inside = _part(statement, order, INSIDE).order_by(
        *(column.asc() if forward else column.desc() for column in (order.value, order.id))
    )
    parts = [inside.limit(page.limit + 1)]
    if after is not None:
        parts[0] = parts[0].where(later(after))
        parts.append(_part(statement, order, PREVIOUS).where(~later(after)).limit(1))
    if before is not None:
        parts[0] = parts[0].where(sooner(before))
        parts.append(_part(statement, order, NEXT).where(~sooner(before)).limit(1))
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _literals(order: Order, key: Key) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    value, id_ = (
        given if isinstance(given, BindParameter) else literal(given, column.type)
        for given, column in zip(key, (order.value, order.id), strict=True)
    )
    return value, id_


def _part(statement: Statement, order: Order, part: int) -> Statement:
    value = type_coerce(order.value, Instant)
    return statement.add_columns(value.label("sort_value"), literal_column(str(part)).label("part"))


def _slice(found: Sequence[AnyRow], order: Order, page: Page) -> Slice[AnyRow]:
    rows = sorted(
        (row for row in found if row.part == INSIDE),
        key=attrgetter("sort_value", "id"),
        reverse=order.descending,
    )
    beyond = {row.part for row in found}
    over = len(rows) > page.limit
    if page.backward:
        rows = rows[len(rows) - page.limit :] if over else rows
    else:
        rows = rows[: page.limit]
    return Slice(
        rows,
        has_previous=PREVIOUS in beyond or (over and page.backward),
        has_next=NEXT in beyond or (over and not page.backward),
    )
