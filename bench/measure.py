"""`metrics` of a window that holds 100 000 raw signals, beside the bare SQL that sums them.

The window is of four minutes that cross a border of five, so that no rollup can answer for any of it. One request at
a time, the two in turn; medians.

    python -m bench.measure [--signals 100000] [--times 20]
"""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, stdev
from time import perf_counter
from typing import Any

import httpx2
import numpy as np

from app.asgi import create_app
from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database, driver
from app.settings import Settings

LENGTH = timedelta(minutes=4)
START = datetime(2026, 1, 5, 9, 58, tzinfo=UTC)
QUERY = """
query($at: DateTime!) {
  conversation(by: {contextWindowId: "measured"}) {
    metrics(window: "4m", at: $at) { n coherenceMean volatilityIndex predictedDriftRisk inputs { source } }
  }
}
"""
SQL = """
SELECT count(*), avg(signal_score), stddev_samp(signal_score) FROM signals
WHERE conversation_id = $1 AND time >= $2 AND time < $3
"""


async def fill(pg: Any, count: int) -> tuple[Any, list[float]]:
    key = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('measured') RETURNING id")
    scores = np.random.default_rng(7).beta(2, 2, count).tolist()
    step = LENGTH / count
    rows = [(START + number * step, key, "Slack", score) for number, score in enumerate(scores)]
    columns = ("time", "conversation_id", "signal_source", "signal_score")
    await pg.copy_records_to_table("signals", records=rows, columns=columns)
    return key, scores


async def measure(url: str, given: argparse.Namespace) -> None:
    database = Database(url)
    await migrations.upgrade(database)
    async with database.write() as connection:
        key, scores = await fill(await driver(connection), given.signals)
    async with database.steps() as connection:
        await connection.exec_driver_sql("VACUUM ANALYZE signals")
    app = create_app(
        Settings(_env_file=None, COHERENCE_UPKEEP_SECONDS=0, COHERENCE_ARRIVALS_SECONDS=0), url, "key"
    )
    transport = httpx2.ASGITransport(app)
    body = {"query": QUERY, "variables": {"at": (START + LENGTH).isoformat()}}
    took = []
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
        database.read() as connection,
    ):
        pg: Any = (await connection.get_raw_connection()).driver_connection
        for _ in range(given.times + 2):
            began = perf_counter()
            found = (await http.post("/graphql", json=body)).json()["data"]["conversation"]["metrics"]
            between = perf_counter()
            await pg.fetch(SQL, key, START, START + LENGTH)
            took.append(((between - began) * 1_000, (perf_counter() - between) * 1_000))
            assert found["n"] == given.signals  # noqa: S101
            assert found["inputs"]["source"] == "raw"  # noqa: S101
            assert abs(found["volatilityIndex"] - stdev(scores)) < 1e-6  # noqa: S101
    await database.close()
    ours, bare = (median(column[2:]) for column in zip(*took, strict=True))  # the first two warm up
    print(f"{given.signals} signals: ours {ours:.1f} ms, SQL {bare:.1f} ms, ratio {ours / bare:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--signals", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="coherence-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "data") as url,
    ):
        asyncio.run(measure(url, given))


if __name__ == "__main__":
    main()
