"""What is found out about signals once they are committed: their classes, and what stands out among them.

Writers say which signals came and went (alembic/versions/0005). One pass at a time, whichever server runs it, deals
with what it finds there and deletes it. A pass is run every second or so, and by readers of what it finds out, so
that they see everything that was committed before they asked.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

import asyncpg
from sqlalchemy import select, text, update

from app.anomalies import rapid_fire
from app.anomalies.drift_shift import DriftShifts
from app.anomalies.shifts import load_detector
from app.database.engine import Database, changes_of, driver, repeated_after_deadlock
from app.signals import classifications
from app.signals.classifications import Classified
from app.signals.classify import LONGEST, Classifier
from app.signals.models import RollupState
from app.signals.queries import BEGINNING, SignalKey

MOST = 10_000
"""Signals that one pass deals with, or those of one statement where it stored more."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('coherence arrivals'))"

_LAST = text("""
    SELECT (SELECT max(seq) FROM signal_arrivals) AS arrivals, (SELECT max(seq) FROM signal_departures) AS departures
""")

_CLASSIFIED_BY = select(RollupState.classified_by)

_ARRIVALS = """
    SELECT seq, times, ids, again FROM (
        SELECT *, sum(cardinality(ids)) OVER (ORDER BY seq) - cardinality(ids) AS before
        FROM (SELECT * FROM signal_arrivals ORDER BY seq LIMIT $1) first
    ) counted WHERE before < $1 ORDER BY seq
"""
_DEPARTURES = "SELECT * FROM signal_departures ORDER BY seq LIMIT $1"

# The bounds leave out chunks of a hypertable, which a join alone would have to look into one by one.
_SIGNALS = f"""
    SELECT s.time, s.id, s.conversation_id, s.user_id, s.signal_source, coalesce(s.agent_id, '') AS agent_id,
        s.signal_score, left(s.raw_content, {LONGEST}) AS text
    FROM unnest($1::timestamptz[], $2::bigint[]) AS k(time, id) JOIN signals s ON s.time = k.time AND s.id = k.id
    WHERE s.time BETWEEN $3 AND $4
    ORDER BY s.time, s.id
"""

# Against being deleted before what is found out is in; the others are gone, and their signals with them.
_STAYING = "SELECT id FROM conversations WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE"

# To who makes embeddings of them (app/vectors/worker.py): those with a text, or with one that has been sent.
_HAND_ON = """
    INSERT INTO embedding_arrivals (times, ids)
    SELECT array_agg(time), array_agg(id) FROM (
        SELECT time, id, (row_number() OVER (ORDER BY time, id) - 1) / 1000 AS block FROM (
            SELECT * FROM unnest($1::timestamptz[], $2::bigint[]) AS texts(time, id)
            UNION
            SELECT g.time, g.id FROM unnest($3::timestamptz[], $4::bigint[]) AS k(time, id)
            JOIN given_embeddings g ON g.time = k.time AND g.id = k.id
        ) keys
    ) counted GROUP BY block ORDER BY block
"""

# Of those that have been dealt with.
_NEXT = """
    SELECT time, id FROM signals
    WHERE time >= $1 AND (time, id) > ($1, $2)
        AND (time, id) NOT IN (SELECT unnest(times), unnest(ids) FROM signal_arrivals)
    ORDER BY time, id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class _DealtWith:
    """Up to which entry of each list, and how many signals. As high as can be where there is nothing left."""

    arrivals: float
    departures: float
    signals: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    database: Database
    classifier: Classifier
    rapid_fire: rapid_fire.Rule
    embeds: bool = False
    """Whether they are handed on to be embedded."""
    drift_shifts: DriftShifts = field(default_factory=DriftShifts)

    async def work_off(self) -> int:
        """Deals with all that was there when it began; how many signals have come that were."""
        async with self.database.steps() as connection:
            until = (await connection.execute(_LAST)).one()
        total, arrivals, departures = 0, 0.0, 0.0
        while arrivals < (until.arrivals or 0) or departures < (until.departures or 0):
            dealt_with = await self._pass()
            total, arrivals, departures = (
                total + dealt_with.signals,
                dealt_with.arrivals,
                dealt_with.departures,
            )
        return total

    async def watch(self, seconds: float) -> None:
        """A pass every so many seconds, and the next one sooner where that left some over.

        It takes a tenth of the time at most, so that those who store signals lose little: under a long flood it falls
        behind, and catches up later. Who reads classes or anomalies does not wait for it (`work_off`).
        """
        while True:
            began = monotonic()
            left = await self._look()
            rest = 9 * (monotonic() - began)
            await asyncio.sleep(rest if left else max(rest, seconds))

    async def _look(self) -> bool:
        """One pass if there is anything; whether there may be more."""
        async with self.database.steps() as connection:
            last = (await connection.execute(_LAST)).one()
        if last.arrivals is None and last.departures is None:
            return False
        return (await self._pass()).signals >= MOST

    @repeated_after_deadlock
    async def _pass(self) -> _DealtWith:
        await asyncio.to_thread(
            load_detector
        )  # before the lock is taken, and not while requests wait for the loop
        async with self.database.write() as connection:
            await connection.exec_driver_sql(_LOCK)
            pg = await driver(connection)
            arrived = await pg.fetch(_ARRIVALS, MOST)
            departed = await pg.fetch(_DEPARTURES, MOST)
            keys = dict.fromkeys(key for row in arrived for key in zip(row["times"], row["ids"], strict=True))
            signals = await _signals(pg, list(keys))
            classified = await self._classified(signals)
            await classifications.save(pg, classified, again=any(row["again"] for row in arrived))
            anomalies = await rapid_fire.detect(pg, self.rapid_fire, signals, departed)
            shifts, remember = await self.drift_shifts.detect(pg, signals, departed)
            changes_of(connection).anomalies.update(anomalies, shifts)
            if self.embeds and keys:
                texts = [(row["time"], row["id"]) for row in signals if row["text"]]
                await pg.execute(_HAND_ON, *_columns(texts), *_columns(keys))
            for table, rows in (("signal_arrivals", arrived), ("signal_departures", departed)):
                await pg.execute(f"DELETE FROM {table} WHERE seq = ANY($1)", [row["seq"] for row in rows])
        remember()
        return _DealtWith(_last(arrived), _last(departed), len(keys))

    async def outdated(self) -> bool:
        """Whether stored classes are from another table of keywords. Where none is named yet, this one is from now."""
        by = RollupState.classified_by
        async with self.database.write() as connection:
            await connection.execute(
                update(RollupState).where(by.is_(None)).values(classified_by=self.classifier.digest)
            )
            return await connection.scalar(_CLASSIFIED_BY) != self.classifier.digest

    async def reclassify(self) -> int:
        """Classifies what has not been, and where another table of keywords has, everything; how many signals."""
        async with self.database.steps() as connection:
            by = await connection.scalar(_CLASSIFIED_BY)
        total, after = await self.work_off(), BEGINNING
        while by not in {None, self.classifier.digest}:
            keys = await self._reclassify(after)
            if not keys:
                break
            total, after = total + len(keys), keys[-1]
        if by != self.classifier.digest:
            async with self.database.write() as connection:
                await connection.execute(update(RollupState).values(classified_by=self.classifier.digest))
        return total

    @repeated_after_deadlock
    async def _reclassify(self, after: SignalKey) -> list[SignalKey]:
        """The next MOST signals."""
        async with self.database.write() as connection:
            await connection.exec_driver_sql(_LOCK)
            pg = await driver(connection)
            keys = [(row["time"], row["id"]) for row in await pg.fetch(_NEXT, *after, MOST)]
            await classifications.save(pg, await self._classified(await _signals(pg, keys)), again=True)
            return keys

    async def _classified(self, signals: Sequence[Any]) -> list[Classified]:
        """In a thread, so that many texts do not hold up requests."""
        kinds = await asyncio.to_thread(lambda: [self.classifier(row["text"]).value for row in signals])
        return [
            Classified(
                row["time"], row["id"], row["conversation_id"], row["signal_source"], row["agent_id"], kind
            )
            for row, kind in zip(signals, kinds, strict=True)
        ]


async def _signals(pg: asyncpg.Connection, keys: Sequence[SignalKey]) -> list[Any]:
    """Those that are still there, in order. Their conversations stay until the end of the transaction."""
    if not keys:
        return []
    times = [time for time, _ in keys]
    rows = await pg.fetch(_SIGNALS, times, [number for _, number in keys], min(times), max(times))
    conversations = list({row["conversation_id"] for row in rows})
    staying = {row["id"] for row in await pg.fetch(_STAYING, conversations)}
    return [row for row in rows if row["conversation_id"] in staying]


def _columns(keys: Collection[SignalKey]) -> tuple[list[datetime], list[int]]:
    return [time for time, _ in keys], [number for _, number in keys]


def _last(entries: Sequence[Any]) -> float:
    return entries[-1]["seq"] if entries else float("inf")
