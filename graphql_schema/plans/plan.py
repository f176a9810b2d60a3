"""A plan: the statement, what it is given, and how its answer is read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy.dialects.postgresql import asyncpg

from app import checks
from app.database.base import Statement
from app.database.engine import to_json
from app.errors import BadUserInput, Refused
from graphql_schema.context import Context
from graphql_schema.nodes import key_of

VIEWER: Final = "viewer"
"""The parameter that is the viewer's own id."""

MARK: Final = "\x1f"
"""Never in a JSON text, where control characters are escaped."""

_DIALECT: Final = asyncpg.dialect(json_serializer=to_json)  # type: ignore[no-untyped-call]


class Unplanned(Exception):
    """For the executor to do: what nobody has written SQL for, or a fault for it to word."""


class Hole(Protocol):
    """A place in a statement's text where something belongs that is computed for a row."""

    async def filled(self, context: Context, keys: Sequence[UUID | None]) -> Mapping[UUID | None, str] | None:
        """The text for each of `keys`; None where one cannot be had, which the executor tells."""


@dataclass(frozen=True, slots=True)
class Key:
    """A variable that names one row."""

    type_name: str
    field: str
    """Of the input `by`."""
    variable: str

    def of(self, value: Any) -> Any:
        """Refused where it can be no row's."""
        if not isinstance(value, str):
            raise BadUserInput(f"${self.variable} is no string.", field=self.variable)
        return key_in(self.type_name, self.field, value)


def key_in(type_name: str, field: str, value: str) -> Any:
    """Refused where it can be no row's."""
    return key_of(type_name, value, "id") if field == "id" else checks.text(field, value)


@dataclass(frozen=True, slots=True)
class Plan:
    sql: str
    """Whose one value is the text of the answer's data."""
    arguments: tuple[Any, ...]
    """In the statement's order; what names a row or the viewer is put in for each request."""
    keys: Mapping[int, Key]
    """By place among the arguments."""
    holes: Sequence[Hole]
    """By their numbers in the text."""
    viewer: int | None
    """Place of the viewer's id."""
    free: frozenset[str]
    """Variables that make no difference but to the arguments."""
    name: str | None
    """The operation's."""
    cost: Mapping[str, int]
    """As its first run was measured."""

    @classmethod
    def of(cls, statement: Statement, keys: Mapping[str, Key], **about: Any) -> "Plan":
        """`keys` by the names of the statement's parameters; `about` has the other fields."""
        compiled: Any = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        names, values = compiled.positiontup, compiled.params
        processed = compiled._bind_processors  # noqa: SLF001 - as SQLAlchemy itself gives them to the driver
        return cls(
            str(compiled),
            tuple(processed.get(name, _same)(values[name]) for name in names),
            {place: keys[name] for place, name in enumerate(names) if name in keys},
            viewer=names.index(VIEWER) if VIEWER in names else None,
            **about,
        )

    async def answer(self, context: Context) -> str | None:
        """The text of the answer's data; None where a variable names no row, which the executor tells.
        Unavailable where the database is.
        """
        assert context.asked is not None  # noqa: S101 - what is planned has been asked
        arguments = list(self.arguments)
        try:
            for place, key in self.keys.items():
                arguments[place] = key.of(context.asked.variables.get(key.variable))
        except Refused:
            return None
        if self.viewer is not None:
            arguments[self.viewer] = context.rights.user_id
        text = await context.services.database.value(self.sql, arguments)
        return await self._filled(context, text) if self.holes else text

    async def _filled(self, context: Context, text: str) -> str | None:
        """`text` has a hole's number and the row's key between two marks, wherever one is."""
        pieces = text.split(MARK)
        holes = [
            (int(number), UUID(key) if key else None)
            for number, _, key in (piece.partition(":") for piece in pieces[1::2])
        ]
        wanted = [
            list(dict.fromkeys(key for of, key in holes if of == number)) for number in range(len(self.holes))
        ]
        found = await asyncio.gather(
            *(hole.filled(context, keys) for hole, keys in zip(self.holes, wanted, strict=True))
        )
        texts: dict[tuple[int, UUID | None], str] = {}
        for number, filled in enumerate(found):
            if filled is None:
                return None
            texts |= {(number, key): text for key, text in filled.items()}
        pieces[1::2] = [texts[hole] for hole in holes]
        return "".join(pieces)


def _same(value: Any) -> Any:
    return value
