"""Requests a second of `coherence serve` beside the floor's (bench/floor.py), 16 clients, in interleaved rounds.

Q1  one user by id                                    M1  createSignal, one signal
Q2  20 users x 10 conversations x 20 signals x 6 fields
Q3  1 000 signals x 8 fields

    python -m bench.reads [Q2 Q3 ...] [--rounds 5] [--seconds 2] [--data DIR] [--scale 0.1]
"""

import argparse
import random
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import orjson
import uvloop

from bench import servers
from bench.data import END, Bench, arguments, conversation_name, database, user_key
from bench.load import Check, Client, Request, Wrong, get, post, rate
from graphql_schema.nodes import user_id

USER = "query Q1($id: ID!) { user(by: {id: $id}) { id username name role isActive createdAt } }"

NESTED = """
query Q2 {
  users(first: 20) { edges { node {
    id username
    conversations(first: 10) { edges { node {
      id title
      signals(first: 20) { edges { node { id timestamp signalSource signalScore emotionalTone rawContent } } }
    } } }
  } } }
}
"""

SIGNALS = """
query Q3 {
  signals(first: 1000) { edges { node {
    id timestamp contextWindowId signalSource signalScore emotionalTone escalateFlag rawContent
  } } }
}
"""

CREATE = "mutation M1($input: SignalInput!) { createSignal(input: $input) { id } }"


@dataclass(frozen=True, slots=True)
class Question:
    ours: Request
    floor: Request
    rows: int
    """Objects in an answer."""


def questions(bench: Bench) -> dict[str, Question]:
    chance = random.Random(1)

    def user() -> Any:
        return user_key(chance.randrange(bench.users))

    def signal() -> dict[str, Any]:
        return {
            "contextWindowId": conversation_name(chance.randrange(bench.conversations)),
            "signalSource": "Slack",
            "signalScore": 0.5,
            "emotionalTone": 0.25,
            "rawContent": "Thanks, that answers it.",
        }

    return {
        "Q1": Question(
            lambda: graphql(USER, id=user_id(user())), lambda: get(f"/Q1/{user()}"), rows=1
        ),
        "Q2": Question(constant(graphql(NESTED)), constant(get("/Q2")), rows=20 + 200 + 4_000),
        "Q3": Question(constant(graphql(SIGNALS)), constant(get("/Q3")), rows=1_000),
        "M1": Question(
            lambda: graphql(CREATE, input=signal()), lambda: post("/M1", orjson.dumps(signal())), rows=1
        ),
    }  # fmt: skip


def graphql(query: str, **variables: Any) -> bytes:
    return post("/graphql", orjson.dumps({"query": query, "variables": variables}))


def constant(request: bytes) -> Request:
    return lambda: request


def objects(value: Any) -> list[dict[str, Any]]:
    """Everything in a response's data that has an id, without the ids: they are written differently."""
    if isinstance(value, list):
        return [found for item in value for found in objects(item)]
    if not isinstance(value, dict):
        return []
    below = [found for item in value.values() for found in objects(item)]
    own = {key: item for key, item in value.items() if key != "id" and not isinstance(item, dict)}
    for key in own.keys() & {"timestamp", "createdAt"}:
        own[key] = datetime.fromisoformat(own[key])
    return [own, *below] if "id" in value else below


async def same(question: Question, ours: str, floor: str, *, values: bool) -> tuple[Check, Check]:
    """How to check each one's answers, once both have been seen to answer the same."""
    bodies = []
    for address, request in ((ours, question.ours), (floor, question.floor)):
        client = await Client.open(address)
        bodies.append(await client.send(request()))
        client.close()
    left, right = (objects(orjson.loads(body)["data"]) for body in bodies)
    if not len(left) == len(right) == question.rows or (values and left != right):
        raise Wrong(f"Not the same: {bodies[0][:500]!r} and {bodies[1][:500]!r}")
    return sized(bodies[0]), sized(bodies[1])


def sized(body: bytes) -> Check:
    """An id's digits may grow by a few while signals are written; an error's text is longer, and so named."""
    size = len(body)
    return lambda found: abs(len(found) - size) <= 4 and b'"errors"' not in found


async def measure(name: str, question: Question, given: argparse.Namespace, ours: str, floor: str) -> int:
    """Prints one line; how many requests each side has answered, both together."""
    checks = await same(question, ours, floor, values=name in {"Q2", "Q3"})
    sides = ((ours, question.ours, checks[0]), (floor, question.floor, checks[1]))
    answered = 2 + sum([(await rate(*side, seconds=0.5))[1] for side in sides])  # warms up
    rounds = []
    for _ in range(given.rounds):
        found = [await rate(*side, seconds=given.seconds) for side in sides]
        rounds.append([per_second for per_second, _ in found])
        answered += sum(count for _, count in found)
    ratios = sorted(a / b for a, b in rounds)
    medians = [median(column) for column in zip(*rounds, strict=True)]
    print(
        f"{name} {medians[0]:9.1f} {medians[1]:9.1f} {median(ratios):9.4f}    {ratios[0]:.4f} to {ratios[-1]:.4f}",
        flush=True,
    )
    return answered


async def measure_all(bench: Bench, given: argparse.Namespace, ours: str, floor: str) -> None:
    wanted = questions(bench)
    print(f"      ours/s   floor/s     ratio    of {given.rounds} rounds", flush=True)
    for name in given.questions or wanted:
        answered = await measure(name, wanted[name], given, ours, floor)
        if name == "M1":
            async with bench.connection() as pg:
                stored = await pg.fetchval("SELECT count(*) FROM signals WHERE time >= $1", END)
            if stored != answered:
                raise Wrong(f"{answered} signals were answered for, and {stored} are stored.")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("questions", nargs="*", metavar="Q1 Q2 Q3 M1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    given = parser.parse_args()
    with database(given) as bench, servers.coherence(bench) as ours, servers.floor(bench) as floor:
        uvloop.run(measure_all(bench, given, ours, floor))


if __name__ == "__main__":
    main()
