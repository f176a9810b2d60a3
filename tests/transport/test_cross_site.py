"""A page of another site changes nothing here: by its media type, by its origin, by GET; where nobody signs in too."""

import json

import httpx2
import pytest

from app.asgi import create_app
from app.auth import keys
from app.auth.viewer import Scope
from tests.conftest import KEY

MUTATION = 'mutation { createConversation(input: {contextWindowId: "made"}) { id } }'
JSON = "application/json"
NDJSON = "application/x-ndjson"
LINE = b'{"contextWindowId": "made"}\n'

FOREIGN = pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8199"},
        {"Origin": "https://["},
        {"Origin": "http://127.0.0.1:8002.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:8002", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
OWN = pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:8002", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1:8002"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "HTTPS://Friend.example:443", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://public.example", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)


@pytest.fixture
def config(config):
    return config.model_copy(
        update={
            "allowed_origins": ("https://friend.example",),
            "public_url": "https://public.example",
            "allowed_hosts": ("service.example",),
        }
    )


async def stored(pg):
    return await pg.fetchval("SELECT count(*) FROM conversations")


async def mutate(client, headers):
    return await client.http.post("/graphql", json={"query": MUTATION}, headers=headers)


async def ingest(client, headers):
    return await client.http.post(
        "/ingest?createConversations=true", content=LINE, headers={"Content-Type": NDJSON} | headers
    )


@FOREIGN
async def test_a_foreign_page_changes_nothing_where_nobody_signs_in(client, pg, headers):
    for way in (mutate, ingest):
        answer = await way(client, headers)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    out = await client.http.post("/auth/logout", headers=headers | {"Content-Type": JSON})
    assert out.status_code == 403
    assert await stored(pg) == 0


@OWN
async def test_own_pages_programs_and_allowed_origins_go_on(client, pg, headers):
    assert "errors" not in (await mutate(client, headers)).json()
    assert '"accepted":1' in (await ingest(client, headers)).text
    assert await stored(pg) == 1


async def test_the_own_host_is_compared_with_its_port_as_browsers_leave_it_out(client):
    told = {"Host": "service.example:443", "Origin": "https://service.example"}
    assert "errors" not in (await mutate(client, told)).json()
    assert (await mutate(client, told | {"Host": "service.example:8443"})).status_code == 403


async def test_the_type_is_told_before_the_origin(client, pg):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for kind in ("text/plain; application/json", "text/plain;x=application/json"):
        answer = await client.http.post(
            "/graphql", content=json.dumps({"query": MUTATION}), headers=headers | {"Content-Type": kind}
        )
        assert answer.status_code == 415
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "Unsupported content type" in error["message"]
    assert await stored(pg) == 0


async def test_a_key_does_not_open_the_server_to_foreign_pages(url, config, database):

    _, token = await keys.create(database, "test", "probe", [Scope.ADMIN])
    app = create_app(config.model_copy(update={"auth": "required"}), url, KEY)
    bearer = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8002", headers=bearer
    ) as http:
        body = {"query": MUTATION}
        foreign = {"Origin": "https://evil.example"}
        assert (await http.post("/graphql", json=body, headers=foreign)).status_code == 403
        assert "errors" not in (await http.post("/graphql", json=body)).json()


# ── by GET ───────────────────────────────────────────────────────────────────

COACH = 'coachAnswer(conversationId: "ID", question: "hi") { text }'


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "*/*"])
@pytest.mark.parametrize(
    "document",
    [
        MUTATION,
        f"subscription {{ {COACH} }}",
        f"subscription {{ answer: {COACH} }}",
        f"subscription {{ ...F }} fragment F on Subscription {{ {COACH} }}",
        f"subscription {{ ... on Subscription {{ {COACH} }} }}",
        f"subscription C {{ {COACH} }} query Q {{ __typename }}",
    ],
)
async def test_what_stores_or_costs_never_runs_by_get(client, pg, document, accept):
    made = await client.data('mutation { createConversation(input: {contextWindowId: "c"}) { id } }')
    query = document.replace("ID", made["createConversation"]["id"])
    params = {"query": query} | ({"operationName": "C"} if "query Q" in query else {})
    answer = await client.http.get("/graphql", params=params, headers={"Accept": accept})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    body = answer.json()
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body["extensions"]["cost"]["rows"] == 0
    assert await stored(pg) == 1
    assert await pg.fetchval("SELECT count(*) FROM messages") == 0


async def test_other_subscriptions_and_queries_are_got(client):
    params = {"query": "query Q { __typename } mutation M { __typename }", "operationName": "Q"}
    for accept in ("text/event-stream", "application/json"):
        answer = await client.http.get("/graphql", params=params, headers={"Accept": accept})
        assert '{"__typename":"Query"}' in answer.text


async def test_a_search_is_got_unless_its_embedder_costs(url, config, client):
    params = {"query": '{ ...F } fragment F on Query { searchSignals(text: "hi") { similarity } }'}
    assert (await client.http.get("/graphql", params=params)).json()["data"] == {"searchSignals": []}
    paid = {"embedder": "openai", "embedding_url": "http://127.0.0.1:9", "embedding_model": "m"}
    app = create_app(config.model_copy(update=paid), url, KEY)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        answer = await http.get("/graphql", params=params)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
