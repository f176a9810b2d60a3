"""What an import would do, for people: the first signals as they would be stored, and counts of all."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.instant import write_instant
from app.signals.check import Checked
from app.signals.importers.batches import Batch
from app.signals.importers.names import Unread
from app.signals.importers.queries import Progress
from app.signals.importers.record import Record

_SHOWN = 10
_REASONS = 30
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9]+(?:[.:][0-9]+)*")


@dataclass(slots=True)
class Reason:
    """Why lines are rejected: what is wrong, with the first one's value, how many there are, and which is first."""

    fault: str
    line: int
    count: int = 0


@dataclass(slots=True)
class Preview:
    """Grows batch by batch; no larger than the first signals and the conversations' names."""

    start: Progress
    first: list[tuple[Record, datetime]] = field(default_factory=list)
    """With the time that each would get."""
    valid: int = 0
    without_time: int = 0
    """Those of them that do not say when they were."""
    reasons: dict[tuple[str, str], Reason] = field(default_factory=dict)
    """By the field at fault, and the fault whatever its value."""
    opened: set[str] = field(default_factory=set)
    sources: Counter[str] = field(default_factory=Counter)
    earliest: datetime | None = None
    latest: datetime | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    unread: Unread = field(default_factory=Unread)

    @property
    def rejected(self) -> int:
        """Those of earlier runs are among them, as in the import's own count."""
        return self.start.rejected + sum(reason.count for reason in self.reasons.values())

    def add(self, batch: Batch, checked: Checked, now: datetime) -> None:
        for record, fault in zip(batch.records, checked.faults, strict=True):
            if fault is None:
                self._add_valid(record, record.timestamp or now)
                self.without_time += record.timestamp is None
        for rejected in batch.all_rejected(checked.faults):
            key = (rejected.field or "", _VALUES.sub("…", rejected.reason))
            reason = self.reasons.setdefault(key, Reason(rejected.reason, rejected.line))
            reason.count += 1
        self.opened |= checked.opened
        self.unread.update(batch.unread)

    def _add_valid(self, record: Record, time: datetime) -> None:
        self.valid += 1
        self.sources[record.signal_source] += 1
        self.earliest = time if self.earliest is None else min(self.earliest, time)
        self.latest = time if self.latest is None else max(self.latest, time)
        if len(self.first) < _SHOWN:
            self.first.append((record, time))


_COLUMNS = (
    "timestamp",
    "contextWindowId",
    "signalSource",
    "score",
    "userId",
    "agentId",
    "rawContent",
    "payload",
)
_WIDTH = 160
"""Of the tables, in characters, where it is not a terminal that they are written to."""
_CELL = 48
"""Longest text that is shown, in characters."""


def show(name: str, preview: Preview) -> None:
    """Two tables and counts, on standard output."""
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH
    if preview.first:
        table = Table(*_COLUMNS, title=f"The first {len(preview.first)} signals", box=box.SIMPLE)
        for record, time in preview.first:
            table.add_row(*map(_cell, _cells(record, time)))
        console.print(table)
    if preview.reasons:
        table = Table("rejected", "field", "first line", "reason", title="Rejected", box=box.SIMPLE)
        most = sorted(preview.reasons.items(), key=lambda item: -item[1].count)
        for (field_at_fault, _), reason in most[:_REASONS]:
            table.add_row(
                str(reason.count), _cell(field_at_fault), str(reason.line), _shown(reason.fault[:_WIDTH])
            )
        console.print(table)
    for said in _counts(name, preview):
        console.print(Text(said), soft_wrap=True)


def _cells(record: Record, time: datetime) -> Iterator[str]:
    """A signal in _COLUMNS."""
    yield write_instant(time)
    yield record.context_window_id
    yield record.signal_source
    yield f"{record.signal_score:g}"
    yield from (record.user_id or "", record.agent_id or "", record.raw_content or "")
    yield "" if record.payload is None else json.dumps(record.payload, ensure_ascii=False)


def _counts(name: str, preview: Preview) -> Iterator[str]:
    yield f"{printable(name)}: nothing is stored, as this is a dry run."
    if preview.start.line:
        yield f"  lines that an import would go on after: {preview.start.line}"
    yield f"  valid: {preview.valid}"
    if preview.without_time:
        yield f"  without a time, and so given that of the import: {preview.without_time}"
    yield f"  rejected: {preview.rejected}"
    if preview.skipped:
        yield f"  skipped: {counted(preview.skipped)}"
    if preview.unread:
        yield f"  {printable(str(preview.unread))}"
    yield f"  conversations that would be opened: {len(preview.opened)}"
    if preview.earliest is not None and preview.latest is not None:
        yield f"  from {write_instant(preview.earliest)} to {write_instant(preview.latest)}"
    if preview.sources:
        yield f"  sources: {printable(', '.join(f'{source} {n}' for source, n in preview.sources.most_common(_REASONS)))}"


def counted(skipped: Counter[str]) -> str:
    """How many of what."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in skipped.most_common())
    return printable(f"{skipped.total()} messages ({kinds})")


def _cell(text: str) -> Text:
    return _shown(text if len(text) <= _CELL else f"{text[:_CELL]}…")


def _shown(text: str) -> Text:
    return Text(printable(text))


def printable(text: str) -> str:
    """What others wrote has no power over a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
