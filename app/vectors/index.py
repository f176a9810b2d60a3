"""What an index of vectors does, wherever it is."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.auth.viewer import Rights
from app.instant import instant, microseconds
from app.signals.queries import SignalKey
from app.timerange import ALWAYS, TimeRange

type Vector = NDArray[np.float32]
"""Shape (width,), of unit length."""


def id_of(key: SignalKey) -> str:
    """A vector's id in an index: time in microseconds and number of its signal."""
    return f"{microseconds(key[0])}-{key[1]}"


def key_of(name: str) -> SignalKey | None:
    """The signal of a vector's id; None of one that is not ours."""
    time, _, number = name.partition("-")
    if not (time.isascii() and time.isdigit() and number.isascii() and number.isdigit()):
        return None
    try:
        key = instant(int(time)), int(number)
    except OverflowError:
        return None
    return key if id_of(key) == name else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A signal's embedding, with what it is found by."""

    key: SignalKey
    conversation_id: UUID
    source: str
    vector: Vector
    given: bool = False
    """Whether the producer sent it."""


class Match(NamedTuple):
    key: SignalKey
    similarity: float
    """Cosine, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose nearest ones, of which signals, and how many."""

    rights: Rights
    most: int
    conversation: UUID | None = None
    sources: tuple[str, ...] | None = None
    range: TimeRange = ALWAYS
    newest: bool = False
    """Whether what has just been written has to be seen."""


@dataclass(frozen=True, slots=True)
class Question:
    vector: Vector
    without: SignalKey | None = None
    """A signal that is not among its own nearest."""


class VectorIndex(Protocol):
    """All that may fail for a while raises Unavailable."""

    async def upsert(self, entries: Sequence[Entry]) -> Any:
        """Stores them, in place of what is under their keys."""

    async def delete(self, keys: Sequence[SignalKey]) -> None:
        """Those that are there."""

    async def query(self, wanted: Wanted, questions: Sequence[Question]) -> list[list[Match]]:
        """Of each question, the nearest that may be read, nearest first: as many as are wanted, if there are."""

    def all_keys(self) -> AsyncIterator[list[SignalKey]]:
        """Of all that it has, in no order."""
