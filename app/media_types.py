"""Media types of requests and responses, compared as RFC 9110 says: parsed, and in any case."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
HTML: Final = "text/html"

_LONGEST_KEPT: Final = 300
"""Characters of an Accept header whose outcome is remembered."""


def essence(content_type: str) -> str:
    """Return type and subtype in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the one of `offered` that a client prefers by its Accept header; None where it takes none of them.

    What has the highest q-value wins; among equals one that is named before one that a wildcard covers, then the first
    that is named, then the first that is offered. A client that does not say takes everything.
    """
    negotiate = _remembered if len(accept) <= _LONGEST_KEPT else _negotiated
    return negotiate(accept, offered)


def _negotiated(accept: str, offered: tuple[str, ...]) -> str | None:
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    best: tuple[float, int, int] | None = None
    found = None
    for kind in offered:
        matched = _quality(kind, ranges)
        if matched is not None and matched[0] > 0 and (best is None or matched > best):
            best, found = matched, kind
    return found


_remembered = lru_cache(128)(_negotiated)


def _quality(kind: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int, int] | None:
    """Of the most specific range that covers `kind`: its q-value, how specific it is, and how early it comes."""
    names = ("*/*", kind.partition("/")[0] + "/*", kind)
    covering = [
        (names.index(name), -position, quality)
        for position, (name, quality) in enumerate(ranges)
        if name in names
    ]
    if not covering:
        return None
    specific, early, quality = max(covering)
    return quality, specific, early


def _range(part: str) -> tuple[str, float]:
    """A media range and its q-value; 1 where it has none, or one that is no number."""
    name, *parameters = part.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.strip().lower(), min(max(float(value), 0.0), 1.0)
            except ValueError:
                break
    return name.strip().lower(), 1.0
