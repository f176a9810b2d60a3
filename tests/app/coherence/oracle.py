"""Drift and coherence straight from metrics.md, by numpy over raw rows: no moments, no rollups, no cells."""

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LEVELS = ((0.3, "LOW"), (0.7, "MEDIUM"), (math.inf, "HIGH"))
WEIGHTS = (0.05, 0.10, 0.05)


def inside(rows, start, end, sources):
    """The rows (time, source, score) of a range."""
    return [
        row
        for row in rows
        if (start is None or row[0] >= start)
        and (end is None or row[0] < end)
        and (sources is None or row[1] in sources)
    ]


def windows(rows, window, step):
    """Scores of every window that holds signals, by the number of its first step; `window`, `step` in seconds."""
    found = defaultdict(list)
    for time, _, score in rows:
        last = (time - ORIGIN) // timedelta(seconds=step)
        for number in range(last - window // step + 1, last + 1):
            found[number].append(score)
    return dict(sorted(found.items()))


def level(score):
    return next(name for limit, name in LEVELS if round(score, 9) < limit)


def drift(scores_by_window):
    """Lists of number, n, mean, variance, driftScore, coherenceTrend; None for null."""
    table, before = [], None
    for number, scores in scores_by_window.items():
        if not scores:
            table.append((number, 0, None, None, None, None))
            continue
        variance = float(np.var(scores))
        variance = 0.0 if variance < 1e-12 else variance
        score = min(1.0, 4 * variance) if len(scores) > 1 else None
        trend = None if score is None or before is None else (1 - score) - (1 - before)
        table.append((number, len(scores), float(np.mean(scores)), variance, score, trend))
        before = score
    return table


def current(rows, window, now):
    """n, mean, driftScore and level of the window that ends now."""
    table = drift({0: [score for time, _, score in inside(rows, now - timedelta(seconds=window), now, None)]})
    (_, n, mean, _, score, _) = table[0]
    return n, mean if n else None, score, None if score is None else level(score)


def since(rows, window, now, kept_from=None, most=1_000):
    """Since when the level has been what it is now."""
    width = timedelta(seconds=window)
    table = drift(windows(rows, window, window))
    starts = {ORIGIN + row[0] * width: row[4] for row in table}
    looked_at = [
        (start, None if score is None else level(score))
        for start, score in starts.items()
        if start + width <= now and (window % 300 == 0 or kept_from is None or start >= kept_from)
    ][-most:]
    found, now_level = None, current(rows, window, now)[3]
    for start, its_level in reversed(looked_at):
        if now_level is None or its_level != now_level:
            break
        found = start
    return found


def coherence(table, rows, window, step):
    """current, baseline, trend, level, diversity, and the three adjustments."""
    counts = Counter(row[1] for row in rows)
    shares = np.array(list(counts.values())) / max(1, len(rows))
    diversity = float(-(shares * np.log(shares)).sum() / math.log(len(counts))) if len(counts) > 1 else 0.0
    scored = [row for row in table if row[4] is not None]
    k = len(scored)
    means = np.array([row[2] for row in scored])
    stability = 1 - float(np.abs(np.diff(means)).mean()) if k > 1 else 1.0
    trend = None if k == 0 else 0.0
    if k > 1:
        middles = np.array([row[0] * step + window / 2 for row in scored])
        t = (middles - middles[0]) / (middles[-1] - middles[0])
        trend = float(np.polyfit(t, [1 - row[4] for row in scored], 1)[0])
    parts = (WEIGHTS[0] * diversity, -WEIGHTS[1] * (1 - stability), WEIGHTS[2] * min(1, max(-1, trend or 0)))
    if not k:
        return None, None, None, None, diversity, parts
    mean = float(np.mean([row[4] for row in scored]))
    return min(1, max(0, 1 - mean + sum(parts))), 1 - mean, trend, level(mean), diversity, parts


def source(start, end, step, rollups="rollup"):
    """`rollups` where the range is made of whole 5-minute buckets that the step is made of, `raw` where none fits."""
    if step % 300:
        return "raw"
    width = timedelta(minutes=5)
    first = None if start is None else -((ORIGIN - start) // width)
    last = None if end is None else (end - ORIGIN) // width
    if first is not None and last is not None and first >= last:
        return "raw"
    edges = [(side - ORIGIN) % width for side in (start, end) if side is not None]
    return f"{rollups}+raw" if any(edges) else rollups
