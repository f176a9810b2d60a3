"""How conversations stand now, within a plan: read for all rows together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson

from app.duration import Duration
from app.errors import BadUserInput
from app.instant import write_instant
from graphql_schema.coherence.current import CurrentReading, load_current, since_of
from graphql_schema.context import Context
from graphql_schema.plans.coherence import read_field

if TYPE_CHECKING:
    from graphql_schema.plans.compiler import Compiler

SINCE = "since"


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected of a CurrentReading."""

    fields: Mapping[str, Callable[[CurrentReading], Any] | None]
    """By their keys in the answer; None for `since`, which takes a statement of its own."""

    def written(self, reading: CurrentReading, since: datetime | None) -> bytes:
        told = since and write_instant(since)
        return orjson.dumps(
            {key: told if read is None else read(reading) for key, read in self.fields.items()}
        )


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a statement's text where the current reading of some conversation belongs."""

    window: Duration
    selected: Selected

    async def filled(
        self, context: Context, keys: Sequence[UUID | None]
    ) -> Mapping[UUID | None, bytes] | None:
        """Return the JSON for each of `keys`; None where one cannot be had, which the executor tells."""
        ids = cast(Sequence[UUID], keys)
        found = await asyncio.gather(*(load_current(context, key, self.window) for key in ids))
        since: Sequence[datetime | None] = [None] * len(ids)
        readings = []
        for key, current in zip(ids, found, strict=True):
            if isinstance(current, BadUserInput):
                return None
            readings.append(CurrentReading.of(key, current))
        if None in self.selected.fields.values():
            since = await asyncio.gather(*(since_of(context, each.key, each.current) for each in readings))
        return {
            reading.key: self.selected.written(reading, began)
            for reading, began in zip(readings, since, strict=True)
        }


def written(compiler: "Compiler", details: Any) -> Selected:
    """What is selected of a CurrentReading."""
    name = CurrentReading.__name__
    return Selected(
        {
            key: None if compiler.name(field) == SINCE else read_field(compiler, name, field)
            for key, field in compiler.collected(name, details).items()
        }
    )
