"""The bench's database: an embedded PostgreSQL with production settings, filled the same way every time.

At scale 1: 2 000 users, 20 000 conversations of 50 signals within two hours, spread over 7 days, and 50 conversations
that have two signals of one source in every 5 minutes of those days (201 600 in all). Signals lie in the order of
their time, as they would have come. The folder is kept: the next run finds it filled.

    python -m bench.data [--data DIR] [--scale 0.1]     fills it without measuring anything
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
from sqlalchemy import make_url

from app.ready import ready
from app.settings import Settings

START = datetime(2026, 1, 5, tzinfo=UTC)
LENGTH = timedelta(days=7)
END = START + LENGTH
SOURCES = ("Slack", "Axis", "Neo", "person")
CONVERSATIONS_OF_USER = 10
SIGNALS_OF_CONVERSATION = 50
EVEN_CONVERSATIONS = 50
SEED = 20_260_105
TEXTS = tuple(f"{words} Let us go on from here, and say so if it is not what you meant." for words in (
    "Thanks, that answers it.", "Which version is this?", "I have updated the summary.", "That contradicts it."
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database."""

    folder: Path
    url: str
    scale: float
    weeks: int = 1
    """Each with as many users, conversations and signals of its own; they come before START."""

    @property
    def end(self) -> datetime:
        """Of the earliest week."""
        return END - (self.weeks - 1) * LENGTH

    @property
    def users(self) -> int:
        """Of a week, as those below."""
        return round(2_000 * self.scale)

    @property
    def signals(self) -> int:
        """Of all weeks."""
        even = EVEN_CONVERSATIONS * 2 * (LENGTH // timedelta(minutes=5))
        return self.weeks * (self.conversations * SIGNALS_OF_CONVERSATION + even)

    @property
    def conversations(self) -> int:
        return self.users * CONVERSATIONS_OF_USER

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(**dsn(self.url))
        try:
            yield connection
        finally:
            await connection.close()


def dsn(url: str) -> dict[str, Any]:
    """What asyncpg connects with."""
    parsed = make_url(url)
    return {"host": parsed.query["host"], "user": parsed.username, "database": parsed.database}


def user_key(number: int, week: int = 0) -> UUID:
    return UUID(int=SEED << 64 | week << 48 | number)


def conversation_key(number: int) -> UUID:
    return UUID(int=SEED << 64 | 1 << 32 | number)


def conversation_name(number: int, week: int = 0) -> str:
    return f"window-{number:06d}" + (f"-{week}" if week else "")


def arguments(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder; /tmp/coherence-bench-SCALE where left out")
    parser.add_argument("--scale", type=float, default=1, help="0.01 to 1: of users and their conversations")
    return parser


@contextmanager
def database(given: argparse.Namespace, weeks: int = 1) -> Iterator[Bench]:
    """The filled database, which runs for as long as the block does; of several weeks in a folder of its own."""
    scale = given.scale
    folder = given.data or Path(f"/tmp/coherence-bench-{scale:g}")  # noqa: S108 - PostgreSQL's user may enter
    if weeks > 1:
        folder = folder.with_name(f"{folder.name}-{weeks}-weeks")
    mark = folder / "filled"
    if mark.exists() and float(mark.read_text()) != scale:
        raise SystemExit(f"{folder} was filled at scale {mark.read_text()}.")
    with ready(Settings(_env_file=None, data_dir=folder, database_url=None)) as (url, _, fresh):
        bench = Bench(folder, url, scale, weeks)
        if not mark.exists():
            if not fresh:
                raise SystemExit(f"{folder} is half filled, or not the bench's: remove it or name another.")
            began = perf_counter()
            asyncio.run(_fill(bench))
            mark.write_text(str(scale))
            print(f"Filled {folder} in {perf_counter() - began:.0f} s.")
        asyncio.run(_tidy(bench))
        yield bench


_FOUND_OUT = (
    "signal_arrivals", "signal_departures", "signal_classifications", "classification_rollup_5m",
    "classification_rollup_1h", "anomalies", "shift_progress", "embedding_arrivals", "embedding_departures",
    "given_embeddings", "signal_embeddings",
)  # fmt: skip


async def rest(connection: Any) -> None:
    """Nobody has to look at the signals that have come: what one side has written would be work beside the next."""
    await connection.execute("TRUNCATE signal_arrivals, embedding_arrivals")


async def _tidy(bench: Bench) -> None:
    """Takes away what the last run has written, and what its server had to find out: the next one is at rest."""
    async with bench.connection() as connection:
        if await connection.execute("DELETE FROM signals WHERE time >= $1", END) != "DELETE 0":
            await connection.execute("VACUUM ANALYZE")
        # A million signals that came at once keep a server busy for minutes, beside what is measured. What an earlier
        # one has found out about some of them goes too, so that every run begins alike.
        await connection.execute(f"TRUNCATE {', '.join(_FOUND_OUT)}")
        await connection.execute("UPDATE rollup_state SET classified_by = NULL")


async def _fill(bench: Bench) -> None:
    random = np.random.default_rng(SEED)
    async with bench.connection() as connection:
        await connection.copy_records_to_table(
            "users",
            columns=("id", "username", "name", "role", "created_at", "updated_at"),
            records=_users(bench),
        )
        starts = np.sort(random.integers(1, int(LENGTH.total_seconds()) - 7_200, bench.conversations))
        await connection.copy_records_to_table(
            "conversations",
            columns=("id", "context_window_id", "user_id", "agent_id", "title", "started_at", "updated_at"),
            records=_conversations(bench, starts),
        )
        for part in np.array_split(*_order(random, starts)):
            await connection.copy_records_to_table(
                "signals", columns=_SIGNAL_COLUMNS, records=_signals(random, part)
            )
        for week in range(1, bench.weeks):
            await _add_week(connection, week)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")


def _users(bench: Bench) -> Iterator[tuple[Any, ...]]:
    for number in range(bench.users):
        created = START + timedelta(seconds=number)
        yield user_key(number), f"user-{number:06d}", f"Person {number:06d}", "EDUCATOR", created, created


def _conversations(bench: Bench, starts: Any) -> Iterator[tuple[Any, ...]]:
    """The even ones begin at START, before all others, and belong to nobody."""
    for number in range(bench.conversations + EVEN_CONVERSATIONS):
        regular = number < bench.conversations
        started = START + timedelta(seconds=int(starts[number]) if regular else 0)
        user = user_key(number % bench.users) if regular else None
        name = conversation_name(number)
        yield conversation_key(number), name, user, f"agent-{number % 7}", f"Talk {number}", started, started


def _order(random: Any, starts: Any) -> tuple[Any, int]:
    """(microseconds since START, conversation, source) of every signal, in order of time; into how many parts."""
    count = starts.size * SIGNALS_OF_CONVERSATION
    regular = np.repeat(np.arange(starts.size), SIGNALS_OF_CONVERSATION)
    times = (np.repeat(starts, SIGNALS_OF_CONVERSATION) + random.uniform(0, 7_200, count)) * 1e6
    buckets = LENGTH // timedelta(minutes=5)
    even = np.arange(EVEN_CONVERSATIONS * buckets * 2)
    bucket, pair = np.divmod(even, EVEN_CONVERSATIONS * 2)
    signals = np.stack(
        (
            np.concatenate((times.astype(np.int64), bucket * 300_000_000 + (pair % 2) * 90_000_000)),
            np.concatenate((regular, starts.size + pair // 2)),
            np.concatenate((random.integers(0, len(SOURCES), count), bucket % len(SOURCES))),
        ),
        axis=1,
    )
    return signals[signals[:, 0].argsort(kind="stable")], max(1, len(signals) // 100_000)


# What _add_week writes in a column's place: another row's key, name or time.
_KEY = "overlay({0}::text PLACING lpad(to_hex({week}), 4, '0') FROM 20 FOR 4)::uuid"
_NAME = "{0} || '-{week}'"
_TIME = "{0} - {week} * interval '7 days'"
_SUMS = dict.fromkeys(("bucket", "first_time", "last_time"), _TIME) | {"conversation_id": _KEY}
_OF_A_WEEK = {
    "users": {"id": _KEY, "username": _NAME, "created_at": _TIME, "updated_at": _TIME},
    "conversations": {
        "id": _KEY, "context_window_id": _NAME, "user_id": _KEY, "started_at": _TIME, "updated_at": _TIME,
    },
    "conversation_activity": {"conversation_id": _KEY, "last_signal_at": _TIME, "last_received_at": _TIME},
    "signals": {"time": _TIME, "received_at": _TIME, "conversation_id": _KEY, "user_id": _NAME},
    "signal_rollup_5m": _SUMS,
    "signal_rollup_1h": _SUMS,
}  # fmt: skip


async def _add_week(connection: Any, week: int) -> None:
    """The first week's rows once more, so many weeks earlier, of other users and conversations.

    No trigger fires: what they would write is copied with its rows. A week is whole buckets of both rollups.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table, others in _OF_A_WEEK.items():
            columns = await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name = $1 AND is_identity = 'NO' ORDER BY ordinal_position",
                table,
            )
            names = [row[0] for row in columns]
            values = [others.get(name, "{0}").format(name, week=week) for name in names]
            time = next(name for name, value in others.items() if value == _TIME)
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"
                f" WHERE {time} >= $1 ORDER BY {time}",
                START,
            )


_SIGNAL_COLUMNS = (
    "time", "received_at", "conversation_id", "user_id", "agent_id", "signal_source", "signal_score",
    "emotional_tone", "escalate_flag", "raw_content", "payload",
)  # fmt: skip


def _signals(random: Any, part: Any) -> Iterator[tuple[Any, ...]]:
    scores = random.beta(4, 2, len(part)).round(4).tolist()
    tones = random.beta(2, 3, len(part)).round(4).tolist()
    for (microseconds, number, source), score, tone in zip(part.tolist(), scores, tones, strict=True):
        time = START + timedelta(microseconds=microseconds)
        person, agent = f"user-{number % 2_000:06d}", f"agent-{number % 7}"
        text = TEXTS[microseconds % len(TEXTS)]
        yield (
            time, time, conversation_key(number), person, agent, SOURCES[source], score,
            tone, int(score < 0.2), text, "{}",
        )  # fmt: skip


if __name__ == "__main__":
    with database(arguments(__doc__).parse_args()) as filled:
        print(f"{filled.url} has {filled.users} users and {filled.conversations} conversations.")
