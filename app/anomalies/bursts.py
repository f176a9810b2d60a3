"""Many signals of one user within seconds (metrics.md, "Anomalies": RAPID_FIRE)."""

import numpy as np

from app.coherence.windows import Ints


def bursts(times_us: Ints, count: int = 11, seconds: int = 5) -> tuple[Ints, Ints]:
    """First and last signals of the episodes, by their places in `times_us`, which are in ascending order.

    A run is `count` (from 1) consecutive signals, the last less than `seconds` after the first; an episode is
    all runs that share a signal with one another.
    """
    # Of fewer signals than make a run, both sides are empty.
    widths = times_us[count - 1 :] - times_us[: max(0, len(times_us) - count + 1)]
    starts = (widths < seconds * 1_000_000).nonzero()[0]
    # The next run of an episode starts on or before the last signal of this one.
    apart = starts[1:] - starts[:-1] >= count
    first = np.concatenate((starts[:1], starts[1:][apart]))
    last = np.concatenate((starts[:-1][apart], starts[-1:])) + count - 1
    return first, last
