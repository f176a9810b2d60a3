"""Queries are read from a replica, a real one; mutations write, and read what they answer, on the primary."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx2
import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from app.asgi import create_app
from app.database.embedded import BIN
from app.settings import Settings
from tests.conftest import KEY, Client, dsn

CREATE = """mutation { createConversation(input: {contextWindowId: "c"}) {
    contextWindowId coherence { totalSignalCount inputs { asOf } } signals { totalCount } } }"""
CALCULATED = """{
    coherence(window: "1h") { inputs { asOf materializedThrough } }
    signalSummary { inputs { asOf } } signalBuckets(duration: "1h") { inputs { asOf } }
    searchSignals(text: "hello") { inputs { asOf } }
    conversation(by: {contextWindowId: "a"}) {
        coherence { inputs { asOf } } current(window: "1h") { inputs { asOf } } metrics(window: "1h") { inputs { asOf } }
        lineage { inputs { asOf } } signals { edges { node { similar { inputs { asOf } } } } } } }"""
STORE = """mutation { createSignals(createConversations: true, signals: [
    {contextWindowId: "a", rawContent: "hello", signalSource: "Slack"},
    {contextWindowId: "a", rawContent: "hello there", signalSource: "Jira"}]) { failedCount } }"""
LATER = """mutation { createSignal(input: {contextWindowId: "a", rawContent: "hello again"}) {
    receivedAt conversation { coherence { inputs { asOf } } } } }"""
KNOWN = """SELECT greatest(pg_last_xact_replay_timestamp(), checkpoint_time) FROM pg_control_checkpoint()"""
GAUGE = "coherence_replica_replayed_timestamp_seconds"
READ = '{ conversation(by: {contextWindowId: "c"}) { contextWindowId } }'


@pytest.fixture
def standby(url):
    """URL of the test's database as a streaming replica of the server has it."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-standby-"))
    source, data = make_url(url).query["host"], folder / "data"
    owner = Path(source).stat()  # who runs the server may run a copy of it
    os.chown(folder, owner.st_uid, owner.st_gid)
    user = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": ()} if os.geteuid() == 0 else {}

    def run(program, *arguments):
        subprocess.run(
            [BIN / program, *arguments], check=True, capture_output=True, cwd="/", timeout=60, **user
        )

    run("pg_basebackup", "-h", source, "-U", "coherence", "-D", data, "-R", "--checkpoint=fast")
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    run("pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
    try:
        yield make_url(url).set(query={"host": str(folder)}).render_as_string()
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-D", data)
        shutil.rmtree(folder)


@pytest.fixture
async def app(url, standby):
    config = Settings(
        _env_file=None,
        COHERENCE_DATABASE_URL=url,
        COHERENCE_DATABASE_READ_URL=standby,
        COHERENCE_UPKEEP_SECONDS=0,
    )
    app = create_app(config, url, KEY)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def http(app):
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as http:
        yield http


@pytest.fixture
async def replica(standby):
    connection = await asyncpg.connect(**dsn(standby))
    yield connection
    await connection.close()


def instants(found):
    """Every `asOf` and `materializedThrough` in an answer."""
    if isinstance(found, list):
        return [instant for item in found for instant in instants(item)]
    if not isinstance(found, dict):
        return []
    own = [found[name] for name in ("asOf", "materializedThrough") if name in found]
    return [datetime.fromisoformat(at) for at in own] + instants(list(found.values()))


async def eventually(condition):
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def pause(replica):
    """Once it returns nothing more is replayed."""

    async def is_paused():
        return await replica.fetchval("SELECT pg_get_wal_replay_pause_state()") == "paused"

    await replica.execute("SELECT pg_wal_replay_pause()")
    await eventually(is_paused)


async def test_nothing_is_said_to_be_counted_that_the_replica_has_not(http, replica):
    client = Client(http)

    async def replayed():
        (line,) = [line for line in (await http.get("/metrics")).text.splitlines() if line.startswith(GAUGE)]
        return float(line.split()[1])

    async def calculated():
        return instants(await client.data(CALCULATED))

    async def is_embedded():
        found = await client.data(CALCULATED)
        signals = found["conversation"] and found["conversation"]["signals"]["edges"]
        return bool(found["searchSignals"] and signals and all(edge["node"]["similar"] for edge in signals))

    async def has_caught_up():
        return min(await calculated()) >= stored

    # Mostly its copy's checkpoint is all that it knows yet.
    await pause(replica)
    known = await replica.fetchval(KNOWN)
    assert set(instants(await client.data("{ coherence { inputs { asOf } } }"))) == {known}
    assert await replayed() == known.timestamp()
    await replica.execute("SELECT pg_wal_replay_resume()")

    await client.data(STORE)
    await eventually(is_embedded)
    await pause(replica)
    later = (await client.data(LATER))["createSignal"]
    stored = datetime.fromisoformat(later["receivedAt"])
    assert min(instants(later)) >= stored  # read on the primary
    for _ in range(3):  # executed, and planned
        assert max(await calculated()) < stored
    assert await replayed() < stored.timestamp()
    await replica.execute("SELECT pg_wal_replay_resume()")
    await eventually(has_caught_up)


async def test_queries_go_to_the_replica_and_what_a_mutation_answers_does_not(http, replica):
    client = Client(http)
    await pause(replica)
    created = (await client.data(CREATE))["createConversation"]
    assert created["contextWindowId"] == "c"
    assert created["coherence"]["totalSignalCount"] == created["signals"]["totalCount"] == 0
    assert await client.data(READ) == {"conversation": None}

    async def is_there():
        return (await client.data(READ))["conversation"] is not None

    await replica.execute("SELECT pg_wal_replay_resume()")
    await eventually(is_there)
    assert (await http.get("/healthz")).status_code == 200


def test_a_replica_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="COHERENCE_DATABASE_URL"):
        Settings(_env_file=None, COHERENCE_DATABASE_READ_URL="postgresql://replica/coherence")


async def test_health_wants_the_replica_too(url):
    config = Settings(
        _env_file=None,
        COHERENCE_DATABASE_URL=url,
        COHERENCE_DATABASE_READ_URL="postgresql://coherence@/coherence?host=/nowhere",
        COHERENCE_UPKEEP_SECONDS=0,
    )
    app = create_app(config, url, KEY)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8002"
    ) as http:
        assert (await http.get("/healthz")).status_code == 503
        body = (await http.post("/graphql", json={"query": READ})).json()
        assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
