"""How conversations stand now: the window that ends now, and how long its level has lasted (metrics.md, "Now")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth.viewer import Rights
from app.coherence.drift import Level, drift, level, levels, nullable
from app.coherence.sources.freshness import Freshness
from app.coherence.sources.measure import Moment, read_moment
from app.coherence.sources.moments import MICROSECOND, Pool, Reading, unpacked
from app.coherence.sources.spans import ROLLUPS, TABLES, start_of
from app.coherence.windows import ORIGIN, Cells, bounds, collect
from app.errors import BadUserInput
from app.instant import instant_since_2000

MAX_WINDOWS: Final = 1_000
"""Complete windows that are looked at to find since when a level has lasted."""

_PACKED = "string_agg(timestamptz_send(cell) || int8send(n) || float8send(s1) || float8send(s2), ''::bytea)"
_WANTED = "unnest(cast(:ids AS uuid[])) AS wanted(id)"
_BIN = "date_bin(:width, {time}, :origin)"

# The newest so many buckets hold the newest windows: the rollup's key has them in order.
_FROM_ROLLUP = f"""
    SELECT wanted.id, (
        SELECT {_PACKED} FROM (
            SELECT {_BIN.format(time="bucket")} AS cell,
                cast(sum(n) AS bigint) AS n, sum(s1) AS s1, sum(s2) AS s2
            FROM (
                SELECT bucket, sum(n) AS n, sum(s1) AS s1, sum(s2) AS s2 FROM {{table}}
                WHERE conversation_id = wanted.id AND bucket < :end
                GROUP BY bucket ORDER BY bucket DESC LIMIT :buckets
            ) AS buckets
            GROUP BY cell ORDER BY cell DESC LIMIT :windows
        ) AS windows
    ) AS packed FROM {_WANTED}
"""

# From each window's start to the signal before it, by the index: however many signals lie in a window or between two.
_FROM_SIGNALS = f"""
    SELECT wanted.id, (
        SELECT {_PACKED} FROM (
            WITH RECURSIVE starts(cell) AS (
                SELECT {_BIN.format(time="max(time)")} FROM signals
                WHERE conversation_id = wanted.id AND time < :end
                UNION ALL
                SELECT (
                    SELECT {_BIN.format(time="max(time)")} FROM signals
                    WHERE conversation_id = wanted.id AND time < starts.cell
                ) FROM starts WHERE cell >= (SELECT kept_from FROM rollup_state)
            )
            SELECT cell FROM starts WHERE cell >= (SELECT kept_from FROM rollup_state) LIMIT :windows
        ) AS starts CROSS JOIN LATERAL (
            SELECT count(*) AS n, sum(signal_score - 0.5) AS s1,
                sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2
            FROM signals WHERE conversation_id = wanted.id AND time >= cell AND time < cell + :width
        ) AS sums
    ) AS packed FROM {_WANTED}
"""


@dataclass(frozen=True, slots=True)
class Current:
    """The signals of the window that ends now."""

    moment: Moment
    n: int
    mean: float | None
    """0 to 1; None where there is no signal."""
    score: float | None
    """0 to 1; None under two signals."""
    level: Level | None
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Run:
    """The newest complete windows that share one level, without another between them."""

    level: Level | None
    since: datetime
    """Start of the first of them, or of the oldest window that was looked at."""


async def current(
    connection: AsyncConnection, rights: Rights, ids: Sequence[UUID], moment: Moment
) -> dict[UUID, Current | BadUserInput]:
    """Return how each of the conversations `ids` stands, read by one statement for all.

    BadUserInput for one of which raw signals would have to be read that are no longer kept.
    """
    found: dict[UUID, Current | BadUserInput] = {}
    readings = await read_moment(connection, rights, Pool.CONVERSATION, ids, moment)
    for key in ids:
        reading = readings[key]
        if isinstance(reading, BadUserInput):
            found[key] = reading
            continue
        found[key] = _current(reading, moment)
    return found


def _current(reading: Reading, moment: Moment) -> Current:
    cells = reading.cells
    if not len(cells.n):
        return Current(moment, 0, None, None, None, reading.freshness)
    n, s1, s2 = cells.n.sum(keepdims=True), cells.s1.sum(keepdims=True), cells.s2.sum(keepdims=True)
    drifted = drift(Cells(cells.index[:1], n, s1, s2))
    (mean,), (score,) = drifted.mean.tolist(), nullable(drifted.score)
    return Current(moment, int(n[0]), mean, score, level(score), reading.freshness)


async def runs(connection: AsyncConnection, ids: Sequence[UUID], moment: Moment) -> Mapping[UUID, Run]:
    """Return the newest run of each of the conversations `ids` that have a complete window, by one statement for all.

    Windows are `moment.window` wide and lie side by side; those whose end is after `moment.at` are not complete. Where
    raw signals have to be read, windows that begin before they are kept are left out.
    """
    width = int(moment.window)
    given = {
        "ids": list(ids),
        "width": timedelta(seconds=width),
        "origin": ORIGIN,
        "end": start_of(moment.at, width),
        "windows": MAX_WINDOWS,
    }
    rollup = next((bucket for bucket in ROLLUPS if width % bucket == 0), None)
    statement: TextClause = text(_FROM_SIGNALS)
    if rollup is not None:
        statement = text(_FROM_ROLLUP.format(table=TABLES[rollup].__tablename__))
        given["buckets"] = MAX_WINDOWS * (width // rollup)
    rows = await connection.execute(statement, given)
    return {row.id: _run(row.packed, width * MICROSECOND) for row in rows if row.packed}


def _run(packed: bytes, width_us: int) -> Run:
    cells = collect(*unpacked(packed), width_us)
    found = levels(drift(cells).score)
    first = len(found) - 1
    while first and found[first - 1] == found[-1]:
        first -= 1
    starts, _ = bounds(cells.index[first : first + 1], width_us, width_us)
    return Run(found[-1], instant_since_2000(int(starts[0])))
