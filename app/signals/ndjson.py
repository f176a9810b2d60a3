"""NDJSON of any length, plain or gzip, line by line as its bytes come in."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator

from app.errors import BadUserInput
from app.signals.importers.jsonl import reader

_PIECE = 1_000_000
"""Bytes that are unpacked at a time, however well they are packed."""
_GZIP = 16 + zlib.MAX_WBITS

READ = {strict: reader("line", strict=strict) for strict in (False, True)}
"""Reads the signal or event of a line; strict or not."""


async def unzipped(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Of one gzip file or several in a row. Raises BadUserInput where they are damaged or end too soon."""
    unpacker = zlib.decompressobj(_GZIP)
    fresh = True
    try:
        async for chunk in chunks:
            left = chunk
            while left:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                yield unpacker.decompress(left, _PIECE)
                fresh = False
                left = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error as error:
        raise BadUserInput(f"The body is not gzip: {error}.") from None
    if not fresh and not unpacker.eof:
        raise BadUserInput("The body's gzip ends too soon.")


class Lines:
    """Cuts bytes into lines. One longer than `most` bytes is dropped as it comes, and told of."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._left = bytearray()
        self._dropping = False

    def cut(self, chunk: bytes) -> Iterator[bytes | None]:
        """The lines that end in the chunk, without their end; None for one that is too long."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield self._ended(part)
        self._add(rest)

    def end(self) -> Iterator[bytes | None]:
        """What comes after the last end of a line."""
        if self._left or self._dropping:
            yield self._ended(b"")

    def _ended(self, part: bytes) -> bytes | None:
        self._add(part)
        line = None if self._dropping else bytes(self._left)
        self._left.clear()
        self._dropping = False
        return line

    def _add(self, part: bytes) -> None:
        if len(self._left) + len(part) > self.most:
            self._left.clear()
            self._dropping = True
        if not self._dropping:
            self._left += part
