"""Lines to import: a file's, out of plain text or gzip, or made of something else; one of them in memory."""

import gzip
import hashlib
import io
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
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


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

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def position(self) -> int:
        """How far has been read, in bytes."""


class FileLines(Iterator[bytes]):
    """The lines of an open file, each with its newline. Of one longer than LONGEST only the beginning is kept."""

    def __init__(self, path: Path, file: io.BufferedReader) -> None:
        self.path = path
        self.number = 0
        self.unfinished = False
        self.skipped: Counter[str] = Counter()
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
            raise Unreadable(f"{self.path} cannot be read beyond line {self.number}: {error}.") from error
        if not line:
            raise StopIteration
        self.number += 1
        self.unfinished = not end.endswith(b"\n")
        return line.removeprefix(_BOM) if self.number == 1 else line

    def position(self) -> int:
        """How far the file on disk has been read, in bytes."""
        return self._file.tell()


class MadeLines(Iterator[bytes]):
    """Lines that are made of something else."""

    def __init__(
        self, lines: Iterator[bytes], skipped: Counter[str], position: Callable[[], int] = lambda: 0
    ) -> None:
        self.number = 0
        self.unfinished = False
        self.skipped = skipped
        self.position = position
        self._lines = lines

    def __next__(self) -> bytes:
        line = next(self._lines)
        self.number += 1
        return line


@contextmanager
def opened(path: Path) -> Iterator[FileLines]:
    """Raises Unreadable."""
    try:
        if not path.is_file():
            raise Unreadable(f"{path} is no file.")
        file = path.open("rb")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        yield FileLines(path, file)


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
