"""Metrics, forecasts and lineage over the API, against plain computations on the signals that were sent."""

import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import Holt

from app.instant import write_instant
from tests.conftest import EDITIONS
from tests.graphql_schema.test_statement_counts import statements

pytestmark = pytest.mark.as_everyone

START = datetime(2026, 3, 2, 10, 0, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INSERT = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT t, c.id, s, x FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::float8[]) AS new (t, key, s, x)
    JOIN conversations c ON c.context_window_id = key
"""


def signals(seed=5, count=400):
    """(time, key, source, score), in order."""
    chance = np.random.default_rng(seed)
    seconds = chance.exponential(41, count).cumsum()
    return [
        (
            START + timedelta(seconds=float(second)),
            str(chance.choice(["a", "b"])),
            str(chance.choice(["Slack", "Axis", "Neo"])),
            float(chance.beta(2, 3)),
        )
        for second in seconds
    ]


@pytest.fixture
async def sent(pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a'), ('b'), ('empty')")
    rows = signals()
    await pg.execute(INSERT, *map(list, zip(*rows, strict=True)))
    return rows


METRICS = """query($w: Duration!, $at: DateTime, $s: [String!]) {
  coherenceMetrics(window: $w, at: $at, sources: $s) { ...M }
  conversations { edges { node { contextWindowId metrics(window: $w, at: $at, sources: $s) { ...M } } } }
}
fragment M on CoherenceMetrics { coherenceMean volatilityIndex predictedDriftRisk timestamp windowSec n
  inputs { startTs endTs source } meta { method engineVersion latencyMs } }"""


def write(time):
    return time.isoformat().replace("+00:00", "Z")


def risk(mean, volatility):
    if mean is None:
        return None
    if (volatility or 0) > 0.25 or mean < 60:
        return "HIGH"
    return "MEDIUM" if (volatility or 0) > 0.10 or mean < 80 else "LOW"


def assert_metrics(found, scores, at, seconds):
    mean = 100 * statistics.fmean(scores) if scores else None
    volatility = statistics.stdev(scores) if len(scores) > 1 else None
    assert found["coherenceMean"] == (mean if mean is None else pytest.approx(mean, abs=1e-9))
    assert found["volatilityIndex"] == (
        volatility if volatility is None else pytest.approx(volatility, abs=1e-6)
    )
    assert found["predictedDriftRisk"] == risk(mean, volatility)
    assert (found["n"], found["timestamp"], found["windowSec"]) == (len(scores), write(at), seconds)
    assert found["inputs"]["startTs"] == write(at - timedelta(seconds=seconds))
    assert found["inputs"]["endTs"] == write(at)
    assert found["meta"]["latencyMs"] > 0


@EDITIONS
@pytest.mark.usefixtures("edition")
async def test_metrics_of_any_window_that_ends_at_any_instant(client, sent):
    at = sent[200][0]  # which is not in the window
    for window, seconds in (("90s", 90), ("7m", 420), ("1h", 3_600), ("3h", 10_800)):
        for sources in (None, ["Slack", "Neo"]):
            data = await client.data(METRICS, w=window, at=write(at), s=sources)
            wanted = [
                row
                for row in sent
                if at - timedelta(seconds=seconds) <= row[0] < at and (sources is None or row[2] in sources)
            ]
            assert_metrics(data["coherenceMetrics"], [row[3] for row in wanted], at, seconds)
            for edge in data["conversations"]["edges"]:
                key = edge["node"]["contextWindowId"]
                scores = [row[3] for row in wanted if row[1] == key]
                assert_metrics(edge["node"]["metrics"], scores, at, seconds)


async def test_metrics_end_now_where_no_instant_is_given(client, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a'), ('b')")
    now = datetime.now(UTC)
    times = [now - 59 * MINUTE, now - 61 * MINUTE, now + 3 * MINUTE]
    await pg.execute(INSERT, times, ["a"] * 3, ["Slack"] * 3, [0.25, 0.5, 0.75])
    query = (
        '{ coherenceMetrics { n coherenceMean timestamp } b: coherenceMetrics(window: "2h") { n timestamp } }'
    )
    data = await client.data(query)
    assert (data["coherenceMetrics"]["n"], data["coherenceMetrics"]["coherenceMean"]) == (1, 25)
    assert data["b"]["n"] == 2
    assert data["b"]["timestamp"] == data["coherenceMetrics"]["timestamp"]  # one clock for an operation


FORECAST = """query($h: Int!) {
  forecast(window: "10m", horizon: $h) { ...F }
  conversation(by: {contextWindowId: "a"}) { forecast(window: "10m", horizon: $h) { ...F } }
  empty: conversation(by: {contextWindowId: "empty"}) { forecast(window: "10m", horizon: $h) { ...F } }
}
fragment F on Forecast { points { windowStart driftScore lower upper } predictedDriftRisk backtestCoverage
  inputs { source startTs } meta { method } }"""


def drift(rows):
    """driftScore by 10-minute window, as a grid without holes; and its first window."""
    groups = defaultdict(list)
    for time, _, _, score in rows:
        groups[(time - datetime(2000, 1, 3, tzinfo=UTC)) // (10 * MINUTE)].append(score)
    scored = {n: min(1, 4 * float(np.var(x))) for n, x in groups.items() if len(x) > 1}
    places, last = [], None
    for n in range(min(scored), max(scored) + 1):
        last = scored.get(n, last)
        places.append(last)
    return places, datetime(2000, 1, 3, tzinfo=UTC) + max(scored) * 10 * MINUTE


async def test_forecasts_are_statsmodels_own(client, sent):
    data = await client.data(FORECAST, h=24)
    for found, rows in (
        (data["forecast"], sent),
        (data["conversation"]["forecast"], [row for row in sent if row[1] == "a"]),
    ):
        places, last = drift(rows)
        wanted = np.clip(Holt(np.array(places), initialization_method="estimated").fit().forecast(24), 0, 1)
        assert [point["driftScore"] for point in found["points"]] == pytest.approx(list(wanted), abs=1e-4)
        starts = [write_instant(last + n * 10 * MINUTE) for n in range(1, 25)]
        assert [point["windowStart"] for point in found["points"]] == starts
        assert all(
            0 <= point["lower"] <= point["driftScore"] <= point["upper"] <= 1 for point in found["points"]
        )
        assert found["predictedDriftRisk"] in {"LOW", "MEDIUM", "HIGH"}
        assert 0 <= found["backtestCoverage"] <= 1
    nothing = data["empty"]["forecast"]
    assert (nothing["points"], nothing["predictedDriftRisk"], nothing["backtestCoverage"]) == ([], None, None)


@pytest.mark.parametrize("horizon", [0, -1, 1_001])
async def test_a_horizon_out_of_bounds_is_refused(reader, horizon):
    error = await reader.error("query($h: Int!) { forecast(horizon: $h) { predictedDriftRisk } }", h=horizon)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "horizon"}
    assert "1 to 1000" in error["message"]


LINEAGE = """query($r: TimeRange) { conversations { edges { node { contextWindowId
  lineage(range: $r) { fromSource toSource count meanScoreChange } } } } }"""


@EDITIONS
@pytest.mark.usefixtures("edition")
async def test_lineage_counts_steps_between_different_sources(client, sent):
    for limits in ({}, {"start": write(sent[50][0]), "end": write(sent[300][0])}):
        data = await client.data(LINEAGE, r=limits)
        chosen = sent[50:300] if limits else sent
        for edge in data["conversations"]["edges"]:
            rows = [row for row in chosen if row[1] == edge["node"]["contextWindowId"]]
            counts, changes = Counter(), defaultdict(float)
            for one, next_ in pairwise(rows):
                if one[2] != next_[2]:
                    counts[one[2], next_[2]] += 1
                    changes[one[2], next_[2]] += next_[3] - one[3]
            wanted = [
                {
                    "fromSource": pair[0],
                    "toSource": pair[1],
                    "count": n,
                    "meanScoreChange": pytest.approx(changes[pair] / n, abs=1e-9),
                }
                for pair, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            ]
            assert edge["node"]["lineage"] == wanted


async def test_many_conversations_take_as_many_statements_as_one(client, pg):
    query = """{ conversations { edges { node { metrics { n } forecast { predictedDriftRisk } lineage { count } } } } }"""
    counts = []
    for number in (1, 20):
        await pg.execute("DELETE FROM conversations")
        await pg.execute(
            "INSERT INTO conversations (context_window_id) SELECT generate_series(1, $1)::text", number
        )
        with statements() as seen:
            await client.data(query)
        counts.append(len(seen))
    assert counts[0] == counts[1]


async def test_a_computation_is_logged_with_what_it_found(client, sent, capsys):
    at = write(sent[-1][0])
    await client.data(
        "query($at: DateTime) { coherenceMetrics(at: $at) { n } coherence { level } forecast { predictedDriftRisk } }",
        at=at,
    )
    lines = [line for line in capsys.readouterr().out.splitlines() if "window=" in line]
    assert len(lines) == 3
    for line in lines:
        assert all(f"{name}=" in line for name in ("source", "risk", "latency_ms", "request_id"))
    metrics = next(line for line in lines if "volatility=" in line)
    assert "mean=" in metrics
