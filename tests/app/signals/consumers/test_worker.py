"""What becomes of messages: against librdkafka's mock cluster and a real PostgreSQL."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from threading import Event
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from app.errors import BadUserInput, Conflict, Unavailable
from app.signals.consumers.kafka import Subscription
from app.signals.consumers.options import properties
from tests.app.signals.consumers.conftest import signal, until

CONTENTS = "SELECT array_agg(raw_content::int ORDER BY raw_content::int) FROM signals"
LETTERS = "SELECT source, reason, field, payload, conversation, attempts FROM dead_letters ORDER BY id"
DISK_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/1": No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON dead_letters EXECUTE FUNCTION full_disk()
"""


async def test_signals_are_stored_and_committed(cluster, topic, read, pg):
    cluster.send(topic, *(signal(number) for number in range(250)))
    cluster.send(topic, b"[%s]" % b",".join(signal(number) for number in range(250, 260)), partition=1)
    counts = await read(batch=100)
    assert (counts.accepted, counts.dead_lettered, counts.skipped) == (260, 0, 0)
    assert await pg.fetchval(CONTENTS) == list(range(260))
    assert cluster.committed(topic, 0, 1, group=topic) == [250, 1]
    rows = await pg.fetch("SELECT partition, next_offset FROM consumed_offsets ORDER BY 1")
    assert list(map(tuple, rows)) == [(0, 250), (1, 1)]
    counts = await read()
    assert (counts.accepted, counts.skipped) == (0, 0)


async def test_all_fields_and_the_messages_own_time(cluster, topic, read, pg):
    full = {
        "timestamp": "2026-01-31T12:00:00Z", "signalSource": "Slack", "signalScore": 0.25, "emotionalTone": 0.75,
        "escalateFlag": 1, "agentId": "a", "userId": "u", "signalVector": "v", "payload": {"x": [1]},
        "relationshipContext": "r", "diagnosticNotes": "d",
    }  # fmt: skip
    cluster.send(topic, signal(1, **full))
    cluster.producer.produce(topic, signal(2), partition=0, timestamp=1_700_000_000_123)
    cluster.producer.produce(topic, signal(3), partition=0, timestamp=99_999_999_999_999)
    cluster.producer.flush(10)
    await read()
    rows = await pg.fetch("SELECT * FROM signals ORDER BY id")
    kept = dict(rows[0])
    assert kept["time"] == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert json.loads(kept["payload"]) == {"x": [1]}
    assert [kept[name] for name in ("signal_source", "signal_score", "emotional_tone", "escalate_flag")] == [
        "Slack", 0.25, 0.75, 1,
    ]  # fmt: skip
    assert rows[1]["time"] == datetime.fromtimestamp(1_700_000_000.123, UTC)
    assert abs((datetime.now(UTC) - rows[2]["time"]).total_seconds()) < 60


async def test_what_cannot_be_stored_is_a_dead_letter(cluster, topic, read, pg):
    bad = [
        b"{", b"\xff\xfe", b"17", b"", None, b"[" * 5_000, signal(1, "\0"), signal(1, signalScore=2),
        b'{"contextWindowId": "c", "signalScore": "\\ud800\\u0000"}', b'{"rawContent": "x"}',
        signal(1, timestamp="9999-01-01T00:00:00Z"),
        b'[%s, 3, {"contextWindowId": "c", "escalateFlag": 7}]' % signal(2),
    ]  # fmt: skip
    cluster.send(topic, signal(0), *bad, signal(3))
    counts = await read()
    letters = await pg.fetch(LETTERS)
    assert (counts.accepted, counts.dead_lettered, counts.refused) == (3, len(letters), 4)
    assert await pg.fetchval(CONTENTS) == [0, 2, 3]
    assert cluster.committed(topic, group=topic) == [14]
    assert [row["payload"] for row in letters] == [
        *filter(None, bad[:-1]), b"3", b'{"contextWindowId": "c", "escalateFlag": 7}',
    ]  # fmt: skip
    assert [row["source"] for row in letters][-3:] == [
        f"kafka:{topic}/0/11", f"kafka:{topic}/0/12#1", f"kafka:{topic}/0/12#2",
    ]  # fmt: skip
    assert letters[0]["reason"].startswith("The message is not JSON: ")
    assert (letters[2]["reason"], letters[5]["field"]) == ("The message is not a JSON object.", "signalScore")
    assert letters[5]["conversation"] == "c"
    assert letters[4]["conversation"] is None
    assert {row["attempts"] for row in letters} == {1}


async def test_what_only_the_database_refuses_is_found(cluster, topic, read, pg):
    await pg.execute(
        "ALTER TABLE signals ADD CONSTRAINT bad CHECK (raw_content NOT IN ('13', '14', '77')) NOT VALID"
    )
    cluster.send(topic, *(signal(number) for number in range(100)))
    counts = await read()
    assert (counts.accepted, counts.dead_lettered) == (97, 3)
    assert await pg.fetchval(CONTENTS) == [number for number in range(100) if number not in {13, 14, 77}]
    letters = await pg.fetch(LETTERS)
    assert [row["payload"] for row in letters] == [signal(13), signal(14), signal(77)]
    assert "violates check constraint" in letters[0]["reason"]
    assert "(23514)" in letters[0]["reason"]
    assert "Failing row" not in letters[0]["reason"]


async def test_messages_without_a_value_are_passed_over(cluster, topic, read, pg):
    cluster.send(topic, None, signal(1), b"", None)
    counts = await read()
    assert (counts.accepted, counts.dead_lettered, counts.empty) == (1, 0, 3)
    assert await pg.fetch(LETTERS) == []
    assert cluster.committed(topic, group=topic) == [4]


async def test_other_programs_messages_are_read(cluster, topic, read, pg):
    mark = b"\xef\xbb\xbf"
    seed = b'{"conversation_id": "seed", "text": "1", "score": 0.25, "time": 1700000000}'
    cluster.send(topic, seed, mark + seed, mark + b"[%s]" % seed)
    assert (await read()).accepted == 3
    rows = await pg.fetch("SELECT DISTINCT raw_content, signal_score, signal_source, time FROM signals")
    assert [tuple(row) for row in rows] == [("1", 0.25, "Kafka", datetime.fromtimestamp(1_700_000_000, UTC))]


async def test_unknown_conversations_may_be_refused(cluster, topic, read, pg):
    cluster.send(topic, signal(1))
    assert (await read(create=False)).dead_lettered == 1
    assert (await pg.fetchrow(LETTERS))["field"] == "contextWindowId"


async def test_what_is_sent_again_is_not_stored_again(cluster, topic, member, read, pg, monkeypatch):
    """The offsets are lost between the database's commit and Kafka's."""
    with monkeypatch.context() as patch:
        patch.setattr(Subscription, "commit", lambda *_: None)
        cluster.send(topic, *(signal(number) for number in range(50)), b"{")
        await read(batch=20)
    assert cluster.committed(topic, group=topic)[0] < 0
    cluster.send(topic, *(signal(number) for number in range(50, 60)))
    await pg.execute("UPDATE consumed_offsets SET next_offset = 30")
    await pg.execute("DELETE FROM signals WHERE raw_content::int >= 30")
    # As after a crash with 30 messages stored, of which Kafka knows nothing, while another member reads from 0 on.
    slow = await member()
    slow.worker.subscription.stored = {}
    async with slow:
        await until(lambda: pg.fetchval("SELECT count(*) = 60 FROM signals"))
    assert slow.task.result().skipped == 30
    assert await pg.fetchval(CONTENTS) == list(range(60))
    assert cluster.committed(topic, group=topic) == [61]


async def test_where_kafka_has_forgotten_the_group_the_database_has_not(
    cluster, topic, read, pg, monkeypatch
):
    cluster.send(topic, signal(0))
    with monkeypatch.context() as patch:
        patch.setattr(Subscription, "commit", lambda *_: None)
        await read()
    cluster.send(topic, signal(1))
    counts = await read(from_beginning=False)
    assert (counts.accepted, counts.skipped) == (1, 0)
    assert await pg.fetchval(CONTENTS) == [0, 1]


async def test_a_new_group_begins_now_unless_told_otherwise(cluster, topic, read):
    cluster.send(topic, signal(0))
    assert (await read(from_beginning=False)).accepted == 0
    assert cluster.committed(topic, 0, 1, group=topic) == [1, 0]
    cluster.send(topic, signal(1))
    cluster.send(topic, signal(2), partition=1)
    assert (await read(from_beginning=False)).accepted == 2
    assert (await read(group=f"{topic}-other")).accepted == 3


async def test_a_topic_that_was_made_anew_is_not_passed_over(cluster, topic, read, pg):
    await pg.execute("INSERT INTO consumed_offsets VALUES ($1, $1, 0, 1000)", topic)
    cluster.send(topic, signal(0))
    with pytest.raises(Conflict, match=f"{topic}/0 ends at 1, .* made anew"):
        await read()
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0


async def test_a_full_disk_stops_it_and_nothing_is_committed(cluster, topic, read, pg):
    await pg.execute(DISK_FULL)
    cluster.send(topic, signal(0), b"{", signal(1))
    with pytest.raises(Unavailable, match=r"neither as signals nor as dead letters.*No space left.*53100"):
        await read(deadline=0.5)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
    assert cluster.committed(topic, group=topic)[0] < 0
    await pg.execute("DROP TRIGGER full_disk ON dead_letters")
    counts = await read()
    assert (counts.accepted, counts.dead_lettered) == (2, 1)


async def test_members_share_partitions_and_hand_them_over(cluster, topic, member, pg):
    async def done(count):
        return await pg.fetchval("SELECT count(DISTINCT raw_content) = $1 FROM signals", count)

    def send(begin, end):
        for number in range(begin, end):
            cluster.send(topic, signal(number), partition=number % 2)

    first, second = await member(batch=7), await member(batch=7)
    async with first:
        send(0, 100)
        await until(lambda: done(100))
        async with second:
            for begin in range(100, 1_000, 50):
                send(begin, begin + 50)
                await asyncio.sleep(0.05)
            await until(lambda: done(1_000))

            async def shared():
                number = 10_000 + await pg.fetchval("SELECT count(*) FROM signals")
                send(number, number + 2)
                await asyncio.sleep(0.1)
                return second.worker.counts.accepted

            await until(shared)
        left = await pg.fetchval("SELECT count(*) FROM signals")
        send(2_000, 2_100)
        await until(lambda: done(left + 100))
    rows = await pg.fetch("SELECT raw_content, count(*) FROM signals GROUP BY 1 HAVING count(*) > 1")
    assert rows == []
    assert first.task.result().accepted + second.task.result().accepted == await pg.fetchval(
        "SELECT count(*) FROM signals"
    )


async def test_progress_is_logged(cluster, topic, read, caplog):
    cluster.send(topic, signal(0), b"{")
    with caplog.at_level(logging.INFO, "app.signals.consumers"):
        await read(progress=0.01)
    assert "consumed: 1 accepted, 0 refused, 1 dead-lettered, 0 stored before; lag 0" in caplog.text


async def test_a_failed_commit_is_no_failure(cluster, topic, member, pg, caplog):
    cluster.send(topic, signal(0))
    one = await member()
    kafka = one.worker.subscription

    class Failing:
        real = None

        def __getattr__(self, name):
            return getattr(self.real, name)

        def commit(self, **_):
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))

    async with one:
        await until(lambda: pg.fetchval("SELECT count(*) = 1 FROM signals"))
        await until(lambda: asyncio.to_thread(lambda: cluster.committed(topic, group=topic) == [1]))
        Failing.real, kafka._consumer = kafka._consumer, Failing()
        cluster.send(topic, signal(1))
        await until(lambda: pg.fetchval("SELECT count(*) = 2 FROM signals"))
    assert one.task.result().accepted == 2
    assert "not committed to Kafka this time" in caplog.text
    assert cluster.committed(topic, group=topic) == [1]


async def test_what_fails_while_partitions_are_assigned_ends_it(cluster, topic, member, pg, monkeypatch):
    cluster.send(topic, signal(0))
    one = await member()

    def refuse(*_):
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "no watermarks"))

    monkeypatch.setattr(Subscription, "_beginning", refuse)
    async with asyncio.timeout(20):
        with pytest.raises(Unavailable, match="Kafka cannot be read: no watermarks"):
            await one.worker.run()
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0


async def test_what_ends_it_while_a_batch_is_stored_takes_the_batch_back(
    cluster, topic, member, pg, monkeypatch
):
    monkeypatch.setattr("app.signals.consumers.worker._PATIENCE", 0.1)
    cluster.send(topic, signal(0))
    one = await member()

    def fail(_):
        raise Unavailable("Kafka is gone.")

    monkeypatch.setattr(Subscription, "idle", fail)
    async with asyncio.timeout(20), pg.transaction():
        await pg.execute("LOCK consumed_offsets")
        with pytest.raises(Unavailable, match="Kafka is gone"):
            await one.worker.run()
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
    assert cluster.committed(topic, group=topic)[0] < 0


def test_what_kafka_says_of_a_partition():
    def said(code, *, fatal=False):
        error = KafkaError(code, "so it is", fatal=fatal)
        return SimpleNamespace(topic=lambda: "t", partition=lambda: 0, error=lambda: error)

    kafka = Subscription({}, ["t"], {}, from_beginning=True, stop=Event())
    assert kafka._read(said(KafkaError._TRANSPORT)) is None
    for error in (said(KafkaError.TOPIC_AUTHORIZATION_FAILED), said(KafkaError._TRANSPORT, fatal=True)):
        with pytest.raises(Unavailable, match="so it is"):
            kafka._read(error)


async def test_what_cannot_be_opened_is_said(member):
    one = await member()
    one.worker.subscription.topics = ["nowhere"]
    with pytest.raises(BadUserInput, match="Kafka has no topic nowhere"):
        await one.worker.run()
    two = await member()
    two.worker.subscription.properties |= {
        "sasl.password": "hush-hush",
        "ssl.key.pem": "hush-hush",
        "no.such": 1,
    }
    with pytest.raises(BadUserInput, match="does not take its configuration") as refused:
        await two.worker.run()
    assert "hush" not in str(refused.value)


def test_a_file_of_properties(tmp_path):
    file = tmp_path / "kafka.properties"
    file.write_text("# ours\n\nsasl.username = me\nsasl.password=a=b\nbootstrap.servers=h:1\n")
    given = properties("g", None, file)
    assert (given["sasl.username"], given["sasl.password"], given["bootstrap.servers"]) == (
        "me",
        "a=b",
        "h:1",
    )
    assert (given["group.id"], given["enable.auto.commit"]) == ("g", False)
    assert properties("g", "i:2", file)["bootstrap.servers"] == "i:2"
    for content, said in (
        ("hush", "line 1: write property=value"),
        ("group.id=hush", "--group"),
        ("enable.auto.commit=hush", "this program"),
        ("sasl.password=hush", "--bootstrap"),
    ):
        file.write_text(content)
        with pytest.raises(BadUserInput, match=said) as refused:
            properties("g", None, file)
        assert "hush" not in str(refused.value)
    file.write_bytes(b"\xff")
    for path in (file, tmp_path / "none"):
        with pytest.raises(BadUserInput, match="cannot be read"):
            properties("g", "h:1", path)
