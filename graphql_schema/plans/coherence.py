"""Coherence within a plan: computed for all rows together, and written without an object a point."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import orjson
from graphql import get_named_type, get_nullable_type, is_list_type, is_object_type

from app import arrays
from app.coherence.drift import levels
from app.coherence.sources.analysis import Analysis, Windows
from app.coherence.sources.moments import Pool
from app.coherence.windows import Bools, Floats, Ints, bounds
from app.errors import BadUserInput
from app.instant import instant, write_instant
from graphql_schema.coherence import types
from graphql_schema.coherence.loaders import CoherenceLoader, Semantics, tell
from graphql_schema.context import Context
from graphql_schema.plans.plan import Unplanned

if TYPE_CHECKING:
    from graphql_schema.plans.compiler import Compiler

MOST_AT_ONCE: Final = 5_000
"""Windows that are written while nobody else has a turn, a few milliseconds."""

_NOTHING: Final = cast("Semantics", None)
_SINCE_1970: Final = 946_684_800_000_000
"""Microseconds until 2000."""

type Write = Callable[["Points"], list[Any]]
"""For each analysis a value, as orjson takes it."""
type Column = Callable[["Points"], list[bytes]]
"""Of each point, its JSON value."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a statement's text where the coherence of some row belongs."""

    pool: Pool
    windows: Windows
    write: Write

    async def filled(self, context: Context, keys: Sequence[Any]) -> Mapping[Any, bytes] | None:
        """The JSON for each of `keys`; None where one cannot be had, which the executor tells."""
        loader, arguments, now = (
            context.loader(CoherenceLoader),
            (self.pool, self.windows),
            await context.time(),
        )
        analyses: list[Analysis] = []
        found = await asyncio.gather(*(loader.load(key, arguments) for key in keys))
        for key, analysis in zip(keys, found, strict=True):
            if isinstance(analysis, BadUserInput):
                return None
            tell(analysis, context, self.pool, key)
            analyses.append(analysis)
        written: list[bytes] = []
        for part in _parts(analyses):
            if written:
                await asyncio.sleep(0)
            written += map(orjson.dumps, self.write(Points(part, now)))
        return dict(zip(keys, written, strict=True))


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

    def __init__(self, analyses: Sequence[Analysis], now: datetime) -> None:
        self.analyses = analyses
        self.now = now
        self.objects = [types.Coherence.of(analysis, _NOTHING) for analysis in analyses]
        ends = np.cumsum([len(analysis.drift.index) for analysis in analyses]).tolist()
        self.places = [slice(start, end) for start, end in pairwise([0, *ends])]
        """Of each analysis, its points' places."""
        self.count = ends[-1]

    def drift(self, name: str) -> Any:
        """That array of all of them."""
        return np.concatenate([getattr(analysis.drift, name) for analysis in self.analyses])

    def bounds(self) -> tuple[Ints, Ints]:
        first = self.analyses[0]
        return bounds(self.drift("index"), first.step_us, first.width_us)


@lru_cache(20_000)
def _instant(microseconds: int) -> bytes:
    return f'"{write_instant(instant(microseconds))}"'.encode()


def _instants(microseconds: Ints) -> list[bytes]:
    """`microseconds` are since 2000. Many points are of the same times."""
    return list(map(_instant, (microseconds + _SINCE_1970).tolist()))


def _complete(points: Points) -> list[Bools]:
    return [analysis.complete(points.now) for analysis in points.analyses]


def _values(values: Floats | Ints | Bools) -> list[bytes]:
    """NaN as null."""
    return arrays.to_json(values)[1:-1].split(b",") if len(values) else []


def _levels(scores: Floats) -> list[bytes]:
    return [b'"%b"' % level.encode() if level else b"null" for level in levels(scores)]


def _of(name: str) -> Column:
    return lambda points: _values(points.drift(name))


_NUMBERS: Final = {"signalCount": "n", "mean": "mean", "variance": "variance", "driftScore": "score"}
"""By the attributes of a Drift."""

_METRIC: Final[Mapping[str, Column]] = {
    "windowStart": lambda points: _instants(points.bounds()[0]),
    "windowEnd": lambda points: _instants(points.bounds()[1]),
    **{field: _of(name) for field, name in _NUMBERS.items()},
    "level": lambda points: _levels(points.drift("score")),
    "coherenceTrend": _of("trend"),
    "complete": lambda points: _values(np.concatenate(_complete(points))),
    "__typename": lambda points: [b'"DriftMetric"'] * points.count,
}


def _starts(points: Points) -> list[Any]:
    """Busy streams have signals in all windows, and so have the same ones."""
    written: dict[bytes, Any] = {}
    keys = [analysis.drift.index.tobytes() for analysis in points.analyses]
    for key, analysis in zip(keys, points.analyses, strict=True):
        if key not in written:
            starts = bounds(analysis.drift.index, analysis.step_us, analysis.width_us)[0]
            written[key] = orjson.Fragment(b"[%b]" % b",".join(_instants(starts)))
    return [written[key] for key in keys]


def _arrays(name: str) -> Write:
    return lambda points: [
        orjson.Fragment(arrays.to_json(getattr(analysis.drift, name))) for analysis in points.analyses
    ]


_SERIES: Final[Mapping[str, Write]] = {
    "windowStart": _starts,
    **{field: _arrays(name) for field, name in _NUMBERS.items()},
    "complete": lambda points: [orjson.Fragment(arrays.to_json(each)) for each in _complete(points)],
    "__typename": lambda points: ["DriftSeries"] * len(points.analyses),
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
        elif name == "semanticMeta":
            services = compiler.executor.context_value.services
            fields[key] = _all(constant(compiler, selected, types.SemanticMeta.of(services)))
        else:
            fields[key] = _each(read_field(compiler, "Coherence", selected))

    def write(points: Points) -> list[Any]:
        columns = [values(points) for values in fields.values()]
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]

    return write


def _metrics(compiler: "Compiler", details: Any) -> Write:
    columns = _columns(compiler, "DriftMetric", details, _METRIC)
    before = [b'%b"%b":' % (b"," if place else b"{", key.encode()) for place, key in enumerate(columns)]
    width = 2 * len(columns) + 1

    def write(points: Points) -> list[Any]:
        """Of each point `{"mean":`, its value, `,"level":`, its value, … and `},`: all of them side by side."""
        pieces = [b"},"] * (width * points.count)
        for place, (name, column) in enumerate(zip(before, columns.values(), strict=True)):
            pieces[2 * place :: width] = [name] * points.count
            pieces[2 * place + 1 :: width] = column(points)
        return [
            orjson.Fragment(b"[%b]" % b"".join(pieces[width * place.start : width * place.stop])[:-1])
            for place in points.places
        ]

    return write


def _series(compiler: "Compiler", details: Any) -> Write:
    columns = _columns(compiler, "DriftSeries", details, _SERIES)

    def write(points: Points) -> list[Any]:
        arrays = zip(*(column(points) for column in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in arrays]

    return write


def _columns[C](compiler: "Compiler", type_name: str, details: Any, known: Mapping[str, C]) -> dict[str, C]:
    """Of the selected fields, by their keys in the answer."""
    selected = {key: compiler.name(each) for key, each in compiler.collected(type_name, details).items()}
    if unknown := set(selected.values()) - known.keys():
        raise Unplanned(f"{type_name}: {unknown}")
    return {key: known[name] for key, name in selected.items()}


def constant(compiler: "Compiler", details: Any, found: Any) -> dict[str, Any]:
    """What is selected of an object that is the same in every answer; it is of the type that its class is called."""
    type_name = type(found).__name__
    fields = compiler.collected(type_name, details)
    return {key: read_field(compiler, type_name, below)(found) for key, below in fields.items()}


def _all(value: Any) -> Write:
    return lambda points: [value] * len(points.analyses)


def _each(read: Callable[[Any], Any]) -> Write:
    return lambda points: list(map(read, points.objects))


def read_field(compiler: "Compiler", type_name: str, selected: Any) -> Callable[[Any], Any]:
    """One field of an object of that type."""
    name = compiler.name(selected)
    if name == "__typename":
        return lambda _: type_name
    field = compiler.executor.schema.get_type(type_name).fields[name]
    value, inner = _value(field.extensions["strawberry-definition"].python_name), get_named_type(field.type)
    if not is_object_type(inner):
        return lambda found: _plain(value(found))
    fields = {
        key: read_field(compiler, inner.name, below)
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
