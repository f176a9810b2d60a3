"""Where the level of a conversation's scores changes (metrics.md, "Anomalies": DRIFT_SHIFT)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.coherence.windows import Floats

DETECTOR: Final = "river.drift.ADWIN"
PARAMETERS: Final[Mapping[str, float]] = MappingProxyType({
    "delta": 0.002, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10
})  # fmt: skip
"""All of the detector's, river's defaults but for delta, so that what is recorded is what was used."""


@dataclass(frozen=True, slots=True)
class Shift:
    """ADWIN keeps a window of the latest scores, and drops its older part where the two parts differ."""

    index: int
    """Place of the score at which the shift is detected."""
    width: int
    """How many scores the detector keeps, that one being the last."""
    before: float
    """Mean of the scores that it drops: those since the last shift, or the beginning, but for the kept."""
    after: float
    """Mean of the scores that it keeps. It drops no more than it must, so that some of them are like those before."""


def shifts(scores: Floats, start: int = 0) -> Iterator[Shift]:
    """Shifts of scores in order, from `start` on.

    river empties the detector after each detection, so that nothing before one has a say in what follows: to start
    after any shift, or at the beginning, finds the same shifts from there on, and to start elsewhere may not.
    """
    # Takes seconds, and is needed by this alone.
    from river.drift import ADWIN

    detector = ADWIN(**PARAMETERS)
    for index, score in enumerate(scores[start:].tolist(), start):
        detector.update(score)
        if detector.drift_detected:
            width = int(detector.width)  # river counts in floats
            cut = index + 1 - width
            before, after = scores[start:cut], scores[cut : index + 1]
            yield Shift(index, width, float(before.mean()), float(after.mean()))
            start = index + 1
