"""Keeps the stored DRIFT_SHIFTs what the stored scores say (metrics.md, "Anomalies").

The detector of a conversation goes on where it stopped, as long as signals come in order. A late one, or one that has
gone, has it begin anew after the last shift before: river empties the detector there, so that the same comes out.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import numpy as np

from app.anomalies.shifts import DETECTOR, PARAMETERS, Shift, Shifts
from app.database.base import MINUS_INFINITY, to_json
from app.instant import instant
from app.signals.queries import SignalKey

MOST_DETECTORS = 10_000
"""That are remembered, a few kB each."""


_PROGRESS = "SELECT * FROM shift_progress WHERE conversation_id = ANY($1::uuid[])"
_LAST_BEFORE = """
    SELECT k.conversation_id, a.started_at, a.signal_id
    FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS k(conversation_id, time, id)
    CROSS JOIN LATERAL (
        SELECT a.started_at, a.signal_id FROM anomalies a
        WHERE a.conversation_id = k.conversation_id AND a.kind = 'DRIFT_SHIFT'
            AND (a.started_at, a.signal_id) < (k.time, k.id)
        ORDER BY a.started_at DESC, a.signal_id DESC LIMIT 1
    ) a
"""
_SCORES = """
    SELECT string_agg(int8send((extract(epoch FROM time) * 1000000)::int8) || int8send(id) || float8send(signal_score),
        '' ORDER BY time, id) AS packed
    FROM signals WHERE conversation_id = $1 AND time >= $2 AND (time, id) > ($2, $3)
"""
_PACKED = np.dtype([("time", ">i8"), ("id", ">i8"), ("score", ">f8")])

_STORED = """
    SELECT id, started_at, signal_id FROM anomalies
    WHERE conversation_id = $1 AND kind = 'DRIFT_SHIFT' AND (started_at, signal_id) > ($2, $3)
"""
_DELETE = "DELETE FROM anomalies WHERE id = ANY($1::uuid[])"
_WRITE = """
    INSERT INTO anomalies (id, kind, conversation_id, started_at, signal_id, event_count, details)
    SELECT id, 'DRIFT_SHIFT', conversation_id, time, signal_id, n, details::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::text[])
        AS k(id, conversation_id, time, signal_id, n, details)
    ON CONFLICT (id) DO UPDATE SET event_count = excluded.event_count, details = excluded.details
"""
_ADVANCE = """
    INSERT INTO shift_progress AS p (conversation_id, time, signal_id, revision)
    SELECT *, 1 FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[])
    ON CONFLICT (conversation_id) DO UPDATE
    SET time = excluded.time, signal_id = excluded.signal_id, revision = p.revision + 1
    RETURNING conversation_id, revision
"""
_FORGET = "DELETE FROM shift_progress WHERE conversation_id = ANY($1::uuid[])"


@dataclass(slots=True)
class Work:
    """What is to be fed to the detector of a conversation, and what comes of it."""

    detector: Shifts
    keys: list[SignalKey]
    """In order, of the scores."""
    scores: list[float]
    stored: dict[SignalKey, UUID] = field(default_factory=dict)
    """Shifts that were found there before."""
    found: list[Shift] = field(default_factory=list)


@dataclass(slots=True)
class DriftShifts:
    remembered: dict[UUID, tuple[int, Shifts]] = field(default_factory=dict)
    """Of conversations, oldest first: the revision of their progress, and the detector that has come so far."""

    async def detect(
        self, pg: asyncpg.Connection, arrived: Sequence[Any], departed: Sequence[Any]
    ) -> tuple[list[UUID], Callable[[], None]]:
        """Brings the shifts of all conversations concerned up to date. Ids of the new ones, and what is to be called
        after the commit.

        `arrived` has conversation_id, time, id and signal_score, in order by time and id; `departed` conversation_id
        and first_time.
        """
        new: dict[UUID, list[Any]] = {}
        for row in arrived:
            new.setdefault(row["conversation_id"], []).append(row)
        touched = {key: (rows[0]["time"], rows[0]["id"]) for key, rows in new.items()}
        lost = set[UUID]()
        for row in departed:
            key, place = row["conversation_id"], (row["first_time"], 0)
            lost.add(key)
            touched[key] = min(place, touched.get(key, place))
        progress = {row["conversation_id"]: row for row in await pg.fetch(_PROGRESS, list(touched))}

        work: dict[UUID, Work] = {}
        for key, rows in new.items():
            detector = self._at(progress.get(key), touched[key]) if key not in lost else None
            if detector is not None:
                keys = [(row["time"], row["id"]) for row in rows]
                work[key] = Work(detector, keys, [row["signal_score"] for row in rows])
        anew = {key: place for key, place in touched.items() if key not in work}
        work |= await _anew(pg, anew)
        await asyncio.to_thread(_feed, work.values())
        found, revisions = await _write(pg, work)

        def remember() -> None:
            for key, revision in revisions.items():
                self.remembered[key] = revision, work[key].detector
            for key in list(self.remembered)[:-MOST_DETECTORS]:
                del self.remembered[key]

        return found, remember

    def _at(self, progress: Any, place: SignalKey) -> Shifts | None:
        """The detector that goes on at `place`; None where it has to begin anew. It is remembered no more."""
        if progress is None:
            return Shifts()
        revision, detector = self.remembered.pop(progress["conversation_id"], (None, None))
        goes_on = revision == progress["revision"] and place > (progress["time"], progress["signal_id"])
        return detector if goes_on else None


async def _anew(pg: asyncpg.Connection, places: dict[UUID, SignalKey]) -> dict[UUID, Work]:
    """From after the last shift before each place, or from the beginning."""
    columns = [list(places), [time for time, _ in places.values()], [number for _, number in places.values()]]
    last = {
        row["conversation_id"]: (row["started_at"], row["signal_id"])
        for row in await pg.fetch(_LAST_BEFORE, *columns)
    }
    work = {}
    for key in places:
        after = last.get(key, (MINUS_INFINITY, 0))
        (row,) = await pg.fetch(_SCORES, key, *after)
        packed = np.frombuffer(row["packed"] or b"", _PACKED)
        keys = [(instant(time), number) for time, number in packed[["time", "id"]].tolist()]
        stored = {
            (row["started_at"], row["signal_id"]): row["id"] for row in await pg.fetch(_STORED, key, *after)
        }
        work[key] = Work(Shifts(), keys, packed["score"].tolist(), stored)
    return work


def _feed(work: Iterable[Work]) -> None:
    for each in work:
        each.found = list(each.detector.feed(each.scores))


async def _write(pg: asyncpg.Connection, work: dict[UUID, Work]) -> tuple[list[UUID], dict[UUID, int]]:
    """Ids of new shifts, and the revisions of those conversations' progress that have signals."""
    rows = []
    new: list[UUID] = []
    gone: list[UUID] = []
    for key, each in work.items():
        for shift in each.found:
            place = each.keys[shift.index]
            details = {
                "detector": DETECTOR,
                "parameters": dict(PARAMETERS),
                "meanBefore": shift.before,
                "meanAfter": shift.after,
            }
            own = each.stored.pop(place, None)
            if own is None:
                new.append(own := uuid4())
            rows.append((own, key, *place, shift.width, to_json(details)))
        gone += each.stored.values()
    if gone:
        await pg.execute(_DELETE, gone)
    if rows:
        await pg.execute(_WRITE, *map(list, zip(*rows, strict=True)))
    empty = [key for key, each in work.items() if not each.keys]
    if empty:
        await pg.execute(_FORGET, empty)
    tips = [(key, *each.keys[-1]) for key, each in work.items() if each.keys]
    advanced = await pg.fetch(_ADVANCE, *map(list, zip(*tips, strict=True))) if tips else []
    return new, {row["conversation_id"]: row["revision"] for row in advanced}
