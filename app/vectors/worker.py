"""Makes the embeddings of signals once they are committed, and tells an index elsewhere of them.

What is to be done stands in tables, and is taken from there in the transaction that does it: whoever is ended amid it
has done nothing, and several servers share the work. A key is noted by whoever deals with arrivals (app/arrivals.py).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import asyncpg
import numpy as np
from sqlalchemy import text

from app.database.engine import Database, driver, repeated_after_deadlock
from app.errors import Unavailable
from app.signals.queries import BEGINNING, SignalKey
from app.vectors.embedders import LONGEST, Embedder, unit
from app.vectors.index import Entry, VectorIndex
from app.vectors.postgres import Embeddings, unpacked

logger = logging.getLogger(__name__)

MOST: Final = 1_000
"""Signals of one pass."""
_LONGEST_WAIT: Final = 60.0

_LEFT = text("SELECT EXISTS (SELECT FROM embedding_arrivals)")

_ARRIVED = """
    DELETE FROM embedding_arrivals WHERE seq = (
        SELECT seq FROM embedding_arrivals ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING times, ids
"""

# Of those that are still there. The bounds leave out chunks of a hypertable.
_SIGNALS = f"""
    SELECT s.time, s.id, s.conversation_id, s.signal_source, left(s.raw_content, {LONGEST}) AS text,
        array_send(g.embedding) AS given, e.given AS was_given
    FROM unnest($1::timestamptz[], $2::bigint[]) AS k(time, id)
    JOIN signals s ON s.time = k.time AND s.id = k.id
    LEFT JOIN given_embeddings g ON g.time = s.time AND g.id = s.id
    LEFT JOIN signal_embeddings e ON e.time = s.time AND e.id = s.id AND e.space = $5
    WHERE s.time BETWEEN $3 AND $4
"""
_GIVEN_IS_STORED = """
    DELETE FROM given_embeddings g USING unnest($1::timestamptz[], $2::bigint[]) AS k(time, id)
    WHERE g.time = k.time AND g.id = k.id
"""

_WITHOUT = """
    (s.raw_content IS NOT NULL OR EXISTS (SELECT FROM given_embeddings g WHERE g.time = s.time AND g.id = s.id))
    AND NOT EXISTS (SELECT FROM signal_embeddings e WHERE e.time = s.time AND e.id = s.id AND e.space = $1)
"""
_COUNT_MISSING = f"SELECT count(*) FROM signals s WHERE {_WITHOUT}"
_MISSING = f"""
    SELECT s.time, s.id FROM signals s WHERE s.time >= $2 AND (s.time, s.id) > ($2, $3) AND {_WITHOUT}
    ORDER BY s.time, s.id LIMIT $4
"""

# xmin: another's may have taken its place by the time that it is sent.
_NOT_INDEXED = """
    SELECT e.time, e.id, e.conversation_id, s.signal_source, array_send(e.embedding) AS packed, e.xmin::text AS version
    FROM signal_embeddings e JOIN signals s ON s.time = e.time AND s.id = e.id
    WHERE NOT e.indexed AND e.space = $1 ORDER BY e.time, e.id LIMIT $2
"""
_INDEXED = """
    UPDATE signal_embeddings e SET indexed = true
    FROM unnest($1::timestamptz[], $2::bigint[], $3::text[]) AS k(time, id, version)
    WHERE e.time = k.time AND e.id = k.id AND e.xmin::text = k.version
"""
_DEPARTED = "SELECT seq, times, ids FROM embedding_departures ORDER BY seq LIMIT 100"
_TOLD = "DELETE FROM embedding_departures WHERE seq = ANY($1)"


@dataclass(frozen=True, slots=True)
class Embedding:
    """The work. `elsewhere` is another index, a copy of what `store` has."""

    database: Database
    embedder: Embedder | None
    """None where producers bring all vectors."""
    store: Embeddings
    elsewhere: VectorIndex | None = None

    async def work_off(self) -> int:
        """Embeds all that waits for it, and tells the index elsewhere; of how many signals."""
        total = 0
        while (found := await self._pass()) is not None:
            total += found
        await self.catch_up()
        return total

    async def watch(self, seconds: float) -> None:
        """As `work_off`, every so many seconds, in a tenth of the time at most. While something cannot be had, less and
        less often.
        """
        await self.store.make_index()
        wait = seconds
        while True:
            began, left = monotonic(), False
            try:
                left = await self._waiting() and await self._pass() is not None
                await self.catch_up(MOST)
                wait = seconds
            except Unavailable as error:
                wait = min(2 * max(wait, 1), _LONGEST_WAIT)
                logger.warning("embeddings wait: %s", error.message)
            rest = 9 * (monotonic() - began)
            await asyncio.sleep(min(rest, 5) if left else max(rest, wait))

    async def left(self) -> int:
        """How many stored signals may need an embedding of this space."""
        return int((await self._fetch(_COUNT_MISSING, self.store.space))[0]["count"])

    async def missing(self, done: Callable[[int], None]) -> int:
        """Embeds all stored signals that have none of this space, oldest first; `done` is told how many, step by step."""
        total, after = 0, BEGINNING
        while keys := await self._missing(after):
            await self._embed(keys)
            after, total = keys[-1], total + len(keys)
            done(len(keys))
        await self.store.make_index()
        await self.work_off()
        return total

    async def catch_up(self, most: int | None = None) -> None:
        """Tells the index elsewhere what it does not know: `most` vectors, or all. Unavailable where it is away."""
        if self.elsewhere is None:
            async with self.database.steps() as connection:
                await connection.exec_driver_sql("DELETE FROM embedding_departures")
            return
        sent = 0
        while most is None or sent < most:
            rows = await self._fetch(_NOT_INDEXED, self.store.space, MOST)
            if not rows:
                break
            await self.elsewhere.upsert(
                [
                    Entry((row["time"], row["id"]), row["conversation_id"], row["signal_source"], vector)
                    for row, vector in zip(
                        rows, unpacked([row["packed"] for row in rows], self.store.width), strict=True
                    )
                ]
            )
            columns = [[row[name] for row in rows] for name in ("time", "id", "version")]
            await self._fetch(_INDEXED, *columns)
            sent += len(rows)
        while rows := await self._fetch(_DEPARTED):
            keys = [key for row in rows for key in zip(row["times"], row["ids"], strict=True)]
            await self.elsewhere.delete(keys)
            await self._fetch(_TOLD, [row["seq"] for row in rows])

    async def _waiting(self) -> bool:
        async with self.database.steps() as connection:
            return bool(await connection.scalar(_LEFT))

    @repeated_after_deadlock
    async def _pass(self) -> int | None:
        """Deals with one list of keys; how many it had, or None where there is none."""
        async with self.database.write() as connection:
            pg = await driver(connection)
            arrived = await pg.fetch(_ARRIVED)
            if not arrived:
                return None
            (row,) = arrived
            keys = list(zip(row["times"], row["ids"], strict=True))
            await self._store(pg, keys)
            return len(keys)

    @repeated_after_deadlock
    async def _embed(self, keys: Sequence[SignalKey]) -> None:
        async with self.database.write() as connection:
            await self._store(await driver(connection), keys)

    async def _store(self, pg: asyncpg.Connection, keys: Sequence[SignalKey]) -> None:
        for start in range(0, len(keys), MOST):
            part = keys[start : start + MOST]
            times, ids = [time for time, _ in part], [number for _, number in part]
            rows = await pg.fetch(_SIGNALS, times, ids, min(times), max(times), self.store.space)
            await self.store.save(pg, await self._entries(rows))
            await pg.execute(_GIVEN_IS_STORED, times, ids)

    async def _entries(self, rows: Sequence[Any]) -> list[Entry]:
        """Of a producer's vector, where one was sent for this signal, else of its text, where that says anything."""
        given = [row for row in rows if row["given"] is not None]
        entries = [
            _entry(row, vector, given=True)
            for row in given
            # One that was sent while another width was set cannot be compared with others.
            for vector in unit(unpacked([row["given"]]))
            if len(vector) == self.store.width
        ]
        texts = [row for row in rows if row["given"] is None and not row["was_given"] and row["text"]]
        if texts and self.embedder is not None:
            vectors = await self.embedder.embed([row["text"] for row in texts])
            entries += [
                _entry(row, vector) for row, vector in zip(texts, vectors, strict=True) if np.any(vector)
            ]
        return entries

    async def _missing(self, after: SignalKey) -> list[SignalKey]:
        rows = await self._fetch(_MISSING, self.store.space, *after, MOST)
        return [(row["time"], row["id"]) for row in rows]

    async def _fetch(self, statement: str, *values: Any) -> list[Any]:
        async with self.database.write() as connection:
            return await (await driver(connection)).fetch(statement, *values)


def _entry(row: Any, vector: Any, *, given: bool = False) -> Entry:
    return Entry((row["time"], row["id"]), row["conversation_id"], row["signal_source"], vector, given)
