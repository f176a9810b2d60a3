"""Requests that are GraphQL over HTTP, and requests that are not."""

import json
import re

import httpx2
import pytest

from app.asgi import create_app

JSON = {"Content-Type": "application/json"}
GRAPHQL_RESPONSE = "application/graphql-response+json"


def refusal(response, status, code="BAD_REQUEST"):
    """The message of a response that refuses a request which is not GraphQL."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == code
    return error["message"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"query"', "not JSON"),
        (b"nonsense", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"query": "\xff"}', "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (
            b'{"query": "{__typename}", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "nested too deeply",
        ),
        (b'{"variables": {"n": ' + b"9" * 5_000 + b"}}", "thousands of digits"),
        (b"3", "must be an object"),
        (b'"x"', "must be an object"),
        (b"true", "must be an object"),
        (b"null", "No GraphQL query"),
        (b"{}", "No GraphQL query"),
        (b'{"query": ""}', "No GraphQL query"),
        (b'{"query": null}', "No GraphQL query"),
        (b'{"query": 3}', "`query` must be"),
        (b'[{"query": "{__typename}"}]', "Batching"),
        (b"[3]", "Batching"),
        (b'{"query": "{__typename}", "variables": [1]}', "`variables` must be"),
        (b'{"query": "{__typename}", "variables": "x"}', "`variables` must be"),
        (b'{"query": "{__typename}", "extensions": 3}', "`extensions` must be"),
        (b'{"query": "{__typename}", "operationName": 3}', "`operationName` must be"),
        (b'{"query": "{__typename}", "operationName": "\\ud800"}', "Unknown operation"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, bytes) else None,
)
async def test_what_is_no_graphql_request_is_refused_in_json(reader, body, says):
    assert says in refusal(await reader.http.post("/graphql", content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
    ],
)
async def test_what_a_form_of_another_site_could_send_is_refused(reader, kind):
    body = json.dumps({"query": "{ __typename }"}).encode()
    refusal(await reader.http.post("/graphql", content=body, headers={"Content-Type": kind}), 400)


async def test_the_encoding_may_be_named(reader):
    for kind in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        response = await reader.http.post(
            "/graphql", content='{"query": "{ __typename }"}', headers={"Content-Type": kind}
        )
        assert response.json()["data"] == {"__typename": "Query"}, kind


async def test_queries_may_be_got(reader):
    query = {"query": "query($n: Int) { users(first: $n) { totalCount } }", "variables": '{"n": 1}'}
    response = await reader.http.get("/graphql", params=query)
    assert response.json()["data"] == {"users": {"totalCount": 0}}


async def test_mutations_may_not_be_got(client, pg):
    query = 'mutation { createUser(input: {username: "a"}) { id } }'
    assert "mutation" in refusal(await client.http.get("/graphql", params={"query": query}), 400)
    query = f"query Q {{ __typename }} {query.replace('mutation', 'mutation M')}"
    for name in ("M", None):
        response = await client.http.get(
            "/graphql", params={"query": query} | ({"operationName": name} if name else {})
        )
        assert "data" not in response.json()
    assert await pg.fetchval("SELECT count(*) FROM users") == 0


@pytest.mark.parametrize("variables", ["3", "[1]", "{", '"x"'])
async def test_variables_that_are_got_are_checked(reader, variables):
    params = {"query": "{ __typename }", "variables": variables}
    refusal(await reader.http.get("/graphql", params=params), 400)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_not_allowed(reader, method):
    response = await reader.http.request(method, "/graphql", json={"query": "{ __typename }"})
    assert response.status_code == 405
    assert set(response.headers["Allow"].replace(" ", "").split(",")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, application/json;q=0.9", GRAPHQL_RESPONSE),
        (f"application/json, {GRAPHQL_RESPONSE};q=0.9", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "application/json"),
        (None, "application/json"),
    ],
)
async def test_the_client_chooses_the_media_type(reader, accept, kind):
    async def post(query):
        request = reader.http.build_request("POST", "/graphql", json={"query": query})
        request.headers.pop("accept")
        if accept:
            request.headers["accept"] = accept
        response = await reader.http.send(request)
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
        return response

    assert (await post("{ __typename }")).status_code == 200
    for document in ("{", "{ nope }", '{ users(first: "x") { totalCount } }'):
        response = await post(document)
        assert response.status_code == (400 if kind == GRAPHQL_RESPONSE else 200)
        assert "data" not in response.json()
    response = await post('{ node(id: "x") { id } }')
    assert response.status_code == 200
    assert response.json()["data"] == {"node": None}


async def test_numbers_of_any_size_and_all_text_are_written(client):
    value = {"n": 10**300, "m": -(2**64), "é": "\u2028 \U0001f600 </script>", "f": 1e-300}
    document = "mutation($m: JSON) { createConversation(input: {contextMetadata: $m}) { contextMetadata } }"
    assert (await client.data(document, m=value))["createConversation"]["contextMetadata"] == value


# ── bodies ───────────────────────────────────────────────────────────────────


def padded(size):
    """A request of exactly `size` bytes."""
    head, tail = b'{"query": "{ __typename }", "extensions": {"padding": "', b'"}}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


async def test_a_body_just_within_the_limit_passes(live):
    async with httpx2.AsyncClient(timeout=30) as http:
        response = await http.post(f"http://{live}/graphql", content=padded(32_000_000), headers=JSON)
    assert response.json()["data"] == {"__typename": "Query"}


async def test_a_body_that_says_it_is_larger_is_refused_unread(live):
    async with httpx2.AsyncClient(timeout=30) as http:
        response = await http.post(f"http://{live}/graphql", content=padded(33_000_000), headers=JSON)
    assert "32000000 bytes" in refusal(response, 413, "PAYLOAD_TOO_LARGE")


async def test_a_body_in_chunks_is_refused_where_it_passes_the_limit(serve):
    sent = 0

    async def chunks():
        nonlocal sent
        for start in range(0, 4_000_000, 10_000):
            sent += 10_000
            yield padded(4_000_000)[start : start + 10_000]

    async with serve(max_body=1_000_000) as place, httpx2.AsyncClient(timeout=30) as http:
        response = await http.post(f"http://{place}/graphql", content=chunks(), headers=JSON)
    refusal(response, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "9" * 400])
async def test_a_strange_content_length_does_no_harm(config, url, length):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b'{"query": "{ __typename }"}', "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", length.encode()),
    ]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
    }
    await create_app(config, url, "key")(scope, receive, send)
    assert sent[0]["status"] in {200, 413}


# ── other places ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", ["request-7", "a.b_C-9"])
async def test_a_plain_request_id_is_kept(reader, given):
    for path in ("/healthz", "/graphql", "/nowhere"):
        response = await reader.http.get(path, headers={"X-Request-Id": given})
        assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "ü"])
async def test_another_request_id_is_made_anew(reader, given):
    headers = {"X-Request-Id": given.encode("latin-1")}
    ids = {(await reader.http.get("/healthz", headers=headers)).headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert given not in ids


async def test_a_browser_gets_the_page(reader):
    response = await reader.http.get(
        "/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    )
    if response.status_code == 404:
        pytest.skip("npm run build has not run in app/web")
    assert response.status_code == 200
    assert "<html" in response.text


@pytest.mark.parametrize(
    "path", ["/", "/conversations/a%2Fb", "/people", "/people/x", "/verify", "/account", "/graphql"]
)
async def test_pages_run_no_script_but_their_own(reader, path):
    response = await reader.http.get(path, headers={"Accept": "text/html"})
    if response.status_code == 404:
        pytest.skip("npm run build has not run in app/web")
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert re.findall(r"<script(?![^>]* src=\"/assets/)", response.text) == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("{ __typename }", '{"data":{"__typename":"Query"}'),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: "x") { id } }', "BAD_USER_INPUT"),
    ],
)
async def test_queries_are_answered_as_events_too(reader, query, says):
    response = await reader.http.post(
        "/graphql", json={"query": query}, headers={"Accept": "text/event-stream"}
    )
    assert response.headers["Content-Type"].startswith("text/event-stream")
    event, done = response.text.replace("\r\n", "\n").strip().split("\n\n")
    assert event.startswith("event: next\n")
    assert says in event
    assert done.startswith("event: complete")


async def test_deferring_is_not_offered(reader):
    error = await reader.error("{ ... @defer { __typename } }")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
