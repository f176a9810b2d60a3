"""Coherence of 50 conversations in one request, beside the bare SQL that fetches the same rollup rows with asyncpg.

Over 24 hours and over 7 days in windows of 5 minutes, all of which hold signals: 14 400 and 100 800 of them. One
request at a time, the two in turn; medians.

    python -m bench.coherence [--times 20] [--data DIR] [--scale 0.1]
"""

import argparse
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson
import uvloop

from bench import servers
from bench.data import END, EVEN_CONVERSATIONS, LENGTH, Bench, arguments, conversation_key, database
from bench.load import Client, Wrong
from bench.questions import graphql

# The even conversations are those that started first.
QUERY = """
query Coherence($start: DateTime!, $end: DateTime!) {
  conversations(first: 50) { edges { node {
    coherence(window: "5m", range: {start: $start, end: $end}) { %s }
  } } }
}
"""
FIELDS = "coherenceScoreCurrent coherenceScoreTrend level"

SQL = """
SELECT conversation_id, bucket, n, s1, s2 FROM signal_rollup_5m
WHERE conversation_id = ANY($1) AND bucket >= $2 AND bucket < $3
"""


async def ask(client: Client, fields: str, start: datetime) -> list[Any]:
    """What one request answers for each conversation."""
    return answers(await client.send(graphql(QUERY % fields, start=start, end=END)))


def answers(body: bytes) -> list[Any]:
    """Of a response, one for each conversation."""
    response = orjson.loads(body)
    if "errors" in response:
        raise Wrong(str(response["errors"]))
    return [edge["node"]["coherence"] for edge in response["data"]["conversations"]["edges"]]


async def milliseconds(work: Awaitable[list[Any]], check: Callable[[list[Any]], bool]) -> float:
    began = perf_counter()
    answer = await work
    took = (perf_counter() - began) * 1_000
    if not check(answer):
        raise Wrong(f"{answer!r:.500}")
    return took


def complete(answers: list[Any]) -> bool:
    return len(answers) == EVEN_CONVERSATIONS and all(
        isinstance(a["coherenceScoreCurrent"], float) and isinstance(a["coherenceScoreTrend"], float) and a["level"]
        for a in answers
    )  # fmt: skip


async def compare(client: Client, pg: Any, ids: list[UUID], length: timedelta, times: int) -> list[float]:
    """Medians of ours and of the bare SQL, in milliseconds."""
    start = END - length
    windows = len(ids) * (length // timedelta(minutes=5))
    counted = sum(answer["totalSignalCount"] for answer in await ask(client, "totalSignalCount", start))
    stored = sum(row["n"] for row in await pg.fetch(SQL, ids, start, END))
    if counted != stored:
        raise Wrong(f"{counted} signals are told of, and {stored} are stored.")
    took = [
        (
            await milliseconds(ask(client, FIELDS, start), complete),
            await milliseconds(pg.fetch(SQL, ids, start, END), lambda rows: len(rows) == windows),
        )
        for _ in range(times + 2)
    ]
    return [median(column[2:]) for column in zip(*took, strict=True)]  # the first two warm up


async def measure(bench: Bench, times: int, address: str) -> None:
    ids = [conversation_key(bench.conversations + number) for number in range(EVEN_CONVERSATIONS)]
    client = await Client.open(address)
    print("       ours, ms   SQL, ms    ratio", flush=True)
    async with bench.connection() as pg:
        for name, length in (("24 h", timedelta(hours=24)), ("7 d", LENGTH)):
            ours, sql = await compare(client, pg, ids, length, times)
            print(f"{name:5}{ours:10.1f}{sql:10.1f}{ours / sql:9.2f}", flush=True)
    client.close()


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--times", type=int, default=20)
    given: argparse.Namespace = parser.parse_args()
    with database(given) as bench, servers.coherence(bench) as address:
        uvloop.run(measure(bench, given.times, address))


if __name__ == "__main__":
    main()
