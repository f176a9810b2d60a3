"""A signal delivered again is stored once, whoever delivers it, when and how often."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.auth.viewer import PROGRAM
from app.database.engine import Database
from app.signals.ingest import Signals
from app.signals.rules import Rules
from app.upkeep import upkeep
from tests.app.signals.test_ingest import New
from tests.conftest import EDITIONS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CREATE = "INSERT INTO conversations (context_window_id) SELECT unnest($1::text[])"


@pytest.fixture
async def signals(database, pg):
    await pg.execute(CREATE, ["c", "d"])
    return Signals(database)


def batch(*keys, conversation="c"):
    return [
        New(context_window_id=conversation, idempotency_key=key, timestamp=NOW + timedelta(seconds=n))
        for n, key in enumerate(keys)
    ]


@EDITIONS
async def test_a_second_delivery_is_the_first_one(signals, pg):
    first = await signals.ingest(PROGRAM, batch("a", "b", None), NOW)
    assert not first.duplicates
    again = await signals.ingest(PROGRAM, batch("b", "x", "a", None), NOW)
    assert again.duplicates == {0, 2}
    assert (again.results[0], again.results[2]) == (first.results[1], first.results[0])
    assert await pg.fetchval("SELECT count(*) FROM signals") == 5
    assert await pg.fetchval("SELECT count(*) FROM delivered_signals") == 3


async def test_within_a_batch_the_first_counts(signals, pg):
    found = await signals.ingest(PROGRAM, batch("a", "a", "b", "a"), NOW)
    assert found.duplicates == {1, 3}
    assert found.results[0] == found.results[1] == found.results[3] != found.results[2]
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


async def test_a_key_is_its_conversations_own(signals, pg):
    await signals.ingest(PROGRAM, batch("a"), NOW)
    other = await signals.ingest(PROGRAM, batch("a", conversation="d"), NOW)
    assert not other.duplicates
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


async def test_of_what_is_refused_or_rolled_back_nothing_is_remembered(signals, pg):
    good, other = batch("a", "b")
    bad = [good, replace(other, signal_score=7)]
    with pytest.raises(Exception, match="signalScore"):
        await signals.ingest(PROGRAM, bad, NOW, all_or_nothing=True)
    found = await signals.ingest(PROGRAM, bad, NOW)
    assert not found.duplicates
    assert (await signals.ingest(PROGRAM, batch("a", "b"), NOW)).duplicates == {0}
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


@EDITIONS
async def test_servers_that_are_sent_the_same_at_once_store_it_once(url, signals, pg):
    """In orders of their own, over and over, from several servers."""
    others = [Database(url, pool_size=3) for _ in range(2)]
    servers = [signals, *(Signals(other) for other in others)]
    keys = [f"k{n}" for n in range(40)]
    await signals.ingest(PROGRAM, batch(None), NOW)  # the first chunk of a day is made alone
    found = await asyncio.gather(
        *(
            server.ingest(
                PROGRAM, batch(*(keys if turn % 2 else keys[::-1]), conversation="cd"[turn % 2 - 1]), NOW
            )
            for turn in (1, 2, 3, 4)
            for server in servers
        )
    )
    for other in others:
        await other.close()
    assert await pg.fetchval("SELECT count(*) FROM signals") == 81
    assert sum(len(keys) - len(ingested.duplicates) for ingested in found) == 80
    for ingested in found:
        assert len(set(ingested.results)) == 40


async def test_a_key_is_forgotten_after_its_days(signals, database, config, pg):
    await signals.ingest(PROGRAM, batch("a", "b"), NOW)
    await pg.execute("UPDATE delivered_signals SET delivered_at = now() - interval '8 days' WHERE key = 'a'")
    await upkeep(database, config, datetime.now(UTC))
    assert (await signals.ingest(PROGRAM, batch("a", "b"), NOW)).duplicates == {1}


async def test_keys_go_with_their_conversation(signals, pg):
    await signals.ingest(PROGRAM, batch("a"), NOW)
    await pg.execute("DELETE FROM conversations WHERE context_window_id = 'c'")
    assert await pg.fetchval("SELECT count(*) FROM delivered_signals") == 0


async def test_over_the_api(client, pg):
    await pg.execute(CREATE, ["c"])
    one = """mutation($key: String) {
      createSignal(input: {contextWindowId: "c", idempotencyKey: $key, rawContent: "one"}) { id rawContent }
    }"""
    first = (await client.data(one, key="a"))["createSignal"]
    assert (await client.data(one.replace("one", "other"), key="a"))["createSignal"] == first
    many = """mutation($signals: [SignalInput!]!) {
      createSignals(signals: $signals) {
        successfulCount transactionId results { index success duplicate signalId error { field message } }
      }
    }"""
    sent = [{"contextWindowId": "c", "idempotencyKey": key} for key in ("a", "b", "", "x" * 256)]
    found = (await client.data(many, signals=sent))["createSignals"]
    again, new, empty, long = found["results"]
    assert (again["success"], again["duplicate"], again["signalId"]) == (True, True, first["id"])
    assert (new["success"], new["duplicate"]) == (True, False)
    assert found["successfulCount"] == 2
    for refused in (empty, long):
        assert (refused["success"], refused["duplicate"], refused["error"]["field"]) == (
            False,
            False,
            "idempotencyKey",
        )
    await client.data(
        "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }", ids=[first["id"]]
    )
    error = await client.error(one, key="a")
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "idempotencyKey"}


@pytest.mark.parametrize(
    ("rules", "changed", "said"),
    [
        (Rules(most_text=10), {"raw_content": "x" * 11}, "rawContent has 11 characters; it takes up to 10."),
        (Rules(most_payload=10), {"payload": ["ü" * 5]}, "payload has 14 bytes as JSON; it takes up to 10."),
        (Rules(payload_depth=2), {"payload": [[[1]]]}, "payload is nested deeper than 2."),
        (
            Rules(timedelta(seconds=5)),
            {"timestamp": NOW + timedelta(seconds=90.25)},
            "timestamp is 90.25 s ahead of the server's clock; it takes up to 5 s.",
        ),
    ],
)
async def test_limits_are_named_with_the_size(database, pg, rules, changed, said):
    await pg.execute(CREATE, ["c"])
    found = await Signals(database, rules).ingest(PROGRAM, [New(), New(**changed)], NOW)
    assert not isinstance(found.results[0], Exception)
    assert found.results[1].message == said


async def test_a_batch_that_is_too_long_is_refused_whole(database, pg):
    await pg.execute(CREATE, ["c"])
    with pytest.raises(Exception, match="signals has 3 items; it takes up to 2"):
        await Signals(database, Rules(most_signals=2)).ingest(PROGRAM, [New()] * 3, NOW)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
