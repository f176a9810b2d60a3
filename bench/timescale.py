"""The same signals with and without TimescaleDB: how fast they are written, and how fast their drift is read.

Two databases on one server with TimescaleDB's community edition, with its settings: one plain, one converted. Writing:
COPY of the same rows by several writers, with everything that hangs on it (indexes, foreign key, triggers), in turns
of one batch each. Reading: drift of 50 conversations at 5m and at 1h over 24 hours and 7 days, from the continuous
aggregates, from the plain database's rollups, and from raw signals; answers are compared before anything is timed.

    python -m bench.timescale postgresql://user@host:port/postgres [--rows 1000000] [--writers 2] [--batch 1000]
"""

import argparse
import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
from sqlalchemy import make_url, text

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources import spans
from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.moments import Pool
from app.database import migrations
from app.database.engine import Database, driver
from app.duration import Duration
from app.signals.refresh import refresh
from app.timerange import TimeRange

CONVERSATIONS = 2_000
ASKED = 50
END = datetime(2026, 3, 9, tzinfo=UTC)
DAYS, DAY = 7, timedelta(days=1)
COLUMNS = (
    "time",
    "conversation_id",
    "signal_source",
    "agent_id",
    "signal_score",
    "emotional_tone",
    "raw_content",
)


def rows(count: int, keys: list[UUID]) -> list[tuple[Any, ...]]:
    """In order of time, over DAYS: people and agents talk in sessions of 15 minutes or so."""
    dice = random.Random(7)
    times = []
    while len(times) < count:
        start, key = END - DAYS * DAY * dice.random(), dice.choice(keys)
        size = min(dice.randint(20, 200), count - len(times))
        times += [(min(start + dice.random() * timedelta(minutes=15), END), key) for _ in range(size)]
    content = "some text of eighty characters or so, as people write it in a chat every day, ok"
    return [
        (
            time,
            key,
            dice.choice(("Slack", "Axis", "Neo")),
            None,
            round(dice.random(), 4),
            round(dice.random(), 4),
            content,
        )
        for time, key in sorted(times)
    ]


async def made(server: str, name: str, *, convert: bool) -> tuple[Database, list[UUID]]:
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    admin = Database(server, pool_size=1)
    async with admin.steps() as connection:
        await connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    await admin.close()
    database = Database(url, pool_size=10)
    await migrations.move(database, migrations.head())  # by number: not converted
    if convert:
        await migrations.convert(database)
    async with database.write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO conversations (id, context_window_id)"
            f" SELECT md5(n::text)::uuid, n::text FROM generate_series(1, {CONVERSATIONS}) n"
        )
        keys = list((await connection.scalars(text("SELECT id FROM conversations ORDER BY id"))).all())
    return database, keys


async def written(databases: dict[str, Database], batches: list[Any], writers: int) -> dict[str, float]:
    """Rows a second of each, in turns of a tenth of the batches."""
    seconds = dict.fromkeys(databases, 0.0)
    turn = max(1, len(batches) // 10)
    for some in batched(batches, turn):
        for name, database in databases.items():
            left = iter(some)

            async def work(database: Database = database, left: Iterator[Any] = left) -> None:
                for batch in left:
                    async with database.write() as connection:
                        pg = await driver(connection)
                        await pg.copy_records_to_table("signals", records=batch, columns=COLUMNS)  # type: ignore[no-untyped-call]

            began = perf_counter()
            await asyncio.gather(*(work() for _ in range(writers)))
            seconds[name] += perf_counter() - began
    count = sum(map(len, batches))
    return {name: count / spent for name, spent in seconds.items()}


async def drift(database: Database, keys: list[UUID], windows: Windows, *, raw: bool) -> list[Analysis]:
    with patch.object(spans, "ROLLUPS", () if raw else spans.ROLLUPS):
        async with database.read() as connection:
            answers = await analyse(connection, PROGRAM, Pool.CONVERSATION, keys, windows, Weights())
    return [answer for answer in answers.values() if isinstance(answer, Analysis)]


def same(one: list[Analysis], other: list[Analysis]) -> bool:
    return len(one) == len(other) == ASKED and all(
        np.array_equal(a.drift.index, b.drift.index)
        and np.array_equal(a.drift.n, b.drift.n)
        and np.allclose(a.drift.mean, b.drift.mean, rtol=0, atol=1e-9)
        and np.allclose(a.drift.variance, b.drift.variance, rtol=0, atol=1e-9)
        for a, b in zip(one, other, strict=True)
    )


async def main(server: str, count: int, writers: int, size: int) -> None:
    plain, keys = await made(server, "coherence_bench_plain", convert=False)
    community, _ = await made(server, "coherence_bench_timescale", convert=True)
    batches = [list(batch) for batch in batched(rows(count, keys), size)]
    rates = await written({"plain": plain, "community": community}, batches, writers)
    for name, rate in rates.items():
        print(f"write, {name}: {rate:,.0f} rows/s, {rate / rates['plain']:.2f} of plain")

    async with community.steps() as connection:
        began = perf_counter()
        await refresh(connection, END + timedelta(hours=1))
        print(f"the first refresh of all: {perf_counter() - began:.1f} s")
    for database in (plain, community):
        async with database.steps() as connection:
            await connection.exec_driver_sql("VACUUM ANALYZE")
    ways = {
        "continuous aggregate": (community, False),
        "rollup": (plain, False),
        "raw, hypertable": (community, True),
        "raw, plain": (plain, True),
    }
    for step in (300, 3_600):
        for days in (1, DAYS):
            windows = Windows(Duration(step), Duration(step), TimeRange(END - days * DAY, END))
            answers = {
                name: await drift(*way[:1], keys[:ASKED], windows, raw=way[1]) for name, way in ways.items()
            }
            if not all(same(answer, answers["rollup"]) for answer in answers.values()):
                raise SystemExit("The answers differ.")
            sources = {name: answer[0].freshness.source for name, answer in answers.items()}
            if list(sources.values()) != ["continuous_aggregate", "rollup", "raw", "raw"]:
                raise SystemExit(f"Read from somewhere else: {sources}")
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(15):
                for name, (database, raw) in ways.items():
                    began = perf_counter()
                    await drift(database, keys[:ASKED], windows, raw=raw)
                    times[name].append(perf_counter() - began)
            base = median(times["rollup"])
            for name, spent in times.items():
                print(
                    f"read {Duration(step)} over {days} d, {name}: {median(spent) * 1_000:.1f} ms,"
                    f" {median(spent) / base:.2f} of the rollup"
                )
    await plain.close()
    await community.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", help="URL of any database of a server with TimescaleDB (community)")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1_000)
    given = parser.parse_args()
    asyncio.run(main(given.server, given.rows, given.writers, given.batch))
