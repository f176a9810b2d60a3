"""`coherence embed` and `coherence vectors` as a user runs them."""

import asyncio

import pytest

from tests.app.commands import coherence
from tests.conftest import ENVIRONMENT, KEY


@pytest.fixture
def run(url, tmp_path):
    def run(*arguments, **environment):
        given = {"COHERENCE_DATABASE_URL": url, "PGCRYPTO_KEY": KEY} | environment
        return asyncio.to_thread(coherence, *arguments, environment=ENVIRONMENT | given, folder=tmp_path)

    return run


async def test_stored_signals_are_embedded_once_and_differences_told_and_mended(run, pg):
    key = await pg.fetchval("INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id")
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score, raw_content)"
        " SELECT now(), $1, 's', 1, 'text ' || n FROM generate_series(1, 1200) n",
        key,
    )
    first = await run("embed")
    assert (first.stdout, first.returncode) == ("1200 signals looked at.\n", 0), first.stderr
    assert "1200/1200" in first.stderr
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == 1200
    await pg.execute("SET session_replication_role = replica")
    await pg.execute("DELETE FROM signals WHERE raw_content = 'text 7'")
    different = await run("vectors", "check")
    assert different.returncode == 2
    assert different.stdout.startswith("1 embeddings of signals that are no more.")
    assert (await run("vectors", "mend")).returncode == 0
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == 1199


async def test_where_vectors_are_off_nothing_can_be_told(run):
    refused = await run("vectors", "check", COHERENCE_VECTORS="off")
    assert refused.returncode == 1
    assert refused.stderr == "There are no vectors here (COHERENCE_VECTORS=off).\n"
