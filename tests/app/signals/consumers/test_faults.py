"""What happens when a process is killed, the database goes away, a disk is full: to the program as a user runs it."""

import asyncio
import shutil
import signal as signals
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database
from app.errors import Unavailable
from tests.app.signals.consumers.conftest import QUICK, signal, until
from tests.app.signals.consumers.test_worker import CONTENTS, DISK_FULL
from tests.app.signals.test_import_command import COMMAND, environment
from tests.conftest import ENVIRONMENT, dsn
from tests.conftest import QUICK as UNSAFE

KILLED = """
import os, signal
from app.signals.consumers.kafka import Subscription
Subscription.commit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from app.cli import main
main()
"""


@pytest.fixture
def start(cluster, topic, url, tmp_path):
    """Starts `coherence consume kafka`."""
    config = tmp_path / "kafka.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in QUICK.items()) + "sasl.password=hush\n")
    given = environment(**ENVIRONMENT, COHERENCE_DATABASE_URL=url, KAFKA_CONFIG=str(config))

    def run(*words, command=COMMAND, **more):
        arguments = [
            *command, "consume", "kafka", "--topic", topic, "--bootstrap", cluster.bootstrap, "--from-beginning",
            "--linger", "0.1", *words,
        ]  # fmt: skip
        return subprocess.Popen(
            arguments, env=given | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return run


async def ended(process):
    """Its status, and what it said."""
    async with asyncio.timeout(30):
        out, errors = await asyncio.to_thread(process.communicate)
    assert "Traceback" not in errors
    assert "hush" not in out + errors
    return process.returncode, out, errors


async def test_killed_between_the_two_commits_it_stores_each_signal_once(cluster, topic, start, pg):
    cluster.send(topic, *(signal(number) for number in range(300)), b"{")
    killed = start("--batch", "100", command=[sys.executable, "-c", KILLED])
    assert (await ended(killed))[0] == -signals.SIGKILL
    assert await pg.fetchval("SELECT count(*) FROM signals") == 100
    assert cluster.committed(topic)[0] < 0
    status, out, _ = await ended(start("--until-end"))
    assert (status, out) == (0, "200 signals stored, 1 dead letters, 0 messages stored before.\n")
    assert await pg.fetchval(CONTENTS) == list(range(300))
    assert cluster.committed(topic) == [301]


async def test_told_to_end_it_stores_what_it_has_taken_and_leaves_the_group(cluster, topic, start, pg):
    cluster.send(topic, signal(0))
    process = start("--linger", "0.05", "--progress", "0.1", COHERENCE_LOG_LEVEL="info")
    await until(lambda: pg.fetchval("SELECT count(*) = 1 FROM signals"))
    process.send_signal(signals.SIGTERM)
    status, out, errors = await ended(process)
    assert (status, out) == (0, "1 signals stored, 0 dead letters, 0 messages stored before.\n")
    assert "consumed: 1 accepted" in errors
    assert cluster.committed(topic) == [1]
    slow = start("--linger", "30")  # it has taken a message, and waits for others
    cluster.send(topic, signal(1))
    await until(
        lambda: pg.fetchval("SELECT count(*) > 1 FROM pg_stat_activity WHERE datname = current_database()")
    )
    await asyncio.sleep(1)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1
    slow.send_signal(signals.SIGINT)
    assert (await ended(slow))[0] == 0
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2
    assert cluster.committed(topic) == [2]


async def test_a_full_disk_ends_it_with_the_cause(cluster, topic, start, pg):
    await pg.execute(DISK_FULL)
    cluster.send(topic, signal(0), b"{")
    status, _, errors = await ended(start("--deadline", "1"))
    assert status == 1
    assert errors.splitlines()[-1] == (
        f"2 messages from kafka:{topic}/0/0 on could be stored neither as signals nor as dead letters, and are not"
        ' committed: could not extend file "base/1": No space left on device (53100)'
    )
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
    assert cluster.committed(topic)[0] < 0


async def test_wrong_words_are_told(start):
    for words, said in (
        (["--group", ""], "--group has 0 characters"),
        (["--batch", "0"], "--batch"),
        (["--config", "/nowhere"], "/nowhere cannot be read"),
        (["--topic", "no-such-topic"], "Kafka has no topic no-such-topic."),
    ):
        status, _, errors = await ended(start(*words))
        assert (status, said in errors) == (1, True), errors


async def test_without_a_broker_it_says_so(member, monkeypatch):
    monkeypatch.setattr("app.signals.consumers.kafka._TIMEOUT", 0.3)
    one = await member()
    one.worker.subscription.properties["bootstrap.servers"] = "127.0.0.1:1"
    with pytest.raises(Unavailable, match=r"Kafka cannot be reached: .*127\.0\.0\.1:1"):
        await one.worker.run()


@pytest.fixture
async def own():
    """A server of the test's own, which it may stop, and a database on it."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-kafka-"))
    server = EmbeddedPostgres(folder, UNSAFE)
    database = Database(server.start())
    try:
        await migrations.upgrade(database)
        yield server, database
    finally:
        await database.close()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def count(url):
    connection = await asyncpg.connect(**dsn(url))
    try:
        return await connection.fetchval("SELECT count(*) FROM signals")
    finally:
        await connection.close()


async def test_a_database_that_goes_away_and_comes_back_loses_nothing(cluster, topic, member, own, caplog):
    server, database = own
    one = await member(on=database, batch=50)
    # A member that does not poll for so long would be taken for dead.
    one.worker.subscription.properties |= {"max.poll.interval.ms": 2_000, "session.timeout.ms": 1_500}

    def send(begin, end):
        cluster.send(topic, *(signal(number) for number in range(begin, end)))

    async def stored(number):
        return await count(server.start()) == number

    async with one:
        send(0, 100)
        await until(lambda: stored(100))
        server.stop()
        send(100, 400)
        await asyncio.sleep(3.5)
        assert cluster.committed(topic, group=topic) == [100]
        assert not one.task.done()
        await until(lambda: stored(400))
        send(400, 450)
        await until(lambda: stored(450))
    counts = one.task.result()
    assert (counts.accepted, counts.skipped) == (450, 0)  # so the group has never been without it
    assert cluster.committed(topic, group=topic) == [450]
    assert "poll interval" not in caplog.text


async def test_a_database_that_stays_away_ends_it_and_nothing_is_committed(cluster, topic, member, own):
    server, database = own
    one, two = [await member(on=database, deadline=deadline) for deadline in (0.5, 300)]
    server.stop()
    cluster.send(topic, signal(0))
    with pytest.raises(Unavailable, match="cannot be reached at the moment"):
        async with asyncio.timeout(15):
            await one.worker.run()
    assert cluster.committed(topic, group=topic)[0] < 0
    async with asyncio.timeout(15), two:  # told to end meanwhile
        await asyncio.sleep(1)
        assert not two.task.done()
    assert isinstance(two.task.exception(), Unavailable)
    assert cluster.committed(topic, group=topic)[0] < 0


async def test_a_broker_that_goes_away_and_comes_back_loses_nothing(cluster, topic, member, pg):
    async with await member() as one:
        cluster.send(topic, *(signal(number) for number in range(10)))
        await until(lambda: pg.fetchval("SELECT count(*) = 10 FROM signals"))
        cluster.set_up(up=False)
        try:
            await asyncio.sleep(0.5)
        finally:
            cluster.set_up(up=True)
        cluster.send(topic, *(signal(number) for number in range(10, 20)))
        await until(lambda: pg.fetchval("SELECT count(*) = 20 FROM signals"))
    assert one.task.result().accepted == 20
    assert await pg.fetchval(CONTENTS) == list(range(20))


async def test_the_command_says_how_messages_are_read(cluster, topic, start, pg):
    cluster.send(topic, b'{"room": "r", "body": "1", "mood": 1}', None)
    words = ["--until-end", "--map", "contextWindowId=room", "--map", "rawContent=body", "--source", "chat"]
    status, out, errors = await ended(start(*words))
    assert status == 0
    assert "1 signals stored, 0 dead letters, 0 messages stored before, 1 without a value." in out
    assert "Not read: 'mood' (1)." in errors
    assert await pg.fetchval("SELECT signal_source FROM signals") == "chat"
    cluster.send(topic, b'{"conversation": "r", "text": "1", "mood": 1}')
    assert (await ended(start("--until-end")))[0] == 2
    cluster.send(topic, b'{"conversation": "r", "text": "1", "mood": 1}')
    status, out, _ = await ended(start("--until-end", "--strict"))
    assert (status, "0 signals stored, 1 dead letters" in out) == (0, True)
    assert (await ended(start("--map", "nothing=x")))[0] == 1
