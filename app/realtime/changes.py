"""What has changed, as keys: where to look, never what is there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Self
from uuid import UUID

import msgspec

from app.instant import instant, microseconds

MOST_KEYS = 60
"""Keys of one message, which PostgreSQL bounds to 7 999 bytes: each takes at most 120."""


@dataclass(frozen=True, slots=True)
class Span:
    """The new signals of a conversation lie among those with these times and these ids, both ends inside."""

    first: datetime
    last: datetime
    first_id: int
    last_id: int

    @classmethod
    def of(cls, keys: Iterable[tuple[datetime, int]]) -> Self:
        times, ids = zip(*keys, strict=True)
        return cls(min(times), max(times), min(ids), max(ids))

    def __or__(self, other: "Span") -> "Span":
        return Span(
            min(self.first, other.first),
            max(self.last, other.last),
            min(self.first_id, other.first_id),
            max(self.last_id, other.last_id),
        )


type Place = Span | None
"""Where in a conversation something has changed; None: anywhere in it, or the conversation itself."""


class _Key(msgspec.Struct, array_like=True):
    conversation: UUID
    span: tuple[int, int, int, int] | None
    """Times in microseconds since 1970, then ids."""


class _Message(msgspec.Struct, omit_defaults=True):
    """As servers of one database tell each other."""

    conversations: list[_Key] = []
    anomalies: list[UUID] = []


@dataclass(slots=True)
class Changes:
    conversations: dict[UUID, Place] = field(default_factory=dict)
    anomalies: set[UUID] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.conversations or self.anomalies)

    def note(self, conversation: UUID, place: Place) -> None:
        """Joined with what is known to have changed in it."""
        known = self.conversations.get(conversation, place)
        self.conversations[conversation] = None if place is None or known is None else known | place

    def add(self, other: "Changes") -> None:
        for conversation, place in other.conversations.items():
            self.note(conversation, place)
        self.anomalies |= other.anomalies

    def messages(self) -> Iterator[bytes]:
        for conversations in batched(map(_key, self.conversations.items()), MOST_KEYS):
            yield msgspec.json.encode(_Message(conversations=list(conversations)))
        for anomalies in batched(self.anomalies, MOST_KEYS):
            yield msgspec.json.encode(_Message(anomalies=list(anomalies)))

    @classmethod
    def read(cls, message: bytes | str) -> Self:
        """ValueError where it is none of ours."""
        try:
            read = _DECODER.decode(message)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from error
        return cls({key.conversation: _place(key) for key in read.conversations}, set(read.anomalies))


_DECODER = msgspec.json.Decoder(_Message)


def _key(changed: tuple[UUID, Place]) -> _Key:
    conversation, place = changed
    if place is None:
        return _Key(conversation, None)
    times = microseconds(place.first), microseconds(place.last)
    return _Key(conversation, (*times, place.first_id, place.last_id))


def _place(key: _Key) -> Place:
    if key.span is None:
        return None
    first, last, first_id, last_id = key.span
    return Span(instant(first), instant(last), first_id, last_id)
