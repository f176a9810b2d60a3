"""What search by meaning finds, and how fast.

    python -m bench.vectors quality [--chats FILE]      # does a line's thread come first? texts embedded a second
    python -m bench.vectors index [--rows 1000000]      # recall@10 of HNSW against an exact look; searches a second

Quality: of every line of a chat that people have assigned to a thread, the other such lines of that chat by similarity.
The two weights of the local embedder were chosen among six pairs by these same chats. Floor: vectors of chance.

Index: vectors of the default width about some thousand centres, in an embedded PostgreSQL; the queries are others about
the same centres.
"""

import argparse
import asyncio
import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import numpy as np

from app.auth.viewer import PROGRAM
from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database, driver
from app.errors import BadUserInput
from app.vectors import postgres
from app.vectors.embedders import Hashed, Sentences, Vectors, unit
from app.vectors.index import Question, Wanted
from app.vectors.postgres import Embeddings

CHATS = Path(__file__).parents[2] / "shared" / "data" / "chat_irc.jsonl.gz"
WIDTH = 256
START = datetime(2026, 1, 1, tzinfo=UTC)


class Chance:
    """The floor of quality."""

    async def embed(self, texts: list[str]) -> Vectors:
        return unit(np.random.default_rng(1).normal(size=(len(texts), WIDTH)).astype(np.float32))


def chats(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The lines of each chat that belong to a thread, in order."""
    lines = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for line in map(json.loads, file):
            if line["thread_id"] is not None and line["text"]:
                lines[line["conversation_id"]].append(line)
    yield from (chat for chat in lines.values() if len(chat) >= 20)


async def quality(path: Path) -> None:
    print("| embedder | lines | first is of the thread | MRR@10 | an answered line in ten | texts a second |")
    print("|---|---|---|---|---|---|")
    embedders: dict[str, Any] = {"chance": Chance()} | {f"local, {n}": Hashed(n) for n in (128, WIDTH, 512)}
    with suppress(BadUserInput):  # where the extra is not installed
        embedders["sentence, 384"] = Sentences.load()
    for name, embedder in embedders.items():
        firsts: list[bool] = []
        ranks: list[float] = []
        answered: list[bool] = []
        seconds, count = 0.0, 0
        for chat in chats(path):
            began = perf_counter()
            vectors = await embedder.embed([line["text"] for line in chat])
            seconds, count = seconds + perf_counter() - began, count + len(chat)
            similarity = vectors @ vectors.T
            np.fill_diagonal(similarity, -2)
            places = {line["seq"]: place for place, line in enumerate(chat)}
            threads = [line["thread_id"] for line in chat]
            for place, order in enumerate(np.argsort(-similarity, axis=1, kind="stable")[:, :10]):
                if threads.count(threads[place]) > 1:
                    same = [threads[other] == threads[place] for other in order]
                    firsts.append(same[0])
                    ranks.append(1 / (same.index(True) + 1) if any(same) else 0)
                wanted = {places[seq] for seq in chat[place]["reply_to"] or () if seq in places} - {place}
                if wanted:
                    answered.append(bool(wanted & set(order.tolist())))
        shares = " | ".join(f"{np.mean(each):.3f}" for each in (firsts, ranks, answered))
        print(f"| {name} | {len(firsts)} | {shares} | {count / seconds:.0f} |")


def drawn(random: np.random.Generator, centres: Vectors, count: int) -> Vectors:
    """Of unit length, each about 0.8 like its centre."""
    noise = random.normal(scale=0.75 / WIDTH**0.5, size=(count, WIDTH))
    return unit((centres[random.integers(len(centres), size=count)] + noise).astype(np.float32))


async def fill(database: Database, store: Embeddings, centres: Vectors, rows: int) -> None:
    """By COPY, and without the triggers of signals: nothing but the index is measured."""
    random, conversation = np.random.default_rng(2), uuid4()
    async with database.write() as connection:
        pg = await driver(connection)
        await pg.execute("INSERT INTO conversations (id, context_window_id) VALUES ($1, 'c')", conversation)
        for first in range(0, rows, 10_000):
            vectors = drawn(random, centres, min(10_000, rows - first))
            await pg.copy_records_to_table(
                "signal_embeddings",
                records=[
                    (START, first + n, conversation, store.space, False, True, vector.tolist())
                    for n, vector in enumerate(vectors)
                ],
            )


async def index(rows: int, queries: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-vectors-") as folder:
        options = {"maintenance_work_mem": "2GB", "shared_buffers": "1GB", "fsync": "off"}
        with EmbeddedPostgres(Path(folder), options) as url:
            database = Database(url)
            await migrations.upgrade(database)
            store = Embeddings(database, f"bench-{WIDTH}", WIDTH)
            centres = unit(
                np.random.default_rng(1).normal(size=(max(rows // 100, 1), WIDTH)).astype(np.float32)
            )
            await fill(database, store, centres, rows)
            began = perf_counter()
            await store.make_index()
            print(f"{rows} vectors of {WIDTH}; index made in {perf_counter() - began:.0f} s")
            questions = [Question(vector) for vector in drawn(np.random.default_rng(3), centres, queries)]
            found = {}
            for name, few in (("exact", 10**9), ("hnsw", -1)):
                postgres.FEW = few
                times, found[name] = [], []
                for question in questions:
                    began = perf_counter()
                    (matches,) = await store.query(Wanted(PROGRAM, 10), [question])
                    times.append(perf_counter() - began)
                    found[name].append({match.key for match in matches})
                print(f"{name}: {1 / median(times):.1f} searches a second, one after the other")
            shared = [len(a & b) / 10 for a, b in zip(found["exact"], found["hnsw"], strict=True)]
            print(f"recall@10: {np.mean(shared):.3f} over {queries} searches")
            await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("quality").add_argument("--chats", type=Path, default=CHATS)
    of_index = commands.add_parser("index")
    of_index.add_argument("--rows", type=int, default=1_000_000)
    of_index.add_argument("--queries", type=int, default=200)
    given = parser.parse_args()
    asyncio.run(quality(given.chats) if given.command == "quality" else index(given.rows, given.queries))


if __name__ == "__main__":
    main()
