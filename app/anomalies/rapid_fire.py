"""Keeps the stored episodes of RAPID_FIRE what the stored signals say (metrics.md, "Anomalies").

Whatever is new lies within seconds of a signal that came or went, or in an episode that is stored already: only there
is it looked. The same episodes come out whatever the order and the batches in which signals arrive.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import numpy as np

from app.anomalies.bursts import bursts
from app.database.base import to_json
from app.instant import instant

_NEAR = timedelta(minutes=10)
"""Spans not further apart are read as one: reading on is cheaper than looking up another."""

# Of users' spans: the times of signals, and the episodes that are stored.
_TIMES = """
    SELECT k.user_id, s.times
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS k(user_id, first, last)
    CROSS JOIN LATERAL (
        SELECT string_agg(int8send((extract(epoch FROM s.time) * 1000000)::int8), '' ORDER BY s.time) AS times
        FROM signals s WHERE s.user_id = k.user_id AND s.time BETWEEN k.first AND k.last
    ) s
"""
_STORED = """
    SELECT DISTINCT a.user_id, a.id, a.started_at, a.ended_at
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS k(user_id, first, last)
    JOIN anomalies a ON a.kind = 'RAPID_FIRE' AND a.user_id = k.user_id
        AND a.started_at <= k.last AND a.ended_at >= k.first
    ORDER BY a.started_at
"""
_DELETE = "DELETE FROM anomalies WHERE id = ANY($1::uuid[])"
# Counted by the database, so that the signals of a long episode are never read again.
_WRITE = """
    INSERT INTO anomalies (id, kind, user_id, conversation_id, started_at, ended_at, event_count, details)
    SELECT k.id, 'RAPID_FIRE', k.user_id, (SELECT c.id FROM conversations c WHERE c.id = s.conversation_id),
        k.first, k.last, s.n, $5
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS k(id, user_id, first, last)
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, CASE WHEN min(s.conversation_id::text) = max(s.conversation_id::text)
            THEN min(s.conversation_id::text)::uuid END AS conversation_id
        FROM signals s WHERE s.user_id = k.user_id AND s.time BETWEEN k.first AND k.last
    ) s
    ON CONFLICT (id) DO UPDATE SET conversation_id = excluded.conversation_id, started_at = excluded.started_at,
        ended_at = excluded.ended_at, event_count = excluded.event_count, details = excluded.details
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """`count` signals of one user, the last less than `seconds` after the first, are an episode or part of one."""

    count: int = 11
    seconds: int = 5


@dataclass(slots=True)
class Span:
    """Both ends inside."""

    first: datetime
    last: datetime
    ids: list[UUID] = field(default_factory=list)
    """Of the stored episodes that it takes the place of, the earliest first."""


@dataclass(slots=True)
class User:
    """What has changed for a user."""

    spans: list[Span] = field(default_factory=list)
    lost: bool = False
    """Whether signals have gone, so that stored episodes may no longer be true."""
    stored: list[Span] = field(default_factory=list)


async def detect(
    pg: asyncpg.Connection, rule: Rule, arrived: Sequence[Any], departed: Sequence[Any]
) -> list[UUID]:
    """Brings the episodes of all users concerned up to date. Ids of those that are new, or may have grown.

    `arrived` has user_id and time, in order by time, `departed` user_id, first_time and last_time; no user_id, no episode.
    """
    users = _users(arrived, departed, timedelta(seconds=rule.seconds))
    if not users:
        return []
    for row in await pg.fetch(_STORED, *_columns(users)):
        users[row["user_id"]].stored.append(Span(row["started_at"], row["ended_at"], [row["id"]]))
    for user in users.values():
        if user.lost:
            user.spans = joined([*user.spans, *user.stored], _NEAR)
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in await pg.fetch(_TIMES, *_columns(users)):
        found[row["user_id"]] += _episodes(row["times"], rule)
    return await _write(
        pg, rule, {name: (user.stored, _now(user, found[name])) for name, user in users.items()}
    )


def _users(arrived: Sequence[Any], departed: Sequence[Any], reach: timedelta) -> dict[str, User]:
    """With the spans in which runs may have begun or ended to exist."""
    users: defaultdict[str, User] = defaultdict(User)
    near = _NEAR + reach
    for row in arrived:
        name, time = row["user_id"], row["time"]
        if name is None:
            continue
        spans = users[name].spans
        if spans and time <= spans[-1].last + near:  # arrived in order
            spans[-1].last = time
        else:
            spans.append(Span(time, time))
    for row in departed:
        if row["user_id"] is not None:
            users[row["user_id"]].spans.append(Span(row["first_time"], row["last_time"]))
            users[row["user_id"]].lost = True
    for user in users.values():
        user.spans = joined((Span(span.first - reach, span.last + reach) for span in user.spans), _NEAR)
    return users


def joined(spans: Iterable[Span], near: timedelta = timedelta()) -> list[Span]:
    """In order; those that overlap, or are not further than `near` apart, as one."""
    result: list[Span] = []
    for span in sorted(spans, key=attrgetter("first", "last")):
        if result and span.first <= result[-1].last + near:
            result[-1].last = max(result[-1].last, span.last)
            result[-1].ids += span.ids
        else:
            result.append(Span(span.first, span.last, list(span.ids)))
    return result


def _now(user: User, found: list[Span]) -> list[Span]:
    """The episodes in place of the stored ones. Each has the id of the earliest that it shares a signal with."""
    if not user.lost:
        return joined([*found, *user.stored])
    left = list(user.stored)
    for episode in found:
        episode.ids = [old.ids[0] for old in left if old.first <= episode.last and episode.first <= old.last]
        left = [old for old in left if old.ids[0] not in episode.ids]
    return found


def _columns(users: dict[str, User]) -> tuple[list[str], list[datetime], list[datetime]]:
    spans = [(name, span) for name, user in users.items() for span in user.spans]
    return [name for name, _ in spans], [span.first for _, span in spans], [span.last for _, span in spans]


def _episodes(packed: bytes | None, rule: Rule) -> Iterator[Span]:
    """Of times in microseconds, in order."""
    if packed is None or len(packed) < 8 * rule.count:
        return
    times = np.frombuffer(packed, ">i8").astype(np.int64)
    first, last = bursts(times, rule.count, rule.seconds)
    for start, end in zip(times[first].tolist(), times[last].tolist(), strict=True):
        yield Span(instant(start), instant(end))


async def _write(
    pg: asyncpg.Connection, rule: Rule, episodes: dict[str, tuple[list[Span], list[Span]]]
) -> list[UUID]:
    """By user, what was stored and what is to be. Ids of the latter."""
    gone: list[UUID] = []
    rows: list[tuple[UUID, str, datetime, datetime]] = []
    for name, (stored, now) in episodes.items():
        rows += [(span.ids[0] if span.ids else uuid4(), name, span.first, span.last) for span in now]
        kept = {row[0] for row in rows}
        gone += [span.ids[0] for span in stored if span.ids[0] not in kept]
    if gone:
        await pg.execute(_DELETE, gone)
    if rows:
        details = to_json({"count": rule.count, "seconds": rule.seconds})
        await pg.execute(_WRITE, *map(list, zip(*rows, strict=True)), details)
    return [row[0] for row in rows]
