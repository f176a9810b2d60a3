"""Mean, volatility and risk of one window that ends at any instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.coherence.metrics import Metrics, metrics
from app.coherence.sources.freshness import Freshness
from app.coherence.sources.moments import Pool, Question, Reading, read
from app.coherence.sources.spans import ROLLUPS
from app.duration import Duration
from app.errors import BadUserInput
from app.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Moment:
    """Which window: the arguments of the contract's `metrics` fields. `at` is its end, which lies outside."""

    window: Duration
    at: datetime
    sources: tuple[str, ...] | None = None

    @property
    def start(self) -> datetime:
        return self.at - timedelta(seconds=self.window)


@dataclass(frozen=True, slots=True)
class Measurement:
    moment: Moment
    metrics: Metrics
    freshness: Freshness
    latency_ms: float


async def read_moment(
    connection: AsyncConnection, rights: Rights, pool: Pool, ids: Sequence[UUID | None], moment: Moment
) -> dict[UUID | None, Reading | BadUserInput]:
    """Return the signals of each of `ids` in that window, by one statement for all: sums of whole buckets, and raw
    signals at its ends. BadUserInput for one of which raw signals would have to be read that are no longer kept.
    """
    question = Question(rights, pool, TimeRange(moment.start, moment.at), ROLLUPS[0], moment.sources)
    return await read(connection, question, ids)


async def measure(
    connection: AsyncConnection, rights: Rights, pool: Pool, ids: Sequence[UUID | None], moment: Moment
) -> dict[UUID | None, Measurement | BadUserInput]:
    """Of each of `ids`, as `read_moment` reads it."""
    began = perf_counter()
    answers: dict[UUID | None, Measurement | BadUserInput] = {}
    for key, reading in (await read_moment(connection, rights, pool, ids, moment)).items():
        if isinstance(reading, BadUserInput):
            answers[key] = reading
            continue
        cells = reading.cells
        found = metrics(int(cells.n.sum()), float(cells.s1.sum()), float(cells.s2.sum()))
        answers[key] = Measurement(moment, found, reading.freshness, (perf_counter() - began) * 1_000)
    return answers
