"""Statements that go round SQLAlchemy, which takes longer over a small one than PostgreSQL does."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.sql.visitors import cloned_traverse

from app.database.base import Statement, to_json

PATIENCE = 10
"""Seconds to wait for a connection."""

_DIALECT: Final = dialect.dialect(json_serializer=to_json)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement in PostgreSQL's own words (`$1`), and what it is given."""

    text: str
    values: tuple[tuple[str, Any], ...]
    """The parameters in order: their names, and values where those are always the same."""

    @property
    def always_the_same(self) -> bool:
        """Whether one plan of PostgreSQL's will do: whatever it is given names a row, or whose rows they are."""
        return all(value is None for _, value in self.values)

    @classmethod
    def of(cls, statement: Statement) -> Self:
        statement = cloned_traverse(statement, {}, {"bindparam": _written_out})
        compiled: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        processors = compiled._bind_processors  # noqa: SLF001 - as SQLAlchemy itself gives them to the driver
        return cls(
            str(compiled),
            tuple(
                (name, processors.get(name, _same)(compiled.params[name])) for name in compiled.positiontup
            ),
        )

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """In order; `given` has those that are not always the same."""
        return [given.get(name, value) for name, value in self.values]


def _written_out(parameter: Any) -> None:
    """Sizes of pages, above all: PostgreSQL's plan depends on them."""
    parameter.literal_execute = parameter.value == "" or type(parameter.value) is int


def _same(value: Any) -> Any:
    return value


class Direct:
    """Connections of asyncpg's own, opened as they are needed. Each statement is a transaction, and is prepared once a
    connection.
    """

    def __init__(self, options: Mapping[str, Any], size: int) -> None:
        """`options` are those of `asyncpg.connect`."""
        self._options = options
        self._free: asyncio.LifoQueue[asyncpg.Connection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)
        self._size = size

    async def row(self, statement: Prepared, given: Mapping[str, Any]) -> Any:
        """The first one; None where there is none. TimeoutError where no connection becomes free."""
        connection = await self._connection()
        try:
            if connection is None or connection.is_closed():  # type: ignore[no-untyped-call]
                connection = None
                connection = await asyncpg.connect(**self._options)  # type: ignore[no-untyped-call]
            return await connection.fetchrow(statement.text, *statement.arguments(given))
        finally:
            self._free.put_nowait(connection)

    async def _connection(self) -> asyncpg.Connection | None:
        if not self._free.empty():
            return self._free.get_nowait()
        async with asyncio.timeout(PATIENCE):
            return await self._free.get()

    async def close(self) -> None:
        """Once every statement has ended."""
        for _ in range(self._size):
            connection = await self._free.get()
            if connection is not None:
                await connection.close()  # type: ignore[no-untyped-call]
