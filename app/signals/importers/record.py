"""A signal as it comes out of a file."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from app.checks import nfc
from app.errors import BadUserInput
from app.signals.importers.times import parse_time
from app.signals.rules import NEUTRAL

# The contract's fields, in the order of Record's, and what their values are.
KINDS: Mapping[str, str] = {
    "contextWindowId": "text",
    "timestamp": "time",
    "rawContent": "text",
    "signalSource": "text",
    "signalScore": "number",
    "signalVector": "text",
    "emotionalTone": "number",
    "escalateFlag": "whole",
    "agentId": "text",
    "userId": "text",
    "payload": "json",
    "relationshipContext": "text",
    "diagnosticNotes": "text",
    "idempotencyKey": "text",
    "embedding": "numbers",
}


class Defaults(NamedTuple):
    """What signals have that do not say it themselves."""

    source: str = "unknown"
    score: float = NEUTRAL
    conversation: str | None = None
    zone: ZoneInfo | None = None
    """Of times without an offset, which are refused without one."""


class Record(msgspec.Struct, gc=False):
    """A NewSignal."""

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
    idempotency_key: str | None = None
    embedding: list[float] | None = None
    opens: bool = False
    """Whether its conversation is opened where it is not there, whatever the options say."""
    title: str | None = None
    """That conversation's, then."""

    def __post_init__(self) -> None:
        self.context_window_id = nfc(self.context_window_id)


def record(
    default: Defaults,
    /,
    key: str | None,
    timestamp: str | float | None,
    content: str | None,
    own_source: str | None,
    own_score: float | None,
    vector: str | None,
    tone: float | None,
    flag: float | None,
    agent: str | None,
    user: str | None,
    payload: msgspec.Raw | str | None,
    relationship: str | None,
    notes: str | None,
    once: str | None,
    embedding: list[float] | None = None,
    opens: bool = False,
    title: str | None = None,
) -> Record:
    """The signal of a line's values. Raises BadUserInput."""
    if key is None:
        key = default.conversation
    if key is None:
        raise BadUserInput("contextWindowId is missing.", field="contextWindowId")
    return Record(
        key,
        None if timestamp is None else _time(timestamp, default.zone),
        content,
        default.source if own_source is None else own_source,
        default.score if own_score is None else own_score,
        vector,
        tone,
        0 if flag is None else _whole(flag),
        agent,
        user,
        None if payload is None else json_value(payload),
        relationship,
        notes,
        once,
        embedding,
        opens=opens,
        title=title,
    )


def opening(records: Iterable[Record]) -> dict[str, str | None]:
    """Conversations that are opened whatever the options say, and their titles."""
    found: dict[str, str | None] = {}
    for read in records:
        if read.opens:
            found[read.context_window_id] = found.get(read.context_window_id) or read.title
    return found


def number(text: str) -> float:
    """`text` as a table writes a number. ValueError where it is none."""
    if "_" in text:  # Python's own liberty
        raise ValueError(text)
    return float(text)


def _whole(value: float) -> int:
    """GraphQL takes 1.0 for 1; what is no whole number is left for `fault_of` to refuse."""
    return int(value) if value.is_integer() else value  # type: ignore[return-value]


def _time(value: str | float, zone: ZoneInfo | None) -> datetime:
    try:
        return parse_time(value, zone)
    except ValueError as error:
        colon = ":" if str(error).startswith("DateTime") else ""
        raise BadUserInput(f"timestamp{colon} {error}", field="timestamp") from None


def json_value(text: msgspec.Raw | str) -> Any:
    """A payload. Raises BadUserInput. Python's own reader keeps whole numbers of any length."""
    try:
        return json.loads(bytes(text) if isinstance(text, msgspec.Raw) else text)
    except json.JSONDecodeError as error:
        fault = f"is not JSON: {error.msg} at character {error.pos + 1}"
    except ValueError:
        fault = "holds a whole number of more than 4300 digits"
    except RecursionError:
        fault = "is nested too deeply"
    raise BadUserInput(f"payload {fault}.", field="payload")
