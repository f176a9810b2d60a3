"""A database that is away, or full, for longer than one waits: stored at most once, acknowledged never wrongly."""

import json
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.database.direct import Direct
from app.database.engine import Database
from app.errors import Unavailable
from app.settings import Settings
from app.signals import ingest
from tests.conftest import QUIET

ONE = "mutation($s: SignalInput!) { createSignal(input: $s) { id } }"
MANY = "mutation($s: [SignalInput!]!) { createSignals(signals: $s) { successfulCount } }"
SIGNAL = {"contextWindowId": "a", "rawContent": "x"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(params=[True, False], ids=["planned", "executed"])
def config(request):
    return Settings(
        _env_file=None, **QUIET | {"COHERENCE_PLANS": request.param, "COHERENCE_INGEST_PATIENCE": 0.3}
    )


@pytest.fixture
async def store(client, pg):
    """A function that sends a signal, whose document is known by then."""
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")

    async def store(query):
        return await client.post(query, s=[SIGNAL] if query is MANY else SIGNAL)

    for query in (ONE, MANY):
        for _ in range(2):
            assert "errors" not in await store(query)
    await pg.execute("DELETE FROM signals")
    return store


@pytest.mark.parametrize("query", [ONE, MANY])
async def test_a_commit_whose_answer_is_lost_with_the_database_is_not_acknowledged_and_not_repeated(
    store, pg, monkeypatch, query
):
    row, write, steps = Direct.row, Database.write, Database.steps
    stored = []

    async def lost_row(self, statement, given):
        if stored:
            raise ConnectionResetError
        found = await row(self, statement, given)
        if "INSERT INTO signals" in statement.text:
            stored.append(statement)
            raise ConnectionResetError
        return found

    @asynccontextmanager
    async def lost_write(self):
        if stored:
            raise Unavailable("away")
        async with write(self) as connection:
            yield connection
        stored.append(connection)
        raise Unavailable("away")

    @asynccontextmanager
    async def lost_steps(self):
        if stored:
            raise Unavailable("away")
        async with steps(self) as connection:
            yield connection

    with monkeypatch.context() as away:
        away.setattr(Direct, "row", lost_row)
        away.setattr(Database, "write", lost_write)
        away.setattr(Database, "steps", lost_steps)
        body = await store(query)
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["path"] == ["createSignals" if query is MANY else "createSignal"]
    assert len(stored) == 1
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1


FULL = [
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.ConfigurationLimitExceededError,
    asyncpg.PostgresIOError,
]


@pytest.mark.parametrize("kind", FULL)
async def test_a_full_disk_is_unavailable(store, client, pg, monkeypatch, kind):
    row, stored, batches = Direct.row, ingest.store, []

    async def full_row(self, statement, given):
        if "INSERT INTO signals" in statement.text:
            raise kind("could not extend file")
        return await row(self, statement, given)

    async def full(connection, signals, *arguments, **more):
        batches.append(signals)
        if len(batches) > 1 or len(signals) == 1:
            raise kind("could not extend file")
        return await stored(connection, signals, *arguments, **more)

    with monkeypatch.context() as short:
        short.setattr(Direct, "row", full_row)
        short.setattr(ingest, "store", full)
        for query in (ONE, MANY):
            (error,) = (await store(query))["errors"]
            assert error["extensions"]["code"] == "UNAVAILABLE"
        line = json.dumps(SIGNAL) + "\n"
        alone = await client.http.post("/ingest", content=line, headers=NDJSON)
        assert (alone.status_code, alone.headers["retry-after"]) == (503, "5")
        batches.clear()
        amid = await client.http.post("/ingest", content=line * 1_500, headers=NDJSON)
    first, last = map(json.loads, amid.text.splitlines())
    assert first == {"through": 1_000}
    assert last["error"]["extensions"]["code"] == "UNAVAILABLE"
    assert last["accepted"] == 1_000
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1_000
    assert "errors" not in await store(ONE)
