"""Where one writes and many read, each at its own pace: who is too slow gets less, and newer."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator
from typing import Self


class Board[V]:
    """The newest value of each key, of the `most` keys last written: nobody's pace makes it grow."""

    def __init__(self, most: int = 1) -> None:
        self.number = 0
        """Of the value last written; they are counted from 1 on."""
        self.closed = False
        self._most = most
        self._entries: dict[Hashable, tuple[int, V]] = {}
        self._readers: set[Reader[V]] = set()

    def write(self, key: Hashable, value: V) -> None:
        self.number += 1
        self._entries.pop(key, None)
        self._entries[key] = (self.number, value)
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]
        self._wake()

    def rewrite(self, key: Hashable, value: V) -> None:
        """For those who have not read it yet; the others know it already."""
        number, _ = self._entries[key]
        self._entries[key] = (number, value)

    def close(self) -> None:
        """Nothing more will be written."""
        self.closed = True
        self._wake()

    def after(self, number: int) -> Iterator[tuple[int, V]]:
        """What was written after the value of that number, the oldest first, but for what is written over meanwhile."""
        newer = []
        for key, (found, _) in reversed(self._entries.items()):
            if found <= number:
                break
            newer.append((key, found))
        for key, found in reversed(newer):
            entry = self._entries.get(key)
            if entry is not None and entry[0] == found:
                yield entry

    def admit(self, reader: "Reader[V]") -> None:
        self._readers.add(reader)

    def dismiss(self, reader: "Reader[V]") -> None:
        self._readers.discard(reader)

    @property
    def idle(self) -> bool:
        """Whether all readers have read everything, and done what they do with it."""
        return all(reader.idle for reader in self._readers)

    def _wake(self) -> None:
        for reader in self._readers:
            reader.wake(self)


class Reader[V]:
    """Reads several boards in turn, until all of them are closed. Leaves them at the end of the block."""

    def __init__(self) -> None:
        self.idle = False
        self._read: dict[Board[V], int] = {}
        self._news: dict[Board[V], None] = {}
        self._woken = asyncio.Event()

    def follow(self, board: Board[V], after: int = 0) -> None:
        """From the value of that number on; what is there of newer ones comes at once."""
        self._read[board] = after
        board.admit(self)
        self.wake(board)

    def wake(self, board: Board[V]) -> None:
        self._news[board] = None
        self._woken.set()
        self.idle = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for board in self._read:
            board.dismiss(self)
        self._read.clear()

    async def __aiter__(self) -> AsyncIterator[V]:
        while self._read:
            while not self._news:
                self._woken.clear()
                self.idle = True
                await self._woken.wait()
            board = next(iter(self._news))
            del self._news[board]
            for number, value in board.after(self._read[board]):
                self._read[board] = number
                yield value
            if board.closed and board not in self._news:
                board.dismiss(self)
                del self._read[board]
