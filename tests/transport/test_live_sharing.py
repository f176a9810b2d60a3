"""What many follow is done once, and nothing is done for nobody."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import structlog

from tests.graphql_schema.test_statement_counts import statements
from tests.transport.following import EVENTS, at_rest, begun, following, post, store, streaming, until
from tests.transport.test_live import DRIFT, SIGNALS
from tests.transport.test_websocket import opened, receive, send, socket

VARIANTS = (
    (
        "subscription($ids: [String!]!) { driftUpdates(contextWindowIds: $ids) { sequence coherence { level } } }",
        {"ids": ["a"]},
    ),
    (
        """subscription Other($these: [String!]!, $often: Duration = "1s") {
          driftUpdates(throttle: $often, contextWindowIds: $these) { sequence, coherence { level } } }""",
        {"these": ["a"]},
    ),
    ('subscription { driftUpdates(contextWindowIds: ["a"]) { sequence coherence { level } } }', {}),
    (
        'subscription { driftUpdates(window: "PT5M", contextWindowIds: "a") { sequence coherence { level } } }',
        {},
    ),
)
PAGED = """
subscription($first: Int = %d) {
  driftUpdates(contextWindowIds: ["a"]) { conversation { signals(first: $first) { edges { cursor } } } }
}
"""


async def test_fifty_who_ask_the_same_cause_one_reading_of_each_event(live):
    await store(live, ("a", 0.9))
    async with AsyncExitStack() as stack:
        all_ = [
            await stack.enter_async_context(following(live, query, **variables))
            for query, variables in VARIANTS[:3]
        ]
        all_ += [await stack.enter_async_context(following(live, *VARIANTS[3][:1])) for _ in range(47)]
        firsts = [await one.next() for one in all_]
        assert {first["sequence"] for first in firsts} == {1}
        assert len(live.streams) == 1
        with structlog.testing.capture_logs() as logs, statements() as seen:
            await store(live, ("a", 0.1))
            seconds = [await one.next() for one in all_]
        assert {second["sequence"] for second in seconds} == {2}
        assert len([log for log in logs if log["event"] == "coherence"]) == 1
        assert len([s for s in seen if "conversation_activity.xmin" in s]) <= 2
    await at_rest(live)


async def test_what_is_selected_otherwise_is_answered_otherwise(live):
    await store(live, *[("a", 0.9)] * 5)
    async with (
        following(live, PAGED % 2) as two,
        following(live, PAGED % 3) as three,
        following(live, PAGED % 3, first=4) as four,
        following(live, PAGED % 2, first=None) as all_,
    ):
        for subscription, count in ((two, 2), (three, 3), (four, 4), (all_, 5)):
            edges = (await subscription.next())["conversation"]["signals"]["edges"]
            assert len(edges) == count


async def test_work_stops_when_a_socket_closes(live):
    await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as drift, following(live, SIGNALS, id="a"):
        await drift.next()
        await begun(live, 2)
    await at_rest(live)


async def test_work_stops_when_a_connection_breaks(live):
    await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as drift, socket(live) as ws:
        await drift.next()
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload={"query": SIGNALS, "variables": {"id": "a"}})
        await begun(live, 2)
        ws.transport.abort()
        await until(lambda: len(live.streams) == 1)
    await at_rest(live)


async def test_work_stops_on_complete_and_the_socket_goes_on(live):
    await store(live, ("a", 0.9))
    payload = {"query": DRIFT, "variables": {"ids": ["a"]}}
    async with socket(live) as ws:
        await opened(ws)
        for _ in range(2):
            await send(ws, type="subscribe", id="1", payload=payload)
            assert (await receive(ws))["type"] == "next"
            await send(ws, type="complete", id="1")
            await at_rest(live)


async def test_work_stops_when_a_reader_of_a_stream_leaves(live):
    await store(live, ("a", 0.9))
    async with streaming(live, DRIFT, ids=["a"]) as drift:
        await drift.next()
    await at_rest(live)


async def test_work_stops_when_one_leaves_who_does_not_read(live):
    await store(live, ("a", 0.9))
    given = {"query": DRIFT, "variables": {"ids": ["a"]}}
    async with (
        httpx2.AsyncClient() as http,
        http.stream("POST", f"http://{live}/graphql", json=given, headers=EVENTS),
    ):
        await begun(live)
        await store(live, ("a", 0.1))
    await at_rest(live)


async def test_coming_and_going_leaves_nothing_behind(live):
    await store(live, ("a", 0.9), ("b", 0.9))
    await post(live, "{ __typename }")
    before = len(asyncio.all_tasks())

    async def visit(number):
        follow = following if number % 2 else streaming
        async with follow(live, DRIFT, ids=["a", "b"]) as drift:
            for _ in range(number % 3):
                await drift.next()

    await asyncio.gather(*map(visit, range(30)))
    await at_rest(live)
    await until(lambda: len(asyncio.all_tasks()) <= before)


async def test_more_than_may_be_followed_is_refused_until_another_leaves(serve):
    async with serve(max_followed=2) as place:
        await store(place, ("a", 0.9), ("b", 0.9), ("c", 0.9))
        async with following(place, DRIFT, ids=["a", "b"]) as first:
            await first.next()
            async with following(place, DRIFT, ids=["a"]) as same:
                assert (await same.next())["sequence"] == 1
            async with following(place, DRIFT, ids=["a", "c"]) as more:
                assert await more.code() == "RATE_LIMITED"
        await at_rest(place)
        async with following(place, DRIFT, ids=["c"]) as later:
            assert (await later.next())["sequence"] == 1
