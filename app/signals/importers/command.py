"""`coherence import` on the terminal: a bar while it runs, a line for every file, and the exit status."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.database.engine import Database
from app.signals.importers.import_source import Source
from app.signals.importers.names import Unread
from app.signals.importers.preview import counted, printable, show
from app.signals.importers.rejected import RejectedFile
from app.signals.importers.run import Importer, Outcome, Report
from app.signals.importers.vader import scorer
from app.signals.rules import Rules

STORED, NOT_ALL = 0, 2


async def import_sources(
    database: Database, sources: Sequence[Source], *, rules: Rules, batch_size: int, restart: bool
) -> int:
    """The exit status: 0 where every line of every source is stored, 2 where something is not."""
    status = STORED
    with _importer(database, sources, rules, batch_size) as importer:
        for source in sources:
            started = time.monotonic()
            with _bar(source) as report:
                outcome = await importer.run(source, report, restart=restart)
            print(summary(source, outcome, time.monotonic() - started))  # noqa: T201
            if _tell_unread(source, outcome.unread) or outcome.rejected:
                status = NOT_ALL
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
            if _tell_unread(source, preview.unread) or preview.rejected:
                status = NOT_ALL
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
    if outcome.unread:
        said += f"; {printable(str(outcome.unread))}"
    return f"{source.name}: {said}."


def _tell_unread(source: Source, unread: Unread) -> bool:
    """Whether something is lost that nobody meant to leave: with `--map` somebody has chosen the columns."""
    if not unread or source.mapped:
        return False
    print(f"{source.name}: {printable(str(unread))}.", file=sys.stderr)  # noqa: T201
    return True
