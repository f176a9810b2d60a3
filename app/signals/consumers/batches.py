"""What one transaction stores: signals, dead letters, and how far the partitions are stored with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from app.database.engine import Database
from app.dead_letters import queries as dead_letters
from app.dead_letters.payloads import Item
from app.dead_letters.service import Writer
from app.errors import BadUserInput
from app.signals.consumers import queries
from app.signals.consumers.queries import Partition
from app.signals.importers.lines import BOM

_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Message:
    """As Kafka has it."""

    partition: Partition
    offset: int
    time: datetime | None
    value: bytes
    """Empty where it has none, as a tombstone of a compacted topic."""

    def items(self, now: datetime, writer: Writer) -> list[Item]:
        """An object is one signal, a list several: each is stored or refused by itself."""
        if not self.value:
            return []
        topic, number = self.partition
        source, time = f"kafka:{topic}/{number}/{self.offset}", self.time or now
        try:
            elements = _ELEMENTS.decode(self.value.removeprefix(BOM))
        except (msgspec.MsgspecError, ValueError, RecursionError):  # an object, or nothing that can be read
            return [writer.item(source, time, self.value)]
        return [writer.item(f"{source}#{place}", time, bytes(raw)) for place, raw in enumerate(elements)]


@dataclass(slots=True)
class Counts:
    """What became of the signals."""

    accepted: int = 0
    refused: int = 0
    """Of the dead letters, those that could be read."""
    dead_lettered: int = 0
    skipped: int = 0
    """Messages that had been stored before."""
    empty: int = 0
    """Messages without a value."""

    def add(self, other: "Counts") -> None:
        self.accepted += other.accepted
        self.refused += other.refused
        self.dead_lettered += other.dead_lettered
        self.skipped += other.skipped
        self.empty += other.empty


def reached(messages: Sequence[Message]) -> dict[Partition, int]:
    """The offset after the last message of each partition."""
    ends: dict[Partition, int] = {}
    for message in messages:
        ends[message.partition] = max(ends.get(message.partition, 0), message.offset + 1)
    return ends


async def store(database: Database, group: str, messages: Sequence[Message], writer: Writer) -> Counts:
    """Stores each message once, however often the group is sent it."""
    now = datetime.now(UTC)
    ends = reached(messages)
    async with database.write() as connection:
        begin = await queries.lock(connection, group, list(ends))
        new = [message for message in messages if message.offset >= begin[message.partition]]
        items = [item for message in new for item in message.items(now, writer)]
        faults = await writer.store(connection, items, now)
        letters = [(item, fault) for item, fault in zip(items, faults, strict=True) if fault is not None]
        await dead_letters.add(connection, letters)
        await queries.advance(connection, group, ends)
    return Counts(
        accepted=len(items) - len(letters),
        refused=sum(not isinstance(item.read, BadUserInput) for item, _ in letters),
        dead_lettered=len(letters),
        skipped=len(messages) - len(new),
        empty=sum(not message.value for message in new),
    )
