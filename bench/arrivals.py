"""What finding out about signals costs those who store them.

Two questions, in interleaved rounds, each round in an empty database of its own. What the writer pays: COPY of the
same rows with and without the trigger and the index that detection needs. And what it takes of a server that stores
batches as fast as it can: `Signals.ingest` in a process that looks at arrivals every second, beside one that does not,
and beside one that only detects.

    python -m bench.arrivals [--rows 100000] [--batch 1000] [--rounds 3]
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from app.anomalies import rapid_fire
from app.anomalies.shifts import Shifts
from app.arrivals import Arrivals
from app.auth.viewer import PROGRAM
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database, driver
from app.signals.classify import KEYWORDS, Classification, classifier
from app.signals.ingest import Signals
from app.signals.rules import Rules
from bench.import_rate import copy, fresh, rows

WITHOUT = "DROP TRIGGER signals_were_inserted ON signals; DROP INDEX signals_user"


@dataclass(slots=True)
class Sent:
    context_window_id: str
    timestamp: datetime
    user_id: str
    agent_id: str
    signal_source: str
    signal_score: float
    raw_content: str
    signal_vector: str | None = None
    emotional_tone: float | None = None
    escalate_flag: int = 0
    payload: Any = None
    relationship_context: str | None = None
    diagnostic_notes: str | None = None
    idempotency_key: str | None = None
    embedding: list[float] | None = None


class Neutral:
    """Takes no time."""

    digest = ""

    def __call__(self, text: str | None) -> Classification:
        return Classification.NEUTRAL


async def ingest(database: Database, batches: Sequence[Sequence[Sent]], arrivals: Arrivals | None) -> float:
    """Rows a second until all are stored; what has not been looked at by then is left."""
    signals = Signals(database, Rules(timedelta(days=3_650)))

    looking = asyncio.create_task(arrivals.watch(1)) if arrivals else None
    began = perf_counter()
    for batch in batches:
        await signals.ingest(PROGRAM, batch, datetime.now(UTC), all_or_nothing=True)
    took = perf_counter() - began
    if looking:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    return sum(map(len, batches)) / took


async def measure(url: str, given: argparse.Namespace) -> None:
    Shifts()  # river's import, which takes seconds, once a process
    sent = [Sent(*row) for row in rows(given.rows, 80)]
    batches = list(batched(sent, given.batch))
    keywords, rule = classifier(KEYWORDS), rapid_fire.Rule()
    found: dict[str, list[float]] = {}
    for number in range(given.rounds + 1):
        for name in ("COPY", "COPY without", "nothing", "all", "detection"):
            async with fresh(url, f"arrivals_{number}_{name.replace(' ', '_').lower()}") as database:
                if name.startswith("COPY"):
                    if name == "COPY without":
                        async with database.write() as connection:
                            await (await driver(connection)).execute(WITHOUT)
                    rate = await copy(database, given.rows, 80, given.batch)
                else:
                    kinds: Any = Neutral() if name == "detection" else keywords
                    arrivals = None if name == "nothing" else Arrivals(database, kinds, rule)
                    rate = await ingest(database, batches, arrivals)
            if number:  # the first warms up
                found.setdefault(name, []).append(rate)
    rates = {name: median(values) for name, values in found.items()}
    for name, floor in (("COPY", "COPY without"), ("all", "nothing"), ("detection", "nothing")):
        print(
            f"{name}: {rates[name]:,.0f} rows/s, {floor}: {rates[floor]:,.0f}, ratio {rates[name] / rates[floor]:.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="coherence-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "data") as url,
    ):
        asyncio.run(measure(url, given))


if __name__ == "__main__":
    main()
