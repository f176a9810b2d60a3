"""Global ids: the type's name and the row's key, opaque to clients."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from app.checks import nfc
from app.conversations.queries import Reference
from app.errors import BadUserInput
from app.instant import instant, microseconds
from app.signals.queries import SignalKey


@strawberry.interface
class Node:
    id: strawberry.ID


def opaque(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def plain(text: str) -> str:
    """What `opaque` was given; ValueError for anything else."""
    try:
        return base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        raise ValueError(text) from None


def user_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(opaque(f"User:{key}"))


def conversation_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(opaque(f"Conversation:{key}"))


def anomaly_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(opaque(f"Anomaly:{key}"))


def message_id(key: int) -> strawberry.ID:
    return strawberry.ID(opaque(f"Message:{key}"))


def api_key_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(opaque(f"ApiKey:{key}"))


def session_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(opaque(f"Session:{key}"))


def signal_id(time: datetime, number: int) -> strawberry.ID:
    # As `opaque` has it, for a batch has thousands: letters, digits and colons give none of the letters it replaces.
    # Not called an ID, which would take as long again.
    text = b"Signal:%d:%d" % (microseconds(time), number)
    return binascii.b2a_base64(text, newline=False).decode()  # type: ignore[return-value]


def number_of(text: str) -> int:
    """A row's number; ValueError where no row can have it."""
    if not 0 < (number := int(text)) < 2**63:
        raise ValueError(text)
    return number


def _signal_key(text: str) -> SignalKey:
    time, number = text.split(":")
    return instant(int(time)), number_of(number)


_KEYS: dict[str, Callable[[str], Any]] = {
    "User": UUID,
    "Conversation": UUID,
    "Signal": _signal_key,
    "Anomaly": UUID,
    "Message": number_of,
    "ApiKey": UUID,
    "Session": UUID,
}


def _decoded(text: str) -> tuple[str, Any] | None:
    """The type's name and the row's key; None for what is no id."""
    try:
        type_name, _, key = plain(text).partition(":")
        return type_name, _KEYS[type_name](key)
    except (ValueError, KeyError, OverflowError):
        return None


def parse(global_id: str, field: str) -> tuple[str, Any]:
    """The type's name and the row's key."""
    found = _decoded(global_id)
    if found is None:
        raise BadUserInput(f"{field} {global_id[:60]!r} is not an id of this server.", field=field)
    return found


def key_of(type_name: str, global_id: str, field: str) -> Any:
    """The key in the id of a `type_name`; BadUserInput for another type's id."""
    return _of_type(type_name, parse(global_id, field), field)


def conversation_reference(text: str, field: str) -> Reference:
    """Return what names a conversation: the key in a conversation's id, or else the text, as its contextWindowId in NFC.

    BadUserInput for another type's id.
    """
    found = _decoded(text)
    if found is None:
        return nfc(text)
    key: UUID = _of_type("Conversation", found, field)
    return key


def _of_type(type_name: str, id_: tuple[str, Any], field: str) -> Any:
    found, key = id_
    if found != type_name:
        raise BadUserInput(f"{field} is the id of a {found}; it takes that of a {type_name}.", field=field)
    return key
