"""Whatever happens on the way: an acknowledged signal is stored once, and no other one is."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx2
import pytest

from app.auth.viewer import PROGRAM
from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database
from app.errors import Unavailable
from app.signals.ingest import Signals
from tests.app.signals.test_ingest import NOW, New
from tests.conftest import ENVIRONMENT, dsn

COHERENCE = Path(sys.executable).with_name("coherence")
MUTATION = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { successfulCount results { success } }
}
"""
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where PostgreSQL's own user may go too, when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-faults-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Serving:
    """`coherence serve` on a port that stays the same however often it is started."""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [COHERENCE, "serve"],
            cwd=self.folder,
            env=ENVIRONMENT
            | {"COHERENCE_DATA_DIR": str(self.folder / "data"), "PORT": str(self.port), "DEMO": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        found = (re.search(r"http://\S+:(\d+)", line) for line in self.process.stdout)
        self.port = int(next(match[1] for match in found if match))

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def postmaster(self):
        return int((self.folder / "data/postgres/postmaster.pid").read_text().splitlines()[0])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()

    async def stored(self):
        """Every stored signal's text, in whatever number."""
        socket = (self.folder / "data/postgres/postmaster.pid").read_text().splitlines()[4]
        pg = await asyncpg.connect(**dsn(f"postgresql://coherence@/coherence?host={socket}"))
        try:
            return [row[0] for row in await pg.fetch("SELECT raw_content FROM signals")]
        finally:
            await pg.close()


@pytest.fixture
def serving(folder):
    serving = Serving(folder)
    yield serving
    serving.stop()


class Producer:
    """Sends batch after batch, each again and again until it is acknowledged."""

    def __init__(self, serving, name, size=20):
        self.serving = serving
        self.name = name
        self.size = size
        self.sent = 0
        self.acknowledged = []
        self.failures = 0

    async def run(self, until):
        async with httpx2.AsyncClient(timeout=5) as http:
            while not until.is_set() or self.sent > len(self.acknowledged):
                texts = [f"{self.name}-{self.sent + n}" for n in range(self.size)]
                self.sent += self.size
                while not await self.deliver(http, texts):
                    self.failures += 1
                    await asyncio.sleep(0.05)
                self.acknowledged += texts

    async def deliver(self, http, texts):
        batch = [{"contextWindowId": self.name, "rawContent": text, "idempotencyKey": text} for text in texts]
        try:
            response = await http.post(
                f"{self.serving.address}/graphql",
                json={"query": MUTATION, "variables": {"signals": batch}},
            )
            data = response.json().get("data")
        except (httpx2.HTTPError, ValueError):
            return False
        return bool(data) and data["createSignals"]["successfulCount"] == self.size


class Streamer(Producer):
    """The same over /ingest; what is through is acknowledged, the rest of a broken stream is sent again."""

    async def deliver(self, http, texts):
        body = "".join(
            json.dumps({"contextWindowId": self.name, "rawContent": text, "idempotencyKey": text}) + "\n"
            for text in texts
        )
        try:
            response = await http.post(
                f"{self.serving.address}/ingest",
                params={"createConversations": "true"},
                content=body.encode(),
                headers=NDJSON,
            )
            last = json.loads(response.text.splitlines()[-1])
        except (httpx2.HTTPError, ValueError, IndexError):
            return False
        return last.get("accepted") == self.size and "error" not in last


async def under_load(serving, faults):
    """Runs the faults one after the other amid the load of four producers; every text that was acknowledged."""
    until = asyncio.Event()
    producers = [kind(serving, f"{kind.__name__}{n}") for kind in (Producer, Streamer) for n in range(2)]
    running = [asyncio.create_task(producer.run(until)) for producer in producers]
    for fault in faults:
        before = [len(producer.acknowledged) for producer in producers]
        async with asyncio.timeout(30):
            while any(  # noqa: ASYNC110 - all have to be at it
                len(producer.acknowledged) <= n for producer, n in zip(producers, before, strict=True)
            ):
                await asyncio.sleep(0.01)
        await asyncio.to_thread(fault)
    await asyncio.sleep(0.3)
    until.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*running)
    return [text for producer in producers for text in producer.acknowledged], producers


async def test_the_server_is_killed_in_the_middle_of_batches(serving):
    def kill():
        serving.kill()
        serving.start()

    acknowledged, producers = await under_load(serving, [kill, kill])
    assert sum(producer.failures for producer in producers)
    assert sorted(await serving.stored()) == sorted(acknowledged)


async def test_postgresql_is_killed_in_the_middle_of_batches(serving):
    """The server outlives it, and goes on once it is there again: what it was told meanwhile is not lost."""

    def kill():
        # One of its own processes: the postmaster then ends all connections, recovers and goes on.
        children = subprocess.run(
            ["pgrep", "-P", str(serving.postmaster()), "-f", "postgres: coherence"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)

    acknowledged, _ = await under_load(serving, [kill, kill])
    assert serving.process.poll() is None
    assert sorted(await serving.stored()) == sorted(acknowledged)


async def test_a_batch_waits_for_a_database_that_is_restarted():
    with tempfile.TemporaryDirectory(prefix="coherence-faults-") as name:
        server = EmbeddedPostgres(Path(name), {"fsync": "off"})
        database = Database(server.start())
        try:
            await migrations.upgrade(database)
            signals = Signals(database, patience=30)
            now = asyncio.get_running_loop().time
            batches = [
                signals.ingest(
                    PROGRAM,
                    [New(context_window_id="c", idempotency_key=f"{n}-{i}") for i in range(10)],
                    NOW,
                    create_conversations=True,
                )
                for n in range(3)
            ]
            await batches[0]
            server.stop()
            waiting = asyncio.create_task(batches[1])
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await asyncio.to_thread(server.start)
            began = now()
            await waiting
            assert now() - began < 10
            server.stop()
            with pytest.raises(Unavailable):
                await Signals(database, patience=0.3).ingest(PROGRAM, [New()], NOW)
            server.start()
            await batches[2]
            async with database.read() as connection:
                found = await connection.exec_driver_sql("SELECT count(*) FROM signals")
                assert found.scalar_one() == 30
        finally:
            await database.close()
            server.stop()


async def test_a_crash_that_gives_a_lost_transactions_id_to_another_one_loses_nothing(folder, monkeypatch):
    """PostgreSQL forgets a transaction of which nothing has reached the disk, and that it had its id."""
    write, attempts = Database.write, 0

    @asynccontextmanager
    async def crashing(self):
        nonlocal attempts
        attempts += 1
        async with write(self) as connection:
            yield connection
            if attempts == 1:
                own = "SELECT pg_backend_pid(), pg_current_xact_id()::text::bigint"
                backend, lost = (await connection.exec_driver_sql(own)).one()
                os.kill(backend, signal.SIGKILL)
                await another_has(lost)

    async def another_has(lost):
        async with asyncio.timeout(20):
            while True:
                with suppress(asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, OSError):
                    pg = await asyncpg.connect(**dsn(url))
                    break
                await asyncio.sleep(0.05)
        while (current := await pg.fetchval("SELECT pg_current_xact_id()::text::bigint")) < lost:
            pass
        await pg.close()
        assert current == lost

    server = EmbeddedPostgres(folder)
    url = server.start()
    database = Database(url)
    try:
        await migrations.upgrade(database)
        async with write(database) as connection:
            await connection.exec_driver_sql("INSERT INTO conversations (context_window_id) VALUES ('c')")
        monkeypatch.setattr(Database, "write", crashing)
        found = await Signals(database).ingest(PROGRAM, [New(raw_content="a")], NOW)
        assert attempts == 2
        async with database.read() as connection:
            stored = await connection.exec_driver_sql("SELECT time, id FROM signals")
            assert [tuple(row) for row in stored] == found.results
    finally:
        await database.close()
        server.stop()


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_whose_answer_is_lost_is_stored_once(database, pg, monkeypatch, committed):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    write, answers = Database.write, iter([False, True])

    @asynccontextmanager
    async def losing(self):
        async with write(self) as connection:
            yield connection
            lost = not next(answers)
            if lost and not committed:
                await connection.rollback()
        if lost:
            raise Unavailable("The database cannot be reached at the moment; try again.")

    monkeypatch.setattr(Database, "write", losing)
    found = await Signals(database).ingest(PROGRAM, [New(raw_content="a"), New(raw_content="b")], NOW)
    rows = await pg.fetch("SELECT time, id FROM signals ORDER BY id")
    assert [tuple(row) for row in rows] == found.results
    # Where it had been committed, nobody tried again.
    assert next(answers, None) is (True if committed else None)
