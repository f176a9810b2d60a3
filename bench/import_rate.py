"""How fast `coherence import` is, against raw binary COPY of the same rows into the same table.

Both run on the same machine in one run, each into an empty database of its own on one embedded server with the
settings of production (fsync on): indexes, foreign key and triggers are there for both. COPY gets each batch as
tuples that lie ready in memory, and commits as many rows at a time; the import begins with a file of JSON lines.

    .venv/bin/python bench/import_rate.py [--rows 1000000] [--text 80] [--batch 5000] [--rounds 1]
"""

import argparse
import asyncio
import json
import random
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import make_url, text

from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database, driver
from app.signals.importers.options import options, source
from app.signals.importers.run import Importer
from app.signals.rules import Rules

CONVERSATIONS = 1_000
SOURCES = ("Slack", "Axis", "Neo", "person")
START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("time", "conversation_id", "user_id", "agent_id", "signal_source", "signal_score", "raw_content")


def rows(count: int, length: int) -> Iterator[tuple[Any, ...]]:
    """(key, time, user, agent, source, score, text): a second apart, conversations in turn, from a fixed seed."""
    dice = random.Random(7)
    letters = "etaoin shrdlu cmfwyp "
    pool = ["".join(dice.choices(letters, k=length)) for _ in range(10_000)]
    for number in range(count):
        yield (
            f"conversation-{dice.randrange(CONVERSATIONS)}",
            START + timedelta(seconds=number),
            f"user-{dice.randrange(500)}",
            f"agent-{dice.randrange(3)}",
            dice.choice(SOURCES),
            round(dice.random(), 4),
            pool[dice.randrange(len(pool))],
        )


def write_file(path: Path, count: int, length: int) -> None:
    with path.open("w") as file:
        for key, when, user, agent, origin, score, content in rows(count, length):
            line = {
                "contextWindowId": key,
                "timestamp": when.isoformat(),
                "userId": user,
                "agentId": agent,
                "signalSource": origin,
                "signalScore": score,
                "rawContent": content,
            }
            file.write(json.dumps(line) + "\n")


@asynccontextmanager
async def fresh(url: str, name: str) -> AsyncIterator[Database]:
    """An empty database with all conversations in it."""
    own = Database(url)
    async with own.read() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(make_url(url).set(database=name).render_as_string(hide_password=False))
    await migrations.upgrade(database)
    async with database.write() as connection:
        pg = await driver(connection)
        await pg.execute(
            "INSERT INTO conversations (context_window_id, started_at)"
            " SELECT 'conversation-' || n, '2026-01-01Z' FROM generate_series(0, $1) n",
            CONVERSATIONS - 1,
        )
    async with own.read() as connection:
        await connection.execute(text("CHECKPOINT"))
    yield database
    await database.close()
    async with own.read() as connection:
        await connection.execute(text(f"DROP DATABASE {name}"))
    await own.close()


async def copy(database: Database, count: int, length: int, batch: int) -> float:
    """Rows a second of raw binary COPY: of its transactions alone, not of making the tuples."""
    async with database.read() as connection:
        found = await connection.execute(text("SELECT context_window_id, id FROM conversations"))
        ids = dict(tuple(row) for row in found)
    seconds = 0.0
    for records in batched(((when, ids[key], *rest) for key, when, *rest in rows(count, length)), batch):
        started = time.perf_counter()
        async with database.write() as connection:
            pg = await driver(connection)
            await pg.copy_records_to_table("signals", records=records, columns=COLUMNS)  # type: ignore[no-untyped-call]
        seconds += time.perf_counter() - started
    return count / seconds


def resident() -> float:
    """This process' memory, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def import_file(database: Database, path: Path, count: int, batch: int) -> tuple[float, list[float]]:
    """Rows a second of the import; resident memory in MB at its start, at every tenth and at its end."""
    memory = [resident()]

    def report(lines: int, _: int) -> None:
        if lines * 10 // count >= len(memory):
            memory.append(resident())

    importer = Importer(database, Rules(timedelta(days=3_650)), None, batch)
    started = time.perf_counter()
    outcome = await importer.run(source(path, options(())), report)
    rate = count / (time.perf_counter() - started)
    assert (outcome.imported, outcome.rejected) == (count, 0), outcome  # noqa: S101
    return rate, memory


async def measure(url: str, folder: Path, given: argparse.Namespace) -> None:
    path = folder / "signals.jsonl"
    write_file(path, given.rows, given.text)
    print(
        f"{given.rows} signals with texts of {given.text} characters ({path.stat().st_size / 1e6:.0f} MB of JSON lines),"
        f" {CONVERSATIONS} conversations, {given.batch} a batch"
    )
    async with fresh(url, "warm_up") as database:  # or whoever comes first would have to make the WAL's files
        await copy(database, given.rows, given.text, given.batch)
    ratios = []
    for number in range(given.rounds):
        async with fresh(url, f"import_{number}") as database:
            imported, memory = await import_file(database, path, given.rows, given.batch)
        async with fresh(url, f"copy_{number}") as database:
            copied = await copy(database, given.rows, given.text, given.batch)
        ratios.append(imported / copied)
        print(
            f"import {imported:8,.0f}/s, COPY {copied:8,.0f}/s, ratio {imported / copied:.2f};"
            f" resident while importing: start {memory[0]:.0f}, middle {memory[len(memory) // 2]:.0f},"
            f" end {memory[-1]:.0f} MB"
        )
    print(f"ratio, median of {given.rounds}: {median(ratios):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--text", type=int, default=80)
    parser.add_argument("--batch", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="coherence-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "data") as url,
    ):
        asyncio.run(measure(url, Path(folder), given))


if __name__ == "__main__":
    main()
