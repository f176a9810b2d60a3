"""The event form in which other services send signals: user_id, agent_id, signal_type, timestamp, payload."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.errors import BadUserInput
from app.signals.rules import NEUTRAL

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "signal_type": "text",
        "user_id": "text",
        "agent_id": "text",
        "context_window_id": "text",
        "timestamp": "time",
        "payload": "json",
        "score": "number",
        "signal_score": "number",
        "raw_content": "text",
        "text": "text",
    }
)
"""What an event's members are, all but the first optional; null is as good as left out."""


def is_event(members: Mapping[str, Any]) -> bool:
    """Whether an object has the event form, and not the contract's."""
    return "signal_type" in members and "signalSource" not in members


def signal_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as the contract's SignalInput, its fields by name; the timestamp is as it was sent.

    The conversation is context_window_id, or else `user:<user_id>`; whoever stores the signal opens it if need be.
    Raises BadUserInput where a member is missing or of another type. Other limits are for `fault_of` to check.
    """
    given = {name: _checked(name, kind, event.get(name)) for name, kind in KINDS.items()}
    if given["signal_type"] is None:
        raise BadUserInput("signal_type is missing.", field="signal_type")
    conversation, user = given["context_window_id"], given["user_id"]
    if conversation is None and user is None:
        raise BadUserInput(
            "context_window_id and user_id are missing; it takes one of them.", field="context_window_id"
        )
    return {
        "contextWindowId": f"user:{user}" if conversation is None else conversation,
        "timestamp": given["timestamp"],
        "rawContent": _first(given["raw_content"], given["text"]),
        "signalSource": given["signal_type"],
        "signalScore": _first(given["score"], given["signal_score"], NEUTRAL),
        "agentId": given["agent_id"],
        "userId": user,
        "payload": given["payload"],
    }


def number(name: str, value: Any) -> float | None:
    """`value`, where it is a number or null. Raises BadUserInput."""
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise BadUserInput(f"{name} is {_shown(value)}; it takes a number.", field=name)
    return value


def _checked(name: str, kind: str, value: Any) -> Any:
    if kind == "number":
        return number(name, value)
    if kind == "time" and (isinstance(value, bool) or not isinstance(value, str | int | float | None)):
        raise BadUserInput(f"{name} is {_shown(value)}; it takes a string or a Unix time.", field=name)
    if kind == "text" and not isinstance(value, str | None):
        raise BadUserInput(f"{name} is {_shown(value)}; it takes a string.", field=name)
    return value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:40]


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
