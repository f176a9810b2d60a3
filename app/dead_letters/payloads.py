"""What came, read as a signal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.checks import fault_of_text
from app.errors import BadUserInput
from app.signals.importers.import_source import columns_mapped
from app.signals.importers.jsonl import Reader, reader
from app.signals.importers.names import Unread
from app.signals.importers.record import Defaults, Record

SOURCE = "Kafka"
"""Of messages that name none: all dead letters are Kafka's as yet."""


def message_reader(maps: Iterable[str], *, source: str = SOURCE, strict: bool = False) -> Reader:
    """As the command line's `--map`, `--source` and `--strict` say. Raises BadUserInput."""
    return reader("message", Defaults(source), columns_mapped(maps), strict=strict)


READ = message_reader(())


@dataclass(frozen=True, slots=True)
class Item:
    """One signal as it came, and what was read of it or why it cannot be read."""

    source: str
    received_at: datetime
    payload: bytes
    read: Record | BadUserInput

    @classmethod
    def of(
        cls,
        source: str,
        received_at: datetime,
        payload: bytes,
        read_message: Reader = READ,
        unread: Unread | None = None,
    ) -> "Item":
        """A line of JSONL, as `coherence import` takes it; its time is `received_at` where it names none."""
        read: Record | BadUserInput
        try:
            read = read_message(payload, received_at, Unread() if unread is None else unread)
        except BadUserInput as fault:
            read = fault
        return cls(source, received_at, payload, read)

    @property
    def conversation(self) -> str | None:
        """Its contextWindowId, where that can be read and stored."""
        if isinstance(self.read, BadUserInput) or fault_of_text(self.read.context_window_id):
            return None
        return self.read.context_window_id
