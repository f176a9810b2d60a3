"""Shifts on NAB's labelled series, and rapid fire in the IRC channels whose times are to the second.

Each series is scaled to 0 … 1 by its least and greatest value, and every value is taken for a score in order.
A labelled window is found if a shift is detected in it; a detection outside all windows is a false positive.
Recall is of windows, precision of detections. A second count extends each window at its end by the TOLERANCE:
a detector that has to gather evidence speaks up after the change. What would be found by chance is beside it:
the share of the series that lies in windows is the precision of detections strewn at random.

    python -m bench.shifts ../shared/data
"""

import argparse
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Self

import numpy as np
from rich.console import Console
from rich.table import Table

from app.anomalies.bursts import bursts
from app.anomalies.shifts import Shifts

TOLERANCE = timedelta(hours=24)
CHANNELS = ("#mediawiki", "#rust", "#stripe")

type Window = tuple[datetime, datetime]


@dataclass(slots=True)
class Count:
    points: int = 0
    inside: int = 0  # of the points, those in windows
    windows: int = 0
    found: int = 0
    detections: int = 0
    true: int = 0

    def __iadd__(self, other: Self) -> Self:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def cells(self) -> tuple[str, ...]:
        return (
            f"{self.found}/{self.windows}",
            str(self.detections - self.true),
            _share(self.true, self.detections),
            _share(self.found, self.windows),
            _share(self.inside, self.points),
        )


def count(times: list[datetime], detected: list[datetime], windows: list[Window]) -> Count:
    def within(time: datetime) -> bool:
        return any(start <= time <= end for start, end in windows)

    return Count(
        len(times),
        sum(map(within, times)),
        len(windows),
        sum(any(start <= time <= end for time in detected) for start, end in windows),
        len(detected),
        sum(map(within, detected)),
    )


def series(folder: Path) -> Iterator[tuple[str, list[datetime], list[float], list[Window]]]:
    labels = json.loads((folder / "series_nab_windows.json").read_text())
    times, values = defaultdict(list), defaultdict(list)
    with gzip.open(folder / "series_nab.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            times[row["series"]].append(datetime.fromisoformat(row["ts"]))
            values[row["series"]].append(float(row["value"]))
    for name in sorted(times):
        windows = [
            (
                datetime.fromisoformat(start).replace(tzinfo=UTC),
                datetime.fromisoformat(end).replace(tzinfo=UTC),
            )
            for start, end in labels[f"{name}.csv"]["windows"]
        ]
        yield name, times[name], values[name], windows


def nab(folder: Path, console: Console) -> None:
    hours = TOLERANCE // timedelta(hours=1)
    tables = {
        timedelta(0): Table(title="Shifts, detected inside the labelled window"),
        TOLERANCE: Table(title=f"Shifts, with a tolerance: up to {hours} h after the window's end"),
    }
    totals = {tolerance: Count() for tolerance in tables}
    for table in tables.values():
        table.add_column("series", no_wrap=True)
        for column in ("points", "shifts", "found", "false", "precision", "recall", "by chance"):
            table.add_column(column, justify="right")
    seconds = 0.0
    Shifts()  # the import
    for name, times, values, windows in series(folder):
        raw = np.array(values)
        scores = (raw - raw.min()) / (raw.max() - raw.min())
        began = perf_counter()
        detected = [times[shift.index] for shift in Shifts().feed(scores.tolist())]
        seconds += perf_counter() - began
        for tolerance, table in tables.items():
            counted = count(times, detected, [(start, end + tolerance) for start, end in windows])
            totals[tolerance] += counted
            table.add_row(name, str(len(times)), str(len(detected)), *counted.cells())
    for tolerance, table in tables.items():
        total = totals[tolerance]
        table.add_section()
        table.add_row("in total", str(total.points), str(total.detections), *total.cells())
        console.print(table)
    console.print(f"{seconds / totals[TOLERANCE].points * 1e6:.2f} µs a score")


def irc(folder: Path, console: Console) -> None:
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    signals: dict[str, int] = defaultdict(int)
    with gzip.open(folder / "chat_irc.jsonl.gz", "rt") as file:
        for line in file:
            row = json.loads(line)
            if (
                row["channel"] in CHANNELS
                and row["ts_resolution"] == "second"
                and row["kind"] in {"message", "action"}
                and row["user"] is not None
            ):
                when = datetime.fromisoformat(row["ts"])
                times[row["channel"], row["user"]].append(round(when.timestamp()) * 1_000_000)
                signals[row["channel"]] += 1
    table = Table(title="Rapid fire: 11 signals of one user in under 5 s")
    for column in ("channel", "user", "from", "seconds", "signals"):
        table.add_column(column, justify="left" if column in {"channel", "user", "from"} else "right")
    for (channel, user), unsorted in sorted(times.items()):
        of_user = np.sort(np.array(unsorted, np.int64))
        for first, last in zip(*bursts(of_user), strict=True):
            table.add_row(
                channel,
                user,
                f"{datetime.fromtimestamp(of_user[first] / 1e6, UTC):%Y-%m-%d %H:%M:%S}",
                f"{(of_user[last] - of_user[first]) / 1e6:.0f}",
                str(last - first + 1),
            )
    console.print(table)
    spoken = ", ".join(f"{channel} {signals[channel]}" for channel in CHANNELS)
    console.print(f"{table.row_count} episodes in signals of known users: {spoken}")
    nearest = Table(title="How near the others come: most signals of one user in under 5 s, number of users")
    most: dict[int, int] = defaultdict(int)
    for unsorted in times.values():
        of_user = np.sort(np.array(unsorted, np.int64))
        ahead = of_user.searchsorted(of_user + 5_000_000, side="left") - np.arange(len(of_user))
        most[int(ahead.max())] += 1
    for column in ("signals", "users"):
        nearest.add_column(column, justify="right")
    for size in sorted(most, reverse=True):
        nearest.add_row(str(size), str(most[size]))
    console.print(nearest)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    console = Console(width=120)
    nab(folder, console)
    irc(folder, console)


if __name__ == "__main__":
    main()
