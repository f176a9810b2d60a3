"""Which of a line's names is read as which field: the one place that says so, for every way in by lines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from types import MappingProxyType

from app.signals import events
from app.signals.importers.record import KINDS

OTHERS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "contextWindowId": ("conversation_id", "conversationId", "conversation"),
        "timestamp": ("ts", "time", "created_at"),
        "rawContent": ("text", "content", "message"),
        "signalScore": ("score",),
        "signalSource": ("source",),
        "userId": ("user",),
    }
)
"""Names that other programs use for a field, beside the contract's name and its snake_case."""

_EXACT, _CONTRACT, _SNAKE, _OTHER = range(4)
_MAX_REMEMBERED = 1_000
_MAX_REMEMBERED_LENGTH = 2_000
_MAX_DISTINCT = 100
_MAX_SHOWN = 60
_OTHERS = "others"


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def folded(name: str) -> str:
    """`name` without the blanks around it and without regard to case."""
    return name.strip().casefold()


_KNOWN = {folded(other): (field, _OTHER) for field, others in OTHERS.items() for other in others} | {
    folded(name): (field, rank)
    for rank, spelling in ((_SNAKE, snake_case), (_CONTRACT, str))
    for field in KINDS
    for name in (spelling(field),)
}


@dataclass(frozen=True)
class Resolved:
    """What the names of one line, or of a table's head, mean."""

    columns: Mapping[str, Sequence[str]]
    """The names that each field is read from; several where nothing says which is right if they differ."""
    event: Mapping[str, str] | None
    """Of an event the name of each of its members."""
    unread: Sequence[str]
    """Names that are read as nothing."""
    exact: bool = False
    """Whether all are the contract's, or the given ones."""

    @cached_property
    def places(self) -> Sequence[tuple[int, str, Sequence[str]]]:
        """The fields that are read, each with its place in KINDS and its names."""
        return [
            (place, field, names) for place, field in enumerate(KINDS) if (names := self.columns.get(field))
        ]


class Names:
    """How names are read: by `OTHERS`, or as the command line says."""

    def __init__(
        self, given: Mapping[str, str | None] = MappingProxyType({}), *, events: bool = False
    ) -> None:
        """`given` names the column of a field, or None where the field is not read from the file.

        With `events`, a line with `signal_type` and without `signalSource` is an event.
        """
        self.given = given
        self._events = events
        self._remembered: dict[tuple[str, ...], Resolved] = {}

    def resolve(self, names: tuple[str, ...]) -> Resolved:
        found = self._remembered.get(names)
        if found is None:
            found = self._resolve(names)
            # What anybody may send is remembered within bounds.
            if sum(map(len, names)) <= _MAX_REMEMBERED_LENGTH:
                if len(self._remembered) >= _MAX_REMEMBERED:
                    self._remembered.clear()
                self._remembered[names] = found
        return found

    def _resolve(self, names: Sequence[str]) -> Resolved:
        mapped = {field: _named(column, names) for field, column in self.given.items() if column is not None}
        if self._events and (event := _event(names)) is not None:
            score = {field: columns for field, columns in mapped.items() if field == "signalScore"}
            read = {*event.values(), *chain.from_iterable(score.values())}
            return Resolved(score, event, tuple(name for name in names if name not in read))
        taken = set(chain.from_iterable(mapped.values()))
        best: dict[str, tuple[int, list[str]]] = {}
        passed_over: set[str] = set()
        for name in names:
            field, rank = _KNOWN.get(folded(name), (None, _OTHER))
            rank = _EXACT if name == field else rank
            if field is None or (name in taken and rank != _EXACT):
                continue
            if field in self.given:
                if self.given[field] is None:
                    passed_over.add(name)
                continue
            before, found = best.get(field, (_OTHER + 1, []))
            if rank < before:
                best[field] = rank, [name]
            elif rank == before:
                found.append(name)
        columns = {field: found for field, (_, found) in best.items()} | mapped
        read = passed_over.union(*columns.values())
        unread = tuple(name for name in names if name not in read)
        exact = not unread and all(
            [*found] == [self.given.get(field, field)] for field, found in columns.items()
        )
        return Resolved(columns, None, unread, exact)


def _named(column: str, names: Sequence[str]) -> Sequence[str]:
    """`column` among the names: as it is written, or else in another case or with blanks around it."""
    if column in names:
        return (column,)
    return [name for name in names if folded(name) == folded(column)]


def _event(names: Sequence[str]) -> Mapping[str, str] | None:
    """The name of each member of an event; None where they are not an event's."""
    found: dict[str, str] = {}
    for name in names:
        member = "signalSource" if folded(name) == "signalsource" else folded(name)
        if name == member or member not in found:
            found[member] = name
    if not events.is_event(found):
        return None
    return {member: name for member, name in found.items() if member in events.KINDS}


class Unread:
    """Counts what was there and was not read. Bounded, whoever sends it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._further = 0
        """Of names beyond those that are counted by themselves."""

    def __bool__(self) -> bool:
        return bool(self._counts or self._further)

    def add(self, names: Iterable[str], count: int = 1) -> None:
        for name in names:
            shown = name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…"
            if shown in self._counts or len(self._counts) < _MAX_DISTINCT:
                self._counts[shown] += count
            else:
                self._further += count

    def count(self, found: Mapping[str, int]) -> None:
        for name, count in found.items():
            if name == _OTHERS:
                self._further += count
            else:
                self.add([name], count)

    def update(self, other: "Unread") -> None:
        self.count(other.counts())

    def counts(self) -> dict[str, int]:
        """How often, by name, the most frequent first."""
        further = {_OTHERS: self._further} if self._further else {}
        return dict(self._counts.most_common()) | further

    def __str__(self) -> str:
        return "not read: " + ", ".join(f"{name!r} ({count})" for name, count in self.counts().items())
