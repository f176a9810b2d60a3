"""Looks for what subscriptions leave behind, for minutes on end: clients come and go, in every way there is.

They follow drift, signals, conversations and anomalies over WebSockets and SSE; some close as they should, some break
off, some stop reading and are let go. Meanwhile signals are stored. The server runs in this process, the clients in
another. Memory is told every half minute; in the end nothing may be followed any more and no task be left, or the
status is 1.

    python -m bench.live_soak [--minutes 20] [--clients 200]
"""

import argparse
import asyncio
import gc
import random
import resource
import sys
import tempfile
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import uvloop

from app import serving
from app.asgi import create_app
from app.observability import logging as logs
from app.ready import ready
from app.settings import Settings
from bench.live import ADDED, DRIFT, Subscriber, store
from bench.load import Client, Wrong

CONVERSATIONS = 50
QUERIES = (
    (DRIFT, lambda: {"ids": [key() for _ in range(random.choice((1, 1, 1, 20)))]}),
    (ADDED, lambda: {"id": key()}),
    ("subscription { conversationChanged { contextWindowId lastSignalAt } }", dict),
    ("subscription { anomalyDetected { id kind userId } }", dict),
)
SETTINGS = {"PORT": 0, "DEMO": False, "COHERENCE_STALLED_SECONDS": 2, "COHERENCE_LOG_LEVEL": "error"}


def key() -> str:
    return f"c-{random.randrange(CONVERSATIONS)}"


def payload() -> dict[str, Any]:
    query, variables = random.choice(QUERIES)
    return {"query": query, "variables": variables()}


async def socket(host: str, port: int, done: Counter[str]) -> None:
    def heard(_: bytes) -> None:
        done["messages"] += 1

    loop = asyncio.get_running_loop()
    transport, subscriber = await loop.create_connection(lambda: Subscriber(payload(), heard), host, port)
    await subscriber.began
    way = random.choice(("closed", "completed", "broken off", "stalled"))
    if way == "stalled":
        await asyncio.sleep(random.random())
        transport.pause_reading()
    await asyncio.sleep(20 * random.random() ** 2)
    if way == "completed":
        subscriber.send(1, b'{"id":"1","type":"complete"}')
        await asyncio.sleep(random.random())
    if way == "closed":
        subscriber.send(8, b"\x03\xe8")
        await asyncio.sleep(0.1)
    transport.abort()
    done[f"sockets {way}"] += 1


async def events(host: str, port: int, done: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    body = orjson.dumps(payload())
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    until = perf_counter() + 20 * random.random() ** 2
    while (left := until - perf_counter()) > 0:
        try:
            async with asyncio.timeout(left):
                came = await reader.read(65_536)
                done["messages"] += came.count(b"event: next")
        except TimeoutError:
            pass
    writer.transport.abort()
    done["streams of events broken off"] += 1


async def clients(address: str, count: int, seconds: float) -> None:
    host, port = address.split(":")
    done: Counter[str] = Counter()
    until = perf_counter() + seconds

    async def come_and_go() -> None:
        while perf_counter() < until:
            await random.choice((socket, events))(host, int(port), done)

    async def write() -> None:
        client = await Client.open(f"http://{address}")
        await store(client, [f"c-{number}" for number in range(CONVERSATIONS)])
        while perf_counter() < until:
            await store(client, [key() for _ in range(20)])
            done["signals"] += 20
            await asyncio.sleep(0.1)

    writing = asyncio.create_task(write())
    await asyncio.sleep(1)
    await asyncio.gather(writing, *(come_and_go() for _ in range(count)))
    print(", ".join(f"{number:,} {name}" for name, number in sorted(done.items())), flush=True)


def run_clients(address: str, count: int, seconds: float) -> None:
    uvloop.run(clients(address, count, seconds))


def resident() -> float:
    """This process' memory, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def soak(settings: Settings, url: str, secret: str, given: argparse.Namespace) -> None:
    accepts = asyncio.get_running_loop().create_future()
    app = create_app(settings, url, secret)
    server = serving.Server(serving.config(app, settings), accepts.set_result)
    serve = asyncio.create_task(server.serve())
    host, port = (await accepts).getsockname()[:2]
    await asyncio.sleep(1)
    tasks = len(asyncio.all_tasks())
    began = perf_counter()
    process = get_context("spawn").Process(
        target=run_clients, args=(f"{host}:{port}", given.clients, given.minutes * 60)
    )
    process.start()
    while process.is_alive():
        await asyncio.sleep(min(30, given.minutes * 6))
        minutes = (perf_counter() - began) / 60
        print(f"{minutes:5.1f} min: {resident():.0f} MB, {len(asyncio.all_tasks())} tasks", flush=True)
    if process.exitcode:
        raise Wrong("the clients failed")
    await asyncio.sleep(5)
    gc.collect()
    left = len(asyncio.all_tasks()) - tasks
    followed = app.state.statistics.readings, app.state.statistics.subscriptions
    print(
        f"in the end: {resident():.0f} MB, {left} tasks more than before, {followed} readings and subscriptions"
    )
    server.should_exit = True
    await serve
    if left > 0 or any(followed):
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=200)
    given = parser.parse_args()
    logs.configure("error")
    with tempfile.TemporaryDirectory(prefix="coherence-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings(_env_file=None, COHERENCE_DATA_DIR=folder, **SETTINGS)
        with ready(settings) as (url, secret, _):
            uvloop.run(soak(settings, url, secret, given))


if __name__ == "__main__":
    main()
