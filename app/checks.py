"""Checks of what comes from outside: each names the field and the value's fault."""

import itertools
import math
import re
import unicodedata
from datetime import datetime
from typing import Any

from app.errors import BadUserInput
from app.instant import EPOCH

NAME_LENGTH = 255
"""Longest key or name, in characters: four-byte ones included, a rollup's key still fits an index row."""
JSON_DEPTH = 64

_LINES = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of what moves a terminal or breaks a line."""
# RFC 5322's dot-atom, and letters of any script (RFC 6531).
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def fault_of_text(value: str) -> str | None:
    """Why PostgreSQL could not store `value`, or None."""
    if "\0" in value:
        return "holds a NUL character, which cannot be stored"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "holds a lone surrogate, which is not a character"
    return None


def since_1970(field: str, value: datetime | None) -> datetime | None:
    """Return `value`. Sides of ranges alone may lie earlier."""
    if value is not None and value < EPOCH:
        raise BadUserInput(f"{field} lies before 1970.", field=field)
    return value


def text(field: str, value: str) -> str:
    """`value`, fit to be stored."""
    if fault := fault_of_text(value):
        raise BadUserInput(f"{field} {fault}.", field=field)
    return value


def name(field: str, value: str, longest: int = NAME_LENGTH) -> str:
    """`value`, fit to be a key or a name: 1 to `longest` characters."""
    if not 1 <= len(value) <= longest:
        raise BadUserInput(f"{field} has {len(value)} characters; it takes 1 to {longest}.", field=field)
    return text(field, value)


def username(field: str, value: str) -> str:
    """`value`, fit to be what a user is called: printable, and without blanks around it."""
    if fault := _fault_of_label(name(field, value), printable=True):
        raise BadUserInput(f"{field} {fault}.", field=field)
    return value


def display_name(field: str, value: str) -> str:
    """`value`, fit to be shown as somebody's name: there is something to see, in one line."""
    if fault := _fault_of_label(name(field, value), printable=False):
        raise BadUserInput(f"{field} {fault}.", field=field)
    return value


def _fault_of_label(value: str, *, printable: bool) -> str | None:
    if not any(letter.isprintable() and not letter.isspace() for letter in value):
        return "is blank"
    if value != value.strip():
        return "has blanks around it"
    if any(unicodedata.category(letter) in _LINES for letter in value):
        return "holds a control character"
    if printable and not value.isprintable():
        return "holds a character that cannot be seen"
    return None


def fault_of_email(value: str) -> str | None:
    """Why `value` is no e-mail address, or None. Whether somebody reads it only a message to it can tell."""
    local, at, _ = value.rpartition("@")
    if not at:
        return "is no e-mail address: it has no @"
    if any(not letter.isprintable() or letter.isspace() for letter in value):
        return "is no e-mail address: it holds a blank or a character that cannot be seen"
    if not 1 <= len(local.encode()) <= 64 or len(value.encode()) > 254:
        return "is no e-mail address: before the @ it takes 1 to 64 bytes, and 254 in all"
    # Marks (of accents that stand apart, of vowels in Indic scripts) are part of the letters before them.
    local, _, domain = "".join(c for c in value if not unicodedata.category(c).startswith("M")).rpartition(
        "@"
    )
    labels = domain.split(".")
    if not _LOCAL.fullmatch(local):
        return "is no e-mail address: what is before the @ holds what may not be there"
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return "is no e-mail address: what is after the @ is no domain, such as example.org"
    return None


def email(field: str, value: str) -> str:
    """`value`, which looks like an e-mail address."""
    if fault := fault_of_text(value) or fault_of_email(value):
        raise BadUserInput(f"{field} {fault}.", field=field)
    return value


def nfc(name: str) -> str:
    """A conversation's name (contextWindowId) in the one Unicode form that it is stored and looked up in."""
    # What is longer than any name could be when decomposed is refused for its length, not worked on.
    return name if name.isascii() or len(name) > 8 * NAME_LENGTH else unicodedata.normalize("NFC", name)


def optional_name(field: str, value: str | None, longest: int = NAME_LENGTH) -> str | None:
    return None if value is None else name(field, value, longest)


def fraction(field: str, value: float | None) -> float | None:
    """A number from 0 to 1."""
    if value is not None and not 0 <= value <= 1:
        raise BadUserInput(f"{field} is {value}; it takes a number from 0 to 1.", field=field)
    return value


def json_value(field: str, value: Any) -> Any:
    """A JSON value that PostgreSQL can store: nested at most 64 deep, finite numbers, clean text."""
    if fault := fault_of_json(value):
        raise BadUserInput(f"{field} {fault}.", field=field)
    return value


def fault_of_json(value: Any, deepest: int = JSON_DEPTH) -> str | None:
    """Why PostgreSQL could not store the JSON `value`, or None."""
    level = [value]
    for depth in itertools.count():
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict | list):
                if depth == deepest:
                    return f"is nested deeper than {deepest}"
                below.extend(item)
                if isinstance(item, dict):
                    below.extend(item.values())
            elif fault := _fault_of_scalar(item):
                return fault
        if not below:
            break
        level = below
    return None


def _fault_of_scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return fault_of_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"holds the number {value}, which JSON does not know"
    return None
