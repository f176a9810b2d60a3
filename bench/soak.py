"""Looks for a wrong answer on TimescaleDB, for minutes on end, with everything at work that could cause one.

Two servers' upkeep, with columnstore and retention; the aggregates' own policies (every few seconds instead of minutes); writers of live and of late signals, of updates, and of deletes of signals and conversations.
Meanwhile both rollups are compared, bucket by bucket, with a grouping of the raw rows in the same statement (a snapshot
that outlives one is not enough: the columnstore moves rows from under it). And a conversation of its own is asked for
its drift right after each change to it, and compared with numpy over the signals it must have. One difference ends the
run with status 1.

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

from app.auth.viewer import PROGRAM
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Analysis, Windows, analyse
from app.coherence.sources.moments import Pool
from app.coherence.windows import ORIGIN
from app.database import migrations
from app.database.engine import Database
from app.duration import Duration
from app.errors import BadUserInput, NotFound
from app.services import Services
from app.settings import Settings
from app.signals.queries import SignalKey
from app.timerange import TimeRange
from app.upkeep import upkeep
from app.users import encryption

KEY = "the soak's own key"
SETTINGS = Settings(_env_file=None, COHERENCE_RAW_RETENTION_DAYS=4, COHERENCE_COLUMNSTORE_AFTER_DAYS=1)
SOURCES = ("Slack", "Axis", "Neo")
CONVERSATIONS = 200
FLOWS = 4

# Everything that is not the same in both; 0 rows where all is right.
DIFFERENCE = """
SELECT count(*) FROM (
    SELECT conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum, tone_count,
        escalations, first_time, last_time
    FROM {rollup}
) a FULL JOIN (
    SELECT conversation_id, date_bin('{width}', time, '2000-01-03 00:00:00+00') AS bucket, signal_source,
        coalesce(agent_id, '') AS agent_id, count(*) AS n, sum(signal_score - 0.5) AS s1,
        sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2, min(signal_score) AS min_score,
        max(signal_score) AS max_score, coalesce(sum(emotional_tone), 0) AS tone_sum,
        count(emotional_tone) AS tone_count, sum(escalate_flag) AS escalations,
        min(time) AS first_time, max(time) AS last_time
    FROM signals GROUP BY 1, 2, 3, 4
) b USING (conversation_id, bucket, signal_source, agent_id)
WHERE a.n IS DISTINCT FROM b.n OR abs(a.s1 - b.s1) > 1e-9 OR abs(a.s2 - b.s2) > 1e-9
    OR a.min_score <> b.min_score OR a.max_score <> b.max_score OR abs(a.tone_sum - b.tone_sum) > 1e-9
    OR a.tone_count <> b.tone_count OR a.escalations <> b.escalations
    OR a.first_time <> b.first_time OR a.last_time <> b.last_time
"""
ROLLUPS = {"signal_rollup_5m": "5 minutes", "signal_rollup_1h": "1 hour"}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Soak:
    database: Database
    services: Services
    until: float
    done: Counter[str] = field(default_factory=Counter)
    own: dict[SignalKey, float] = field(default_factory=dict)
    """Scores of the signals of a conversation that `ask` alone changes."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - 3 * DAY)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def repeat(
        self, pause: float, action: Callable[[random.Random], Coroutine[Any, Any, None]], seed: int
    ) -> None:
        chance = random.Random(seed)
        while perf_counter() < self.until:
            await action(chance)
            await asyncio.sleep(pause * chance.random() * 2)

    def signal(self, chance: random.Random, age: timedelta, key: str | None = None) -> Any:
        return SimpleNamespace(
            context_window_id=key or f"c-{chance.randrange(CONVERSATIONS)}",
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
            idempotency_key=None,
            embedding=None,
        )

    async def ingest(self, chance: random.Random, count: int, most: timedelta, name: str) -> None:
        batch = [self.signal(chance, chance.random() * most) for _ in range(chance.randint(1, count))]
        answer = await self.services.signals.ingest(PROGRAM, batch, self.now(), create_conversations=True)
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
        statement = text("""
            SELECT time, s.id FROM signals s JOIN conversations c ON c.id = conversation_id
            WHERE s.id % 997 = :n AND context_window_id <> 'own' LIMIT 20
        """)
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
                await self.services.conversations.delete(PROGRAM, key)
                self.done["deleted conversations"] += 1

    async def keep_up(self, _: random.Random) -> None:
        done = await upkeep(self.database, SETTINGS, self.now())
        self.done["rounds of upkeep" if done else "rounds of upkeep left to others"] += 1

    async def check(self, _: random.Random) -> None:
        """Every bucket of both rollups against the raw rows."""
        async with self.database.read() as connection:
            for rollup, width in ROLLUPS.items():
                wrong = (
                    await connection.exec_driver_sql(DIFFERENCE.format(rollup=rollup, width=width))
                ).scalar_one()
                if wrong:
                    raise SystemExit(f"{wrong} buckets of {rollup} are wrong: {dict(self.done)}")
        self.done["checks of all buckets"] += 1

    async def ask(self, chance: random.Random) -> None:
        """Changes a conversation that nobody else does, and asks for its drift at once."""
        batch = [
            self.signal(chance, chance.random() * chance.choice((MINUTE, HOUR, 2.9 * DAY)), "own")
            for _ in range(chance.randint(1, 5))
        ]
        answer = await self.services.signals.ingest(PROGRAM, batch, self.now(), create_conversations=True)
        for signal, result in zip(batch, answer.results, strict=True):
            if not isinstance(result, tuple):
                raise result
            self.own[result] = signal.signal_score
        gone = [key for key in self.own if chance.random() < 0.03]
        if await self.services.signals.delete(PROGRAM, gone) != len(gone):
            raise SystemExit("signals that should be there were not deleted")
        for key in gone:
            del self.own[key]
        async with self.database.read() as connection:
            statement = text("SELECT id FROM conversations WHERE context_window_id = 'own'")
            key = await connection.scalar(statement)
            for window in (60, 300, 3_600):
                windows = Windows(Duration(window), Duration(window), TimeRange(self.began, None))
                answers = await analyse(connection, PROGRAM, Pool.CONVERSATION, [key], windows, Weights())
                self.compare(answers[key], window)

    def compare(self, answer: Analysis | BadUserInput, window: int) -> None:
        scores: dict[int, list[float]] = {}
        for (time, _), score in self.own.items():
            scores.setdefault((time - ORIGIN) // timedelta(seconds=window), []).append(score)
        wanted = sorted((number, len(x), float(np.mean(x)), float(np.var(x))) for number, x in scores.items())
        if isinstance(answer, BadUserInput):
            raise answer
        drift = answer.drift
        found = list(zip(drift.index, drift.n, drift.mean, drift.variance, strict=True))
        if len(found) != len(wanted) or not np.allclose(found, wanted, rtol=0, atol=1e-9):
            raise SystemExit(f"windows of {window} s are wrong: {set(found) ^ set(wanted)}")
        self.done[f"right answers from {answer.freshness.source}"] += 1


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
        (2.0, state.forget),
        (1.0, state.keep_up),
        (1.0, state.keep_up),
        (0.3, state.check),
        (0.2, state.ask),
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
