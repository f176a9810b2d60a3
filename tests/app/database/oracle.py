"""What the rollups have to hold, computed in Python from the raw rows."""

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
ROLLUPS = {"signal_rollup_5m": timedelta(minutes=5), "signal_rollup_1h": timedelta(hours=1)}

ROWS = "SELECT conversation_id, time, signal_source, agent_id, signal_score, emotional_tone, escalate_flag FROM signals"
ROLLED = """
    SELECT conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum,
        tone_count, escalations, first_time, last_time
    FROM {}
"""
ACTIVITY = "SELECT conversation_id, signal_count, last_signal_at FROM conversation_activity"


def rollup(rows, width):
    """Of rows as ROWS reads them: the sums of each (conversation, bucket, source, agent)."""
    groups = defaultdict(list)
    for row in rows:
        bucket = ORIGIN + (row["time"] - ORIGIN) // width * width
        groups[row["conversation_id"], bucket, row["signal_source"], row["agent_id"] or ""].append(row)
    return {key: sums(group) for key, group in groups.items()}


def sums(group):
    scores = [row["signal_score"] for row in group]
    tones = [row["emotional_tone"] for row in group if row["emotional_tone"] is not None]
    times = [row["time"] for row in group]
    return (
        len(scores),
        math.fsum(score - 0.5 for score in scores),
        math.fsum((score - 0.5) ** 2 for score in scores),
        min(scores),
        max(scores),
        math.fsum(tones),
        len(tones),
        sum(row["escalate_flag"] for row in group),
        min(times),
        max(times),
    )


def same(found, wanted):
    """Numbers within 1e-9, everything else equal."""
    return len(found) == len(wanted) and all(
        math.isclose(one, other, rel_tol=0, abs_tol=1e-9) if isinstance(other, float) else one == other
        for one, other in zip(found, wanted, strict=True)
    )


async def assert_rolled_up(pg):
    """Both rollups and the activity are what the raw rows come to, no more and no less."""
    rows = await pg.fetch(ROWS)
    for table, width in ROLLUPS.items():
        wanted = rollup(rows, width)
        found = {tuple(row)[:4]: tuple(row)[4:] for row in await pg.fetch(ROLLED.format(table))}
        assert found.keys() == wanted.keys(), (table, found.keys() ^ wanted.keys())
        wrong = {key: (found[key], wanted[key]) for key in wanted if not same(found[key], wanted[key])}
        assert not wrong, (table, wrong)

    times = defaultdict(list)
    for row in rows:
        times[row["conversation_id"]].append(row["time"])
    activity = {row[0]: (row[1], row[2]) for row in await pg.fetch(ACTIVITY)}
    assert activity == {
        row["id"]: (len(times[row["id"]]), max(times[row["id"]], default=None))
        for row in await pg.fetch("SELECT id FROM conversations")
    }
