"""Coherence within a plan: computed for all rows together, and written without an object a point."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import orjson
from graphql import get_named_type, get_nullable_type, is_list_type, is_object_type

from app.coherence.drift import levels
from app.coherence.sources.analysis import Analysis, Windows
from app.coherence.sources.moments import Pool
from app.coherence.windows import Floats, Ints, bounds
from app.errors import BadUserInput
from app.instant import write_instant
from graphql_schema.coherence import types
from graphql_schema.coherence.loaders import CoherenceLoader, Semantics, tell
from graphql_schema.context import Context
from graphql_schema.plans.plan import Unplanned

if TYPE_CHECKING:
    from graphql_schema.plans.compiler import Compiler

MOST_AT_ONCE: Final = 5_000
"""Windows that are written while nobody else has a turn, a few milliseconds."""

_NOTHING: Final = cast("Semantics", None)
_ORIGIN: Final = np.datetime64("2000-01-01T00:00:00", "s")

type Write = Callable[["Points"], list[Any]]
"""For each analysis a value, as orjson takes it."""
type Column = Callable[["Points"], list[str]]
"""Of each point, the text of its JSON value."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a statement's text where the coherence of some row belongs."""

    pool: Pool
    windows: Windows
    write: Write

    async def filled(self, context: Context, keys: Sequence[Any]) -> Mapping[Any, str] | None:
        """The text for each of `keys`; None where one cannot be had, which the executor tells."""
        loader, arguments = context.loader(CoherenceLoader), (self.pool, self.windows)
        analyses: list[Analysis] = []
        for analysis in await asyncio.gather(*(loader.load(key, arguments) for key in keys)):
            if isinstance(analysis, BadUserInput):
                return None
            tell(analysis, context)
            analyses.append(analysis)
        texts: list[str] = []
        for part in _parts(analyses):
            if texts:
                await asyncio.sleep(0)
            texts += [orjson.dumps(value).decode() for value in self.write(Points(part))]
        return dict(zip(keys, texts, strict=True))


def _parts(analyses: Sequence[Analysis]) -> Iterator[Sequence[Analysis]]:
    start = size = 0
    for place, analysis in enumerate(analyses):
        size += len(analysis.drift.index)
        if size > MOST_AT_ONCE:
            yield analyses[start : place + 1]
            start, size = place + 1, 0
    if start < len(analyses):
        yield analyses[start:]


class Points:
    """The windows of several analyses of the same width, one after the other."""

    def __init__(self, analyses: Sequence[Analysis]) -> None:
        self.analyses = analyses
        self.objects = [types.Coherence.of(analysis, _NOTHING) for analysis in analyses]
        self.ends = np.cumsum([len(analysis.drift.index) for analysis in analyses]).tolist()

    def drift(self, name: str) -> Any:
        """That array of all of them."""
        return np.concatenate([getattr(analysis.drift, name) for analysis in self.analyses])

    def bounds(self) -> tuple[Ints, Ints]:
        first = self.analyses[0]
        return bounds(self.drift("index"), first.step_us, first.width_us)

    def divided(self, texts: Sequence[str]) -> list[orjson.Fragment]:
        """An array for each analysis, of the texts of all points."""
        starts = [0, *self.ends[:-1]]
        return [
            orjson.Fragment(f"[{','.join(texts[start:end])}]")
            for start, end in zip(starts, self.ends, strict=True)
        ]


def _numbers(values: Floats | Ints) -> list[str]:
    """NaN as null."""
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return written[1:-1].decode().split(",") if len(values) else []


def _instants(microseconds: Ints) -> list[str]:
    """Whole seconds, many of them the same."""
    different, places = np.unique(microseconds // 1_000_000, return_inverse=True)
    texts = np.datetime_as_string(_ORIGIN + different, unit="s").tolist()
    return [f'"{texts[place]}Z"' for place in places.tolist()]


def _levels(scores: Floats) -> list[str]:
    return [f'"{level}"' if level else "null" for level in levels(scores)]


def _of(name: str) -> Column:
    return lambda points: _numbers(points.drift(name))


_SERIES: Final[Mapping[str, Column]] = {
    "windowStart": lambda points: _instants(points.bounds()[0]),
    "signalCount": _of("n"),
    "mean": _of("mean"),
    "variance": _of("variance"),
    "driftScore": _of("score"),
}
_METRIC: Final[Mapping[str, Column]] = {
    **_SERIES,
    "windowEnd": lambda points: _instants(points.bounds()[1]),
    "level": lambda points: _levels(points.drift("score")),
    "coherenceTrend": _of("trend"),
    "__typename": lambda points: ['"DriftMetric"'] * points.ends[-1],
}


def written(compiler: "Compiler", details: Any) -> Write:
    """What is selected of a Coherence."""
    fields: dict[str, Write] = {}
    for key, selected in compiler.collected("Coherence", details).items():
        name = compiler.name(selected)
        if name == "driftMetrics":
            fields[key] = _metrics(compiler, selected)
        elif name == "series":
            fields[key] = _series(compiler, selected)
        else:
            fields[key] = _each(_read(compiler, "Coherence", selected))

    def write(points: Points) -> list[Any]:
        columns = [values(points) for values in fields.values()]
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]

    return write


def _metrics(compiler: "Compiler", details: Any) -> Write:
    columns = _columns(compiler, "DriftMetric", details, _METRIC)
    template = "{" + ",".join(f'"{key}":%s' for key in columns) + "}"

    def write(points: Points) -> list[Any]:
        texts = zip(*(column(points) for column in columns.values()), strict=True)
        return points.divided(list(map(template.__mod__, texts)))

    return write


def _series(compiler: "Compiler", details: Any) -> Write:
    columns = _columns(compiler, "DriftSeries", details, {**_SERIES, "__typename": None})

    def write(points: Points) -> list[Any]:
        arrays = [
            points.divided(column(points)) if column else ["DriftSeries"] * len(points.ends)
            for column in columns.values()
        ]
        return [dict(zip(columns, row, strict=True)) for row in zip(*arrays, strict=True)]

    return write


def _columns[C](compiler: "Compiler", type_name: str, details: Any, known: Mapping[str, C]) -> dict[str, C]:
    """Of the selected fields, by their keys in the answer."""
    selected = {key: compiler.name(each) for key, each in compiler.collected(type_name, details).items()}
    if unknown := set(selected.values()) - known.keys():
        raise Unplanned(f"{type_name}: {unknown}")
    return {key: known[name] for key, name in selected.items()}


def _each(read: Callable[[Any], Any]) -> Write:
    return lambda points: list(map(read, points.objects))


def _read(compiler: "Compiler", type_name: str, selected: Any) -> Callable[[Any], Any]:
    """One field of an object of that type."""
    name = compiler.name(selected)
    if name == "__typename":
        return lambda _: type_name
    field = compiler.executor.schema.get_type(type_name).fields[name]
    value, inner = _value(field.extensions["strawberry-definition"].python_name), get_named_type(field.type)
    if not is_object_type(inner):
        return lambda found: _plain(value(found))
    fields = {
        key: _read(compiler, inner.name, below)
        for key, below in compiler.collected(inner.name, selected).items()
    }

    def below(found: Any) -> dict[str, Any]:
        return {key: read(found) for key, read in fields.items()}

    if is_list_type(get_nullable_type(field.type)):
        return lambda found: list(map(below, value(found)))
    return lambda found: below(value(found))


def _value(name: str) -> Callable[[Any], Any]:
    """As the executor gets it: an attribute, or what a method without arguments answers."""

    def value(found: Any) -> Any:
        attribute = getattr(found, name)
        return attribute() if callable(attribute) else attribute

    return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_instant(value)
    return value.name if isinstance(value, Enum) else value
