"""Readers that are slow, stalled or gone: they get less, or are let go, and the server keeps nothing for them."""

import asyncio
import json
import socket as sockets

import pytest
from websockets.exceptions import ConnectionClosed

from tests.transport.following import at_rest, following, store, until
from tests.transport.test_live import DRIFT
from tests.transport.test_websocket import opened, receive, send, socket

TEXTS = " ".join(f"s{n}: signals(first: 1) {{ edges {{ node {{ rawContent }} }} }}" for n in range(16))
"""More than sockets hold."""
LARGE = f'subscription {{ driftUpdates(contextWindowIds: "a") {{ sequence newSignalCount conversation {{ {TEXTS} }} }} }}'
HTTP = f'{{ conversation(by: {{contextWindowId: "a"}}) {{ {TEXTS} }} }}'


async def fill(place):
    await store(place, ("a", 0.5), rawContent="x" * 900_000)


async def connected(place):
    """A connection that takes little at a time, and nothing by itself."""
    host, port = place.split(":")
    plug = sockets.socket()
    plug.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, (host, int(port)))
    return plug


def request(place, query, accept="application/json"):
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def written(place):
    """Bytes that wait to be sent, of all connections."""
    return sum(
        connection.transport.get_write_buffer_size() for connection in place.server.server_state.connections
    )


async def test_a_slow_reader_gets_fewer_and_newer_readings(live):
    await fill(live)
    async with socket(live, max_size=None, max_queue=1) as slow, following(live, DRIFT, ids=["a"]) as quick:
        await opened(slow)
        await send(slow, type="subscribe", id="1", payload={"query": LARGE})
        first = (await receive(slow))["payload"]["data"]["driftUpdates"]
        await quick.next()
        slow.transport.pause_reading()
        for sequence in range(2, 7):
            await store(live, ("a", 0.1))
            assert (await quick.next())["sequence"] == sequence
            assert written(live) < 40_000_000
        slow.transport.resume_reading()
        told = [first]
        while told[-1]["sequence"] < 6:
            told.append((await receive(slow))["payload"]["data"]["driftUpdates"])
    assert first["sequence"] == 1
    sequences = [reading["sequence"] for reading in told]
    assert sequences == sorted(set(sequences))
    assert len(sequences) < 6
    await at_rest(live)


async def test_a_socket_that_never_reads_is_let_go(serve):
    async with serve(stalled_seconds=0.3) as place:
        await fill(place)
        async with socket(place, close_timeout=0.1) as ws:
            await opened(ws)
            ws.transport.pause_reading()
            for n in range(3):
                await send(ws, type="subscribe", id=str(n), payload={"query": LARGE})
            await until(lambda: len(place.streams))
            await at_rest(place)
            await until(lambda: not written(place))


async def test_a_stream_of_events_that_is_never_read_is_let_go(serve):
    async with serve(stalled_seconds=0.3) as place:
        await fill(place)
        plug = await connected(place)
        await asyncio.get_running_loop().sock_sendall(plug, request(place, LARGE, "text/event-stream"))
        await until(lambda: len(place.streams))
        await at_rest(place)
        plug.close()


async def test_whoever_reads_slowly_but_steadily_gets_all(serve):
    async with serve(stalled_seconds=0.4) as place:
        await fill(place)
        loop = asyncio.get_running_loop()
        plug = await connected(place)
        await loop.sock_sendall(plug, request(place, HTTP))
        began, size = loop.time(), 0
        while received := await loop.sock_recv(plug, 1_000_000):
            size += len(received)
            if loop.time() - began < 1.5:  # longer than `stalled_seconds`
                await asyncio.sleep(0.02)
        plug.close()
    assert size > 16 * 900_000


async def test_a_socket_that_answers_no_ping_is_let_go(serve):
    async with serve(ping_seconds=0.1, pong_seconds=0.2) as place:
        await store(place, ("a", 0.5))
        async with socket(place) as ws:
            await opened(ws)
            await send(ws, type="subscribe", id="1", payload={"query": DRIFT, "variables": {"ids": ["a"]}})
            await receive(ws)
            ws.transport.pause_reading()
            await at_rest(place)
            ws.transport.resume_reading()
            with pytest.raises(ConnectionClosed) as closed:
                await ws.recv()
    assert closed.value.rcvd.code == 1011


async def test_a_socket_that_answers_pings_stays(serve):
    async with serve(ping_seconds=0.05, pong_seconds=0.2) as place:
        await store(place, ("a", 0.5))
        async with following(place, DRIFT, ids=["a"]) as drift:
            await drift.next()
            assert await drift.is_silent(0.6)
            await store(place, ("a", 0.5))
            assert (await drift.next())["sequence"] == 2


async def test_a_socket_that_does_not_begin_is_closed(serve):
    async with serve(init_seconds=0.1) as place, socket(place) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd.code == 4408


async def test_one_operation_too_many_is_refused_and_the_others_go_on(serve):
    async with serve(max_subscriptions=3) as place:
        await store(place, ("a", 0.5))
        async with socket(place) as ws:
            await opened(ws)
            payload = {"query": DRIFT, "variables": {"ids": ["a"]}}
            for n in range(4):
                await send(ws, type="subscribe", id=str(n), payload=payload)
            told = [await receive(ws) for _ in range(4)]
            (refused,) = [message for message in told if message["type"] == "error"]
            assert refused["id"] == "3"
            assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            await store(place, ("a", 0.5))
            assert {(await receive(ws))["id"] for _ in range(3)} == {"0", "1", "2"}
            await send(ws, type="complete", id="0")
            await send(ws, type="subscribe", id="4", payload={"query": "{ __typename }"})
            assert (await receive(ws))["id"] == "4"
    assert (await _default_limit()) == 100


async def _default_limit():
    from app.settings import Settings

    return Settings(_env_file=None).max_subscriptions
