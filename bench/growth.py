"""How long one client waits at 1, 10 and 30 million signals: medians of milliseconds, ratios to the fewest.

More signals are more weeks, each with users, conversations and signals of its own, so that a user has as many
conversations at any size, and a conversation as many signals. What is asked is bench.questions' Q1 (any user), Q2 to
Q4 (what comes first, which is of the earliest week), coherence of 50 conversations over 24 hours, and `createSignals`
of 1 000 signals of ten conversations: of the latest week, as signals come, and of any week, whose pages nobody has
touched for long. All sizes run side by side, and are asked in turn.

    python -m bench.growth [--signals 1000000 10000000 30000000] [--times 30] [--plot bench/growth.svg]
        [--data DIR] [--scale 0.1]

A week holds 1.2 million at scale 1; what is measured is the nearest number of whole weeks. Each size is filled once,
in a folder of its own; the three take about 40 GB and half an hour.
"""

import argparse
import random
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import orjson
import uvloop

from bench import coherence, servers
from bench.data import Bench, arguments, conversation_name, database, rest
from bench.ingest import MUTATION
from bench.load import Check, Client, Wrong
from bench.questions import Ask, Question, graphql, questions

AIM = 1.5


def asked(bench: Bench) -> dict[str, tuple[Ask, Check]]:
    over = {"start": bench.end - timedelta(days=1), "end": bench.end}
    known = questions(bench)
    return {
        name: (question.requests["ours"], whole(question))
        for name, question in known.items()
        if name.startswith("Q")
    } | {
        "coherence": (
            lambda _: graphql(coherence.QUERY % coherence.FIELDS, **over),
            lambda body: coherence.complete(coherence.answers(body)),
        ),
        "batch": (lambda chance: batch(bench, chance, 1), _is_stored),
        "batch, any week": (lambda chance: batch(bench, chance, bench.weeks), _is_stored),
    }


def _is_stored(body: bytes) -> bool:
    return b'"successfulCount":1000,"failedCount":0' in body


def whole(question: Question) -> Check:
    return lambda body: len(question.read(orjson.loads(body)["data"])) == question.rows


def batch(bench: Bench, chance: random.Random, weeks: int) -> bytes:
    """Of so many weeks' conversations, the latest first."""
    windows = [
        conversation_name(chance.randrange(bench.conversations), chance.randrange(weeks)) for _ in range(10)
    ]
    signals = [
        {
            "contextWindowId": chance.choice(windows),
            "signalSource": "Slack",
            "signalScore": 0.5,
            "rawContent": "Thanks.",
        }
        for _ in range(1_000)
    ]
    return graphql(MUTATION, signals=signals)


async def milliseconds(address: str, request: bytes, check: Check) -> float:
    client = await Client.open(address)  # a new one: uvicorn closes those that have been idle for 5 s
    began = perf_counter()
    body = await client.send(request)
    took = (perf_counter() - began) * 1_000
    client.close()
    if not check(body):
        raise Wrong(f"{body[:500]!r}")
    return took


async def measure(sides: dict[str, Bench], times: int) -> dict[int, dict[str, float]]:
    """Medians by signals and question, of requests to all of the servers in turn."""
    asks = {address: asked(bench) for address, bench in sides.items()}
    chance = random.Random(1)
    found: dict[int, dict[str, float]] = {bench.signals: {} for bench in sides.values()}
    for name in next(iter(asks.values())):
        each = [(address, *asks[address][name]) for address in sides]
        rounds = []
        for _ in range(times + 3):
            rounds.append([await milliseconds(address, ask(chance), check) for address, ask, check in each])
            for bench in sides.values():
                async with bench.connection() as pg:
                    await rest(pg)
        columns = zip(*rounds[3:], strict=True)  # the first three warm up
        for bench, column in zip(sides.values(), columns, strict=True):
            found[bench.signals][name] = median(column)
        first = next(iter(found.values()))[name]
        line = "".join(f"{took[name]:12.2f}{took[name] / first:6.2f}" for took in found.values())
        print(f"{name:16}{line}", flush=True)
    return found


def draw(found: dict[int, dict[str, float]], file: Path) -> None:
    from app.charts.paper import FAINT, Format, number, page, written

    sizes = list(found)
    caption = (
        "median of one client's requests, over that at the fewest signals (its milliseconds beside the name)"
    )
    with page("Cost by the number of signals", "coherence serve", caption) as figure:
        axes = figure.add_axes((0.085, 0.12, 0.62, 0.62))
        for name in found[sizes[0]]:
            ratios = [found[size][name] / found[sizes[0]][name] for size in sizes]
            axes.plot(sizes, ratios, marker="o", label=f"{name}: {found[sizes[0]][name]:.3g} ms")
        axes.axhline(AIM, color=FAINT, linewidth=0.9, linestyle=(0, (4, 4)))
        axes.set_xscale("log")
        axes.set_xticks(sizes, [number(size) for size in sizes])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("signals")
        axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False)
        file.write_bytes(written(figure, Format.SVG, "Cost by the number of signals", caption))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--signals", type=int, nargs="+", default=[1_000_000, 10_000_000, 30_000_000])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--plot", type=Path)
    given: argparse.Namespace = parser.parse_args()
    week = Bench(Path(), "", given.scale).signals
    with ExitStack() as stack:
        sides = {}
        for weeks in sorted({max(1, round(signals / week)) for signals in given.signals}):
            bench = stack.enter_context(database(given, weeks))
            sides[stack.enter_context(servers.coherence(bench))] = bench
        print("  ms, ratio " + "".join(f"{bench.signals:18,}" for bench in sides.values()), flush=True)
        found = uvloop.run(measure(sides, given.times))
    if given.plot:
        draw(found, given.plot)


if __name__ == "__main__":
    main()
