"""Reads a file batch by batch: lines that are committed together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.errors import BadUserInput, Refused
from app.signals.importers.formats import Item
from app.signals.importers.import_source import Source
from app.signals.importers.lines import Fingerprint, Lines, Unreadable
from app.signals.importers.names import Unread
from app.signals.importers.record import Record, record
from app.signals.importers.rejected import Rejected
from app.signals.importers.vader import Scorer

_LARGEST = 16_000_000
"""A batch ends where its lines have that many bytes, however few they are."""


@dataclass(slots=True)
class Batch:
    """Lines that are committed together."""

    records: list[Record] = field(default_factory=list)
    lines: list[tuple[int, bytes]] = field(default_factory=list)
    """Number and text of every record's line."""
    rejected: list[Rejected] = field(default_factory=list)
    unfinished: bool = False
    """Whether the last one rejected may only be half written as yet: it is read again next time."""
    size: int = 0
    """Bytes of text."""
    end: int = 0
    """Number of the last line that has been dealt with."""
    key: bytes = b""
    """Fingerprint of all lines until there."""
    position: int = 0
    """How far the file on disk has been read, in bytes."""
    scores: Iterator[float] | None = None
    """What VADER makes of the records' texts."""
    unread: Unread = field(default_factory=Unread)
    """Names of its lines that are not read."""
    damage: Unreadable | None = None
    """Why the file cannot be read any further."""

    def read(self, source: Source, item: Item) -> bool:
        """Adds a record, or why there is none; whether there is one."""
        self.size += len(item.raw)
        try:
            read = record(source.default, *source.format.values(item.row, self.unread))
        except BadUserInput as fault:
            self.rejected.append(Rejected(item.line, fault.message, item.raw, fault.field))
            return False
        self.records.append(read)
        self.lines.append((item.line, item.raw))
        return True

    def all_rejected(self, results: Iterable[object]) -> list[Rejected]:
        """With those records that were refused, as `results` say of each."""
        refused = [
            Rejected(number, result.message, raw, result.field)
            for result, (number, raw) in zip(results, self.lines, strict=True)
            if isinstance(result, Refused)
        ]
        return sorted(refused + self.rejected, key=lambda row: row.line)

    def full(self, size: int) -> bool:
        return len(self.lines) + len(self.rejected) >= size or self.size >= _LARGEST

    def take_scores(self) -> None:
        """Waits for those that have been asked for."""
        if self.scores is not None:
            for scored, score in zip(self.records, self.scores, strict=True):
                scored.signal_score = score


def batches_of(
    source: Source, lines: Lines, after: int, size: int, scorer: Scorer | None, limit: int | None = None
) -> Iterator[Batch]:
    """What follows line `after`, at most `size` rows at a time and `limit` altogether."""
    left = limit
    fingerprint = Fingerprint(source.identity)
    batch, end = Batch(), after

    def closed() -> Batch:
        batch.end, batch.key, batch.position = end, fingerprint.key(), lines.position()
        if source.vader and scorer is not None:
            batch.scores = scorer([record.raw_content for record in batch.records])
        return batch

    try:
        for item in source.format.items(lines):
            new = item.row is not None and item.end > after
            if new and not batch.read(source, item) and lines.unfinished and item.end == lines.number:
                batch.unfinished = True
                break
            fingerprint.add(item.raw)
            end = max(after, item.end)
            if new and left is not None:
                left -= 1
            if batch.full(size):
                yield closed()
                batch = Batch()
            if left == 0:
                break
    except Unreadable as error:
        batch.damage = error
    if batch.size or batch.damage:
        yield closed()
