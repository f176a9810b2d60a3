"""Lists of objects, completed a column at a time: of fields that are attributes nothing is left to be found out.

Fields with resolvers of their own are executed object by object, as they always are.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple, cast

from graphql import GraphQLObjectType, is_leaf_type, is_non_null_type, is_object_type, specified_scalar_types
from graphql.pyutils import Path

from graphql_schema.batches import nullable
from graphql_schema.rows import Objects, Rows, as_objects


class Awaited(NamedTuple):
    """A value that takes its place once it is there."""

    value: Coroutine[Any, Any, Any]
    place: dict[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class _Made:
    """One call's: what its objects are, where they are, and what is awaited of them."""

    rows: Rows[Any] | Objects
    paths: Sequence[Path]
    """Empty where nothing is executed."""
    awaited: list[Awaited]
    begun: list[Any]
    """What has to be seen to its end, should the rest not come about."""


type _Column = Callable[[_Made], Iterable[Any]]


class Shape:
    """What the client selects of each object of one type."""

    def __init__(self, executor: Any, type_: GraphQLObjectType, field_details_list: Any) -> None:
        self.executor = executor
        self.type = type_
        selected, deferred, *_ = executor.collect_subfields(type_, field_details_list)
        self.possible = not deferred
        """Whether nothing of it needs the ordinary way."""
        self.executes = False
        self.raises = False
        """Whether it may have an error that leaves nothing of the whole object."""
        self.columns: dict[str, _Column | None] = {}
        self.details = selected
        for key, details in selected.items():
            self.columns[key] = self._column(key, details)

    def _column(self, key: str, details: Any) -> _Column | None:
        """None for what is executed."""
        name = details[0].node.name.value
        if name == "__typename":
            return lambda made: repeat(self.type.name, len(made.rows))
        field = self.type.fields[name]
        type_: Any = nullable(field.type)
        plain = not field.args and getattr(field.resolve, "_is_default", False)
        if not plain or not (is_leaf_type(type_) or is_object_type(type_)):
            self.executes = True
            self.raises |= is_non_null_type(field.type)
            return None
        column = field.extensions["strawberry-definition"].python_name
        if is_leaf_type(type_):
            if type_.name in specified_scalar_types:
                return lambda made: made.rows.column(column)
            write = type_.serialize
            return lambda made: [None if each is None else write(each) for each in made.rows.column(column)]
        below = Shape(self.executor, cast(GraphQLObjectType, type_), details)
        self.possible &= below.possible and (is_non_null_type(field.type) or not below.raises)
        self.executes |= below.executes
        self.raises |= below.raises
        return lambda made: self._below(below, key, made, made.rows.column(column))

    def _below(self, below: "Shape", key: str, made: _Made, objects: Sequence[Any]) -> Iterator[Any]:
        """The objects as `below` shapes them, and None for None."""
        there = Objects(each for each in objects if each is not None)
        paths = [
            Path(path, key, self.type.name)
            for path, each in zip(made.paths, objects, strict=bool(made.paths))
            if each is not None
        ]
        found = iter(below.make(_Made(there, paths, made.awaited, made.begun)))
        return (None if each is None else next(found) for each in objects)

    def make(self, made: _Made) -> list[dict[str, Any]]:
        """The objects in order, each with what is selected of it: nothing at all, where everything is skipped."""
        awaited: list[tuple[int, str, Coroutine[Any, Any, Any]]] = []
        columns = {
            key: column(made) if column is not None else self._executed(key, made, awaited)
            for key, column in self.columns.items()
        }
        objects = as_objects(columns, len(made.rows))
        made.awaited.extend(Awaited(value, objects[place], key) for place, key, value in awaited)
        return objects

    def _executed(
        self, key: str, made: _Made, awaited: list[tuple[int, str, Coroutine[Any, Any, Any]]]
    ) -> list[Any]:
        execute, is_awaitable = self.executor.execute_field, self.executor.is_awaitable
        values = []
        for place, (each, path) in enumerate(zip(made.rows, made.paths, strict=True)):
            value = execute(self.type, each, self.details[key], Path(path, key, self.type.name), None)
            values.append(value)
            if is_awaitable(value):
                made.begun.append(value)
                awaited.append((place, key, value))
        return values

    def complete(self, rows: Rows[Any] | Objects, path: Path, start: int) -> Any:
        """The items of a list from `start` on: a list, or what it is awaited by."""
        paths = [Path(path, start + n, None) for n in range(len(rows))] if self.executes else ()
        made = _Made(rows, paths, [], [])
        try:
            items = self.make(made)
        except Exception:
            self.executor.settle_in_background(made.begun)
            raise
        return self._settled(items, made.awaited) if made.awaited else items

    async def _settled(self, items: list[Any], awaited: Sequence[Awaited]) -> list[Any]:
        """The items with what was awaited in its places. After an error nobody waits for the others, which go on.

        None is ended before it has begun, as `gather` would end it: it would never await what it was given.
        """
        tasks = [asyncio.ensure_future(each.value) for each in awaited]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        failed = [task for task in tasks if task.done() and task.exception() is not None]
        if failed:
            self.executor.settle_in_background([task for task in tasks if not task.done()])
            await failed[0]
        for each, task in zip(awaited, tasks, strict=True):
            each.place[each.key] = task.result()
        return items
