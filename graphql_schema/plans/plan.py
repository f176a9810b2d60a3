"""A plan: the statement, what it is given, and how its answer is read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from app import checks
from app.database.direct import Prepared
from app.errors import BadUserInput
from graphql_schema.connections import Paged
from graphql_schema.context import Context
from graphql_schema.nodes import conversation_reference, key_of

VIEWER: Final = "viewer"
"""The parameter that is the viewer's own id."""

MARK: Final = "\x1f"
"""Never in a JSON text, where control characters are escaped."""


class Unplanned(Exception):
    """For the executor to do: what nobody has written SQL for, or a fault for it to word."""


@dataclass(frozen=True, slots=True)
class About:
    """An operation, as its first run has found it to be."""

    name: str | None
    rows: int
    """What it is charged."""
    end: bytes
    """Of its response, behind the data."""
    free: frozenset[str]
    """Variables whose values make no other plan, as long as they are not null."""


@dataclass(frozen=True, slots=True)
class Answered:
    pieces: Sequence[bytes]
    """Of the answer's data, as JSON."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The operation is for the executor."""


class Plan(Protocol):
    @property
    def about(self) -> About: ...

    async def answer(self, context: Context) -> "Answered | Declined":
        """Refused is what the executor would say as well. A plan that stores something tells `context.attempt` before
        it sends its first statement, and declines nothing that may have been stored.
        """


class Hole(Protocol):
    """A place in a statement's text where something belongs that is computed for a row."""

    async def filled(
        self, context: Context, keys: Sequence[UUID | None]
    ) -> Mapping[UUID | None, bytes] | None:
        """The JSON for each of `keys`; None where one cannot be had, which the executor tells."""


class Parameter(Protocol):
    """Of a statement: what a variable says."""

    @property
    def variable(self) -> str: ...

    def of(self, value: str) -> Any:
        """BadUserInput where it cannot be."""


@dataclass(frozen=True, slots=True)
class Key:
    """Part of the key in one row's id."""

    type_name: str
    part: int
    variable: str

    def of(self, value: str) -> Any:
        return parts_of(self.type_name, value)[self.part]


def parts_of(type_name: str, global_id: str) -> tuple[Any, ...]:
    """BadUserInput where it can be no such row's."""
    key = key_of(type_name, global_id, "id")
    return key if isinstance(key, tuple) else (key,)


@dataclass(frozen=True, slots=True)
class Name:
    """What a row is called by its users."""

    field: str
    """Of the input `by`."""
    variable: str

    def of(self, value: str) -> Any:
        text = checks.text(self.field, value)
        return checks.nfc(text) if self.field == "contextWindowId" else text


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """The key in a conversation's id; None for a contextWindowId."""

    variable: str

    def of(self, value: str) -> UUID | None:
        reference = conversation_reference(value, "id")
        return reference if isinstance(reference, UUID) else None


@dataclass(frozen=True, slots=True)
class ConversationName:
    """A contextWindowId; None for a conversation's id."""

    variable: str

    def of(self, value: str) -> str | None:
        reference = conversation_reference(value, "id")
        return None if isinstance(reference, UUID) else checks.text("id", reference)


@dataclass(frozen=True, slots=True)
class Cursor:
    """One of the two parts of a cursor."""

    paged: Paged
    field: str
    part: int
    variable: str

    def of(self, value: str) -> Any:
        return self.paged.key(value, self.field)[self.part]


@dataclass(frozen=True, slots=True)
class Reading:
    """A query's."""

    about: About
    statement: Prepared
    """Whose row is the text of the answer's data, and the time."""
    parameters: Mapping[str, Parameter]
    """By their names in the statement."""
    holes: Sequence[Hole]
    """By their numbers in the text."""

    async def answer(self, context: Context) -> Answered | Declined:
        assert context.asked is not None  # noqa: S101 - what is planned has been asked
        given: dict[str, Any] = {VIEWER: context.rights.user_id}
        try:
            for name, parameter in self.parameters.items():
                value = context.asked.variables.get(parameter.variable)
                if not isinstance(value, str):
                    return Declined()
                given[name] = parameter.of(value)
        except BadUserInput:  # the executor knows where
            return Declined()
        text, now = await context.services.database.fast_read(self.statement, given)
        context.now = context.now or now
        return await self._filled(context, text.encode()) if self.holes else Answered([text.encode()])

    async def _filled(self, context: Context, text: bytes) -> Answered | Declined:
        """`text` has a hole's number and the row's key between two marks, wherever one is."""
        pieces = text.split(MARK.encode())
        parts = [piece.decode().partition(":") for piece in pieces[1::2]]
        holes = [(int(number), UUID(key) if key else None) for number, _, key in parts]
        keys: list[dict[UUID | None, None]] = [{} for _ in self.holes]
        for number, key in holes:
            keys[number][key] = None
        found = await asyncio.gather(
            *(hole.filled(context, list(wanted)) for hole, wanted in zip(self.holes, keys, strict=True))
        )
        written: dict[tuple[int, UUID | None], bytes] = {}
        for number, filled in enumerate(found):
            if filled is None:
                return Declined()
            written |= {(number, key): found for key, found in filled.items()}
        pieces[1::2] = [written[hole] for hole in holes]
        return Answered(pieces)
