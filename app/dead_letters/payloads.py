"""What came, read as a signal."""

from dataclasses import dataclass
from datetime import datetime

from app.checks import fault_of_text
from app.errors import BadUserInput
from app.signals.importers.formats import receiver
from app.signals.importers.record import Record

_read = receiver("message")


@dataclass(frozen=True, slots=True)
class Item:
    """One signal as it came, and what was read of it or why it cannot be read."""

    source: str
    received_at: datetime
    payload: bytes
    read: Record | BadUserInput

    @classmethod
    def of(cls, source: str, received_at: datetime, payload: bytes) -> "Item":
        """A line of JSONL, as `coherence import` takes it; its time is `received_at` where it names none."""
        read: Record | BadUserInput
        try:
            read = _read(payload, received_at)
        except BadUserInput as fault:
            read = fault
        return cls(source, received_at, payload, read)

    @property
    def conversation(self) -> str | None:
        """Its contextWindowId, where that can be read and stored."""
        if isinstance(self.read, BadUserInput) or fault_of_text(self.read.context_window_id):
            return None
        return self.read.context_window_id
