"""What nobody waits for any more is not done, where an answer is all that would come of it."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

from starlette.types import Receive

from graphql_schema.context import READING

SOON: Final = 0.25
"""Seconds after which it is worth a look whether the client is still there."""


class LeftOff:
    """Ends the block, a query's, once its client has left. PostgreSQL ends its statement."""

    def __init__(self, request: dict[str, Any], receive: Receive) -> None:
        """`request` has READING once its body has been read, and it is a query."""
        self._request = request
        self._receive = receive
        self._left = False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._look_later()
        return self

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SOON, self._look)

    def _look(self) -> None:
        if self._request.get(READING):
            self._watch = asyncio.create_task(self._until_it_leaves())
        else:
            self._look_later()

    async def _until_it_leaves(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self._left = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._left and self._task is not None:
            self._task.uncancel()
        return self._left and kind is asyncio.CancelledError
