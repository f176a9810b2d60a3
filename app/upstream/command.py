"""`coherence pull` and `coherence rolling` on the terminal."""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from app.database.engine import Database
from app.duration import Duration
from app.errors import BadUserInput, Unavailable
from app.instant import parse_side
from app.settings import Settings
from app.terminal import shown
from app.timerange import TimeRange
from app.upstream.pull import Outcome, Puller
from app.upstream.rolling import Rolled, Store, store_of

FINE, BROKEN_OFF, SOME_REFUSED = 0, 1, 2


def asked(since: str | None, until: str | None, window: str, every: int | None) -> tuple[TimeRange, Duration]:
    """What the command's words say."""
    if every is not None and until is not None:
        raise BadUserInput("--every pulls what is new again and again: it takes no --until.")
    try:
        start, end = (None if text is None else parse_side(text) for text in (since, until))
        return TimeRange(start, end), Duration.parse(window)
    except ValueError as error:
        raise BadUserInput(str(error)) from None


async def pull(
    database: Database, settings: Settings, wanted: TimeRange, window: Duration, every: int | None
) -> int:
    """The exit status of one pull. With `every`, pulls until it is ended, whatever passing failures it meets."""
    for name in ("httpx2", "httpcore2"):  # whatever our own level is, they have no say on keys and addresses
        logging.getLogger(name).setLevel(logging.WARNING)
    puller = Puller(database, settings, window)
    rolling = store_of(settings.persistence, settings.data_dir)
    while True:
        try:
            status = await _once(puller, rolling, wanted)
        except Unavailable as failure:
            if every is None:
                raise
            _warn(failure.message)
        else:
            if every is None:
                return status
            wanted = TimeRange()
        await asyncio.sleep(every)


async def _once(puller: Puller, rolling: Store | None, wanted: TimeRange) -> int:
    outcome = await puller.pull(wanted, datetime.now(UTC))
    for place, reason in outcome.refused:
        _warn(f"{place} is refused: {reason}")
    print(summary(outcome), flush=True)  # noqa: T201
    for row in outcome.measured:
        print(line(row), flush=True)  # noqa: T201
    if rolling is not None and outcome.measured:
        rolling.append(outcome.measured)
    if outcome.failure is not None:
        raise outcome.failure
    return SOME_REFUSED if outcome.refused else FINE


def summary(outcome: Outcome) -> str:
    """One line."""
    counts = [
        (outcome.stored, "stored"),
        (outcome.duplicates, "duplicates"),
        (len(outcome.refused), "refused"),
        (outcome.outside, "outside the range"),
        (outcome.dropped, "not kept, as the pull broke off and they did not come oldest first"),
    ]
    said = [f"{count} {what}" for number, (count, what) in enumerate(counts) if count or number < 3]
    return f"{outcome.read} rows read on {outcome.pages} pages: {', '.join(said)}."


def line(row: Rolled) -> str:
    """One line about one conversation."""
    span = f"{row.n} signals in {Duration(row.window_sec)} until {row.timestamp}"
    mean = "-" if row.coherence_mean is None else f"{row.coherence_mean:.2f}"
    volatility = "-" if row.volatility_index is None else f"{row.volatility_index:.4f}"
    risk = row.predicted_drift_risk or "-"
    return f"{shown(row.context_window_id)}: mean {mean}, volatility {volatility}, risk {risk} ({span})"


def show(settings: Settings, limit: int | None, *, as_json: bool) -> None:
    """The rolling store on standard output."""
    rolling = store_of(settings.persistence, settings.data_dir)
    if rolling is None:
        raise BadUserInput("PERSISTENCE is none: nothing is kept that could be shown.")
    rows: Sequence[Rolled] = rolling.read(limit)
    if as_json:
        print(json.dumps([row.as_json() for row in rows], indent=2, allow_nan=False))  # noqa: T201
    else:
        for row in rows:
            print(line(row))  # noqa: T201


def _warn(text: str) -> None:
    print(shown(text), file=sys.stderr, flush=True)  # noqa: T201
