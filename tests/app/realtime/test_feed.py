"""What is committed is told together, kept while it cannot be, and never without bounds."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.realtime import feed as module
from app.realtime.changes import Changes
from app.realtime.feed import Feed


class Bus:
    """Fails as long as it is told to."""

    def __init__(self):
        self.fails = 0
        self.sent = []
        self.attempts = 0

    async def send(self, messages):
        self.attempts += 1
        if self.fails:
            self.fails -= 1
            raise OSError("gone")
        self.sent.append(messages)

    @property
    def keys(self):
        told = Changes()
        for message in (message for messages in self.sent for message in messages):
            told.add(Changes.read(message))
        return set(told.conversations)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.001)


def of(*keys):
    return Changes(dict.fromkeys(keys))


async def test_commits_are_told_together():
    bus, keys = Bus(), {uuid4() for _ in range(50)}
    feed = Feed(bus)
    for key in keys:
        feed.tell(of(key))
    await feed.close()
    assert bus.keys == keys
    assert bus.attempts == 1


async def test_what_cannot_be_sent_is_sent_later_with_what_came_meanwhile():
    bus, early, late = Bus(), uuid4(), uuid4()
    bus.fails = 2
    feed = Feed(bus)
    feed.tell(of(early))
    while not bus.attempts:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    feed.tell(of(late))
    await feed.close()
    assert bus.keys == {early, late}


async def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST", 10)
    bus = Bus()
    bus.fails = 1
    feed = Feed(bus)
    feed.tell(of(*(UUID(int=n) for n in range(11))))
    while not bus.attempts:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    feed.tell(of(UUID(int=99)))
    await feed.close()
    assert bus.keys == {UUID(int=99)}


async def test_it_ends_where_nothing_can_be_sent(monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    bus = Bus()
    bus.fails = 10**9
    feed = Feed(bus)
    feed.tell(of(uuid4()))
    async with asyncio.timeout(1):
        await feed.close()
    await asyncio.sleep(0)
    attempts = bus.attempts
    await asyncio.sleep(0.02)
    assert bus.attempts == attempts
