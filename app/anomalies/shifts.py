"""Where the level of a conversation's scores changes (metrics.md, "Anomalies": DRIFT_SHIFT)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

DETECTOR: Final = "river.drift.ADWIN"
PARAMETERS: Final[Mapping[str, float]] = MappingProxyType({
    "delta": 0.002, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10
})  # fmt: skip
"""All of the detector's, river's defaults but for delta, so that what is recorded is what was used."""


@dataclass(frozen=True, slots=True)
class Shift:
    """ADWIN keeps a window of the latest scores, and drops its older part where the two parts differ."""

    index: int
    """Place of the score at which the shift is detected, among those that were fed."""
    width: int
    """How many scores the detector keeps, that one being the last."""
    before: float
    """Mean of the scores that it drops: those since the last shift, or the beginning, but for the kept."""
    after: float
    """Mean of the scores that it keeps. It drops no more than it must, so that some of them are like those before."""


def load_detector() -> Callable[..., Any]:
    """Return river's ADWIN, importing it the first time, which takes up to a second: the start does not wait for it."""
    from river.drift import ADWIN

    return ADWIN


class Shifts:
    """The detector of one conversation, fed with its scores in order, all at once or bit by bit.

    river empties it after each detection, so that nothing before one has a say in what follows: who begins anew after
    any shift finds the same shifts from there on, and who begins elsewhere may not.
    """

    __slots__ = ("_adwin", "_count", "_total")

    def __init__(self) -> None:
        self._adwin: Any = load_detector()(**PARAMETERS)
        # Of the scores since the last shift.
        self._count = 0
        self._total = 0.0

    def feed(self, scores: Iterable[float]) -> Iterator[Shift]:
        adwin = self._adwin
        for index, score in enumerate(scores):
            adwin.update(score)
            self._count += 1
            self._total += score
            if adwin.drift_detected:
                width = int(adwin.width)  # river counts in floats
                before = (self._total - adwin.total) / (self._count - width)
                yield Shift(index, width, before, adwin.estimation)
                self._count, self._total = 0, 0.0
