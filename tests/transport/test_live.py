"""Subscriptions over WebSockets, as a front end uses them: what they tell, and when."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.transport.following import at_rest, begun, following, instant, post, store

DRIFT = """
subscription($ids: [String!]!, $throttle: Duration! = "1s") {
  driftUpdates(contextWindowIds: $ids, window: "5m", throttle: $throttle) {
    sequence newSignalCount
    conversation { id contextWindowId signalCount }
    coherence { level coherenceScoreCurrent driftMetrics { driftScore } timeRangeStart }
  }
}
"""
COHERENCE = """
query($id: String!, $start: DateTime!) {
  conversation(by: {contextWindowId: $id}) {
    coherence(window: "5m", range: {start: $start}) {
      level coherenceScoreCurrent driftMetrics { driftScore }
    }
  }
}
"""
DELETE = "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }"
DROP = "mutation($id: ID!) { deleteConversation(id: $id) { deletedId } }"
HIDE = "mutation($id: ID!) { updateConversation(id: $id, input: {status: DELETED}) { id } }"
ID = "query($id: String!) { conversation(by: {contextWindowId: $id}) { id } }"


async def id_of(place, key):
    return (await post(place, ID, id=key))["conversation"]["id"]


def brief(reading):
    return (
        reading["conversation"]["contextWindowId"],
        reading["sequence"],
        reading["newSignalCount"],
        reading["conversation"]["signalCount"],
    )


async def test_drift_is_read_at_once_and_when_signals_come_or_go(live):
    ids = await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as drift:
        assert brief(await drift.next()) == ("a", 1, 0, 1)
        await store(live, ("a", 0.1), ("a", 0.2))
        assert brief(await drift.next()) == ("a", 2, 2, 3)
        await post(live, DELETE, ids=ids)
        assert brief(await drift.next()) == ("a", 3, 0, 2)


async def test_drift_is_read_when_a_signal_is_changed_in_the_database(serve, pg):
    async with serve(look_again_seconds=0.2) as place:
        await store(place, ("a", 0.9), ("a", 0.9))
        async with following(place, DRIFT, ids=["a"]) as drift:
            assert (await drift.next())["coherence"]["coherenceScoreCurrent"] == 1
            await pg.execute("UPDATE signals SET signal_score = 0.1 WHERE id = (SELECT max(id) FROM signals)")
            after = await drift.next()
            assert brief(after) == ("a", 2, 0, 2)
            assert after["coherence"]["coherenceScoreCurrent"] < 1


async def test_readings_keep_the_throttle_and_then_tell_the_newest(live):
    await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as drift:
        await drift.next()
        for score in (0.1, 0.2, 0.3, 0.4):
            await store(live, ("a", score))
        readings, came = [], 0
        while came < 4:
            readings.append(brief(await drift.next()))
            came += readings[-1][2]
        # One, but where storing them took longer than the throttle.
        assert len(readings) < 4
        assert [reading[1] for reading in readings] == list(range(2, 2 + len(readings)))
        assert readings[-1][3] == 5
        assert await drift.is_silent()


async def test_one_subscription_follows_several_conversations_each_once(live):
    await store(live, ("a", 0.9), ("b", 0.8))
    async with following(live, DRIFT, ids=["a", "b", "a"]) as drift:
        firsts = [brief(await drift.next()) for _ in range(2)]
        assert sorted(firsts) == [("a", 1, 0, 1), ("b", 1, 0, 1)]
        await store(live, ("b", 0.1))
        assert brief(await drift.next()) == ("b", 2, 1, 2)
        assert await drift.is_silent()


async def test_drift_equals_the_query_over_the_same_range(live):
    now = datetime.now(UTC)
    for minutes in range(0, 200, 3):
        moment = instant(now - timedelta(minutes=minutes))
        await store(live, ("a", minutes % 7 / 7), timestamp=moment)
    async with following(live, DRIFT, ids=["a"]) as drift:
        read = (await drift.next())["coherence"]
    start = read.pop("timeRangeStart")
    assert datetime.now(UTC) - datetime.fromisoformat(start) < timedelta(days=1, seconds=10)
    found = (await post(live, COHERENCE, id="a", start=start))["conversation"]["coherence"]
    assert found == read
    assert len(read["driftMetrics"]) > 30


COUNTS = """
subscription { driftUpdates(contextWindowIds: "a") {
  newSignalCount conversation { signalCount lastSignalAt } coherence { totalSignalCount timeRangeEnd }
} }
"""


async def test_all_that_an_event_tells_is_of_one_snapshot(live):
    await store(live, ("a", 0.9))

    async def storing():
        while True:
            await store(live, ("a", 0.5))

    async with following(live, COUNTS) as drift:
        count = (await drift.next())["conversation"]["signalCount"]
        writers = [asyncio.create_task(storing()) for _ in range(3)]
        for _ in range(4):
            read = await drift.next()
            count += read["newSignalCount"]
            conversation, coherence = read["conversation"], read["coherence"]
            assert conversation["signalCount"] == coherence["totalSignalCount"] == count
            assert conversation["lastSignalAt"] == coherence["timeRangeEnd"]
        for writer in writers:
            writer.cancel()
        await asyncio.wait(writers)
    assert count > 10


async def test_a_newcomer_gets_a_reading_of_now(live, monkeypatch):
    monkeypatch.setattr("graphql_schema.streams.FRESH", 0.0)
    await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as first:
        early = await first.next()
        async with following(live, DRIFT, ids=["a"]) as second:
            late = await second.next()
            assert brief(late) == brief(early)
            assert late["coherence"]["timeRangeStart"] > early["coherence"]["timeRangeStart"]
        assert await first.is_silent()


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "BAD_USER_INPUT"),
        ([f"c{n}" for n in range(101)], "BAD_USER_INPUT"),
        (["unknown"], "NOT_FOUND"),
        (["a", "unknown"], "NOT_FOUND"),
        (["a", "hidden"], "NOT_FOUND"),
        (["a", "\0"], "BAD_USER_INPUT"),
    ],
    ids=["none", "101", "unknown", "one of two unknown", "hidden", "not storable"],
)
async def test_what_cannot_be_followed_is_refused(live, ids, code):
    await store(live, ("a", 0.9), ("hidden", 0.9))
    await post(live, HIDE, id=await id_of(live, "hidden"))
    async with following(live, DRIFT, ids=ids) as drift:
        assert await drift.code() == code
        await at_rest(live)


async def test_a_hundred_conversations_are_followed_together(live):
    keys = [f"c{n}" for n in range(100)]
    await store(live, *((key, 0.5) for key in keys))
    async with following(live, DRIFT, ids=keys) as drift:
        found = {brief(await drift.next(10)) for _ in keys}
    assert found == {(key, 1, 0, 1) for key in keys}


@pytest.mark.parametrize("how", [DROP, HIDE], ids=["deleted", "hidden"])
async def test_a_conversation_that_goes_is_told_and_the_others_go_on(live, how):
    await store(live, ("a", 0.9), ("b", 0.9))
    async with following(live, DRIFT, ids=["a", "b"]) as drift:
        await drift.next(), await drift.next()
        await post(live, how, id=await id_of(live, "a"))
        assert await drift.code() == "NOT_FOUND"
        await store(live, ("b", 0.1))
        assert brief(await drift.next()) == ("b", 2, 1, 2)
        await post(live, how, id=await id_of(live, "b"))
        assert await drift.code() == "NOT_FOUND"
        assert await drift.message() == ("complete", None)
    await at_rest(live)


SIGNALS = """
subscription($id: String!) { signalAdded(contextWindowId: $id) { signalScore signalSource timestamp } }
"""


async def test_signals_are_told_in_order_and_of_their_conversation_alone(live):
    await store(live, ("a", 0.5), ("b", 0.5))
    async with following(live, SIGNALS, id="a") as signals:
        await begun(live)
        await store(live, ("a", 0.1), ("b", 0.2), ("a", 0.3))
        await store(live, ("a", 0.4))
        assert [(await signals.next())["signalScore"] for _ in range(3)] == [0.1, 0.3, 0.4]
        assert await signals.is_silent()


async def test_late_signals_and_whole_batches_are_told(live):
    await store(live, *[("a", 0.5)] * 1_200)
    async with following(live, SIGNALS, id="a") as signals:
        await begun(live)
        await store(live, ("a", 0.25), timestamp="2020-01-01T00:00:00Z")
        assert (await signals.next())["timestamp"].startswith("2020-01-01T00:00:00")
        await store(live, *(("a", n / 1_000) for n in range(900)))
        assert [(await signals.next())["signalScore"] for _ in range(900)] == [n / 1_000 for n in range(900)]
        assert await signals.is_silent()


async def test_signals_of_concurrent_batches_are_told_once_each(live):
    await store(live, ("a", 0.5))
    async with following(live, SIGNALS, id="a") as signals:
        await begun(live)
        scores = [n / 1_000 for n in range(400)]
        await asyncio.gather(
            *(store(live, *(("a", score) for score in scores[n : n + 20])) for n in range(0, 400, 20))
        )
        found = [(await signals.next())["signalScore"] for _ in scores]
        assert sorted(found) == scores
        assert await signals.is_silent()


async def test_signals_of_a_conversation_that_is_hidden_end(live):
    await store(live, ("a", 0.5))
    async with following(live, SIGNALS, id="a") as signals:
        await begun(live)
        await post(live, HIDE, id=await id_of(live, "a"))
        assert await signals.code() == "NOT_FOUND"
        assert (await signals.message())[0] == "complete"
    async with following(live, SIGNALS, id="a") as signals:
        assert await signals.code() == "NOT_FOUND"
    await at_rest(live)
