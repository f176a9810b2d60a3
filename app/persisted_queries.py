"""Documents that clients have registered by their SHA-256 (automatic persisted queries): bounded in number and bytes.

They are kept in memory and, where there is a Redis, there as well, for the other workers and servers. What is not kept
any more is asked for again by the client, so nothing is ever lost.
"""

import hashlib
import logging
from collections import OrderedDict
from typing import Final, cast

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 16_000_000
"""Of all that are kept in memory."""
MAX_DOCUMENT_BYTES: Final = 100_000
"""Of one; a longer one runs, and is not kept."""
REDIS_TIMEOUT_S: Final = 1
REDIS_TTL_S: Final = 30 * 86_400
REDIS_PREFIX: Final = "coherence-document:"


def sha256(text: str) -> str:
    """Return the SHA-256 of a document in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class PersistedQueries:
    """The documents by their SHA-256; of too many the one goes that was asked for least lately."""

    def __init__(self, max_documents: int, redis_url: SecretStr | None = None) -> None:
        self._max_documents = max_documents
        self._documents: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0
        self._redis: Redis | None = None
        if max_documents and redis_url is not None:
            self._redis = Redis.from_url(
                redis_url.get_secret_value(),
                socket_timeout=REDIS_TIMEOUT_S,
                socket_connect_timeout=REDIS_TIMEOUT_S,
            )

    @property
    def are_stored(self) -> bool:
        """Whether clients may register documents."""
        return self._max_documents > 0

    def is_kept(self, name: str) -> bool:
        """Tell whether nothing is left to register: this process has the document, or none is stored."""
        return not self.are_stored or name in self._documents

    async def get(self, name: str) -> str | None:
        """Return the document of a SHA-256 in lower case; None where it is not, or no longer, registered."""
        text = self._documents.get(name)
        if text is not None:
            self._documents.move_to_end(name)
            return text
        text = await self._read(name)
        if text is not None:
            self._keep(name, text)
        return text

    async def put(self, text: str) -> None:
        """Register a document, which has been found valid."""
        name = sha256(text)
        if self.is_kept(name) or not self._keep(name, text):
            return
        if self._redis is not None:
            try:
                await self._redis.set(REDIS_PREFIX + name, text.encode(), ex=REDIS_TTL_S)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("a persisted query is not kept in Redis: %s", type(error).__name__)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _read(self, name: str) -> str | None:
        """Return what Redis has of the name, if it is that document: others write there, too."""
        if self._redis is None:
            return None
        try:
            found = cast("bytes | None", await self._redis.get(REDIS_PREFIX + name))
            text = None if found is None else found.decode()
        except (RedisError, OSError, TimeoutError, UnicodeDecodeError) as error:
            logger.warning("a persisted query is not read from Redis: %s", type(error).__name__)
            return None
        return text if text is not None and sha256(text) == name else None

    def _keep(self, name: str, text: str) -> bool:
        if name in self._documents:  # kept meanwhile: several may wait for Redis at once
            return True
        size = len(text.encode())
        if size > MAX_DOCUMENT_BYTES:
            return False
        self._documents[name] = text
        self._bytes += size
        while len(self._documents) > self._max_documents or self._bytes > MAX_BYTES:
            _, dropped = self._documents.popitem(last=False)
            self._bytes -= len(dropped.encode())
        return True
