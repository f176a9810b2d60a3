"""A chat-completions endpoint: any server that speaks OpenAI's protocol, streamed."""

import asyncio
import codecs
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import stamina

from app.errors import Unavailable
from app.messages.queries import MOST_TOKENS
from app.settings import Settings
from app.upstream.client import Transient, backoff, retry_after

ATTEMPTS = 3
"""Times that an answer is asked for before its first word."""
LONGEST = 100_000
"""Characters of an answer."""

_END = "[DONE]"
_NO_COMPLETION = "The coach's model answers something that is no chat completion."
_UTF_16 = codecs.getincrementaldecoder("utf-16-le")
"""Joins the halves of a character that come in two chunks; a half alone becomes U+FFFD."""


@dataclass(slots=True)
class Usage:
    """Tokens of question and answer, where the endpoint tells them."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    http: httpx2.AsyncClient
    address: str
    model: str
    seconds: float
    """That an answer may take in all."""
    prices: Mapping[str, tuple[Decimal, Decimal]]
    """By model: dollars for a million tokens of input, and of output."""

    @classmethod
    def of(cls, settings: Settings) -> "Endpoint | None":
        """None where none is set. To be closed by the caller."""
        if settings.llm_url is None or settings.llm_model is None:
            return None
        key = settings.llm_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        timeout = httpx2.Timeout(settings.llm_stalled_seconds)
        return cls(
            httpx2.AsyncClient(headers=headers, timeout=timeout, follow_redirects=False),
            f"{settings.llm_url}/chat/completions",
            settings.llm_model,
            settings.llm_seconds,
            settings.llm_prices,
        )

    async def answer(self, messages: Sequence[Mapping[str, str]], usage: Usage) -> AsyncGenerator[str]:
        """The text as it is written; `usage` is filled in at the end.

        Asked again, for as long as nothing has been written, where that may help. Unavailable where it fails, stalls,
        breaks off or takes too long.
        """
        body = {
            "model": self.model,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        deadline = asyncio.get_running_loop().time() + self.seconds
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout_at(deadline):
                    response = await self._open(stack, body)
                lines = response.aiter_lines()
                halves = _UTF_16("replace")
                length = 0
                while True:
                    async with asyncio.timeout_at(deadline):
                        line = await anext(lines, None)
                    if line is None:
                        raise Unavailable("The coach's model broke off its answer; ask again.")
                    if not line.startswith("data:"):
                        continue
                    ended = line[5:].strip() == _END
                    told = "" if ended else _text(line[5:], usage)
                    text = halves.decode(told.encode("utf-16-le", "surrogatepass"), final=ended)
                    length += len(text)
                    if length > LONGEST:
                        raise Unavailable(f"The coach's model answers more than {LONGEST} characters.")
                    if text:
                        yield text
                    if ended:
                        return
        except TimeoutError:
            raise Unavailable(f"The coach's model did not answer within {self.seconds:g} s.") from None
        except (httpx2.TransportError, httpx2.DecodingError):
            raise Unavailable("The coach's model broke off its answer; ask again.") from None
        except Transient as error:
            raise Unavailable(f"The coach's model cannot be asked at the moment: {error}.") from None

    async def _open(self, stack: AsyncExitStack, body: dict[str, Any]) -> httpx2.Response:
        attempts = stamina.retry_context(
            on=backoff, attempts=ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=5
        )
        async for attempt in attempts:
            with attempt:
                return await self._attempt(stack, body)
        raise AssertionError

    async def _attempt(self, stack: AsyncExitStack, body: dict[str, Any]) -> httpx2.Response:
        async with AsyncExitStack() as own:
            try:
                request = self.http.stream("POST", self.address, json=body)
                response = await own.enter_async_context(request)
            except httpx2.TransportError as error:
                raise Transient(f"it cannot be reached ({type(error).__name__})") from error
            status = response.status_code
            if status == 429 or status >= 500:
                wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
                raise Transient(f"it answers {status}", wait)
            if status != 200:
                raise Unavailable(
                    f"The coach's model answers {status}: the server's settings are for its owner to look at."
                )
            stack.push_async_exit(own.pop_all())
            return response

    def cost(self, usage: Usage) -> Decimal | None:
        """Dollars, by the table of prices; None where the tokens or the price are not known."""
        price = self.prices.get(self.model)
        if price is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        return (usage.input_tokens * price[0] + usage.output_tokens * price[1]) / 1_000_000

    async def close(self) -> None:
        await self.http.aclose()


def _text(data: str, usage: Usage) -> str:
    """What a chunk adds to the answer. Unavailable where it is none."""
    try:
        chunk = json.loads(data)
        if "error" in chunk:
            raise Unavailable("The coach's model broke off its answer; ask again.")
        if told := chunk.get("usage"):
            usage.input_tokens = _tokens(told["prompt_tokens"])
            usage.output_tokens = _tokens(told["completion_tokens"])
        choices = chunk.get("choices") or [{}]
        text = (choices[0].get("delta") or {}).get("content") or ""
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Unavailable(_NO_COMPLETION) from None
    if not isinstance(text, str):
        raise Unavailable(_NO_COMPLETION)
    return text


def _tokens(told: Any) -> int:
    """ValueError where it is no number of tokens."""
    if not 0 <= (tokens := int(told)) <= MOST_TOKENS:
        raise ValueError(told)
    return tokens
