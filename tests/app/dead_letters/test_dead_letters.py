"""`coherence dead-letters` as a user runs it."""

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest

from app.dead_letters import queries
from app.dead_letters.payloads import Item
from app.dead_letters.service import DeadLetters, Writer
from app.errors import BadUserInput, NotFound
from app.signals.rules import Rules
from tests.app.signals.test_import_command import coherence
from tests.conftest import ENVIRONMENT

TIME = datetime(2026, 1, 31, 12, tzinfo=UTC)
GOOD = b'{"contextWindowId": "c", "rawContent": "late"}'
WRITER = Writer(Rules())


@pytest.fixture
async def add(database):
    async def run(*payloads, topic="t"):
        letters = [
            (Item.of(f"kafka:{topic}/0/{place}", TIME, payload), BadUserInput("It was late.", field="x"))
            for place, payload in enumerate(payloads)
        ]
        async with database.write() as connection:
            await queries.add(connection, letters)

    return run


@pytest.fixture
def run(url):
    async def run(*words):
        given = ENVIRONMENT | {"COHERENCE_DATABASE_URL": url}
        done = await asyncio.to_thread(coherence, "dead-letters", *words, **given)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


async def test_they_are_listed(add, run):
    await add(GOOD, b"\x1b[2J\xff")
    await add(b'{"contextWindowId": "\\u001b"}', topic="u")
    status, out, errors = await run("list")
    assert (status, errors) == (0, "")
    assert out.splitlines() == [
        "1 2026-01-31T12:00:00.000000Z kafka:t/0/0 (c), tried once: It was late.",
        "2 2026-01-31T12:00:00.000000Z kafka:t/0/1, tried once: It was late.",
        r"3 2026-01-31T12:00:00.000000Z kafka:u/0/0 (\x1b), tried once: It was late.",
    ]
    _, out, errors = await run("list", "--json", "--source", "kafka:t/", "--limit", "1")
    assert json.loads(out) == [
        {
            "id": 1, "source": "kafka:t/0/0", "receivedAt": "2026-01-31T12:00:00.000000Z", "reason": "It was late.",
            "field": "x", "conversation": "c", "attempts": 1, "payload": GOOD.decode(),
        }
    ]  # fmt: skip
    assert errors == "There are more than 1: set --limit.\n"
    binary = json.loads((await run("list", "--json", "--source", "kafka:t/0/1"))[1])
    assert base64.b64decode(binary[0]["payloadBase64"]) == b"\x1b[2J\xff"
    assert json.loads((await run("list", "--json", "--source", "kafka:%"))[1]) == []


async def test_they_are_retried_and_discarded(add, run, pg):
    await add(GOOD, b"{", GOOD, GOOD)
    assert await run("retry", "1", "2") == (2, "1 stored, 1 refused again.\n", "")
    rows = await pg.fetch("SELECT id, attempts, reason, field, payload FROM dead_letters ORDER BY id")
    assert [(row["id"], row["attempts"]) for row in rows] == [(2, 2), (3, 1), (4, 1)]
    assert rows[0]["reason"].startswith("The message is not JSON")
    assert (rows[0]["field"], rows[0]["payload"]) == (None, b"{")
    stored = await pg.fetchrow("SELECT raw_content, time FROM signals")
    assert tuple(stored) == ("late", TIME)
    assert await run("discard", "2") == (0, "1 discarded.\n", "")
    assert await run("retry", "--all") == (0, "2 stored, 0 refused again.\n", "")
    assert await pg.fetchval("SELECT count(*) FROM signals") == 3
    await add(b"{", b"{")
    assert await run("discard", "--all") == (0, "2 discarded.\n", "")
    for words, said in (
        (["retry"], "--all"),
        (["discard", "1", "--all"], "--all"),
        (["retry", "0"], "above 0"),
        (["discard", "9" * 30], "above 0"),
        (["retry", "7"], "There is no dead letter 7."),
    ):
        status, out, errors = await run(*words)
        assert (status, out, said in errors) == (1, "", True), errors


async def test_a_retry_without_conversations_leaves_them(add, database, pg):
    await add(GOOD)
    writer = Writer(Rules(), create_conversations=False)
    assert await DeadLetters(database).retry(None, writer) == (0, 1)
    assert await pg.fetchval("SELECT field FROM dead_letters") == "contextWindowId"
    assert await DeadLetters(database).retry(None, WRITER) == (1, 0)
    assert await DeadLetters(database).retry(None, WRITER) == (0, 0)


async def test_many_are_retried_page_by_page_and_each_once(add, database, pg, monkeypatch):
    monkeypatch.setattr("app.dead_letters.service.PAGE", 7)
    await add(*(b"{" if number % 10 == 0 else GOOD for number in range(50)))
    done = await asyncio.gather(*(DeadLetters(database).retry(None, WRITER) for _ in range(2)))
    assert sum(stored for stored, _ in done) == 45
    assert await pg.fetchval("SELECT count(*) FROM signals") == 45
    assert await pg.fetchval("SELECT count(*) FROM dead_letters") == 5
    assert await DeadLetters(database).retry([1, 11], WRITER) == (0, 2)


async def test_one_that_is_not_there_discards_none(add, database, pg):
    await add(GOOD)
    with pytest.raises(NotFound, match="no dead letter 5, 6"):
        await DeadLetters(database).discard([1, 6, 5])
    with pytest.raises(NotFound):
        await DeadLetters(database).retry([1, 6], WRITER)
    assert await pg.fetchval("SELECT count(*) FROM dead_letters") == 1
    assert await DeadLetters(database).discard([1, 1]) == 1


async def test_where_the_store_fails_they_stay(add, database, pg):
    """One transaction: a signal is stored and its letter removed, or neither."""
    await add(GOOD)
    await pg.execute("CREATE RULE kept AS ON DELETE TO dead_letters DO INSTEAD SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        await DeadLetters(database).retry(None, WRITER)
    await pg.execute("DROP RULE kept ON dead_letters")
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
    assert await pg.fetchval("SELECT count(*) FROM dead_letters") == 1


async def test_a_retry_may_say_how_they_are_read(add, run, pg):
    await add(b'{"room": "r", "body": "x", "mood": 1}', b"", b'{"conversation": "r", "text": "y", "mood": 1}')
    words = ["--map", "contextWindowId=room", "--map", "rawContent=body"]
    assert await run("retry", "1", "2", *words) == (
        0,
        "1 stored, 0 refused again.\n",
        "Not read: 'mood' (1).\n",
    )
    assert await run("retry", "3", "--strict") == (2, "0 stored, 1 refused again.\n", "")
    assert await run("retry", "--all", "--source", "chat") == (
        2,
        "1 stored, 0 refused again.\n",
        "Not read: 'mood' (1).\n",
    )
    rows = await pg.fetch("SELECT raw_content, signal_source FROM signals ORDER BY id")
    assert [tuple(row) for row in rows] == [("x", "Kafka"), ("y", "chat")]
    assert await pg.fetchval("SELECT count(*) FROM dead_letters") == 0
