"""What a signal has to be like to be stored: each fault names the field, the value's fault and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
import orjson

from app.checks import JSON_DEPTH, NAME_LENGTH, fault_of_json, fault_of_text
from app.database.base import to_json
from app.errors import BadUserInput, Refused
from app.instant import EPOCH

NEUTRAL = 0.5
"""Score of a signal that is sent without one."""


class NewSignal(Protocol):
    """A signal as a producer sends it: the contract's SignalInput."""

    context_window_id: str
    timestamp: datetime | None
    raw_content: str | None
    signal_source: str
    signal_score: float
    signal_vector: str | None
    emotional_tone: float | None
    escalate_flag: int
    agent_id: str | None
    user_id: str | None
    payload: Any
    relationship_context: str | None
    diagnostic_notes: str | None
    idempotency_key: str | None
    embedding: list[float] | None


# In the order in which they are checked; the names are the contract's.
_KEYS = (
    ("contextWindowId", "context_window_id"),
    ("signalSource", "signal_source"),
    ("agentId", "agent_id"),
    ("userId", "user_id"),
    ("signalVector", "signal_vector"),
    ("idempotencyKey", "idempotency_key"),
)
_TEXTS = (
    ("rawContent", "raw_content"),
    ("relationshipContext", "relationship_context"),
    ("diagnosticNotes", "diagnostic_notes"),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits among them; each is a setting."""

    clock_skew: timedelta = timedelta(seconds=300)
    """How far ahead of the server's clock a signal may be."""
    most_signals: int = 50_000
    """Of one batch."""
    most_text: int = 1_000_000
    """Characters of one text."""
    most_payload: int = 1_000_000
    """Bytes of the payload as JSON."""
    payload_depth: int = JSON_DEPTH
    embedding_width: int = 256
    """Numbers of an embedding."""

    def check_size(self, signals: Sequence[NewSignal]) -> None:
        if len(signals) > self.most_signals:
            raise BadUserInput(
                f"signals has {len(signals)} items; it takes up to {self.most_signals}.", field="signals"
            )

    def faults_of(self, signals: Sequence[NewSignal], now: datetime) -> list[Refused | None]:
        """Why each of them cannot be stored, or None; their payloads aside."""
        if self._all_sound(signals, now):
            return [None] * len(signals)
        return [self.fault_of(signal, now) for signal in signals]

    def _all_sound(self, signals: Sequence[NewSignal], now: datetime) -> bool:
        """Whether none has a fault, as in nearly all batches: told of all names and all texts at once, where
        `fault_of` takes five times as long.
        """
        latest = now + self.clock_skew
        names = set(chain.from_iterable(map(_keys_of, signals))) - {None}
        texts = [text for text in chain.from_iterable(map(_texts_of, signals)) if text]
        return (
            all(
                0 <= signal.signal_score <= 1
                and signal.escalate_flag in {0, 1}
                and signal.embedding is None
                and (signal.timestamp is None or EPOCH <= signal.timestamp <= latest)
                and (signal.emotional_tone is None or 0 <= signal.emotional_tone <= 1)
                for signal in signals
            )
            and "" not in names
            and max(map(len, names), default=0) <= NAME_LENGTH
            and max(map(len, texts), default=0) <= self.most_text
            and fault_of_text("".join(names)) is None
            and fault_of_text("".join(texts)) is None
        )

    def fault_of(self, signal: NewSignal, now: datetime) -> BadUserInput | None:  # noqa: C901, PLR0911, PLR0912 - one rule after another
        """Why `signal` cannot be stored, or None; its payload aside."""
        if signal.timestamp is not None and signal.timestamp > now + self.clock_skew:
            return _bad(
                "timestamp",
                f"is {_ahead(signal.timestamp - now)} ahead of the server's clock; it takes up to {_ahead(self.clock_skew)}",
            )
        if signal.timestamp is not None and signal.timestamp < EPOCH:
            return _bad("timestamp", "lies before 1970")
        if not 0 <= signal.signal_score <= 1:
            return _bad("signalScore", f"is {signal.signal_score}; it takes a number from 0 to 1")
        if signal.emotional_tone is not None and not 0 <= signal.emotional_tone <= 1:
            return _bad("emotionalTone", f"is {signal.emotional_tone}; it takes a number from 0 to 1")
        if signal.escalate_flag not in {0, 1}:
            return _bad("escalateFlag", f"is {signal.escalate_flag}; it takes 0 or 1")
        for field, attribute in _KEYS:
            value = getattr(signal, attribute)
            if value is None:
                continue
            if not 1 <= len(value) <= NAME_LENGTH:
                return _bad(field, f"has {len(value)} characters; it takes 1 to {NAME_LENGTH}")
            if fault := fault_of_text(value):
                return _bad(field, fault)
        for field, attribute in _TEXTS:
            value = getattr(signal, attribute)
            if value is None:
                continue
            if len(value) > self.most_text:
                return _bad(field, f"has {len(value)} characters; it takes up to {self.most_text}")
            if fault := fault_of_text(value):
                return _bad(field, fault)
        return None if signal.embedding is None else self._fault_of_embedding(signal.embedding)

    def _fault_of_embedding(self, embedding: Sequence[float]) -> BadUserInput | None:
        if len(embedding) != self.embedding_width:
            return _bad("embedding", f"has {len(embedding)} numbers; it takes {self.embedding_width}")
        with np.errstate(over="ignore"):
            stored = np.asarray(embedding, np.float32)
        if not np.isfinite(stored).all():
            return _bad(
                "embedding", "holds a number that is none or too large; it takes those of single precision"
            )
        if not stored.any():
            return _bad("embedding", "is all 0, which points nowhere; it takes a direction")
        return None

    def payloads(self, signals: Sequence[NewSignal]) -> list[str | BadUserInput]:
        """The signals' payloads as PostgreSQL takes them, or why they cannot be stored."""
        values = [signal.payload for signal in signals]
        return self._all_plain(values) or [self.payload(value) for value in values]

    def _all_plain(self, values: Sequence[Any]) -> list[str | BadUserInput] | None:
        """What `payload` makes of each, in a third of the time; None unless all are sound at a glance."""
        try:
            written = [orjson.dumps({} if value is None else value) for value in values]
        except TypeError:
            return None
        everything = b"".join(written)
        if (
            b"\\u0000" in everything
            or b"null" in everything
            or max(map(len, written), default=0) > self.most_payload
            or any(each.count(b"[") + each.count(b"{") > self.payload_depth for each in written)
        ):
            return None
        return [each.decode() for each in written]

    def payload(self, value: Any) -> str | BadUserInput:
        """As PostgreSQL takes it, or why it cannot be stored."""
        if value is None:
            return "{}"
        try:
            written = orjson.dumps(value)
            # NaN has become null; brackets within texts are counted as well, which only makes it look closer.
            plain = (
                b"\\u0000" not in written
                and b"null" not in written
                and written.count(b"[") + written.count(b"{") <= self.payload_depth
            )
        except TypeError:  # a whole number of more than 64 bits, a lone surrogate, a nesting of hundreds
            written, plain = b"", False
        if not plain and (fault := fault_of_json(value, self.payload_depth)):
            return _bad("payload", fault)
        written = written or to_json(value).encode()
        if len(written) > self.most_payload:
            return _bad("payload", f"has {len(written)} bytes as JSON; it takes up to {self.most_payload}")
        return written.decode()


_keys_of = attrgetter(*(attribute for _, attribute in _KEYS))
_texts_of = attrgetter(*(attribute for _, attribute in _TEXTS))


def _bad(field: str, fault: str) -> BadUserInput:
    return BadUserInput(f"{field} {fault}.", field=field)


def _ahead(difference: timedelta) -> str:
    return f"{difference.total_seconds():.6f}".rstrip("0").rstrip(".") + " s"
