"""Counters in rows that are summed up, and what /metrics makes of them."""

import random
import re
from datetime import UTC, datetime

import httpx2
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.asgi import create_app
from app.dead_letters import queries as dead_letters
from app.dead_letters.payloads import Item
from app.errors import BadUserInput, Unavailable
from app.observability.statistics import BUCKETS, ROW_BYTES, Statistics

SHARES = (0.0, 0.5, 0.95, 0.99, 1.0)


def parsed(text: str) -> dict[str, float]:
    return {
        ":".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def told(client) -> dict[str, float]:
    response = await client.http.get("/metrics")
    assert response.status_code == 200
    return parsed(response.text)


@pytest.mark.parametrize("count", [1, 999, 1_000, 3_210])
def test_quantiles_are_those_of_the_last_thousand_of_all_workers(count):
    memory, dice = bytearray(3 * ROW_BYTES), random.Random(count)
    team = [Statistics(memory, number, 0.0) for number in range(3)]
    taken = [dice.lognormvariate(-5, 2) for _ in range(count)]
    for number, seconds in enumerate(taken):
        # One has the most, one ends early: neither counts for more than its share of the last thousand.
        worker = 0 if number % 5 else 1 if number < 2_000 else 2
        team[worker].count(seconds, failed=number % 7 == 0)
    expected = np.quantile(taken[-1_000:], SHARES)
    for statistics in team:
        assert statistics.requests.quantiles(SHARES) == pytest.approx(expected)
        assert statistics.requests.count == count
        assert statistics.requests.seconds == pytest.approx(sum(taken))
        assert statistics.requests.up_to == [sum(t <= b for t in taken) for b in (*BUCKETS, float("inf"))]
        assert statistics.error_rate == pytest.approx(len(taken[::7]) / count)


def test_a_bound_is_within_its_bucket():
    statistics = Statistics()
    for bound in BUCKETS:
        statistics.ingested(accepted=1, seconds=bound)
    statistics.ingested(accepted=1, seconds=61)
    assert statistics.batches.up_to == list(range(1, len(BUCKETS) + 2))


def test_nothing_has_no_quantiles():
    assert Statistics().requests.quantiles(SHARES) is None
    assert Statistics().p95_latency_ms is None
    assert Statistics().error_rate == 0


def test_what_becomes_of_batches():
    statistics = Statistics()
    with statistics.batch(10) as batch:
        batch.refused, batch.duplicates = 2, 3
    with pytest.raises(BadUserInput), statistics.batch(4):
        raise BadUserInput("no")
    for fault in (Unavailable("gone"), KeyError("bug")):
        with pytest.raises(type(fault)), statistics.batch(100):
            raise fault
    assert (statistics.accepted, statistics.refused, statistics.duplicates) == (5, 6, 3)
    assert statistics.batches.count == 2


async def test_metrics_and_status_tell_the_same(client):
    signals = '{contextWindowId: "m", signalSource: "s", signalScore: 0.5}'
    bad = '{contextWindowId: "m", signalSource: "s", signalScore: 5}'
    both = f"signals: [{signals}, {bad}]"
    assert "coherence_last_ingest_timestamp_seconds" not in await told(client)
    await client.data(f"mutation {{ createSignals(createConversations: true, {both}) {{ failedCount }} }}")
    await client.error(f"mutation {{ createSignals(failOnError: true, {both}) {{ failedCount }} }}")
    await client.data(f"mutation {{ createSignal(input: {signals}) {{ id }} }}")
    await client.error(f"mutation {{ createSignal(input: {bad}) {{ id }} }}")
    found = await told(client)
    status = (await client.data("{ status { requestCount errorRate p95LatencyMs lastIngestAt } }"))["status"]
    assert found["coherence_signals_total:accepted"] == 2
    assert found["coherence_signals_total:refused"] == 4
    assert found["coherence_ingest_batch_seconds_count"] == 4
    assert found["coherence_ingest_batch_seconds_bucket:+Inf"] == 4
    assert (
        0 < found["coherence_ingest_batch_latency_seconds:0.5"] <= found["coherence_ingest_batch_seconds_sum"]
    )
    assert found["coherence_requests_total"] == status["requestCount"] == 4
    assert found["coherence_errors_total"] == status["errorRate"] == 0
    assert found["coherence_request_latency_seconds:0.95"] * 1_000 == pytest.approx(status["p95LatencyMs"])
    last = datetime.fromisoformat(status["lastIngestAt"]).timestamp()
    assert found["coherence_last_ingest_timestamp_seconds"] == pytest.approx(last, abs=1e-3)


async def test_dead_letters_are_counted_whoever_writes_them(client, database):
    fault = BadUserInput("no")
    letters = [(Item.of(f"kafka:t/0/{n}", datetime.now(UTC), b"{"), fault) for n in range(3)]
    assert (await told(client))["coherence_signals_total:dead_lettered"] == 0
    async with database.write() as connection:
        await dead_letters.add(connection, letters)
        await dead_letters.remove(connection, [1, 2])
    found = await told(client)
    assert found["coherence_signals_total:dead_lettered"] == 3
    assert found["coherence_dead_letters"] == 1


async def test_an_idle_transaction_that_has_written_is_seen(client, pg):
    transaction = pg.transaction()
    await transaction.start()
    await pg.execute("SELECT pg_current_xact_id()")
    for name in ("one", "two"):
        await client.data(
            "mutation ($name: String!) { createConversation(input: {contextWindowId: $name}) { id } }",
            name=name,
        )
    assert (await told(client))["coherence_look_again_transactions"] >= 3
    await transaction.rollback()


async def test_without_a_database_metrics_tell_what_they_know(config):
    app = create_app(config, "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        await http.post("/graphql", json={"query": "{ conversations { totalCount } }"})
        response = await http.get("/metrics")
    found = parsed(response.text)
    assert found["coherence_errors_total"] == found["coherence_requests_total"] == 1
    assert "coherence_signals_total:accepted" in found
    assert "coherence_signals_total:dead_lettered" not in found


async def test_metrics_are_read_by_those_who_may(reader):
    response = await reader.http.get("/metrics")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert (await reader.http.head("/metrics")).status_code == 200
    assert (await reader.http.post("/metrics")).status_code == 405
    assert (await reader.http.get("/metrics", headers={"Host": "evil.example"})).status_code == 400


async def test_metrics_follow_the_rules_of_promtool(client):
    """Those of `promtool check metrics` that a name, a type or a label can break."""
    await client.data('mutation { createConversation(input: {contextWindowId: "m"}) { id } }')
    signal = '{contextWindowId: "m", signalSource: "s", signalScore: 0.5}'
    await client.data(f"mutation {{ createSignal(input: {signal}) {{ id }} }}")
    families = list(text_string_to_metric_families((await client.http.get("/metrics")).text))
    assert {"coherence_signals", "coherence_request_latency_seconds"} <= {each.name for each in families}
    for family in families:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
        assert family.documentation
        assert family.type in {"counter", "gauge", "histogram", "summary"}
        assert not re.search(
            r"_(counter|gauge|histogram|summary|ms|milliseconds|minutes|kb|mb)$", family.name
        )
        if family.type != "counter":
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        for sample in family.samples:
            assert family.type == "histogram" or "le" not in sample.labels
            assert family.type == "summary" or "quantile" not in sample.labels
            assert (family.type == "counter") == sample.name.endswith("_total")
