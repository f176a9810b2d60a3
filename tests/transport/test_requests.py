"""Requests that are GraphQL over HTTP, and requests that are not."""

import gzip
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
    assert response.headers["Content-Type"].partition(";")[0] in {"application/json", GRAPHQL_RESPONSE}
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
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
        (b"[3]", "Operation 0 of the request is no object"),
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
        "",
        "text/plain",
        "text/plain; application/json",
        "text/plain;x=application/json",
        "text/plain;charset=application/json",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; a=application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=application/json",
        "application/graphql",
        "application/json-seq",
        "application/jsonx",
        "text/plain, application/json",
        "application/x-ndjson",
    ],
)
async def test_what_a_form_of_another_site_could_send_is_refused(reader, kind):
    body = json.dumps({"query": "{ __typename }"}).encode()
    told = refusal(await reader.http.post("/graphql", content=body, headers={"Content-Type": kind}), 415)
    assert "application/json" in told


async def test_the_encoding_may_be_named(reader):
    for kind in (
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "APPLICATION/JSON ; a=b",
    ):
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
    answer = await client.http.get("/graphql", params={"query": query})
    assert "mutation" in refusal(answer, 405)
    assert answer.headers["Allow"] == "POST"
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
        ("application/*", "application/json"),
        ("application/json;q=0.1, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json; Q=0.1, application/graphql-response+json;q=0.2", GRAPHQL_RESPONSE),
        ("APPLICATION/JSON", "application/json"),
        ("text/plain, */*;q=0.1", "application/json"),
        ("text/html, */*", "application/json"),
        ("*/*, application/json;q=0", GRAPHQL_RESPONSE),
        (f"*/*;q=0.5, {GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        ("text/event-stream;q=0.1, application/json", "application/json"),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", "application/json"),
        ("application/json;q=x", "application/json"),
        ("", "application/json"),
        (None, "application/json"),
    ],
)
async def test_the_client_chooses_the_media_type(reader, accept, kind):
    async def post(query):
        request = reader.http.build_request("POST", "/graphql", json={"query": query})
        request.headers.pop("accept")
        if accept is not None:
            request.headers["accept"] = accept
        response = await reader.http.send(request)
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert "Accept" in response.headers["Vary"].split(", ")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return response

    assert (await post("{ __typename }")).status_code == 200
    for document in ("{", "{ nope }", '{ users(first: "x") { totalCount } }'):
        response = await post(document)
        assert response.status_code == (400 if kind == GRAPHQL_RESPONSE else 200)
        assert "data" not in response.json()
    response = await post('{ node(id: "x") { id } }')
    assert response.status_code == 200
    assert response.json()["data"] == {"node": None}


@pytest.mark.parametrize(
    "accept",
    ["text/plain", "image/*", "application/json;q=0", "application/xml, text/html", "application/jso"],
)
async def test_who_takes_nothing_that_there_is_is_told_what_there_is(client, pg, accept):
    query = "mutation { createConversation(input: {}) { id } }"
    answer = await client.http.post("/graphql", json={"query": query}, headers={"Accept": accept})
    assert "application/json" in refusal(answer, 406)
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 0


async def test_several_accept_headers_are_one(reader):
    headers = [("Accept", "text/plain"), ("Accept", GRAPHQL_RESPONSE)]
    request = reader.http.build_request("POST", "/graphql", json={"query": "{ __typename }"})
    request = httpx2.Request("POST", request.url, json={"query": "{ __typename }"}, headers=headers)
    answer = await reader.http.send(request)
    assert answer.headers["Content-Type"].startswith(GRAPHQL_RESPONSE)


@pytest.mark.parametrize("empty", ["operationName", "variables", "extensions", "documentId"])
async def test_an_empty_parameter_is_left_out(reader, empty):
    answer = await reader.http.get("/graphql", params={"query": "{ __typename }", empty: ""})
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_an_empty_operation_name_is_left_out(reader):
    for _ in range(2):  # by a plan, and without
        answer = await reader.http.post(
            "/graphql", json={"query": "{ conversations { totalCount } }", "operationName": ""}
        )
        assert answer.json()["data"] == {"conversations": {"totalCount": 0}}


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/json",
        GRAPHQL_RESPONSE,
        "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
        'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
        "text/plain",
        "text/event-stream;q=0.1, application/json",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_without_a_stream_is_the_clients_fault(client, accept, method):
    asked = {"query": "subscription S { conversationChanged { id } }", "operationName": "S"}
    headers = {} if accept is None else {"Accept": accept}
    given = {"params": asked} if method == "GET" else {"json": asked}
    told = refusal(await client.http.request(method, "/graphql", headers=headers, **given), 406)
    assert "text/event-stream" in told
    metrics = (await client.http.get("/metrics")).text
    assert "coherence_errors_total 0.0" in metrics


async def test_numbers_of_any_size_and_all_text_are_written(client):
    value = {"n": 10**300, "m": -(2**64), "é": "\u2028 \U0001f600 </script>", "f": 1e-300}
    document = "mutation($m: JSON) { createConversation(input: {contextMetadata: $m}) { contextMetadata } }"
    assert (await client.data(document, m=value))["createConversation"]["contextMetadata"] == value


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_a_body_may_be_packed(reader, encoding):
    asked = {"query": "query($n: Int) { users(first: $n) { totalCount } }", "variables": {"n": 1}}
    whole = json.dumps(asked).encode()
    for body in (gzip.compress(whole), gzip.compress(whole[:9]) + gzip.compress(whole[9:])):
        for accept in ("application/json", "text/event-stream"):
            answer = await reader.http.post(
                "/graphql", content=body, headers=JSON | {"Content-Encoding": encoding, "Accept": accept}
            )
            assert '{"users":{"totalCount":0}}' in answer.text


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "none"])
async def test_a_body_that_is_packed_otherwise_is_refused(reader, encoding):
    answer = await reader.http.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers=JSON | {"Content-Encoding": encoding}
    )
    assert "Content-Encoding" in refusal(answer, 415)


@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"{}" * 99)[:-9], gzip.compress(b"{}") + b"x"])
async def test_a_body_that_is_packed_badly_is_refused(reader, body):
    answer = await reader.http.post("/graphql", content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert "gzip" in refusal(answer, 400)


async def test_a_packed_body_is_bounded_by_what_it_holds(reader):
    body = gzip.compress(padded(32_000_001), 1)
    answer = await reader.http.post("/graphql", content=body, headers=JSON | {"Content-Encoding": "gzip"})
    assert "32000000 bytes" in refusal(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_a_byte_order_mark_is_no_part_of_the_request(reader):
    body = b'\xef\xbb\xbf{"query": "{ __typename }"}'
    assert (await reader.http.post("/graphql", content=body, headers=JSON)).json()["data"]
    params = {"query": "{ __typename }", "variables": "\ufeff{}"}
    assert (await reader.http.get("/graphql", params=params)).json()["data"]


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
    assert "\r" not in response.text
    assert "no-store" in response.headers["Cache-Control"]
    event, done = response.text.strip().split("\n\n")
    assert event.startswith("event: next\n")
    assert says in event
    assert done.startswith("event: complete")


async def test_deferring_is_not_offered(reader):
    error = await reader.error("{ ... @defer { __typename } }")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
