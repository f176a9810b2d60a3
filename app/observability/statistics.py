"""How this process has served its requests."""

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

RECENT = 1_000


@dataclass(slots=True)
class Statistics:
    """Counts since the start; latencies of the last 1 000 GraphQL requests."""

    started: float = field(default_factory=monotonic)
    requests: int = 0
    failures: int = 0
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def count(self, milliseconds: float, *, failed: bool) -> None:
        """One request; `failed` where the fault was the server's."""
        self.requests += 1
        self.failures += failed
        self._latencies.append(milliseconds)

    @property
    def uptime_seconds(self) -> float:
        return monotonic() - self.started

    @property
    def error_rate(self) -> float:
        """Share of requests that failed, 0 to 1."""
        return self.failures / self.requests if self.requests else 0.0

    @property
    def p95_latency_ms(self) -> float | None:
        return float(np.quantile(np.array(self._latencies), 0.95)) if self._latencies else None
