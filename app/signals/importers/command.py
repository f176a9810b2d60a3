"""`coherence import` on the terminal: a bar while it runs, a line for every file, and the exit status."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.database.engine import Database
from app.signals.importers.options import Source
from app.signals.importers.preview import counted, show
from app.signals.importers.rejected import RejectedFile
from app.signals.importers.run import Importer, Outcome, Report
from app.signals.importers.vader import scorer
from app.signals.rules import Rules

STORED, SOME_REJECTED = 0, 2


async def import_sources(
    database: Database, sources: Sequence[Source], *, rules: Rules, batch_size: int, restart: bool
) -> int:
    """The exit status: 0 where every line of every source is stored, 2 where some were rejected."""
    status = STORED
    with _importer(database, sources, rules, batch_size) as importer:
        for source in sources:
            started = time.monotonic()
            with _bar(source) as report:
                outcome = await importer.run(source, report, restart=restart)
            print(summary(source, outcome, time.monotonic() - started))  # noqa: T201
            if outcome.rejected:
                status = SOME_REJECTED
    return status


async def preview_sources(
    database: Database,
    sources: Sequence[Source],
    *,
    rules: Rules,
    batch_size: int,
    restart: bool,
    limit: int | None,
) -> int:
    """The status that the import would end with."""
    status = STORED
    with _importer(database, sources, rules, batch_size) as importer:
        for source in sources:
            with _bar(source) as report:
                preview = await importer.preview(source, report, restart=restart, limit=limit)
            show(source.name, preview)
            if preview.rejected:
                status = SOME_REJECTED
    return status


@contextmanager
def _importer(
    database: Database, sources: Sequence[Source], rules: Rules, batch_size: int
) -> Iterator[Importer]:
    with contextlib.ExitStack() as stack:
        workers = stack.enter_context(scorer()) if any(source.vader for source in sources) else None
        yield Importer(database, rules, workers, batch_size)


@contextmanager
def _bar(source: Source) -> Iterator[Report]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(source.path.name, total=source.size, rate="")
        started = time.monotonic()

        def report(lines: int, position: int) -> None:
            rate = lines / (time.monotonic() - started)
            bar.update(task, completed=position, rate=f"{lines:,} lines, {rate:,.0f}/s")

        yield report


def summary(source: Source, outcome: Outcome, seconds: float) -> str:
    """One line for one source."""
    if outcome.nothing_new:
        said = f"nothing new after line {outcome.end.line}"
    else:
        said = f"{outcome.imported} signals stored in {seconds:.1f} s ({outcome.imported / seconds:,.0f}/s)"
        if outcome.start.line:
            said += f", from line {outcome.start.line + 1} on"
    if outcome.skipped:
        said += f"; {counted(outcome.skipped)} skipped"
    if outcome.rejected:
        said += f"; {outcome.rejected} lines rejected, see {RejectedFile(source.path).path}"
    return f"{source.name}: {said}."
