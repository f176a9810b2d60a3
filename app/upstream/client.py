"""HTTP to the upstream: requests that are tried again where that may help, and answers that are still text."""

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import stamina

from app.errors import BadUserInput, Unavailable
from app.settings import Settings

LONGEST_WAIT = 60.0
"""Seconds between two attempts, whatever the upstream asks for."""
MOST_BYTES = 64_000_000
"""Of one answer, unpacked."""


class Transient(Exception):
    """A failure that may pass; `wait` is for how many seconds the upstream asks to be left alone."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Upstream:
    """The service, and how patiently it is asked."""

    http: httpx2.AsyncClient
    address: httpx2.URL
    """Of its /signals/summary."""
    page_size: int
    timeout: float
    retries: int
    backoff: float

    @classmethod
    def of(cls, settings: Settings, request_id: str) -> "Upstream":
        """To be closed by the caller. `request_id` goes along with every request, so that both logs can be joined."""
        if settings.darshan_base_url is None:
            raise BadUserInput(
                "DARSHAN_BASE_URL is not set: name the service to pull from, or a JSON file by MOCK_PATH."
            )
        key = settings.darshan_api_key
        headers = {"Accept": "application/json", "X-Request-Id": request_id}
        if key is not None:
            headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        return cls(
            httpx2.AsyncClient(headers=headers, timeout=settings.darshan_timeout, follow_redirects=False),
            httpx2.URL(f"{settings.darshan_base_url}/signals/summary"),
            settings.darshan_page_size,
            settings.darshan_timeout,
            settings.max_retries,
            settings.retry_backoff,
        )

    async def get(self, url: httpx2.URL) -> Any:
        """The JSON that it answers. Unavailable where no attempt helped, BadUserInput where none could."""
        attempts = stamina.retry_context(
            on=backoff,
            attempts=self.retries + 1,
            timeout=None,  # the whole pull has a deadline
            wait_initial=self.backoff,
            wait_max=LONGEST_WAIT,
            wait_jitter=self.backoff,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._attempt(url)
        except Transient as error:
            tried = f"{self.retries + 1} times" if self.retries else "once"
            raise Unavailable(f"{self.address} was asked {tried}: {error}.") from error
        raise AssertionError

    async def _attempt(self, url: httpx2.URL) -> Any:
        body = bytearray()
        with _broken_off():
            async with asyncio.timeout(self.timeout), self.http.stream("GET", url) as response:
                self._check(response)
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise BadUserInput(
                            f"{self.address} answers more than {MOST_BYTES} bytes: lower DARSHAN_PAGE_SIZE."
                        )
        return parse(bytes(body))

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if status == 429 or status >= 500:
            asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            raise Transient(f"it answers {status}", asked)
        if status in {401, 403}:
            raise BadUserInput(f"{self.address} answers {status}: it does not take DARSHAN_API_KEY.")
        if response.is_redirect:
            raise BadUserInput(
                f"{self.address} answers {status}, a redirect, which is not followed, as the key would go along:"
                " have DARSHAN_BASE_URL name the place itself."
            )
        raise BadUserInput(f"{self.address} answers {status}.")


def parse(body: bytes) -> Any:
    """JSON with whole numbers of any length, and NaN, which is for the row that holds it to answer for."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Transient("its answer is not JSON, or not all of it") from None


@contextmanager
def _broken_off() -> Iterator[None]:
    try:
        yield
    except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
        raise Transient(str(error) or f"it did not answer in time ({type(error).__name__})") from error


def backoff(error: Exception) -> bool | float:
    """Whether to try again, and when where the upstream said so."""
    if not isinstance(error, Transient):
        return False
    return True if error.wait is None else error.wait


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait for, a minute at most; None where it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    return max(0.0, min(seconds, LONGEST_WAIT)) if math.isfinite(seconds) else None
