import asyncio
import json
from dataclasses import dataclass, field
from threading import Event
from uuid import uuid4

import pytest

from app.dead_letters.service import Writer
from app.signals.consumers import queries
from app.signals.consumers.kafka import Subscription
from app.signals.consumers.options import Options, properties
from app.signals.consumers.worker import Worker
from app.signals.rules import Rules
from tests.app.signals.consumers.cluster import mock

QUICK = {"session.timeout.ms": 1_500, "heartbeat.interval.ms": 100, "fetch.wait.max.ms": 50}


@pytest.fixture(scope="session")
def cluster():
    with mock() as started:
        yield started


@pytest.fixture
def topic(cluster):
    """A topic of two partitions that no other test has."""
    return cluster.topic(f"topic-{uuid4().hex}", 2)


def signal(number, conversation="c", **given):
    return json.dumps({"contextWindowId": conversation, "rawContent": str(number)} | given).encode()


@dataclass
class Member:
    """A worker in this process."""

    worker: Worker
    stop: Event = field(default_factory=Event)
    task: asyncio.Task = None

    async def __aenter__(self):
        self.task = asyncio.create_task(self.worker.run())
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        await asyncio.wait({self.task})


@pytest.fixture
def member(cluster, topic, database):
    """Makes workers."""

    async def make(*, on=None, create=True, **options):
        given = Options([topic], **{"group": topic, "linger": 0.05, "from_beginning": True} | options)
        async with (on or database).read() as connection:
            stored = await queries.stored(connection, given.group)
        stop = Event()
        subscription = Subscription(
            properties(given.group, cluster.bootstrap, None) | QUICK,
            given.topics,
            stored,
            given.from_beginning,
            stop,
        )
        return Member(Worker(on or database, subscription, given, Writer(Rules(), create)), stop)

    return make


@pytest.fixture
def read(member):
    """Reads the topic to its end."""

    async def run(**options):
        async with asyncio.timeout(20):
            return await (await member(until_end=True, **options)).worker.run()

    return run


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.02)
