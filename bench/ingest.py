"""`createSignals` over HTTP beside raw binary COPY of the same rows, and beside PostGraphile's typed batch mutation.

In batches of the same size, by 4 clients each, in turn, on one database: the same table with its indexes, foreign key and triggers. COPY's clients
have their rows ready as tuples and send nothing else than BEGIN, COPY and COMMIT; ours have the request's bytes ready,
and check that every signal of it is stored. PostGraphile 5 (bench/postgraphile/) makes its mutation of a function
that takes an array of a composite type and returns a row, of another, for each signal. So both answer an object of
typed fields a signal: ours index, success and id, PostGraphile's the two that its key consists of. All commit durably
(fsync on).

    python -m bench.ingest [--batches 1000 100] [--seconds 5] [--rounds 5] [--without-postgraphile]
"""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop

from bench import servers
from bench.data import Bench, dsn
from bench.load import Client, Wrong, post

CLIENTS = 4
CONVERSATIONS = 20_000
SOURCES = ("Slack", "Axis", "Neo", "person")
START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    "time",
    "conversation_id",
    "user_id",
    "agent_id",
    "signal_source",
    "signal_score",
    "raw_content",
    "payload",
)
MUTATION = """
mutation Ingest($signals: [SignalInput!]!) {
  createSignals(signals: $signals) { successfulCount failedCount results { index success signalId } }
}
"""

GRAPHILE = """
mutation Ingest($signals: [NewSignalInput]) {
  createSignals(input: {signals: $signals}) { result { rowId time } }
}
"""

type Row = tuple[str, datetime, str, str, str, float, str, dict[str, Any]]


def rows(count: int, dice: random.Random) -> list[Row]:
    """What a producer gathers in some seconds: signals of ten of the conversations."""
    start = START + timedelta(seconds=dice.randrange(10_000_000))
    own = [dice.randrange(CONVERSATIONS) for _ in range(10)]
    words = [
        "thanks",
        "that",
        "works",
        "for",
        "me",
        "the",
        "build",
        "is",
        "green",
        "again",
        "not",
        "sure",
        "why",
        "it",
        "broke",
        "please",
        "have",
        "a",
        "look",
    ]
    return [
        (
            f"conversation-{dice.choice(own)}",
            start + timedelta(milliseconds=10 * number),
            f"user-{dice.randrange(500)}",
            f"agent-{dice.randrange(3)}",
            dice.choice(SOURCES),
            round(dice.random(), 4),
            " ".join(dice.choices(words, k=16)),
            {"turn": number, "model": "m-1"},
        )
        for number in range(count)
    ]


def request(batch: list[Row], mutation: str, time_name: str) -> bytes:
    signals = [
        {
            "contextWindowId": key,
            time_name: time.isoformat(),
            "userId": user,
            "agentId": agent,
            "signalSource": source,
            "signalScore": score,
            "rawContent": text,
            "payload": payload,
        }
        for key, time, user, agent, source, score, text, payload in batch
    ]
    return post("/graphql", orjson.dumps({"query": mutation, "variables": {"signals": signals}}))


async def rate(size: int, seconds: float, clients: list[Callable[[], Awaitable[None]]]) -> float:
    """Rows a second of all clients, each of which sends batches until the time is over."""
    began = perf_counter()

    async def one(send: Callable[[], Awaitable[None]]) -> int:
        count = 0
        while perf_counter() - began < seconds:
            await send()
            count += size
        return count

    return sum(await asyncio.gather(*map(one, clients))) / (perf_counter() - began)


async def copying(
    bench: Bench, size: int, seconds: float, ids: dict[str, UUID], dice: random.Random
) -> float:
    def records() -> list[Any]:
        return [
            (time, ids[key], user, agent, source, score, text, orjson.dumps(payload).decode())
            for key, time, user, agent, source, score, text, payload in rows(size, dice)
        ]

    connections = [await asyncpg.connect(**dsn(bench.url)) for _ in range(CLIENTS)]
    ready = [records() for _ in range(40)]

    def client(connection: Any) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            async with connection.transaction():
                await connection.copy_records_to_table("signals", records=dice.choice(ready), columns=COLUMNS)

        return send

    found = await rate(size, seconds, [client(connection) for connection in connections])
    for connection in connections:
        await connection.close()
    return found


async def ingesting(
    address: str, size: int, seconds: float, dice: random.Random, *, graphile: bool = False
) -> float:
    words = (GRAPHILE, "time") if graphile else (MUTATION, "timestamp")
    ready = [request(rows(size, dice), *words) for _ in range(40)]

    def stored(body: bytes) -> bool:
        if graphile:
            return body.count(b'"rowId":"') == size
        return (
            b'"successfulCount":%d,"failedCount":0' % size in body[:200]
            and body.count(b'"signalId":"') == size
        )

    def client(connection: Client) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            body = await connection.send(dice.choice(ready))
            if not stored(body):
                raise Wrong(f"{body[:300]!r}")

        return send

    connections = [await Client.open(address) for _ in range(CLIENTS)]
    found = await rate(size, seconds, [client(connection) for connection in connections])
    for connection in connections:
        connection.close()
    return found


async def measure(bench: Bench, address: str, peer: str | None, given: argparse.Namespace) -> None:
    dice = random.Random(7)
    async with bench.connection() as pg:
        await pg.execute(
            "INSERT INTO conversations (context_window_id, started_at)"
            " SELECT 'conversation-' || n, '2026-01-01Z' FROM generate_series(0, $1) n",
            CONVERSATIONS - 1,
        )
        ids = {row[0]: row[1] for row in await pg.fetch("SELECT context_window_id, id FROM conversations")}
    for size in given.batches:
        found = []
        for number in range(given.rounds + 1):
            ours = await ingesting(address, size, given.seconds, dice)
            copied = await copying(bench, size, given.seconds, ids, dice)
            other = await ingesting(peer, size, given.seconds, dice, graphile=True) if peer else 1.0
            if number:  # the first warms up
                found.append((ours, copied, other))
        ours, copied, other = (median(column) for column in zip(*found, strict=True))
        print(f"{size} a batch: ours {ours:,.0f}/s, COPY {copied:,.0f}/s", end="")
        print(f", ratio {median(one / floor for one, floor, _ in found):.2f}", end="")
        if peer:
            ratio = median(one / other for one, _, other in found)
            print(f"; PostGraphile {other:,.0f}/s, ratio {ratio:.2f}", end="")
        print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[1_000, 100])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-postgraphile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coherence-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        # The embedded server's socket is told by its own file.
        with servers.coherence(Bench(folder, "", 1)) as address:
            socket = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[4]
            bench = Bench(folder, f"postgresql://coherence@/coherence?host={socket}", 1)
            with nullcontext() if given.without_postgraphile else servers.postgraphile(bench) as peer:
                uvloop.run(measure(bench, address, peer, given))


if __name__ == "__main__":
    main()
