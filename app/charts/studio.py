"""Where charts are drawn: one at a time, beside the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from app.charts.paper import Format
from app.errors import Unavailable

MOST_WAITING = 32
"""Charts that may wait or be drawn; about five seconds' work."""

type Chart = partial[bytes]
"""A function of draw.py with its data bound to it, which lacks just `to`."""


class Studio:
    """A thread of its own, for matplotlib is not made for several; it starts with the first chart."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "charts")
        self._waiting = 0

    async def draw(self, chart: Chart, to: Format) -> bytes:
        """The picture; Unavailable where too many wait already."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable(f"{self._waiting} charts are waiting to be drawn; try again.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, partial(chart, to=to))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Ends with the chart that is being drawn."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
