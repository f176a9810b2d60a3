"""Looks for a wrong answer on TimescaleDB, for minutes on end, with everything at work that could cause one.

Two servers' upkeep, the aggregates' own policies, the columnstore's (all of them every few seconds instead of
minutes), retention; writers of live and of late signals, of updates, and of deletes of signals and conversations.
Meanwhile both rollups are compared, bucket by bucket, with a grouping of the raw rows in the same snapshot, and what
the API would say of everything with numpy's sum of them. One difference ends the run with status 1.

    python -m bench.soak postgresql://user@host:port/postgres [--minutes 10]
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.moments import Pool
from app.database import migrations
from app.database.engine import Database
from app.duration import Duration
from app.errors import NotFound
from app.services import Services
from app.settings import Settings
from app.upkeep import upkeep
from app.users import encryption

KEY = "the soak's own key"
SETTINGS = Settings(_env_file=None, COHERENCE_RAW_RETENTION_DAYS=3, COHERENCE_COLUMNSTORE_AFTER_DAYS=1)
SOURCES = ("Slack", "Axis", "Neo")
CONVERSATIONS = 200
FLOWS = 4

# Everything that is not the same in both; 0 rows where all is right.
DIFFERENCE = """
SELECT count(*) FROM (
    SELECT conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum, tone_count,
        escalations, first_time, last_time
    FROM {rollup} WHERE bucket >= $1
) a FULL JOIN (
    SELECT conversation_id, date_bin('{width}', time, '2000-01-03 00:00:00+00') AS bucket, signal_source,
        coalesce(agent_id, '') AS agent_id, count(*) AS n, sum(signal_score - 0.5) AS s1,
        sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2, min(signal_score) AS min_score,
        max(signal_score) AS max_score, coalesce(sum(emotional_tone), 0) AS tone_sum,
        count(emotional_tone) AS tone_count, sum(escalate_flag) AS escalations,
        min(time) AS first_time, max(time) AS last_time
    FROM signals WHERE time >= $1 GROUP BY 1, 2, 3, 4
) b USING (conversation_id, bucket, signal_source, agent_id)
WHERE a.n IS DISTINCT FROM b.n OR abs(a.s1 - b.s1) > 1e-9 OR abs(a.s2 - b.s2) > 1e-9
    OR a.min_score <> b.min_score OR a.max_score <> b.max_score OR abs(a.tone_sum - b.tone_sum) > 1e-9
    OR a.tone_count <> b.tone_count OR a.escalations <> b.escalations
    OR a.first_time <> b.first_time OR a.last_time <> b.last_time
"""
ROLLUPS = {"signal_rollup_5m": "5 minutes", "signal_rollup_1h": "1 hour"}
SCORES = """
    SELECT s.signal_score FROM signals s JOIN conversations c ON c.id = s.conversation_id WHERE c.status <> 'DELETED'
"""


@dataclass
class Soak:
    database: Database
    services: Services
    until: float
    done: Counter[str] = field(default_factory=Counter)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def repeat(
        self, pause: float, action: Callable[[random.Random], Coroutine[Any, Any, None]], seed: int
    ) -> None:
        chance = random.Random(seed)
        while perf_counter() < self.until:
            await action(chance)
            await asyncio.sleep(pause * chance.random() * 2)

    def signal(self, chance: random.Random, age: timedelta) -> Any:
        return SimpleNamespace(
            context_window_id=f"c-{chance.randrange(CONVERSATIONS)}",
            timestamp=self.now() - age,
            raw_content="some text",
            signal_source=chance.choice(SOURCES),
            signal_score=chance.random(),
            signal_vector=None,
            emotional_tone=chance.choice((None, chance.random())),
            escalate_flag=chance.randrange(2),
            agent_id=chance.choice((None, "a-1")),
            user_id=None,
            payload=None,
            relationship_context=None,
            diagnostic_notes=None,
        )

    async def ingest(self, chance: random.Random, count: int, most: timedelta, name: str) -> None:
        batch = [self.signal(chance, chance.random() * most) for _ in range(chance.randint(1, count))]
        answer = await self.services.signals.ingest(batch, self.now(), create_conversations=True)
        self.done[name] += sum(isinstance(result, tuple) for result in answer.results)

    async def live(self, chance: random.Random) -> None:
        await self.ingest(chance, 20, timedelta(seconds=2), "live signals")

    async def late(self, chance: random.Random) -> None:
        most = chance.choice((timedelta(minutes=3), timedelta(minutes=90), timedelta(days=2.9)))
        await self.ingest(chance, 10, most, "late signals")

    async def fill(self, chance: random.Random) -> None:
        for _ in range(40):
            await self.ingest(chance, 1_000, timedelta(days=3), "signals at first")

    async def pick(self, chance: random.Random) -> list[Any]:
        statement = text("SELECT time, id FROM signals WHERE id % 997 = :n LIMIT 20")
        async with self.database.read() as connection:
            return list(await connection.execute(statement, {"n": chance.randrange(997)}))

    async def delete(self, chance: random.Random) -> None:
        self.done["deleted signals"] += await self.services.signals.delete(
            [tuple(row) for row in await self.pick(chance)]
        )

    async def update(self, chance: random.Random) -> None:
        for row in (await self.pick(chance))[:3]:
            statement = text("UPDATE signals SET signal_score = :score WHERE time = :time AND id = :id")
            values = {"score": chance.random(), "time": row.time, "id": row.id}
            async with self.database.write() as connection:
                self.done["updated signals"] += (await connection.execute(statement, values)).rowcount

    async def forget(self, chance: random.Random) -> None:
        statement = text("SELECT id FROM conversations WHERE context_window_id = :key")
        async with self.database.read() as connection:
            key = await connection.scalar(statement, {"key": f"c-{chance.randrange(CONVERSATIONS)}"})
        if key is not None:
            with suppress(NotFound):
                await self.services.conversations.delete(key)
                self.done["deleted conversations"] += 1

    async def keep_up(self, _: random.Random) -> None:
        done = await upkeep(self.database, SETTINGS, self.now())
        self.done["rounds of upkeep" if done else "rounds of upkeep left to others"] += 1

    async def check(self, _: random.Random) -> None:
        """One snapshot: the rollups against the raw rows, and the API's answers against numpy."""
        async with self.database.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="REPEATABLE READ")
            kept_from = await connection.scalar(
                text("SELECT nullif(kept_from, '-infinity') FROM rollup_state")
            )
            start = kept_from or datetime(2000, 1, 3, tzinfo=UTC)
            for rollup, width in ROLLUPS.items():
                statement = DIFFERENCE.format(rollup=rollup, width=width)
                wrong = (await connection.exec_driver_sql(statement, (start,))).scalar_one()
                if wrong:
                    raise SystemExit(f"{wrong} buckets of {rollup} are wrong: {dict(self.done)}")
            scores = np.array((await connection.execute(text(SCORES))).scalars().all())
            for window in (60, 300, 3_600):
                await self.compare(connection, window, scores, kept_from)
            await connection.rollback()
        self.done["checks"] += 1

    async def compare(self, connection: Any, window: int, scores: Any, kept_from: datetime | None) -> None:
        if kept_from is not None and window == 60:
            return  # raw windows cannot be asked for over what is only rolled up
        windows = Windows(Duration(window), Duration(window))
        answer = (await analyse(connection, Pool.EVERYTHING, [None], windows, Weights()))[None]
        if not isinstance(answer, Analysis):
            return  # too many windows
        n, mean = answer.drift.n, answer.drift.mean
        if kept_from is None and (answer.total != len(scores) or abs((n * mean).sum() - scores.sum()) > 1e-6):
            raise SystemExit(f"windows of {window} s: {answer.total} signals, and there are {len(scores)}")
        self.done[f"answers from {answer.freshness.source}"] += 1


async def hurry(database: Database) -> None:
    """Has TimescaleDB's own jobs run every few seconds."""
    jobs = text("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_schema = 'public'")
    async with database.steps() as connection:
        for job in (await connection.scalars(jobs)).all():
            await connection.exec_driver_sql(
                f"SELECT alter_job({int(job)}, schedule_interval => interval '7 seconds', next_start => now())"
            )


async def soak(server: str, minutes: float) -> Counter[str]:
    url = make_url(server).set(database="coherence_soak").render_as_string(hide_password=False)
    admin = Database(server, pool_size=1)
    async with admin.steps() as connection:
        await connection.exec_driver_sql("DROP DATABASE IF EXISTS coherence_soak WITH (FORCE)")
        await connection.exec_driver_sql("CREATE DATABASE coherence_soak")
    await admin.close()
    database = Database(url, pool_size=20)
    await migrations.upgrade(database)
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    services = Services.of(SETTINGS, database, KEY)
    state = Soak(database, services, perf_counter() + minutes * 60)
    await state.fill(random.Random(0))
    await upkeep(database, SETTINGS, datetime.now(UTC))
    await hurry(database)
    flows = [
        *((0.05, state.live),) * FLOWS,
        *((0.1, state.late),) * FLOWS,
        (0.3, state.delete),
        (0.3, state.update),
        (1.0, state.forget),
        (1.0, state.keep_up),
        (1.0, state.keep_up),
        (0.2, state.check),
    ]
    async with asyncio.TaskGroup() as group:
        for seed, (pause, action) in enumerate(flows):
            group.create_task(state.repeat(pause, action, seed))
        group.create_task(report(state))
    await state.check(random.Random(0))
    await count_jobs(state)
    await database.close()
    return state.done


async def report(state: Soak) -> None:
    while perf_counter() < state.until:
        await asyncio.sleep(30)
        print(dict(state.done), flush=True)


async def count_jobs(state: Soak) -> None:
    runs = text(
        "SELECT application_name, total_runs, total_failures FROM timescaledb_information.job_stats"
        " JOIN timescaledb_information.jobs USING (job_id) WHERE job_id >= 1000"
    )
    with suppress(DBAPIError):
        async with state.database.read() as connection:
            for row in await connection.execute(runs):
                state.done[f"runs of {row[0]}"], state.done[f"failures of {row[0]}"] = row[1], row[2]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", help="URL of any database of a server with TimescaleDB")
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    for what, count in sorted(asyncio.run(soak(given.server, given.minutes)).items()):
        print(f"{count:>10} {what}")
    sys.exit(0)
