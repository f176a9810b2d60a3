"""Every aggregate says how fresh it is, and where it was read."""

from datetime import UTC, datetime, timedelta

import pytest

from app.signals.refresh import refresh
from tests.conftest import EDITIONS

FRESHNESS = "{ status { timescaleLicense } coherence(window: %s) { totalSignalCount inputs { source asOf materializedThrough } } }"
ADD = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT $1, id, 'Slack', 0.5 FROM conversations
"""


@EDITIONS
async def test_how_fresh_an_answer_is(client, database, pg, edition):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    license_of = {"timescale": "community", "apache": "apache", None: None}
    extension = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')"
    assert await pg.fetchval(extension) is (edition == "timescale")
    licensed = license_of[await pg.fetchval("SELECT current_setting('timescaledb.license', true)")]
    rollups = "continuous_aggregate" if licensed == "community" else "rollup"
    for signals in (0, 1):
        if signals:
            now = datetime.now(UTC)
            await pg.execute(ADD, now - timedelta(hours=5))
            async with database.steps() as connection:
                assert await refresh(connection, now)
        for window, source in (('"1h"', rollups), ('"5m"', rollups), ('"7m"', "raw")):
            before = datetime.now(UTC)
            data = await client.data(FRESHNESS % window)
            assert data["status"]["timescaleLicense"] == licensed
            assert data["coherence"]["totalSignalCount"] == signals
            inputs = data["coherence"]["inputs"]
            assert inputs["source"] == source
            as_of = datetime.fromisoformat(inputs["asOf"])
            assert before <= as_of <= datetime.now(UTC)
            through = inputs["materializedThrough"]
            if source == "raw" or (rollups != "rollup" and not signals):
                assert through is None
            elif rollups == "rollup":
                assert through == inputs["asOf"]
            else:
                width = timedelta(hours=1) if window == '"1h"' else timedelta(minutes=5)
                assert timedelta(0) < as_of - datetime.fromisoformat(through) < width + timedelta(minutes=7)


@pytest.mark.parametrize("edition", ["timescale"])
async def test_a_late_signal_counts_at_once(client, database, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    now = datetime.now(UTC)
    await pg.execute(ADD, now - timedelta(hours=5))
    async with database.steps() as connection:
        await refresh(connection, now)
    create = """mutation($at: DateTime!) { createSignal(input: {contextWindowId: "c", signalSource: "Axis",
        signalScore: 0.9, timestamp: $at}) { id } }"""
    for count in (2, 3):
        await client.data(create, at=(now - timedelta(hours=5)).isoformat())
        for window in ('"1h"', '"5m"'):
            assert (await client.data(FRESHNESS % window))["coherence"]["totalSignalCount"] == count
