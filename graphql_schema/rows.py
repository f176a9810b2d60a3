"""What is completed all at once: result objects of one type, by columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any


def as_objects(columns: Mapping[str, Iterable[Any]], count: int) -> list[dict[str, Any]]:
    """So many objects of these columns, by their keys; empty ones where there is no column."""
    if not columns:
        return [{} for _ in range(count)]
    return list(map(dict, map(zip, repeat(tuple(columns)), zip(*columns.values(), strict=True))))


class Rows[T](Sequence[T]):
    """Result objects of one type, a column for each of its fields with values of their GraphQL types: completed all
    at once. As a sequence it makes the objects, for what is asked of them in an unusual way.
    """

    def __init__(self, kind: Callable[..., T], **columns: Sequence[Any]) -> None:
        self.kind = kind
        self.columns = columns

    def __len__(self) -> int:
        return min(map(len, self.columns.values()))

    def __getitem__(self, place: Any) -> Any:
        row = {name: column[place] for name, column in self.columns.items()}
        return Rows(self.kind, **row) if isinstance(place, slice) else self.kind(**row)

    def column(self, name: str) -> Sequence[Any]:
        return self.columns[name]


class Objects(list[Any]):
    """Rows that are there as objects."""

    def column(self, name: str) -> Sequence[Any]:
        return [getattr(each, name) for each in self]
