"""Clients that follow subscriptions: over a WebSocket, and as a stream of events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
from websockets.exceptions import ConnectionClosed

from tests.transport.test_websocket import opened, receive, send, socket

CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { successfulCount results { signalId } }
}
"""
EVENTS = {"Accept": "text/event-stream"}


async def post(place, query, **variables):
    async with httpx2.AsyncClient(timeout=30) as http:
        answer = await http.post(f"http://{place}/graphql", json={"query": query, "variables": variables})
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]


async def store(place, *signals, **more):
    """Signals, each given by its conversation and score; their ids."""
    given = [
        {"contextWindowId": key, "signalSource": "Slack", "signalScore": score} | more
        for key, score in signals
    ]
    made = (await post(place, CREATE, signals=given))["createSignals"]
    assert made["successfulCount"] == len(signals)
    return [result["signalId"] for result in made["results"]]


class Subscription:
    """What comes, in order: (kind, payload), where the kind is next, error or complete."""

    def __init__(self, messages):
        self._came = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(messages))

    async def _read(self, messages):
        try:
            async for message in messages:
                self._came.put_nowait(message)
        except (ConnectionClosed, httpx2.TransportError) as error:
            self._came.put_nowait(error)
        else:
            self._came.put_nowait(StopAsyncIteration())

    async def stop(self):
        self._reading.cancel()
        await asyncio.wait((self._reading,))

    async def message(self, seconds=5):
        """Raises what has ended it: ConnectionClosed, StopAsyncIteration where a stream of events is whole."""
        async with asyncio.timeout(seconds):
            message = await self._came.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def next(self, seconds=5):
        """The one field of the next event."""
        kind, payload = await self.message(seconds)
        assert kind == "next", payload
        assert "errors" not in payload, payload
        (value,) = payload["data"].values()
        return value

    async def code(self, seconds=5):
        """Of the one error that comes next."""
        _, payload = await self.message(seconds)
        (error,) = payload["errors"] if isinstance(payload, dict) else payload
        return error["extensions"]["code"]

    async def is_silent(self, seconds=0.3):
        try:
            message = await self.message(seconds)
        except TimeoutError:
            return True
        raise AssertionError(message)


async def _messages(ws, key="1") -> AsyncIterator:
    while True:
        message = await receive(ws)
        assert message["id"] == key
        yield message["type"], message.get("payload")


@asynccontextmanager
async def following(place, query, **variables):
    async with socket(place, max_size=None) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload={"query": query, "variables": variables})
        subscription = Subscription(_messages(ws))
        yield subscription
        await subscription.stop()


async def events(response) -> AsyncIterator:
    """(event, data) of a stream of events; (None, text) of its comments."""
    event, data = "message", []
    async for line in response.aiter_lines():
        field, _, value = line.partition(":")
        if not line:
            if data:
                text = "\n".join(data)
                yield event, json.loads(text) if text else None
            event, data = "message", []
        elif not field:
            yield None, value.strip()
        elif field == "event":
            event = value.strip()
        elif field == "data":
            data.append(value.removeprefix(" "))


@asynccontextmanager
async def streaming(place, query, **variables):
    """As `following`, and its comments are messages too."""
    given = {"query": query, "variables": variables}
    async with (
        httpx2.AsyncClient(timeout=30) as http,
        http.stream("POST", f"http://{place}/graphql", json=given, headers=EVENTS) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream"), await response.aread()
        subscription = Subscription(events(response))
        yield subscription
        await subscription.stop()


async def until(condition, seconds=5):
    """Waits for what is announced by nothing."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def watches(place):
    hub = place.hub
    return sum(map(len, hub._of.values())) + len(hub._of_all) + len(hub._of_anomalies)


async def begun(place, groups=1):
    """Until so many different things are followed, and have told all there is to tell."""
    streams = place.streams

    def waits():
        return len(streams) == groups and watches(place) == len(streams._sources) > 0 and place.hub.idle

    await until(waits)
    await place.hub.look()
    await until(waits)


async def at_rest(place):
    """Until nobody follows anything, and nothing of it is left."""
    hub, streams = place.hub, place.streams
    await until(
        lambda: (
            not (
                streams._groups
                or streams._sources
                or hub._of
                or hub._of_all
                or hub._of_anomalies
                or _sharing()
            )
        )
    )


def _sharing():
    return [task for task in asyncio.all_tasks() if task.get_coro().__qualname__.startswith("_Shared.")]


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
