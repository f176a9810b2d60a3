"""Checks of what comes from outside: each names the field and the value's fault."""

import itertools
import math
from typing import Any

from app.errors import BadUserInput

NAME_LENGTH = 255
"""Longest key or name, in characters: four-byte ones included, a rollup's key still fits an index row."""
JSON_DEPTH = 64


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
