"""Queries are read from a replica, a real one; mutations write, and read what they answer, on the primary."""

import asyncio
import os
import shutil
import subprocess
import tempfile
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


async def test_queries_go_to_the_replica_and_what_a_mutation_answers_does_not(url, standby):
    config = Settings(
        _env_file=None,
        COHERENCE_DATABASE_URL=url,
        COHERENCE_DATABASE_READ_URL=standby,
        COHERENCE_UPKEEP_SECONDS=0,
    )
    app = create_app(config, url, KEY)
    replica = await asyncpg.connect(**dsn(standby))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8002") as http,
    ):
        client = Client(http)
        await replica.execute("SELECT pg_wal_replay_pause()")
        created = (await client.data(CREATE))["createConversation"]
        assert created["contextWindowId"] == "c"
        assert created["coherence"]["totalSignalCount"] == created["signals"]["totalCount"] == 0
        assert await client.data(READ) == {"conversation": None}
        await replica.execute("SELECT pg_wal_replay_resume()")
        async with asyncio.timeout(20):
            while (await client.data(READ))["conversation"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await http.get("/healthz")).status_code == 200
    await replica.close()


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
