"""What the upstream has in a range, page by page. docs/pull.md describes the protocol."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from app.errors import BadUserInput, Unavailable
from app.instant import write_instant
from app.upstream.client import Transient, Upstream, parse

MOST_PAGES = 1_000
MOST_REPEATED = 2
"""Pages one after the other that have been sent before: more of them, and the upstream knows no pages."""

_ROWS = ("items", "data")
_NEXT = ("nextPage", "next")


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    more: str | int | None
    """The next one: its number or token, or where it lies; None where this is the last one."""
    says: bool
    """Whether the upstream says which one is next, and so which one is the last."""


def page_of(answer: Any) -> Page:
    """A bare list of rows, or an object that has them in `items` or `data`."""
    if isinstance(answer, list):
        return Page(answer, None, says=False)
    if isinstance(answer, Mapping):
        rows = next((answer[name] for name in _ROWS if name in answer), None)
        name = next((name for name in _NEXT if name in answer), None)
        more = None if name is None else answer[name]
        if isinstance(rows, list) and (more is None or (type(more) in {str, int} and more != "")):
            return Page(rows, more, says=name is not None)
    raise BadUserInput("The upstream's answer is neither a list of rows nor an object with them in `items`.")


def from_file(path: Path) -> list[Any]:
    """The rows of a file that holds what the upstream would answer."""
    try:
        return page_of(parse(path.read_bytes())).rows
    except (OSError, Transient) as error:
        reason = (error.strerror or "") if isinstance(error, OSError) else "it is not JSON"
        raise BadUserInput(f"MOCK_PATH: {path} cannot be read: {reason}.") from None
    except BadUserInput:
        raise BadUserInput(
            f"MOCK_PATH: {path} holds neither a list of rows nor an object with them in `items`."
        ) from None


async def pages(upstream: Upstream, since: datetime, until: datetime) -> AsyncIterator[list[Any]]:
    """The rows of `[since, until)`, if the upstream keeps to it. Ends with Unavailable where it finds no end."""
    first = upstream.address.copy_merge_params(
        {
            "page": 1,
            "pageSize": upstream.page_size,
            "since": write_instant(since),
            "until": write_instant(until),
        }
    )
    url, asked, seen, repeated = first, {str(first)}, set[bytes](), 0
    for number in range(1, MOST_PAGES + 1):
        page = page_of(await upstream.get(url))
        yield page.rows
        if page.says:
            if page.more is None:
                return
            url = _next(url, page.more, upstream)
        else:
            # No page is too short to be followed by another: the upstream may have a smaller size than ours.
            digest = sha256(json.dumps(page.rows).encode()).digest()
            repeated = repeated + 1 if digest in seen else 0
            seen.add(digest)
            if not page.rows or repeated == MOST_REPEATED:
                return
            url = first.copy_set_param("page", number + 1)
        if str(url) in asked:
            raise Unavailable(
                f"{upstream.address} sends in a circle: page {number + 1} has been read already."
            )
        asked.add(str(url))
    raise Unavailable(f"{upstream.address} does not end after {MOST_PAGES} pages: ask for less by --until.")


def _next(url: httpx2.URL, more: str | int, upstream: Upstream) -> httpx2.URL:
    """The next page's: `more` is its number or token, or a link, which begins with a scheme, `/` or `?`."""
    if isinstance(more, int) or not ("://" in more or more.startswith(("/", "?"))):
        return url.copy_set_param("page", more)
    try:
        link = url.join(more)
    except httpx2.InvalidURL:
        link = None
    if link is None or _origin(link) != _origin(upstream.address) or link.userinfo:
        raise BadUserInput(
            f"{upstream.address} sends on to another host, which is not followed, as the key would go along."
        )
    return link


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    ports = {"http": 80, "https": 443}
    return url.scheme, url.host, url.port or ports.get(url.scheme)
