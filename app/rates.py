"""How much one may ask for in a time: rows of operations, signals, sign-ins."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic, time
from typing import Any, Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from starlette import types as asgi

from app.auth.viewer import Means, Viewer
from app.background import beside
from app.errors import BadUserInput, RateLimited
from app.setting_values import OFF
from app.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE: Final = 0.5
"""Seconds that Redis has to answer in."""
PAUSE: Final = 1.0
"""Seconds in which Redis is not asked again after it has not answered."""
_SWEEP: Final = 10.0
"""Seconds between two looks for windows that have ended, where they are counted in memory."""
_MOST_CONNECTIONS: Final = 16


def address_of(scope: asgi.Scope) -> str:
    """Of the client, or as a trusted proxy tells it. Of IPv6 the network, of which one client has all addresses."""
    return _network((scope.get("client") or ("", 0))[0])


@lru_cache(1_000)
def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:  # of a Unix socket, or what a proxy may call it
        return str(host)[:64]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return host


def payer(viewer: Viewer, address: str) -> str:
    """Who is charged: a key, a user with all of their sessions, or the address of whoever has not signed in."""
    match viewer.means:
        case Means.KEY:
            return f"key:{viewer.credential}"
        case Means.SESSION:
            return f"user:{viewer.user_id}"
    return f"address:{address}"


class _Meter:
    """Counts in memory, or in Redis for all servers that share it. While Redis is away nothing is counted."""

    def __init__(self, settings: Settings) -> None:
        self._pool: BlockingConnectionPool | None = None
        self._memory: MemoryStorage | None = None
        storage: Any
        if settings.redis_url is None:
            storage = self._memory = MemoryStorage()
        else:
            self._pool = BlockingConnectionPool.from_url(
                settings.redis_url.get_secret_value(),
                max_connections=_MOST_CONNECTIONS,
                timeout=PATIENCE,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                retry=Retry(NoBackoff(), 1),
            )
            options: dict[str, Any] = {"connection_pool": self._pool}
            storage = RedisStorage(
                "async+redis://", implementation="redispy", key_prefix="coherence-rates", **options
            )
        self._limiter = FixedWindowRateLimiter(storage)
        self._away_until: float | None = None

    async def seconds_to_wait(self, limit: RateLimitItem, what: str, who: str, amount: int) -> int:
        """0 where that much is left, and is taken."""
        if self._away_until is not None:
            if monotonic() < self._away_until:
                return 0
            # One asks whether it is back, and the others need not wait for that.
            self._away_until = monotonic() + PAUSE
        try:
            if await self._limiter.hit(limit, what, who, cost=amount):
                seconds = 0
            else:
                end = (await self._limiter.get_window_stats(limit, what, who)).reset_time
                seconds = max(ceil(end - time() + 0.5), 1)  # Redis rounds them
        except (RedisError, OSError, TimeoutError) as error:
            if self._away_until is None:
                logger.warning(
                    "rates are not limited while Redis cannot be reached: %s", type(error).__name__
                )
            self._away_until = monotonic() + PAUSE
            return 0
        if self._away_until is not None:
            self._away_until = None
            logger.warning("rates are limited again: Redis is back")
        return seconds

    async def sweep(self, memory: MemoryStorage) -> None:
        """Forgets windows that have ended. As its timer it has the storage not look through all of them at each hit."""
        memory.timer = asyncio.current_task()
        while True:
            await asyncio.sleep(_SWEEP)
            for key in tuple(memory.expirations):
                await memory.get(key)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with beside(*([self.sweep(self._memory)] if self._memory is not None else [])):
            yield
        if self._pool is not None:
            await self._pool.disconnect()


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one thing; without a limit where that is None."""

    what: str
    limit: RateLimitItem | None
    _meter: _Meter

    async def charge(self, who: str, amount: int = 1) -> None:
        """RateLimited, with the seconds until it is worth another try, where so much is not left. What is refused
        counts as well: until then nothing else is allowed either.

        BadUserInput where it is more than is ever allowed.
        """
        limit = self.limit
        if limit is None:
            return
        if amount > limit.amount:
            raise BadUserInput(f"{amount} {self.what} are too many at once: {limit} are allowed.")
        if seconds := await self._meter.seconds_to_wait(limit, self.what, who, amount):
            raise RateLimited(
                f"No more than {limit} {self.what} are allowed; try again in {seconds} seconds.",
                seconds=seconds,
            )


class Rates:
    """One a process: where there are several, they count together in Redis, and each by itself without."""

    def __init__(self, settings: Settings) -> None:
        self._meter = _Meter(settings)
        everyone = settings.auth == "local"

        def limit(given: Any, usual: str) -> RateLimitItem | None:
            if given == OFF or (given is None and everyone):
                return None
            return given or parse(usual)

        self.cost = Rate("rows", limit(settings.rate_cost, "1000000/minute"), self._meter)
        self.signals = Rate("signals", limit(settings.rate_signals, "1000000/minute"), self._meter)
        self.sign_ins = Rate("sign-ins", limit(settings.rate_sign_ins, "240/minute"), self._meter)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks after what is counted for as long as the block runs."""
        async with self._meter.running():
            yield
