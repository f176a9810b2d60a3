"""Embeddings are made of what is committed, however it came; what is away or amiss for a while is made up for."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pinecone import RetryConfig
from pydantic import SecretStr

from app.auth.viewer import PROGRAM
from app.errors import Refused, Unavailable
from app.services import Services
from app.settings import Settings
from app.vectors import reconcile
from app.vectors.embedders import Hashed
from app.vectors.index import id_of
from tests.app.signals.test_ingest import New
from tests.conftest import KEY, QUIET
from tests.pinecone_server import serving

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = ("the server crashed again", "thanks, lunch was lovely", "our server is crashing", None, "?!")


def given(width=256, **numbers):
    vector = [0.0] * width
    for place, number in numbers.items():
        vector[int(place[1:])] = number
    return vector


async def store(services, *signals):
    ingested = await services.signals.ingest(PROGRAM, signals, NOW, create_conversations=True)
    assert not [result for result in ingested.results if isinstance(result, Refused)]
    return ingested.results


async def worked_off(services):
    await services.arrivals.work_off()
    return await services.vectors.embedding.work_off()


async def stored(pg):
    """Vectors by the signal's number."""
    rows = await pg.fetch("SELECT * FROM signal_embeddings")
    return {row["id"]: np.array(row["embedding"], np.float32) for row in rows}


@pytest.fixture
async def fake():
    async with serving() as pinecone:
        yield pinecone


def at_pinecone(fake, **more: Any) -> Settings:
    there = {"PINECONE_API_KEY": SecretStr("the key"), "PINECONE_HOST": fake.host}
    return Settings(_env_file=None, **QUIET, COHERENCE_VECTORS="pinecone", **there, **more)


@pytest.fixture
async def elsewhere(database, fake):
    """Services whose index is at Pinecone, and who give up soon."""
    made = Services.of(at_pinecone(fake), database, KEY)
    made.vectors.elsewhere.retries = RetryConfig(max_retries=1, backoff_factor=0.001, max_wait=0.002)
    yield made
    await made.vectors.close()


async def test_what_is_committed_is_embedded_by_its_text(services, pg):
    keys = await store(services, *(New(raw_content=text) for text in TEXTS))
    await worked_off(services)
    expected = await Hashed(256).embed([text or "" for text in TEXTS[:3]])
    found = await stored(pg)
    assert found.keys() == {number for _, number in keys[:3]}
    for (_, number), vector in zip(keys, expected, strict=False):
        assert np.array_equal(found[number], vector)
    for table in ("embedding_arrivals", "embedding_departures", "given_embeddings", "signal_arrivals"):
        assert await pg.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_producers_own_vector_takes_the_place_of_its_texts_and_outlasts_a_change(services, pg):
    (_, one), (_, two) = await store(
        services,
        New(raw_content="some text", embedding=given(_3=3.0, _4=4.0), user_id="ann"),
        New(embedding=given(_0=1e-30)),
    )
    assert await worked_off(services) == 2
    await pg.execute("UPDATE signals SET user_id = NULL")
    await worked_off(services)
    found = await stored(pg)
    assert (found[one][3], found[one][4]) == pytest.approx((0.6, 0.8))
    assert found[two][0] == 1


@pytest.mark.parametrize(
    ("embedding", "fault"),
    [
        ([], "has 0 numbers"),
        ([1.0] * 255, "has 255 numbers"),
        (given(_9=float("nan")), "none or too large"),
        (given(_9=float("-inf")), "none or too large"),
        (given(_9=1e39), "none or too large"),
        (given(), "all 0"),
        (given(_9=1e-60), "all 0"),
    ],
)
async def test_a_bad_vector_is_refused_and_the_rest_of_its_batch_is_stored(services, pg, embedding, fault):
    signals = [New(embedding=embedding), New(embedding=given(_1=1))]
    ingested = await services.signals.ingest(PROGRAM, signals, NOW, create_conversations=True)
    assert ingested.results[0].field == "embedding"
    assert fault in ingested.results[0].message
    await worked_off(services)
    assert len(await stored(pg)) == 1


async def test_what_is_deleted_before_its_turn_leaves_nothing(services, pg):
    keys = await store(services, New(embedding=given(_1=1)), New(raw_content="text"))
    await services.arrivals.work_off()
    await services.signals.delete(PROGRAM, keys)
    await services.vectors.embedding.work_off()
    assert await stored(pg) == {}
    for table in ("embedding_arrivals", "given_embeddings"):
        assert await pg.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_several_servers_share_the_work(services, pg):
    for _ in range(6):
        await store(services, New(raw_content="text"))
        await services.arrivals.work_off()
    done = await asyncio.gather(*(services.vectors.embedding.work_off() for _ in range(3)))
    assert sum(done) == 6
    assert len(await stored(pg)) == 6


async def test_one_that_fails_leaves_the_work_to_the_next(services, pg, monkeypatch):
    await store(services, New(raw_content="text"))
    await services.arrivals.work_off()

    async def away(*_):
        raise Unavailable("not now")

    with monkeypatch.context() as patch:
        patch.setattr(Hashed, "embed", away)
        with pytest.raises(Unavailable):
            await services.vectors.embedding.work_off()
    assert await services.vectors.embedding.work_off() == 1
    assert len(await stored(pg)) == 1


async def test_stored_signals_are_embedded_later_and_again_for_another_embedder(services, pg, database):
    off = Services.of(Settings(_env_file=None, **QUIET, COHERENCE_VECTORS="off"), database, KEY)
    await store(off, *(New(raw_content=text) for text in TEXTS))
    assert await worked_off(off) == 0
    steps = []
    assert await services.vectors.embedding.left() == 4
    assert await services.vectors.embedding.missing(steps.append) == sum(steps) == 4
    assert len(await stored(pg)) == 3
    other = Services.of(Settings(_env_file=None, **QUIET, COHERENCE_EMBEDDING_WIDTH=64), database, KEY)
    await other.vectors.embedding.missing(steps.append)
    assert {len(vector) for vector in (await stored(pg)).values()} == {64}
    assert await services.vectors.search(PROGRAM, "server", 5, None) == []
    assert len(await other.vectors.search(PROGRAM, "server", 5, None)) == 3


async def test_pinecone_gets_a_copy_with_what_it_is_filtered_by(elsewhere, fake):
    ((time, number),) = await store(elsewhere, New(raw_content="some text", signal_source="Slack"))
    await worked_off(elsewhere)
    (vector,) = fake.vectors[""].values()
    assert vector["id"] == id_of((time, number)) == f"{int(NOW.timestamp())}000000-{number}"
    assert vector["metadata"]["source"] == "Slack"
    assert np.linalg.norm(vector["values"]) == pytest.approx(1)
    assert fake.keys == {"the key"}


@pytest.mark.parametrize("status", [429, 503])
async def test_one_refusal_of_pinecone_is_passed_over(elsewhere, fake, status):
    await store(elsewhere, New(raw_content="some text"))
    fake.failures = [status]
    await worked_off(elsewhere)
    assert fake.requests == ["/vectors/upsert"] * 2
    assert len(fake.vectors[""]) == 1


async def test_while_pinecone_is_away_signals_are_stored_and_read_and_then_it_catches_up(elsewhere, fake, pg):
    (first,) = await store(elsewhere, New(raw_content="some text"))
    await worked_off(elsewhere)
    fake.failures = [503] * 100
    await store(elsewhere, New(raw_content="other text"))
    await elsewhere.signals.delete(PROGRAM, [first])
    with pytest.raises(Unavailable):
        await worked_off(elsewhere)
    with pytest.raises(Unavailable):
        await elsewhere.vectors.search(PROGRAM, "text", 5, None)
    assert len(await stored(pg)) == 1
    fake.failures = []
    await worked_off(elsewhere)
    assert len(fake.vectors[""]) == 1
    (match,) = await elsewhere.vectors.search(PROGRAM, "other", 5, None)
    assert id_of(match.key) in fake.vectors[""]


async def test_a_host_that_is_not_there_is_unavailable(database):
    fake = type("nowhere", (), {"host": "http://127.0.0.1:9"})
    made = Services.of(at_pinecone(fake), database, KEY)
    made.vectors.elsewhere.retries = RetryConfig(max_retries=0)
    with pytest.raises(Unavailable):
        await made.vectors.search(PROGRAM, "text", 5, None)
    await made.vectors.close()


async def test_differences_are_found_and_mended(elsewhere, fake, pg):
    keys = await store(elsewhere, *(New(raw_content=f"text {n}") for n in range(10)))
    await worked_off(elsewhere)
    work = elsewhere.vectors.embedding
    assert not await reconcile.differences(work)
    lost, orphan = keys[0], keys[1]
    del fake.vectors[""][id_of(lost)]
    fake.vectors[""]["5000000-77"] = fake.vectors[""][id_of(keys[2])]
    fake.vectors[""]["somebody's"] = fake.vectors[""][id_of(keys[2])]
    await pg.execute("SET session_replication_role = replica")
    await pg.execute("DELETE FROM signals WHERE id = $1", orphan[1])
    await pg.execute("SET session_replication_role = origin")
    found = await reconcile.differences(work)
    assert (found.orphans, found.missing, [number for _, number in found.strange]) == ([orphan], [lost], [77])
    await reconcile.mend(work, found)
    assert not await reconcile.differences(work)
    assert len(fake.vectors[""]) == 9 + 1
    assert "somebody's" in fake.vectors[""]


async def test_who_stores_embeddings_can_be_stopped_at_any_moment(services, pg):
    """A server that ends does not wait for ever for a statement that it has cancelled."""
    await store(services, *(New(raw_content=f"line {number}") for number in range(1_000)))
    await services.arrivals.work_off()
    for milliseconds in range(0, 300, 20):
        embedding = asyncio.create_task(services.vectors.embedding.work_off())
        await asyncio.sleep(milliseconds / 1_000)
        embedding.cancel()
        await asyncio.wait((embedding,), timeout=10)
        assert embedding.done()
    await worked_off(services)
    assert len(await stored(pg)) == 1_000
