"""What an index of vectors does, wherever it is."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.auth.viewer import Rights
from app.signals.queries import SignalKey
from app.timerange import ALWAYS, TimeRange

type Vector = NDArray[np.float32]
"""Shape (width,), of unit length."""


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
