"""Nearest signals of many signals at once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.freshness import Freshness, freshness
from app.signals.queries import SignalKey
from app.timerange import ALWAYS
from app.vectors.index import Match
from graphql_schema.calculation import calculation
from graphql_schema.context import Context, Loader
from graphql_schema.signals.loaders import SignalLoader
from graphql_schema.vectors.types import SimilarSignal


class SimilarLoader(Loader[SignalKey, int, list[Match]]):
    """By signal and how many. The index may be elsewhere: no connection is held while it is asked."""

    async def _load_batch(self, keys: list[tuple[SignalKey, int]]) -> list[list[Match]]:
        groups: dict[int, list[SignalKey]] = {}
        for key, most in keys:
            groups.setdefault(most, []).append(key)
        found = {
            most: await self.services.vectors.similar(self.rights, members, most, newest=self.context.newest)
            for most, members in groups.items()
        }
        return [found[most].get(key, []) for key, most in keys]


class VectorIdLoader(Loader[SignalKey, None, str | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[SignalKey], arguments: None
    ) -> dict[SignalKey, str | None]:
        return await self.services.vectors.ids(connection, keys)

    def missing(self) -> None:
        return None


class AsOfLoader(Loader[None, None, datetime]):
    """Everything committed before it is found by what the operation asks for afterwards."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[None], arguments: None
    ) -> dict[None, datetime]:
        return {None: (await freshness(connection, ())).as_of}


async def signals_of(
    context: Context, matches: Sequence[Match], began: float, as_of: datetime
) -> list[SimilarSignal]:
    """Of those that are still there, and may be read. `began` and `as_of` are when they were asked for."""
    vectors = context.services.vectors
    read_at = Freshness("pinecone" if vectors.elsewhere else "pgvector", as_of, None)
    method = f"cosine similarity of embeddings, of {vectors.store.space}"
    inputs, meta = calculation(ALWAYS, read_at, method, began)
    loader = context.loader(SignalLoader)
    signals = await asyncio.gather(*(loader.load(match.key, None) for match in matches))
    return [
        SimilarSignal(signal=signal, similarity=match.similarity, inputs=inputs, meta=meta)
        for match, signal in zip(matches, signals, strict=True)
        if signal is not None
    ]
