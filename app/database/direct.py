"""Statements that go round SQLAlchemy, which takes longer over a small one than PostgreSQL does."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from app.database.base import Statement, to_json

AUTOMATIC: Final = "auto"
CUSTOM: Final = "force_custom_plan"

PATIENCE = 10
"""Seconds to wait for a connection."""


class _Compiler(dialect.PGCompiler_asyncpg):
    def visit_bindparam(self, bindparam: Any, *given: Any, **more: Any) -> Any:
        """Whole numbers are written out, sizes of pages above all: PostgreSQL's plan depends on them."""
        if bindparam.value == "" or type(bindparam.value) is int:
            more["literal_execute"] = True
        return super().visit_bindparam(bindparam, *given, **more)  # type: ignore[no-untyped-call]


_DIALECT: Final = dialect.dialect(json_serializer=to_json)  # type: ignore[no-untyped-call]
_DIALECT.statement_compiler = _Compiler


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement in PostgreSQL's own words (`$1`), and what it is given."""

    text: str
    values: tuple[tuple[str, Any], ...]
    """The parameters in order: their names, and values where those are always the same."""

    mode: str = AUTOMATIC
    """How PostgreSQL plans it: once for all, as long as whatever it is given names a row, or whose rows they are; or
    CUSTOM, for the very values that it is given.
    """

    @classmethod
    def of(cls, statement: Statement) -> Self:
        compiled: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        processors = compiled._bind_processors  # noqa: SLF001 - as SQLAlchemy itself gives them to the driver
        values = tuple(
            (name, processors.get(name, _same)(compiled.params[name])) for name in compiled.positiontup
        )
        always_the_same = all(value is None for _, value in values)
        return cls(str(compiled), values, AUTOMATIC if always_the_same else CUSTOM)

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """In order; `given` has those that are not always the same."""
        return [given.get(name, value) for name, value in self.values]


def _same(value: Any) -> Any:
    return value


@dataclass(slots=True)
class _Place:
    """For a connection, with how it has its statements planned."""

    connection: Any = None
    mode: str = ""


class Direct:
    """Connections of asyncpg's own, opened as they are needed. Each statement is a transaction, and is prepared once a
    connection.
    """

    def __init__(self, options: Mapping[str, Any], size: int) -> None:
        """`options` are those of `asyncpg.connect`."""
        self._options = options
        self._free: asyncio.LifoQueue[_Place] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(_Place())
        self._size = size

    async def row(self, statement: Prepared, given: Mapping[str, Any]) -> Any:
        """The first one; None where there is none. TimeoutError where no connection becomes free."""
        place = await self._place()
        try:
            if place.connection is None or place.connection.is_closed():
                place.connection = None
                place.connection = await asyncpg.connect(**self._options)  # type: ignore[no-untyped-call]
                place.mode = ""
            if place.mode != statement.mode:
                await place.connection.execute(f"SET plan_cache_mode = {statement.mode}")
                place.mode = statement.mode
            return await place.connection.fetchrow(statement.text, *statement.arguments(given))
        except asyncpg.exceptions.PostgresError:
            raise
        except Exception:  # of no use any more, whatever it thinks of itself
            if place.connection is not None:
                place.connection.terminate()
                place.connection = None
            raise
        finally:
            self._free.put_nowait(place)

    async def _place(self) -> "_Place":
        if not self._free.empty():
            return self._free.get_nowait()
        async with asyncio.timeout(PATIENCE):
            return await self._free.get()

    async def close(self) -> None:
        """Once every statement has ended."""
        for _ in range(self._size):
            place = await self._free.get()
            if place.connection is not None:
                await place.connection.close()
