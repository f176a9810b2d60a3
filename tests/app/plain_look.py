"""A world of signals, and a plain look at all of them: their classes, counts, episodes and shifts, the slow way."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from river.drift import ADWIN

from app.anomalies.rapid_fire import Rule
from app.signals.classify import KEYWORDS, classifier

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
START = datetime(2026, 3, 1, 9, 58, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WIDTHS = {"classification_rollup_5m": timedelta(minutes=5), "classification_rollup_1h": timedelta(hours=1)}
# A short run, so that few signals make one.
RULE = Rule(count=4, seconds=5)
TEXTS = (
    "thanks, that works great",
    "this is awful, I am so stressed",
    "not sure, maybe",
    "the build is at 3",
    None,
)
classify = classifier(KEYWORDS)

INSERT = """
    INSERT INTO signals (time, conversation_id, user_id, agent_id, signal_source, signal_score, raw_content)
    SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[])
"""
ALL = "SELECT * FROM signals ORDER BY time, id"


class World:
    def __init__(self, pg):
        self.pg = pg
        self.conversations = []

    async def open(self, n=3):
        self.conversations = [await self.conversation() for _ in range(n)]

    async def conversation(self):
        statement = "INSERT INTO conversations (context_window_id) VALUES ($1) RETURNING id"
        return await self.pg.fetchval(statement, uuid4().hex)

    async def insert(self, rows):
        """Of (seconds, place, user, agent, source, score, text)."""
        if rows:
            records = [(START + s * SECOND, self.conversations[place], *rest) for s, place, *rest in rows]
            await self.pg.execute(INSERT, *map(list, zip(*records, strict=True)))

    async def delete(self, chosen):
        await self.pg.execute("DELETE FROM signals WHERE id % $1 = $2", *chosen)

    async def reword(self, chosen, text):
        await self.pg.execute("UPDATE signals SET raw_content = $3 WHERE id % $1 = $2", *chosen, text)

    async def move(self, chosen, seconds):
        # Within the day: a hypertable moves no row into another chunk.
        statement = "UPDATE signals SET time = time + $3 WHERE id % $1 = $2"
        await self.pg.execute(statement, *chosen, seconds * SECOND)

    async def delete_conversation(self, place):
        await self.pg.execute("DELETE FROM conversations WHERE id = $1", self.conversations[place])
        self.conversations[place] = await self.conversation()

    async def clear(self):
        await self.pg.execute("DELETE FROM conversations")


def episodes(rows):
    """By user: first, last and number of signals, and the conversation if it is one; run by run."""
    by_user = defaultdict(list)
    for row in rows:
        if row["user_id"] is not None:
            by_user[row["user_id"]].append(row)
    found = []
    for user, own in by_user.items():
        runs = [
            set(range(i, i + RULE.count))
            for i in range(len(own) - RULE.count + 1)
            if own[i + RULE.count - 1]["time"] - own[i]["time"] < RULE.seconds * SECOND
        ]
        merged = []
        for run in runs:
            apart = [other for other in merged if not other & run]
            merged = [*apart, run.union(*(other for other in merged if other & run))]
        for run in merged:
            conversations = {own[i]["conversation_id"] for i in run}
            times = [own[i]["time"] for i in run]
            one = conversations.pop() if len(conversations) == 1 else None
            found.append((user, min(times), max(times), len(run), one))
    return sorted(found, key=str)


def shifts(rows):
    """Of each conversation: when, at which signal, how wide, and the means."""
    by_conversation = defaultdict(list)
    for row in rows:
        by_conversation[row["conversation_id"]].append(row)
    found = []
    for key, own in by_conversation.items():
        detector, since = ADWIN(delta=0.002), []
        for row in own:
            detector.update(row["signal_score"])
            since.append(row["signal_score"])
            if detector.drift_detected:
                width = int(detector.width)
                before, after = since[:-width], since[-width:]
                means = (round(sum(before) / len(before), 9), round(sum(after) / width, 9))
                found.append((key, row["time"], row["id"], width, *means))
                since = []
    return sorted(found, key=str)


def rollup(rows, width):
    counts = defaultdict(Counter)
    for row in rows:
        bucket = ORIGIN + (row["time"] - ORIGIN) // width * width
        key = (row["conversation_id"], bucket, row["signal_source"], row["agent_id"] or "")
        counts[key][classify(row["raw_content"]).value] += 1
    triples = {key: (n["POSITIVE"], n["STRESSED"], n["UNCERTAIN"]) for key, n in counts.items()}
    return {key: triple for key, triple in triples.items() if any(triple)}


async def assert_known(pg):
    rows = await pg.fetch(ALL)
    stored = {
        (row["time"], row["id"]): row["classification"]
        for row in await pg.fetch("SELECT * FROM signal_classifications")
    }
    kinds = {(row["time"], row["id"]): classify(row["raw_content"]).value for row in rows}
    assert stored == {key: kind for key, kind in kinds.items() if kind != "NEUTRAL"}
    for table, width in WIDTHS.items():
        found = {tuple(row)[:4]: tuple(row)[4:] for row in await pg.fetch(f"SELECT * FROM {table}")}
        assert {key: n for key, n in found.items() if any(n)} == rollup(rows, width), table
    found = await pg.fetch("SELECT * FROM anomalies WHERE kind = 'RAPID_FIRE'")
    columns = ("user_id", "started_at", "ended_at", "event_count", "conversation_id")
    assert sorted((tuple(row[name] for name in columns) for row in found), key=str) == episodes(rows)
    found = await pg.fetch("""
        SELECT conversation_id, started_at, signal_id, event_count, round((details->>'meanBefore')::numeric, 9)::float8,
            round((details->>'meanAfter')::numeric, 9)::float8
        FROM anomalies WHERE kind = 'DRIFT_SHIFT'
    """)
    expected = shifts(rows)
    assert sorted((tuple(row)[:4] for row in found), key=str) == [row[:4] for row in expected]
    for row, wanted in zip(sorted(map(tuple, found), key=str), expected, strict=True):
        assert row[4:] == pytest.approx(wanted[4:], abs=1e-8)
