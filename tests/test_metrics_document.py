"""The worked examples of docs/metrics.md, computed anew."""

import math
import re
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.anomalies.bursts import bursts
from app.anomalies.shifts import Shifts
from app.coherence.drift import level
from app.coherence.forecast import forecast
from app.coherence.metrics import metrics
from app.coherence.semantic import Meanings, semantic_drift
from app.signals.classify import KEYWORDS, Classification, classifier
from app.signals.lineage import Step, lineage
from app.timerange import ALWAYS

TEXT = " ".join((Path(__file__).parents[1] / "docs/metrics.md").read_text().split())


def numbers(text):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def example(pattern):
    """The groups of the one place that says so."""
    [found] = re.findall(pattern, TEXT)
    return found


def test_drift_of_three_scores():
    scores, mean, variance, score, said = example(
        r"Scores ([\d., ]+): mean ([\d.]+), variance 0\.26/3 = ([\d.]+), drift ([\d.]+), (\w+)\."
    )
    x = numbers(scores)
    assert statistics.fmean(x) == pytest.approx(float(mean))
    assert statistics.pvariance(x) == pytest.approx(float(variance), abs=1e-6)
    assert 4 * statistics.pvariance(x) == pytest.approx(float(score), abs=1e-6)
    assert level(4 * statistics.pvariance(x)) == said


def test_metrics_of_two_windows():
    found = re.findall(r"Scores ([\d., ]+): mean (\d+), volatility (?:√\S+ = )?([\d.]+\d), (\w+)\.", TEXT)
    assert len(found) == 2
    for scores, mean, volatility, risk in found:
        x = numbers(scores)
        got = metrics(len(x), sum(v - 0.5 for v in x), sum((v - 0.5) ** 2 for v in x))
        assert (got.mean, got.risk) == (pytest.approx(float(mean)), risk)
        assert got.volatility == pytest.approx(float(volatility), abs=1e-6)
        assert math.isclose(statistics.stdev(x), float(volatility), abs_tol=1e-6)


def test_a_forecast_of_a_line():
    past, ahead, risk = example(r"0\.02 a window, ([\d., …]+), goes on so: ([\d., ]+), (\w+)\.")
    first, second, last = numbers(past)
    places = np.arange(first, last + 1e-9, second - first)
    wanted = numbers(ahead)
    got = forecast(np.arange(len(places)), places, len(wanted))
    assert list(got.score) == pytest.approx(wanted, abs=1e-4)
    assert got.risk == risk


async def test_the_lineage_of_five_signals(pg, database):
    signals = re.findall(r"(Slack|Axis) ([\d.]+\d)", example(r"names\. ((?:\w+ [\d.]+,? ?)+): Slack → Axis"))
    twice, once = example(r"Slack → Axis twice, \+([\d.]+); Axis → Slack once, .([\d.]+)\.")
    key = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    await pg.executemany(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES ($1, $2, $3, $4)",
        [
            (start + timedelta(seconds=n), key, source, float(score))
            for n, (source, score) in enumerate(signals)
        ],
    )
    async with database.read() as connection:
        found = (await lineage(connection, [key], ALWAYS))[key]
    assert found == [
        Step("Slack", "Axis", 2, pytest.approx(float(twice))),
        Step("Axis", "Slack", 1, pytest.approx(-float(once))),
    ]


def test_the_classes_of_four_texts():
    of = classifier(KEYWORDS)
    shown = re.findall(r'"([^"]+)" (?:is )?(POSITIVE|STRESSED|UNCERTAIN)', TEXT)
    assert len(shown) == 3
    for text, said in shown:
        assert of(text) is Classification(said)
    assert of("No problem") is not Classification.STRESSED


def test_rapid_fire_of_eleven_signals():
    yes, no = re.findall(r"(?:Signals at|at) ([\d.]+) s, ([\d.]+) s … ([\d.]+) s", TEXT)
    (n,) = re.findall(r"an episode of (\d+) events", TEXT)

    def episodes(text):
        first, second, last = (round(float(number) * 1e6) for number in text)
        found = bursts(np.arange(first, last + 1, second - first))
        return [(last - first + 1).tolist() for first, last in zip(*found, strict=True)]

    assert episodes(yes) == [int(n)]
    assert episodes(no) == []


def test_a_shift_of_four_hundred_scores():
    each, low, others, high, before, place, width, after = example(
        r"Of (\d+) scores of ([\d.]+) and (\d+) of ([\d.]+) it drops a mean of ([\d.]+) at the (\d+)th, and keeps "
        r"(\d+) of mean ([\d.]+\d)"
    )
    (shift,) = Shifts().feed([float(low)] * int(each) + [float(high)] * int(others))
    assert (shift.index + 1, shift.width) == (int(place), int(width))
    assert (shift.before, shift.after) == (pytest.approx(float(before)), pytest.approx(float(after)))


def test_semantic_drift_of_three_embeddings():
    first, second, third, said = example(
        r"Embeddings (\(.*?\)) and (\(.*?\)) in one window, (\(.*?\)) in the next: .*? = ([\d.]+\d)\."
    )
    one, two, three = (np.array(numbers(vector)) for vector in (first, second, third))
    found = semantic_drift(Meanings(np.array([0, 1]), np.stack([one + two, three])), np.array([0, 1]), 1)
    assert found[1] == pytest.approx(float(said), abs=1e-6)
