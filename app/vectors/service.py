"""Search by meaning, for the API."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.viewer import Rights
from app.background import again, beside
from app.database.engine import Database
from app.errors import BadUserInput, Unavailable
from app.settings import Settings
from app.signals.queries import SignalKey
from app.vectors.embedders import Embedder, embedder
from app.vectors.index import Match, Question, VectorIndex, Wanted, id_of
from app.vectors.postgres import Embeddings
from app.vectors.worker import Embedding

if TYPE_CHECKING:
    from app.vectors.pinecone import PineconeIndex

MOST = 100
"""Nearest signals that may be asked for."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Reads of the index that the settings choose, and the work that keeps it."""

    embedder: Embedder | None
    store: Embeddings
    elsewhere: "PineconeIndex | None"
    embedding: Embedding
    on: bool = True

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Vectors":
        made = embedder(settings)
        space = f"given-{settings.embedding_width}" if made is None else made.space
        elsewhere = None
        if settings.vectors == "pinecone":
            from app.vectors.pinecone import PineconeIndex  # which takes half a second

            elsewhere = PineconeIndex(database, settings, space)
        store = Embeddings(database, space, settings.embedding_width, elsewhere is not None)
        work = Embedding(database, made, store, elsewhere)
        return cls(made, store, elsewhere, work, settings.vectors != "off")

    @property
    def index(self) -> VectorIndex:
        return self.elsewhere or self.store

    async def search(
        self, rights: Rights, text: str, most: int, conversation: UUID | None, *, newest: bool = False
    ) -> list[Match]:
        """Signals whose meaning is nearest to the text. Unavailable where it cannot be told at the moment."""
        check(most)
        self._require()
        if self.embedder is None:
            raise Unavailable(
                "Producers bring all vectors (COHERENCE_EMBEDDER=none): a text cannot be compared."
            )
        vector = (await self.embedder.embed([checks.text("text", text)]))[0]
        if not vector.any():
            raise BadUserInput("text has no letter or digit to search for.", field="text")
        if most == 0:
            return []
        wanted = Wanted(rights, most, conversation, newest=newest)
        return (await self.index.query(wanted, [Question(vector)]))[0]

    async def similar(
        self, rights: Rights, keys: Collection[SignalKey], most: int, *, newest: bool = False
    ) -> dict[SignalKey, list[Match]]:
        """Nearest signals of signals that the caller has been allowed to read; none of one without a vector."""
        self._require()
        vectors = await self.store.vectors_of(keys, newest=newest) if most else {}
        if not vectors:
            return {}
        questions = [Question(vector, key) for key, vector in vectors.items()]
        found = await self.index.query(Wanted(rights, most, newest=newest), questions)
        return dict(zip(vectors, found, strict=True))

    async def ids(
        self, connection: AsyncConnection, keys: Collection[SignalKey]
    ) -> dict[SignalKey, str | None]:
        """Under what the vectors of those that have one are in the index."""
        return {key: id_of(key) for key in await self.store.there(connection, keys)}

    def _require(self) -> None:
        if not self.on:
            raise Unavailable("Signals are not searched by meaning here (COHERENCE_VECTORS=off).")

    @asynccontextmanager
    async def running(self, seconds: float) -> AsyncIterator[None]:
        """Keeps the index every so many seconds while the block runs; where 0, only when asked."""
        watch = partial(self.embedding.watch, seconds)
        jobs = [again("the watch over embeddings", watch)] if self.on and seconds else []
        try:
            async with beside(*jobs):
                yield
        finally:
            await self.close()

    async def close(self) -> None:
        if self.embedder is not None:
            await self.embedder.close()
        if self.elsewhere is not None:
            await self.elsewhere.close()


def check(most: int) -> None:
    if not 0 <= most <= MOST:
        raise BadUserInput(f"first is {most}; it takes 0 to {MOST}.", field="first")
