"""An index at Pinecone: a copy of the embeddings in the database, which is kept by app/vectors/worker.py.

A vector's id is the signal's key; beside it stand what it can be filtered by. What it finds is looked up in the
database before it is told: only that knows what has been deleted or hidden since.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final

from pinecone import AsyncPinecone, RetryConfig
from pinecone.async_client.async_index import AsyncIndex
from pinecone.errors import PineconeError
from sqlalchemy import select, tuple_

from app.conversations.models import Conversation
from app.conversations.queries import readable
from app.database.engine import Database
from app.errors import Unavailable
from app.instant import microseconds
from app.settings import Settings
from app.signals.queries import SignalKey
from app.vectors.index import Entry, Match, Question, Wanted, id_of, key_of
from app.vectors.models import SignalEmbedding

AT_ONCE: Final = 100
"""Vectors of one upsert, which may have 2 MB; 1 000 ids of one deletion."""
DEEPEST: Final = 10_000
"""Vectors that a query tells of at most, and conversations that a filter names at most."""
_TOGETHER: Final = 8
"""Requests at a time."""
_PATIENCE: Final = 10
"""Seconds of one request."""


@dataclass(slots=True)
class PineconeIndex:
    database: Database
    settings: Settings
    space: str
    retries: RetryConfig = field(default_factory=lambda: RetryConfig(max_retries=3, max_wait=5))
    _client: AsyncPinecone | None = field(default=None, init=False)
    _index: AsyncIndex | None = field(default=None, init=False)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_TOGETHER), init=False)

    async def upsert(self, entries: Sequence[Entry]) -> None:
        index = await self._opened()
        for part in batched(entries, AT_ONCE):
            vectors: list[Any] = [
                {
                    "id": id_of(entry.key),
                    "values": entry.vector.tolist(),
                    "metadata": {
                        "conversation": str(entry.conversation_id),
                        "source": entry.source,
                        "time": microseconds(entry.key[0]),
                        "space": self.space,
                    },
                }
                for entry in part
            ]
            async with self._turns:
                with _unavailable():
                    await index.upsert(vectors=vectors, namespace=self.settings.pinecone_namespace)

    async def delete(self, keys: Sequence[SignalKey]) -> None:
        index = await self._opened()
        for part in batched(map(id_of, keys), 1_000):
            async with self._turns:
                with _unavailable():
                    await index.delete(ids=list(part), namespace=self.settings.pinecone_namespace)

    async def all_keys(self) -> AsyncIterator[list[SignalKey]]:
        index = await self._opened()
        token: str | None = None
        while True:
            with _unavailable():
                page = await index.list_paginated(
                    pagination_token=token, namespace=self.settings.pinecone_namespace
                )
            yield [key for item in page.vectors if (key := key_of(item.id or "")) is not None]
            token = page.pagination.next if page.pagination else None
            if not token:
                return

    async def query(self, wanted: Wanted, questions: Sequence[Question]) -> list[list[Match]]:
        conditions = await self._conditions(wanted)
        if conditions is None:
            return [[] for _ in questions]
        return await asyncio.gather(*(self._nearest(wanted, question, conditions) for question in questions))

    async def _conditions(self, wanted: Wanted) -> dict[str, Any] | None:
        """What Pinecone filters by; None where nothing may be read."""
        conditions: dict[str, Any] = {"space": {"$eq": self.space}}
        if wanted.conversation is not None or not wanted.rights.everything:
            own = select(Conversation.id).where(readable(wanted.rights)).limit(DEEPEST + 1)
            if wanted.conversation is not None:
                own = own.where(Conversation.id == wanted.conversation)
            async with self.database.read(newest=wanted.newest) as connection:
                conversations = (await connection.scalars(own)).all()
            if not conversations:
                return None
            if len(conversations) <= DEEPEST:
                conditions["conversation"] = {"$in": list(map(str, conversations))}
        if wanted.sources is not None:
            conditions["source"] = {"$in": list(wanted.sources)}
        bounds = {"$gte": wanted.range.start, "$lt": wanted.range.end}
        if time := {sign: microseconds(bound) for sign, bound in bounds.items() if bound is not None}:
            conditions["time"] = time
        return conditions

    async def _nearest(self, wanted: Wanted, question: Question, conditions: dict[str, Any]) -> list[Match]:
        """Asks for more as long as too few of what is found may be read."""
        index, most = await self._opened(), min(wanted.most + 1, DEEPEST)
        while True:
            async with self._turns:
                with _unavailable():
                    answer = await index.query(
                        top_k=most,
                        vector=question.vector.tolist(),
                        filter=conditions,
                        namespace=self.settings.pinecone_namespace,
                    )
            scores = {
                key: match.score
                for match in answer.matches
                if (key := key_of(match.id)) is not None and key != question.without
            }
            there = await self._readable(wanted, scores.keys())
            found = [Match(key, max(-1.0, min(1.0, score))) for key, score in scores.items() if key in there]
            if len(found) >= wanted.most or len(answer.matches) < most or most == DEEPEST:
                return sorted(found, key=lambda match: (-match.similarity, match.key))[: wanted.most]
            most = min(4 * most, DEEPEST)

    async def _readable(self, wanted: Wanted, keys: Collection[SignalKey]) -> set[SignalKey]:
        table = SignalEmbedding
        statement = (
            select(table.time, table.id)
            .join_from(table, Conversation, Conversation.id == table.conversation_id)
            .where(readable(wanted.rights), tuple_(table.time, table.id).in_(keys))
        )
        async with self.database.read(newest=wanted.newest) as connection:
            return {(row.time, row.id) for row in await connection.execute(statement)}

    async def _opened(self) -> AsyncIndex:
        """Opened once. Its host is asked for where the settings do not name it, and so only when it is needed."""
        async with self._opening:
            if self._index is None:
                key = self.settings.pinecone_api_key
                self._client = self._client or AsyncPinecone(
                    api_key=None if key is None else key.get_secret_value(),
                    timeout=_PATIENCE,
                    retry_config=self.retries,
                )
                with _unavailable():
                    self._index = await self._client.index(
                        self.settings.pinecone_index or "", host=self.settings.pinecone_host or ""
                    )
            return self._index

    async def close(self) -> None:
        for opened in (self._index, self._client):
            if opened is not None:
                await opened.close()
        self._index = self._client = None


@contextmanager
def _unavailable() -> Iterator[None]:
    """Whatever Pinecone refuses is for the server's operator to mend, and not for who asks."""
    try:
        yield
    except PineconeError as error:
        raise Unavailable(f"Pinecone cannot be asked at the moment ({type(error).__name__}).") from error
