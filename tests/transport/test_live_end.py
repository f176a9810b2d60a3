"""What followers get when the server ends: what is due, and then a sign to come back."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from tests.conftest import execute
from tests.transport.following import begun, following, store, streaming
from tests.transport.test_live import DRIFT, SIGNALS, brief


async def end(place):
    """Has the server end; how long it takes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    place.server.should_exit = True
    while place.server.started and place.server.server_state.connections:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return loop.time() - began


async def test_a_socket_gets_what_is_due_and_is_closed(serve):
    async with serve() as place:
        await store(place, ("a", 0.9))
        async with following(place, DRIFT, ids=["a"], throttle="1h") as drift:
            await drift.next()
            await store(place, ("a", 0.1), ("a", 0.2))
            place.server.should_exit = True
            assert brief(await drift.next()) == ("a", 2, 2, 3)
            with pytest.raises(ConnectionClosed) as closed:
                await drift.message()
    assert closed.value.rcvd.code == 1001


async def test_a_stream_of_events_gets_what_is_due_and_no_complete(serve):
    async with serve() as place:
        await store(place, ("a", 0.9))
        async with streaming(place, DRIFT, ids=["a"], throttle="1h") as drift:
            await drift.next()
            await store(place, ("a", 0.1), ("a", 0.2))
            place.server.should_exit = True
            assert brief(await drift.next()) == ("a", 2, 2, 3)
            with pytest.raises(StopAsyncIteration):
                await drift.message()


async def test_signals_that_were_just_stored_are_told(serve):
    async with serve() as place:
        await store(place, ("a", 0.9))
        async with following(place, SIGNALS, id="a") as signals:
            await begun(place)
            await store(place, ("a", 0.1))
            place.server.should_exit = True
            assert (await signals.next())["signalScore"] == 0.1
            with pytest.raises(ConnectionClosed):
                await signals.message()


async def test_the_server_ends_at_once_where_nothing_is_due(serve):
    async with serve() as place:
        await store(place, ("a", 0.9))
        async with following(place, DRIFT, ids=["a"]) as drift, following(place, SIGNALS, id="a"):
            await drift.next()
            await begun(place, 2)
            assert await end(place) < 1


async def test_the_server_ends_where_the_database_is_away(serve, url, place):
    name = url.split("?")[0].rpartition("/")[2]
    async with serve() as served:
        await store(served, ("a", 0.9))
        async with following(served, DRIFT, ids=["a"]) as drift:
            await drift.next()
            await execute(place, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await execute(
                place, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )
            served.server.should_exit = True
            with pytest.raises(ConnectionClosed) as closed:
                await drift.message()
    assert closed.value.rcvd.code == 1001
