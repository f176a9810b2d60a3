"""Automatic persisted queries: a client sends a hash, then once the document with it, and from then on the hash."""

import asyncio
import hashlib
import json

import httpx2
import pytest
from pydantic import SecretStr

from app import persisted_queries
from app.auth import keys
from app.auth.viewer import Scope
from app.persisted_queries import PersistedQueries
from tests.transport.test_websocket import opened, receive, send, socket

TITLES = "query Titles($first: Int) { conversations(first: $first) { totalCount } }"
EMPTY = {"conversations": {"totalCount": 0}}
HOW = pytest.mark.parametrize("how", ["apollo", "draft", "plain"])


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def apollo(text):
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}}


def named(text, how):
    draft = {"documentId": f"sha256:{sha256(text)}"}
    return {"apollo": apollo(text), "draft": draft, "plain": {"documentId": sha256(text)}}[how]


async def post(place, payload, headers=None):
    async with httpx2.AsyncClient() as http:
        return await http.post(f"http://{place}/graphql", json=payload, headers=headers or {})


def code(body):
    (error,) = body["errors"]
    return error["extensions"]["code"]


@HOW
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_an_unknown_hash_is_not_found_whatever_else_is_said(live, how, accept):
    for more in ({}, {"operationName": "Titles"}, {"operationName": "Titles", "variables": {"first": 1}}):
        answer = await post(live, named(TITLES, how) | more, {"Accept": accept})
        assert answer.status_code == 200
        assert answer.json()["errors"] == [
            {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
        ]
        assert "data" not in answer.json()


async def test_a_document_is_registered_once_and_then_named(live):
    asked = {"operationName": "Titles", "variables": {"first": 1}}
    assert code((await post(live, apollo(TITLES) | asked)).json()) == "PERSISTED_QUERY_NOT_FOUND"
    for _ in range(3):
        assert (await post(live, {"query": TITLES} | apollo(TITLES) | asked)).json()["data"] == EMPTY
        for how in ("apollo", "draft", "plain"):
            assert (await post(live, named(TITLES, how) | asked)).json()["data"] == EMPTY
    async with httpx2.AsyncClient() as http:
        parameters = {"extensions": json.dumps(apollo(TITLES)["extensions"]), "operationName": "Titles"}
        got = await http.get(f"http://{live}/graphql", params=parameters)
        assert got.json()["data"] == EMPTY
        told = await http.get(
            f"http://{live}/graphql", params=parameters, headers={"Accept": "text/event-stream"}
        )
        assert json.dumps(EMPTY, separators=(",", ":")) in told.text
    async with socket(live) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload=apollo(TITLES) | asked)
        assert (await receive(ws))["payload"]["data"] == EMPTY


async def test_it_is_registered_by_a_socket_and_for_subscriptions(live):
    follow = "subscription Follow { conversationChanged { contextWindowId } }"
    async with socket(live) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload=apollo(follow) | {"operationName": "Follow"})
        assert (await receive(ws))["payload"][0]["message"] == "PersistedQueryNotFound"
        await send(ws, type="subscribe", id="2", payload={"query": TITLES} | apollo(TITLES))
        assert (await receive(ws))["payload"]["data"] == EMPTY
    assert (await post(live, apollo(TITLES))).json()["data"] == EMPTY


async def test_a_hash_that_is_another_documents_is_refused(live):
    other = "query Other { users { totalCount } }"
    for _ in range(2):  # the second time the document is known
        for transport in ("post", "socket"):
            payload = {"query": other} | apollo(TITLES)
            if transport == "post":
                body = (await post(live, payload)).json()
                assert code(body) == "BAD_USER_INPUT"
                assert "sha256Hash" in body["errors"][0]["message"]
                assert "data" not in body
            else:
                async with socket(live) as ws:
                    await opened(ws)
                    await send(ws, type="subscribe", id="1", payload=payload)
                    assert (await receive(ws))["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert (await post(live, {"query": other})).json()["data"] == {"users": {"totalCount": 0}}
    assert code((await post(live, apollo(TITLES))).json()) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{ nope }", "{ conversations(", "{ conversations(first: -1) }"])
async def test_what_is_not_valid_is_not_registered(live, text):
    assert (await post(live, {"query": text} | apollo(text))).json()["errors"]
    assert code((await post(live, apollo(text))).json()) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_mutation_that_is_registered_is_not_run_by_get(live):
    change = 'mutation Open { createConversation(input: {title: "x"}) { id } }'
    assert (await post(live, {"query": change} | apollo(change))).json()["data"]
    async with httpx2.AsyncClient() as http:
        got = await http.get(
            f"http://{live}/graphql", params={"extensions": json.dumps(apollo(change)["extensions"])}
        )
    assert got.status_code == 405
    assert (await post(live, {"query": TITLES})).json()["data"] == {"conversations": {"totalCount": 1}}


async def test_where_nothing_is_stored_clients_are_told_to_send_no_hashes(serve):
    async with serve(COHERENCE_PERSISTED_QUERIES=0) as place:
        for _ in range(2):
            body = (await post(place, apollo(TITLES) | {"operationName": "Titles"})).json()
            assert body["errors"] == [
                {
                    "message": "PersistedQueryNotSupported",
                    "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
                }
            ]
            assert (await post(place, {"query": TITLES} | apollo(TITLES))).json()["data"] == EMPTY


async def test_who_may_not_ask_registers_nothing(serve, database):
    async with serve(COHERENCE_AUTH="required") as place:
        assert code((await post(place, {"query": TITLES} | apollo(TITLES))).json()) == "UNAUTHENTICATED"
        assert code((await post(place, apollo(TITLES))).json()) == "UNAUTHENTICATED"
        _, token = await keys.create(database, "test", "probe", [Scope.READ])
        headers = {"Authorization": f"Bearer {token}"}
        assert code((await post(place, apollo(TITLES), headers)).json()) == "PERSISTED_QUERY_NOT_FOUND"
        await post(place, {"query": TITLES} | apollo(TITLES), headers)
        assert (await post(place, apollo(TITLES), headers)).json()["data"] == EMPTY
        # A hash lets nobody past the door.
        assert code((await post(place, apollo(TITLES))).json()) == "UNAUTHENTICATED"


async def test_the_least_asked_for_goes_first(serve):
    texts = [f"query Q{number} {{ users {{ totalCount }} }}" for number in range(3)]
    async with serve(COHERENCE_PERSISTED_QUERIES=2) as place:
        for text in texts[:2]:
            await post(place, {"query": text} | apollo(text))
        assert "data" in (await post(place, apollo(texts[0]))).json()
        await post(place, {"query": texts[2]} | apollo(texts[2]))
        assert code((await post(place, apollo(texts[1]))).json()) == "PERSISTED_QUERY_NOT_FOUND"
        for text in (texts[0], texts[2]):
            assert "data" in (await post(place, apollo(text))).json()


async def test_their_bytes_are_bounded(monkeypatch):
    monkeypatch.setattr(persisted_queries, "MAX_BYTES", 250)
    monkeypatch.setattr(persisted_queries, "MAX_DOCUMENT_BYTES", 100)
    kept = PersistedQueries(1_000)
    texts = [f"{{ users {{ id }} }} # {number} {'é' * 30}" for number in range(5)]
    for text in texts:
        await kept.put(text)
        await kept.put(text)  # which counts once
    found = [await kept.get(sha256(text)) for text in texts]
    assert found == [None, None, *texts[2:]] or found == [None, None, None, *texts[3:]]
    await kept.put("#" * 101)
    assert await kept.get(sha256("#" * 101)) is None


async def test_one_that_many_ask_for_at_once_counts_once(redis, monkeypatch):
    texts = [f"query Q{number} {{ users {{ id }} }}" for number in range(6)]
    kept = PersistedQueries(1_000, SecretStr(redis.url))
    for text in texts:
        await kept.put(text)
    await kept.close()
    monkeypatch.setattr(persisted_queries, "MAX_BYTES", sum(map(len, texts)))
    fresh = PersistedQueries(1_000, SecretStr(redis.url))
    for text in texts:
        assert await asyncio.gather(*(fresh.get(sha256(text)) for _ in range(5))) == [text] * 5
    assert all(fresh.is_kept(sha256(text)) for text in texts)
    await fresh.close()


async def test_servers_share_them_by_redis(serve, redis):
    async with serve(COHERENCE_REDIS_URL=redis.url) as first, serve(COHERENCE_REDIS_URL=redis.url) as second:
        await post(first, {"query": TITLES} | apollo(TITLES))
        assert (await post(second, apollo(TITLES))).json()["data"] == EMPTY
        await redis.stop()
        other = "query Other { users { totalCount } }"
        assert code((await post(second, apollo(other))).json()) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await post(second, {"query": other} | apollo(other))).json()["data"]
        assert (await post(second, apollo(other))).json()["data"]
        await redis.start()  # again, for whoever ends it
