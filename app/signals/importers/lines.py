"""Lines to import: a file's, out of plain text or gzip, or made of something else; one of them in memory."""

import gzip
import hashlib
import io
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app.errors import Refused

LONGEST = 32_000_000
"""Longest line that is read whole, in bytes."""

_HEAD = 64 * 1024
_GLANCE = 512
BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def place_of(path: Path) -> str:
    """Where it is, as text that can be stored: a file's name may be any bytes."""
    return os.fsencode(path.resolve()).decode(errors="backslashreplace")


class Unreadable(Refused):
    """The file cannot be read, or not to its end."""

    code = "UNREADABLE"


class Lines(Protocol):
    """Lines that are being read. Raises Unreadable where they cannot be read to their end."""

    number: int
    """Of the line read last; the first one is 1."""
    unfinished: bool
    """Whether that line lacks its end: whoever writes the file may not be done with it."""
    skipped: Counter[str]
    """What stands between the lines, of no use by its nature, by kind."""
    unread: Counter[str]
    """What was there and is not read, by what it is."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def position(self) -> int:
        """How far has been read, in bytes."""


class FileLines(Iterator[bytes]):
    """The lines of an open file, each with its newline. Of one longer than LONGEST only the beginning is kept."""

    def __init__(self, called: str, file: io.BufferedReader) -> None:
        self.called = called
        self.number = 0
        self.unfinished = False
        self.skipped: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self._file = file
        zipped = file.peek(2)[:2] == _GZIP
        self._text = io.BufferedReader(gzip.GzipFile(fileobj=file), 1 << 18) if zipped else file

    def __next__(self) -> bytes:
        try:
            line = self._text.readline(LONGEST + 1)
            end = line
            while end and not end.endswith(b"\n") and len(end) > LONGEST:
                end = self._text.readline(LONGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"{self.called} cannot be read beyond line {self.number}: {error}.") from error
        if not line:
            raise StopIteration
        self.number += 1
        self.unfinished = not end.endswith(b"\n")
        return line.removeprefix(BOM) if self.number == 1 else line

    def beginning(self) -> bytes:
        """What it begins with, some hundred bytes where it has them. Raises Unreadable."""
        try:
            return self._text.peek(_GLANCE)[:_GLANCE]
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"{self.called} cannot be read: {error}.") from error

    def position(self) -> int:
        """How far the file on disk has been read, in bytes."""
        return self._file.tell()


class MadeLines(Iterator[bytes]):
    """Lines that are made of something else."""

    def __init__(
        self,
        lines: Iterator[bytes],
        skipped: Counter[str],
        unread: Counter[str],
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        self.number = 0
        self.unfinished = False
        self.skipped = skipped
        self.unread = unread
        self.position = position
        self._lines = lines

    def __next__(self) -> bytes:
        line = next(self._lines)
        self.number += 1
        return line


@contextmanager
def opened(path: Path, called: str | None = None) -> Iterator[FileLines]:
    """`called` is what people are told that it is. Raises Unreadable."""
    called = called or str(path)
    try:
        if not path.is_file():
            raise Unreadable(f"{called} is no file.")
        file = path.open("rb")
    except OSError as error:
        raise Unreadable(f"{called} cannot be read: {error.strerror}.") from error
    with file:
        yield FileLines(called, file)


class Fingerprint:
    """Tells one file's content from another's by its first lines, up to 64 KiB of them.

    It is taken of the lines that have been dealt with: so a short file is the same one after it has grown.
    """

    def __init__(self, identity: bytes) -> None:
        self._hash = hashlib.sha256(identity)
        self._room = _HEAD

    def add(self, lines: bytes) -> None:
        """One line or several; whether the last one has its newline makes no difference."""
        if self._room:
            head = (lines.removesuffix(b"\n") + b"\n")[: self._room]
            self._hash.update(head)
            self._room -= len(head)

    @property
    def full(self) -> bool:
        """Whether further lines make no difference."""
        return not self._room

    def key(self) -> bytes:
        return self._hash.copy().digest()
