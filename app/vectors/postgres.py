"""The embeddings in the database: the truth of which another index is a copy, and an index themselves.

By pgvector's HNSW index where there are many, exactly where there are few, and by numpy where there is no pgvector.
"""

import logging
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import asyncpg
import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Float,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from app.conversations.models import Conversation, ConversationActivity
from app.conversations.queries import readable
from app.database.base import Statement
from app.database.engine import Database, driver, repeated_after_deadlock
from app.signals.models import Signal
from app.signals.queries import BEGINNING, SignalKey
from app.vectors.embedders import Vectors
from app.vectors.index import Entry, Match, Question, Wanted
from app.vectors.models import SignalEmbedding

logger = logging.getLogger(__name__)

FEW: Final = 20_000
"""Vectors of which all are looked at: an index would have to pass over most of those it finds."""
CANDIDATES: Final = 120
"""Vectors that the index keeps in view: pgvector's own 40 find 0.93 of the ten nearest among a million."""
PAGE: Final = 20_000
"""Vectors that numpy looks at together."""

# Against being deleted before their signals' embeddings are in: who deletes signals locks them as well.
_STAYING = "SELECT id FROM conversations WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"

# One statement, never asyncpg's executemany: cancelled while it sends, that waits for ever.
_UPSERT = """
    INSERT INTO signal_embeddings (time, id, conversation_id, space, given, indexed, embedding)
    SELECT time, id, conversation_id, $5, given, $6, ($7::real[])[(place - 1) * $8 + 1 : place * $8]
    FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[], $4::boolean[])
        WITH ORDINALITY AS e (time, id, conversation_id, given, place)
    WHERE EXISTS (SELECT FROM signals s WHERE s.time = e.time AND s.id = e.id)
    ORDER BY place
    ON CONFLICT (time, id) DO UPDATE SET conversation_id = excluded.conversation_id, space = excluded.space,
        given = excluded.given, indexed = excluded.indexed, embedding = excluded.embedding
"""

_HAS_VECTOR = text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')")
_BYTES = text("SELECT pg_relation_size('signal_embeddings')")
_THOROUGH = f"""
    SELECT set_config('hnsw.ef_search', '{CANDIDATES}', false), set_config('hnsw.iterative_scan', 'relaxed_order', false)
"""
_BROKEN = text("""
    SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(cast(:name AS text)) AND NOT indisvalid)
""")


class VectorType(UserDefinedType[str]):
    """Pgvector's own."""

    cache_ok = True

    def __init__(self, width: int) -> None:
        self.width = width

    def get_col_spec(self, **_: Any) -> str:
        return f"vector({self.width})"


@dataclass(slots=True)
class Embeddings:
    """Those of one space. `elsewhere`: whether another index is to be told of them."""

    database: Database
    space: str
    width: int
    elsewhere: bool = False
    _has_vector: bool | None = field(default=None, init=False)

    @repeated_after_deadlock
    async def upsert(self, entries: Sequence[Entry]) -> None:
        """Those of signals that are still there."""
        async with self.database.write() as connection:
            await self.save(await driver(connection), entries)

    async def save(self, pg: asyncpg.Connection, entries: Sequence[Entry]) -> None:
        """`upsert` within a transaction."""
        if not entries:
            return
        staying = await pg.fetch(_STAYING, list({entry.conversation_id for entry in entries}))
        there = {row["id"] for row in staying}
        latest = {entry.key: entry for entry in entries if entry.conversation_id in there}
        if not latest:
            return
        keys = sorted(latest)
        kept = [latest[key] for key in keys]
        await pg.execute(
            _UPSERT,
            [time for time, _ in keys],
            [number for _, number in keys],
            [entry.conversation_id for entry in kept],
            [entry.given for entry in kept],
            self.space,
            not self.elsewhere,
            np.concatenate([entry.vector for entry in kept]).tolist(),
            self.width,
        )

    async def delete(self, keys: Sequence[SignalKey]) -> None:
        async with self.database.write() as connection:
            pg = await driver(connection)
            times, ids = [time for time, _ in keys], [number for _, number in keys]
            await pg.execute(
                "DELETE FROM signal_embeddings e USING unnest($1::timestamptz[], $2::bigint[]) AS k(time, id)"
                " WHERE e.time = k.time AND e.id = k.id",
                times,
                ids,
            )

    async def vectors_of(self, keys: Collection[SignalKey], *, newest: bool = False) -> dict[SignalKey, Any]:
        """The vectors of those that have one in this space."""
        table = SignalEmbedding
        found = select(table.time, table.id, _packed()).where(
            table.space == self.space, tuple_(table.time, table.id).in_(keys)
        )
        async with self.database.read(newest=newest) as connection:
            rows = (await connection.execute(found)).all()
        return {(row.time, row.id): unpacked([row.packed], self.width)[0] for row in rows}

    async def there(self, connection: AsyncConnection, keys: Collection[SignalKey]) -> list[SignalKey]:
        """Those that have a vector in this space."""
        table = SignalEmbedding
        found = select(table.time, table.id).where(
            table.space == self.space, tuple_(table.time, table.id).in_(keys)
        )
        return [(row.time, row.id) for row in await connection.execute(found)]

    async def all_keys(self) -> AsyncIterator[list[SignalKey]]:
        table, after = SignalEmbedding, BEGINNING
        while True:
            following = (
                select(table.time, table.id)
                .where(tuple_(table.time, table.id) > after, table.space == self.space)
                .order_by(table.time, table.id)
                .limit(PAGE)
            )
            async with self.database.steps() as connection:
                page = [(row.time, row.id) for row in await connection.execute(following)]
            if not page:
                return
            yield page
            after = page[-1]

    async def query(self, wanted: Wanted, questions: Sequence[Question]) -> list[list[Match]]:
        async with self.database.read(newest=wanted.newest) as connection:
            if not await self.has_vector(connection):
                return await self._by_numpy(connection, wanted, questions)
            few = await self._at_most(connection, wanted) <= FEW
            found = await self._by_vector(connection, wanted, questions, exact=few)
            # An index gives up where too few of those that it comes upon may be read.
            if not few and any(len(matches) < wanted.most for matches in found):
                found = await self._by_vector(connection, wanted, questions, exact=True)
            return found

    async def has_vector(self, connection: AsyncConnection) -> bool:
        if self._has_vector is None:
            self._has_vector = bool(await connection.scalar(_HAS_VECTOR))
        return self._has_vector

    async def make_index(self) -> None:
        """Pgvector's, of this space, unless it is there. Nobody waits for it."""
        name = f"signal_embeddings_{sha256(self.space.encode()).hexdigest()[:12]}"
        async with self.database.steps() as connection:
            if not await self.has_vector(connection):
                return
            if await connection.scalar(_BROKEN, {"name": name}):  # ended while it was made
                await connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            space = self.space.replace("'", "''")
            await connection.exec_driver_sql(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON signal_embeddings"
                f" USING hnsw ((embedding::vector({self.width})) vector_cosine_ops) WHERE space = '{space}'"
            )

    async def _at_most(self, connection: AsyncConnection, wanted: Wanted) -> int:
        """How many vectors there may be to look at."""
        if wanted.rights.everything and wanted.conversation is None:
            return int(await connection.scalar(_BYTES) or 0) // (4 * self.width)
        counts = select(func.coalesce(func.sum(ConversationActivity.signal_count), 0)).join_from(
            ConversationActivity, Conversation
        )
        counts = counts.where(readable(wanted.rights), *_of_conversation(wanted))
        return int(await connection.scalar(counts) or 0)

    async def _by_vector(
        self, connection: AsyncConnection, wanted: Wanted, questions: Sequence[Question], *, exact: bool
    ) -> list[list[Match]]:
        given = (
            func.unnest(
                bindparam("vectors", type_=ARRAY(Text)), bindparam("without", type_=ARRAY(BigInteger))
            )
            .table_valued(column("vector", Text), column("without", BigInteger), with_ordinality="number")
            .render_derived(name="given")
        )
        kind = VectorType(self.width)
        vector = cast(given.c.vector, kind).label("vector")
        # Apart, or each row's distance would read the text anew, which takes a hundred times as long.
        asked = select(given.c.number, given.c.without, vector).cte("asked").prefix_with("MATERIALIZED")
        distance: ColumnElement[Any] = cast(SignalEmbedding.embedding, kind).op("<=>", return_type=Float())(
            asked.c.vector
        )
        order = distance + 0 if exact else distance  # of a sum the index knows nothing
        nearest = (
            self._candidates(wanted, SignalEmbedding.time, SignalEmbedding.id, distance.label("distance"))
            .where(SignalEmbedding.id != asked.c.without)
            .order_by(order)
            .limit(wanted.most)
            .lateral("nearest")
        )
        statement = (
            select(asked.c.number, nearest.c.time, nearest.c.id, nearest.c.distance)
            .select_from(asked)
            .join(nearest, true())
            .order_by(asked.c.number, nearest.c.distance, nearest.c.time, nearest.c.id)
        )
        values = {
            "vectors": [str(question.vector.tolist()) for question in questions],
            "without": [-1 if question.without is None else question.without[1] for question in questions],
        }
        if not exact:
            await connection.exec_driver_sql(_THOROUGH)
        found: list[list[Match]] = [[] for _ in questions]
        for row in await connection.execute(statement, values):
            found[row.number - 1].append(_match((row.time, row.id), 1 - row.distance))
        return found

    async def _by_numpy(
        self, connection: AsyncConnection, wanted: Wanted, questions: Sequence[Question]
    ) -> list[list[Match]]:
        asked = np.stack([question.vector for question in questions])
        best: list[list[Match]] = [[] for _ in questions]
        candidates = self._candidates(wanted, SignalEmbedding.time, SignalEmbedding.id, _packed())
        key, after = tuple_(SignalEmbedding.time, SignalEmbedding.id), BEGINNING
        while True:
            page = (
                candidates.where(key > after).order_by(SignalEmbedding.time, SignalEmbedding.id).limit(PAGE)
            )
            rows = (await connection.execute(page)).all()
            if not rows:
                return best
            after = (rows[-1].time, rows[-1].id)
            similarities = asked @ unpacked([row.packed for row in rows], self.width).T
            for number, question in enumerate(questions):
                order = np.argsort(-similarities[number], kind="stable")[: wanted.most + 1]
                here = [_match((rows[i].time, rows[i].id), float(similarities[number, i])) for i in order]
                together = best[number] + [match for match in here if match.key != question.without]
                best[number] = sorted(together, key=lambda match: (-match.similarity, match.key))[
                    : wanted.most
                ]

    def _candidates(self, wanted: Wanted, *columns: Any) -> Statement:
        statement = select(*columns).join_from(
            SignalEmbedding, Conversation, Conversation.id == SignalEmbedding.conversation_id
        )
        # Written out, so that the index of this space is known to hold them all.
        space = literal(self.space, literal_execute=True)
        statement = statement.where(
            SignalEmbedding.space == space,
            readable(wanted.rights),
            *_of_conversation(wanted),
            *wanted.range.holds(SignalEmbedding.time),
        )
        if wanted.sources is not None:
            of_source = select(Signal.id).where(
                Signal.time == SignalEmbedding.time,
                Signal.id == SignalEmbedding.id,
                Signal.signal_source.in_(wanted.sources),
            )
            statement = statement.where(of_source.exists())
        return statement


def _of_conversation(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [] if wanted.conversation is None else [Conversation.id == wanted.conversation]


def _match(key: SignalKey, similarity: float) -> Match:
    return Match(key, max(-1.0, min(1.0, similarity)))


def _packed() -> ColumnElement[bytes]:
    """As PostgreSQL sends an array: a list of floats takes the driver ten times as long."""
    return func.array_send(SignalEmbedding.embedding).label("packed")


_HEAD: Final = 20
_FLOAT = np.dtype([("length", ">i4"), ("value", ">f4")])


def unpacked(packed: Sequence[bytes], width: int = -1) -> Vectors:
    """Vectors of one width, as `array_send` gives them."""
    whole = b"".join(each[_HEAD:] for each in packed)
    return np.frombuffer(whole, _FLOAT)["value"].reshape(len(packed), width).astype(np.float32)
