"""Requests a second of `coherence serve` beside PostGraphile 5's (bench/postgraphile/) and the floor's (bench/floor.py).

On one database, by 1 client and by 16 (Q4: 8), in interleaved rounds; the ratios are medians of the rounds' ratios.

Q1  one user by id                                    M1  createSignal, one signal
Q2  20 users x 10 conversations x 20 signals x 6 fields
Q3  1 000 signals x 8 fields
Q4  50 conversations x 288 windows x 5 fields, as objects and as columns
F   Q2 of 5 users with `signalVector`, for which nothing is planned: it is executed

    python -m bench.reads [Q2 Q4-objects ...] [--rounds 5] [--seconds 2] [--without-postgraphile]
        [--data DIR] [--scale 0.1]
"""

import argparse
import random
from contextlib import ExitStack
from functools import partial
from itertools import count
from statistics import median
from typing import Any

import orjson
import uvloop

from bench import servers
from bench.data import END, Bench, arguments, database, rest
from bench.load import Check, Client, Wrong, rate
from bench.questions import Question, alike, questions


async def same(name: str, question: Question, addresses: dict[str, str]) -> dict[str, Check]:
    """How to check each side's answers, once all have been seen to answer the same."""
    bodies, found = {}, {}
    for side, address in addresses.items():
        client = await Client.open(address)
        bodies[side] = await client.send(question.requests[side](random.Random(1)))
        client.close()
        found[side] = question.read(orjson.loads(bodies[side])["data"])
        if len(found[side]) != question.rows or not alike(found[side], found["ours"]):
            raise Wrong(f"{name}: {bodies['ours'][:500]!r} and {side}'s {bodies[side][:500]!r}")
    return {side: sized(body) for side, body in bodies.items()}


def sized(body: bytes) -> Check:
    """A name or an id may be longer by a few characters; an error's text is longer still, and so named."""
    size = len(body)
    return lambda found: abs(len(found) - size) <= 12 and b'"errors"' not in found


async def measure(
    name: str, question: Question, clients: int, given: argparse.Namespace, addresses: dict[str, str], pg: Any
) -> int:
    """Prints one line; how many requests all sides have answered."""
    checks = await same(name, question, addresses)
    seeds = count()

    async def one(side: str, seconds: float) -> tuple[float, int]:
        await rest(pg)
        request = partial(question.requests[side], random.Random(next(seeds)))
        return await rate(addresses[side], request, checks[side], seconds, clients)

    answered = len(addresses) + sum([(await one(side, 0.5))[1] for side in addresses])  # warms up
    rounds = []
    for _ in range(given.rounds):
        found = {side: await one(side, given.seconds) for side in addresses}
        rounds.append({side: per_second for side, (per_second, _) in found.items()})
        answered += sum(requests for _, requests in found.values())
    line = f"{name:11} {clients:7}"
    for side in addresses:
        line += f" {median(each[side] for each in rounds):12.1f}"
    for side in list(addresses)[1:]:
        ratios = sorted(each["ours"] / each[side] for each in rounds)
        line += f"  {median(ratios):7.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    print(f"{line}   {question.aims[clients]}", flush=True)
    return answered


async def measure_all(bench: Bench, given: argparse.Namespace, addresses: dict[str, str]) -> None:
    wanted = questions(bench)
    head = "".join(f" {side + '/s':>12}" for side in addresses)
    head += "".join(f"  {'of ' + side:26}" for side in list(addresses)[1:])
    print(f"            clients{head} aims of PostGraphile, of floor", flush=True)
    async with bench.connection() as pg:
        for name in given.questions or wanted:
            answered = 0
            for clients in wanted[name].aims:
                answered += await measure(name, wanted[name], clients, given, addresses, pg)
            if name == "M1":
                stored = await pg.fetchval("SELECT count(*) FROM signals WHERE time >= $1", END)
                if stored != answered:
                    raise Wrong(f"{answered} signals were answered for, and {stored} are stored.")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("questions", nargs="*", metavar="Q1 Q2 Q3 Q4-objects Q4-columnar F M1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--without-postgraphile", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        bench = stack.enter_context(database(given))
        addresses = {"ours": stack.enter_context(servers.coherence(bench))}
        if not given.without_postgraphile:
            addresses["PostGraphile"] = stack.enter_context(servers.postgraphile(bench))
        addresses["floor"] = stack.enter_context(servers.floor(bench))
        uvloop.run(measure_all(bench, given, addresses))


if __name__ == "__main__":
    main()
