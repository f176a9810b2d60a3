"""How the server has served its requests and stored its batches.

Every worker counts in a row of its own, in memory that all of them see, and so without locks; who asks sums up all
rows. What a worker has counted stays when it dies: the one that takes its place counts on in the same row.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import Refused, Unavailable

RECENT = 1_000
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of durations, in seconds, each within its bucket."""

_TIMES = np.dtype(
    [
        ("counts", "i8", len(BUCKETS) + 1),
        ("seconds", "f8"),
        ("recent", "f8", (RECENT, 2)),  # a ring: when it ended, how long it took
    ]
)
_ROW = np.dtype(
    [
        ("requests", _TIMES),
        ("failures", "i8"),
        ("plan_failures", "i8"),
        ("failed_requests", "i8"),
        ("batches", _TIMES),
        ("accepted", "i8"),
        ("refused", "i8"),
        ("duplicates", "i8"),
        ("subscriptions", "i8"),
        ("readings", "i8"),
        ("events", "i8"),
    ]
)
ROW_BYTES = _ROW.itemsize


class Times:
    """Durations since the start, in seconds: a row a worker, of which one is written here."""

    def __init__(self, rows: NDArray[Any], worker: int) -> None:
        self.rows = rows
        self._count = int(rows["counts"][worker].sum())
        # As memory, which takes a number in a tenth of the time that an array does.
        self._counts: Any = memoryview(rows["counts"][worker])
        self._recent: Any = memoryview(rows["recent"][worker])
        self._seconds: Any = memoryview(rows["seconds"][worker : worker + 1])

    @property
    def count(self) -> int:
        return int(self.rows["counts"].sum())

    @property
    def seconds(self) -> float:
        """All of them together."""
        return float(self.rows["seconds"].sum())

    @property
    def up_to(self) -> list[int]:
        """How many took no longer than each of BUCKETS, and last how many there are."""
        return [int(count) for count in self.rows["counts"].sum(axis=0).cumsum()]

    def quantiles(self, shares: Sequence[float]) -> list[float] | None:
        """Exactly those of the last 1 000, whichever worker had them; None where there is none yet."""
        recent = self.rows["recent"].reshape(-1, 2)
        recent = recent[recent[:, 0] > 0]
        if not len(recent):
            return None
        last = recent[np.argsort(recent[:, 0])[-RECENT:], 1]
        return [float(value) for value in np.quantile(last, shares)]

    def add(self, seconds: float) -> None:
        place = self._count % RECENT
        self._recent[place, 0], self._recent[place, 1] = monotonic(), seconds
        self._count += 1
        self._seconds[0] += seconds
        self._counts[bisect_left(BUCKETS, seconds)] += 1


@dataclass(slots=True)
class Batch:
    """What becomes of so many signals; those that are neither of these are accepted."""

    size: int
    refused: int = 0
    duplicates: int = 0


class Statistics:
    """Of the whole server since its start, whichever of its workers is asked.

    `memory` is shared by all: ROW_BYTES for each. `started` is the clock's `monotonic` then.
    """

    def __init__(self, memory: Any = None, worker: int = 0, started: float | None = None) -> None:
        self._rows: NDArray[Any] = np.frombuffer(bytearray(ROW_BYTES) if memory is None else memory, _ROW)
        self._worker = worker
        for gauge in ("subscriptions", "readings"):
            self._rows[worker][gauge] = 0  # of a worker that has died
        self._started = monotonic() if started is None else started
        self.requests = Times(self._rows["requests"], worker)
        self.batches = Times(self._rows["batches"], worker)

    def count(self, seconds: float, *, failed: bool) -> None:
        """One request; `failed` where the fault was the server's."""
        self.requests.add(seconds)
        if failed:
            self._rows[self._worker]["failures"] += 1

    def plan_failed(self) -> None:
        """One operation's plan, in a way that nobody expected."""
        self._rows[self._worker]["plan_failures"] += 1

    def request_failed(self) -> None:
        """One request as a whole, on whatever path, in a way that nobody expected."""
        self._rows[self._worker]["failed_requests"] += 1

    def ingested(self, *, accepted: int = 0, refused: int = 0, duplicates: int = 0, seconds: float) -> None:
        """One batch that a client has sent, and what became of its signals. Duplicates had been stored before."""
        self.batches.add(seconds)
        row = self._rows[self._worker]
        row["accepted"] += accepted
        row["refused"] += refused
        row["duplicates"] += duplicates

    def follows(self, change: int, readings: int) -> None:
        """So many more subscriptions, or fewer, which follow so many different readings all together."""
        row = self._rows[self._worker]
        row["subscriptions"] += change
        row["readings"] = readings

    def delivers(self) -> None:
        """One event to one subscriber."""
        self._rows[self._worker]["events"] += 1

    @contextmanager
    def batch(self, size: int) -> Iterator[Batch]:
        """Counts the batch that the block stores. One that it refuses as a whole is refused; what failed in another
        way, the database's absence above all, is no batch.
        """
        began, batch = perf_counter(), Batch(size)
        try:
            yield batch
        except Unavailable:
            raise
        except Refused:
            self.ingested(refused=size, seconds=perf_counter() - began)
            raise
        self.ingested(
            accepted=size - batch.refused - batch.duplicates,
            refused=batch.refused,
            duplicates=batch.duplicates,
            seconds=perf_counter() - began,
        )

    @property
    def failures(self) -> int:
        return self._total("failures")

    @property
    def plan_failures(self) -> int:
        return self._total("plan_failures")

    @property
    def failed_requests(self) -> int:
        return self._total("failed_requests")

    @property
    def accepted(self) -> int:
        return self._total("accepted")

    @property
    def refused(self) -> int:
        return self._total("refused")

    @property
    def duplicates(self) -> int:
        return self._total("duplicates")

    @property
    def subscriptions(self) -> int:
        return self._total("subscriptions")

    @property
    def readings(self) -> int:
        return self._total("readings")

    @property
    def events(self) -> int:
        return self._total("events")

    def _total(self, name: str) -> int:
        return int(self._rows[name].sum())

    @property
    def uptime_seconds(self) -> float:
        return monotonic() - self._started

    @property
    def error_rate(self) -> float:
        """Share of requests that failed, 0 to 1."""
        count = self.requests.count
        return self.failures / count if count else 0.0

    @property
    def p95_latency_ms(self) -> float | None:
        latency = self.requests.quantiles([0.95])
        return latency[0] * 1_000 if latency else None
