"""The same of every index: pgvector's, an exact look at all, numpy where there is no pgvector, and Pinecone."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from pydantic import SecretStr

from app.auth.viewer import NOBODY, PROGRAM, Viewer
from app.settings import Settings
from app.timerange import TimeRange
from app.users.models import Role
from app.vectors import postgres
from app.vectors.embedders import unit
from app.vectors.index import Entry, Question, Wanted
from app.vectors.service import Vectors
from tests.conftest import EDITIONS, QUIET
from tests.pinecone_server import serving

WIDTH = 8
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KINDS = ("exact", "hnsw", "numpy", "pinecone")


@pytest.fixture
async def fake():
    async with serving() as pinecone:
        yield pinecone


def settings_of(kind: str, fake: Any = None) -> Settings:
    given = {"COHERENCE_EMBEDDER": "none", "COHERENCE_EMBEDDING_WIDTH": WIDTH}
    if kind == "pinecone":
        given |= {
            "COHERENCE_VECTORS": "pinecone",
            "PINECONE_API_KEY": SecretStr("the key"),
            "PINECONE_HOST": fake.host,
            "PINECONE_NAMESPACE": "tests",
        }
    return Settings(_env_file=None, **QUIET, **given)


@pytest.fixture(params=KINDS)
async def vectors(request, database, pg, fake, monkeypatch):
    """With a small page, so that there are several."""
    monkeypatch.setattr(postgres, "PAGE", 7)
    monkeypatch.setattr(postgres, "FEW", -1 if request.param == "hnsw" else 20_000)
    made = Vectors.of(settings_of(request.param, fake), database)
    if request.param == "numpy":
        await pg.execute("DROP EXTENSION vector CASCADE")
    await made.store.make_index()
    yield made
    await made.close()


@pytest.fixture
async def world(vectors, pg):
    """Two conversations of forty signals each, one of them ann's, with vectors of chance."""
    random = np.random.default_rng(7)
    found = SimpleNamespace(entries=[], conversations={}, ann=await user(pg, "ann"))
    for name, owner, source in (("a", found.ann, "Slack"), ("b", None, "Neo")):
        key = uuid4()
        found.conversations[name] = key
        await pg.execute(
            "INSERT INTO conversations (id, context_window_id, user_id) VALUES ($1, $2, $3)", key, name, owner
        )
        rows = await pg.fetch(
            "INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
            " SELECT $1::timestamptz + n * interval '1 minute', $2, $3, 0.5 FROM generate_series(0, 39) n RETURNING time, id",
            START,
            key,
            source,
        )
        drawn = unit(random.normal(size=(40, WIDTH)).astype(np.float32))
        found.entries += [
            Entry((row["time"], row["id"]), key, source, vector)
            for row, vector in zip(rows, drawn, strict=True)
        ]
    await vectors.store.upsert(found.entries)
    await vectors.embedding.catch_up()
    await pg.execute("ANALYZE signal_embeddings")
    return found


async def user(pg, name):
    return await pg.fetchval("INSERT INTO users (username, role) VALUES ($1, 'EDUCATOR') RETURNING id", name)


def educator(user_id):
    return Viewer.by_session(uuid4(), user_id, Role.EDUCATOR).rights


def nearest(entries, vector, most):
    """By the definition."""
    ordered = sorted(entries, key=lambda entry: -float(entry.vector @ vector))
    return [entry.key for entry in ordered[:most]]


async def keys(vectors, wanted, question):
    (found,) = await vectors.index.query(wanted, [question])
    assert [match.similarity for match in found] == sorted((m.similarity for m in found), reverse=True)
    return [match.key for match in found]


async def test_the_nearest_are_those_by_definition_with_their_cosine(vectors, world):
    questions = [Question(entry.vector) for entry in world.entries[:5]]
    found = await vectors.index.query(Wanted(PROGRAM, 6), questions)
    by_key = {entry.key: entry for entry in world.entries}
    for question, matches in zip(questions, found, strict=True):
        assert [match.key for match in matches] == nearest(world.entries, question.vector, 6)
        for match in matches:
            assert match.similarity == pytest.approx(
                float(by_key[match.key].vector @ question.vector), abs=1e-6
            )


async def test_a_signal_is_not_among_its_own_nearest(vectors, world):
    first = world.entries[0]
    others = world.entries[1:]
    assert await keys(vectors, Wanted(PROGRAM, 4), Question(first.vector, first.key)) == nearest(
        others, first.vector, 4
    )


async def test_conversation_source_and_time_narrow_before_the_ranking_is_cut(vectors, world):
    question = Question(world.entries[3].vector)
    some = [entry for entry in world.entries if entry.source == "Neo"]
    of_b = Wanted(PROGRAM, 5, conversation=world.conversations["b"])
    assert await keys(vectors, of_b, question) == nearest(some, question.vector, 5)
    assert await keys(vectors, Wanted(PROGRAM, 5, sources=("Neo",)), question) == nearest(
        some, question.vector, 5
    )
    early = [entry for entry in world.entries if entry.key[0] < START + 10 * MINUTE]
    before = Wanted(PROGRAM, 5, range=TimeRange(START, START + 10 * MINUTE))
    assert await keys(vectors, before, question) == nearest(early, question.vector, 5)


async def test_everyone_gets_as_many_as_they_ask_for_of_what_they_may_read(vectors, world, pg):
    question = Question(world.entries[50].vector)
    own = [entry for entry in world.entries if entry.conversation_id == world.conversations["a"]]
    assert await keys(vectors, Wanted(educator(world.ann), 30), question) == nearest(own, question.vector, 30)
    assert await keys(vectors, Wanted(educator(await user(pg, "bob")), 30), question) == []
    assert await keys(vectors, Wanted(NOBODY.rights, 30), question) == []
    await pg.execute("UPDATE conversations SET status = 'DELETED' WHERE context_window_id = 'b'")
    assert await keys(vectors, Wanted(PROGRAM, 30), question) == nearest(own, question.vector, 30)


async def test_what_is_stored_again_is_found_where_it_is_now_and_what_is_deleted_not_at_all(vectors, world):
    first, *_, last = world.entries
    moved = Entry(first.key, first.conversation_id, first.source, last.vector)
    await vectors.store.upsert([moved])
    await vectors.store.delete([last.key])
    await vectors.embedding.catch_up()
    assert (await keys(vectors, Wanted(PROGRAM, 1), Question(last.vector))) == [first.key]
    kept = {key async for page in vectors.index.all_keys() for key in page}
    assert kept == {entry.key for entry in world.entries[:-1]}


async def test_signals_conversations_and_users_take_their_vectors_along(vectors, world, pg, services):
    one = world.entries[0]
    await services.signals.delete(PROGRAM, [one.key])
    await vectors.embedding.catch_up()
    assert one.key not in {key async for page in vectors.index.all_keys() for key in page}
    await services.conversations.delete(PROGRAM, world.conversations["b"])
    await vectors.embedding.catch_up()
    assert {key async for page in vectors.index.all_keys() for key in page} == {
        entry.key for entry in world.entries[1:40]
    }
    await services.users.delete(world.ann)
    await vectors.embedding.catch_up()
    assert [page async for page in vectors.index.all_keys() if page] == []
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == 0
    assert await pg.fetchval("SELECT count(*) FROM embedding_departures") == 0


async def test_of_signals_that_are_gone_nothing_is_stored(vectors, world, pg):
    gone = world.entries[0]
    await pg.execute("DELETE FROM signals WHERE id = $1", gone.key[1])
    await vectors.store.upsert([gone])
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings WHERE id = $1", gone.key[1]) == 0


async def test_pgvector_has_one_index_of_this_space_alone(database, pg):
    vectors = Vectors.of(settings_of("hnsw"), database)
    await vectors.store.make_index()
    await vectors.store.make_index()
    (definition,) = [
        row["indexdef"]
        for row in await pg.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'signal_embeddings'")
        if "hnsw" in row["indexdef"]
    ]
    assert f"vector({WIDTH})" in definition
    assert f"'given-{WIDTH}'" in definition


@EDITIONS
@pytest.mark.usefixtures("edition")
async def test_a_change_of_a_signal_keeps_its_vector_and_a_deletion_takes_it_along(database, pg):
    vectors = Vectors.of(settings_of("exact"), database)
    conversation = await pg.fetchval(
        "INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id"
    )
    row = await pg.fetchrow(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES (now(), $1, 's', 1)"
        " RETURNING time, id",
        conversation,
    )
    vector = unit(np.ones((1, WIDTH), np.float32))[0]
    await vectors.store.upsert([Entry(tuple(row), conversation, "s", vector)])
    await pg.execute("UPDATE signals SET user_id = 'x'")
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == 1
    await pg.execute("DELETE FROM signals")
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == 0
