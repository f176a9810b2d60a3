"""Statements that go round SQLAlchemy, which takes longer over a small one than PostgreSQL does."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

PATIENCE = 10
"""Seconds to wait for a connection."""


class Direct:
    """Connections of asyncpg's own, opened as they are needed. Each statement is a transaction, and is prepared once a
    connection.
    """

    def __init__(self, options: Mapping[str, Any], size: int) -> None:
        """`options` are those of `asyncpg.connect`."""
        self._options = options
        self._free: asyncio.LifoQueue[asyncpg.Connection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)
        self._size = size

    async def value(self, statement: str, arguments: Sequence[Any]) -> Any:
        """First column of the first row. TimeoutError where no connection becomes free."""
        async with asyncio.timeout(PATIENCE):
            connection = await self._free.get()
        try:
            if connection is None or connection.is_closed():  # type: ignore[no-untyped-call]
                connection = None
                connection = await asyncpg.connect(**self._options)  # type: ignore[no-untyped-call]
            return await connection.fetchval(statement, *arguments)
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Once every statement has ended."""
        for _ in range(self._size):
            connection = await self._free.get()
            if connection is not None:
                await connection.close()  # type: ignore[no-untyped-call]
