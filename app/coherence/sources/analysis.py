"""Coherence of conversations, of users, or of everything, from whichever source holds the moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.coherence.coherence import Coherence, Weights, coherence
from app.coherence.drift import Drift, drift
from app.coherence.sources.freshness import Freshness
from app.coherence.sources.moments import (
    MICROSECOND,
    Pool,
    Question,
    Reading,
    count_windows,
    read,
)
from app.coherence.windows import Bools, TooManyWindows, bounds, slide
from app.duration import Duration
from app.errors import BadUserInput
from app.instant import microseconds_since_2000
from app.timerange import ALWAYS, TimeRange

MOST_WINDOWS = 50_000


@dataclass(frozen=True, slots=True)
class Windows:
    """Which windows of which signals: the arguments of the contract's `coherence` fields."""

    window: Duration
    step: Duration
    range: TimeRange = ALWAYS
    sources: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.window % self.step:
            raise BadUserInput(
                f"step {self.step} does not divide window {self.window}; take a divisor of it.", field="step"
            )

    @property
    def may_be_too_many(self) -> bool:
        """Whether raw signals could fill more windows than may be listed, and memory with them."""
        if self.step % 300 == 0:
            return False  # the rollups are small
        start, end = self.range.start, self.range.end
        return start is None or end is None or (end - start).total_seconds() / self.step > MOST_WINDOWS


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the windows of one stream of signals say."""

    windows: Windows
    drift: Drift
    coherence: Coherence
    source_counts: dict[str, int]
    """By count down, then name."""
    total: int
    start: datetime | None
    end: datetime | None
    freshness: Freshness
    latency_ms: float

    @property
    def step_us(self) -> int:
        return int(self.windows.step) * MICROSECOND

    @property
    def width_us(self) -> int:
        return int(self.windows.window) * MICROSECOND

    def complete(self, now: datetime) -> Bools:
        """Return of each window whether its end lies in the past."""
        _, ends = bounds(self.drift.index, self.step_us, self.width_us)
        return ends <= microseconds_since_2000(now)


async def analyse(
    connection: AsyncConnection,
    rights: Rights,
    pool: Pool,
    ids: Sequence[UUID | None],
    windows: Windows,
    weights: Weights,
) -> dict[UUID | None, Analysis | BadUserInput]:
    """An analysis of each of `ids` by one statement for all; BadUserInput for one that cannot be had."""
    began = perf_counter()
    question = Question(rights, pool, windows.range, windows.step, windows.sources)
    steps = windows.window // windows.step
    answers: dict[UUID | None, Analysis | BadUserInput] = {}
    if windows.may_be_too_many:
        counts = await count_windows(connection, question, ids, steps)
        answers |= {key: _too_many(n) for key, n in counts.items() if n > MOST_WINDOWS}
    left = [key for key in ids if key not in answers]
    readings = await read(connection, question, left) if left else {}
    for key, reading in readings.items():
        if isinstance(reading, BadUserInput):
            answers[key] = reading
            continue
        try:
            answers[key] = _analysis(reading, windows, steps, weights, began)
        except TooManyWindows as error:
            answers[key] = _too_many(error.count)
    return answers


def _analysis(reading: Reading, windows: Windows, steps: int, weights: Weights, began: float) -> Analysis:
    drifted = drift(slide(reading.cells, steps, MOST_WINDOWS))
    counts = dict(sorted(reading.source_counts.items(), key=lambda item: (-item[1], item[0])))
    return Analysis(
        windows=windows,
        drift=drifted,
        coherence=coherence(drifted, counts, weights),
        source_counts=counts,
        total=sum(counts.values()),
        start=windows.range.start or reading.first,
        end=windows.range.end or reading.last,
        freshness=reading.freshness,
        latency_ms=(perf_counter() - began) * 1_000,
    )


def _too_many(count: int) -> BadUserInput:
    return BadUserInput(
        f"{count} windows hold signals, and at most {MOST_WINDOWS} may: take a wider window or step, "
        "or a shorter range.",
        field="window",
    )
