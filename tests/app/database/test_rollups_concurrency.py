"""The rollups stay exact, and nobody waits in a circle, while many write to the same few buckets at once."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.auth.viewer import PROGRAM
from app.errors import NotFound
from tests.app.database.oracle import assert_rolled_up
from tests.conftest import EDITIONS, dsn

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
SOURCES = ("Slack", "Axis")
INSERT = """
    INSERT INTO signals (time, conversation_id, signal_source, agent_id, signal_score, emotional_tone)
    SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::float8[])
"""
# Whoever takes several rows takes them in one order; by id, as writers here change times.
PICK = "SELECT time, id FROM signals WHERE {} ORDER BY id LIMIT {} FOR UPDATE"
AT_RANDOM = "id % 7 = $1"
PICKED = "(time, id) IN (SELECT * FROM unnest($1::timestamptz[], $2::bigint[]))"


@pytest.fixture
async def connect(url):
    connections = []

    async def one():
        connections.append(await asyncpg.connect(**dsn(url)))
        return connections[-1]

    yield one
    for connection in connections:
        await connection.close()


@dataclass
class Writer:
    """Changes signals of the conversations in plain SQL, in transactions of one change each."""

    pg: Any
    conversations: list[Any]
    chance: random.Random

    async def work(self, changes):
        for _ in range(changes):
            await self.chance.choice(
                (self.insert, self.insert, self.copy, self.update, self.move, self.delete)
            )()

    def batch(self):
        chance = self.chance
        return [
            (
                START + timedelta(seconds=chance.randrange(900)),
                chance.choice(self.conversations),
                chance.choice(SOURCES),
                chance.choice((None, "a-1")),
                chance.random(),
                chance.choice((None, chance.random())),
            )
            for _ in range(chance.randint(1, 6))
        ]

    async def insert(self):
        await self.pg.execute(INSERT, *map(list, zip(*self.batch(), strict=True)))

    async def copy(self):
        columns = ("time", "conversation_id", "signal_source", "agent_id", "signal_score", "emotional_tone")
        await self.pg.copy_records_to_table("signals", records=self.batch(), columns=columns)

    async def change(self, statement, *values):
        async with self.pg.transaction():
            rows = await self.pg.fetch(
                PICK.format(AT_RANDOM, self.chance.randint(1, 4)), self.chance.randrange(7)
            )
            await self.pg.execute(statement, [row[0] for row in rows], [row[1] for row in rows], *values)

    async def update(self):
        await self.change(
            f"UPDATE signals SET signal_score = $3, emotional_tone = NULL WHERE {PICKED}",
            self.chance.random(),
        )

    async def move(self):
        await self.change(
            f"""UPDATE signals SET time = time + $3, conversation_id = $4, signal_source = $5
                WHERE {PICKED}""",
            timedelta(seconds=self.chance.randint(-600, 600)),
            self.chance.choice(self.conversations),
            self.chance.choice(SOURCES),
        )

    async def delete(self):
        await self.change(f"DELETE FROM signals WHERE {PICKED}")


@EDITIONS
async def test_with_writers_that_insert_copy_update_move_and_delete(pg, connect):
    keys = [str(number) for number in range(3)]
    await pg.execute("INSERT INTO conversations (context_window_id) SELECT unnest($1::text[])", keys)
    conversations = [row[0] for row in await pg.fetch("SELECT id FROM conversations")]
    writers = [Writer(await connect(), conversations, random.Random(seed)) for seed in range(6)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(writer.work(300) for writer in writers))
    assert await pg.fetchval("SELECT count(*) FROM signals") > 100
    await assert_rolled_up(pg)


@dataclass
class New:
    context_window_id: str
    timestamp: datetime
    signal_score: float
    signal_source: str = "Slack"
    emotional_tone: float | None = None
    escalate_flag: int = 0
    raw_content: None = None
    signal_vector: None = None
    agent_id: None = None
    user_id: None = None
    payload: None = None
    relationship_context: None = None
    diagnostic_notes: None = None
    idempotency_key: None = None
    embedding: None = None


@dataclass
class Program:
    """All that the program does to signals, beside each other; each counts what it has done."""

    services: Any
    pg: Any
    users: list[Any]
    keys: list[str]
    ingesting: int = 0
    done: Counter[str] = field(default_factory=Counter)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, statement, *values):
        async with self.lock:
            return await self.pg.fetch(statement, *values)

    async def ingest(self, chance):
        self.ingesting += 1
        for _ in range(150):
            batch = [
                New(
                    chance.choice(self.keys),
                    START + timedelta(seconds=chance.randrange(600)),
                    chance.random(),
                )
                for _ in range(chance.randint(1, 12))
            ]
            answer = await self.services.signals.ingest(PROGRAM, batch, NOW, create_conversations=True)
            assert all(isinstance(result, tuple | NotFound) for result in answer.results)
            self.done["ingested"] += sum(isinstance(result, tuple) for result in answer.results)
        self.ingesting -= 1

    async def delete_signals(self, chance):
        for _ in range(120):
            rows = await self.read(
                "SELECT time, id FROM signals WHERE id % 5 = $1 LIMIT 8", chance.randrange(5)
            )
            chance.shuffle(rows)
            self.done["deleted"] += await self.services.signals.delete(PROGRAM, [tuple(row) for row in rows])

    async def delete_conversations(self, chance):
        wanted = "SELECT id FROM conversations WHERE context_window_id = $1"
        while self.ingesting:
            for row in await self.read(wanted, chance.choice(self.keys)):
                with suppress(NotFound):
                    await self.services.conversations.delete(PROGRAM, row[0])
                    self.done["conversations"] += 1
            await asyncio.sleep(0.02)

    async def delete_users(self, chance):
        for number in range(60):
            owner = chance.choice(self.users)
            for row in await self.read("SELECT id FROM conversations ORDER BY id LIMIT 2"):
                await self.read("UPDATE conversations SET user_id = $2 WHERE id = $1", row[0], owner)
            user = self.users.pop(0)
            self.users.append((await self.services.users.create(username=f"again-{number}")).id)
            await self.services.users.delete(user)
            self.done["users"] += 1


@EDITIONS
async def test_with_the_program_s_own_writes_and_conversations_and_users_being_deleted(pg, services, edition):
    """They never wait in a circle; on a hypertable, where new chunks can have them do so, they begin anew."""
    users = [(await services.users.create(username=str(number))).id for number in range(2)]
    keys = [f"c-{number}" for number in range(6)]
    program = Program(services, pg, users, keys)
    jobs = (
        *[program.ingest] * 3,
        *[program.delete_signals] * 2,
        program.delete_conversations,
        program.delete_users,
    )
    async with asyncio.timeout(60):
        await asyncio.gather(*(job(random.Random(seed)) for seed, job in enumerate(jobs)))
    assert program.done.keys() == {"ingested", "deleted", "conversations", "users"}
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    if edition == "plain":
        assert await pg.fetchval(deadlocks) == 0
    await services.signals.ingest(PROGRAM, [New(keys[0], START, 0.5)], NOW, create_conversations=True)
    await assert_rolled_up(pg)
