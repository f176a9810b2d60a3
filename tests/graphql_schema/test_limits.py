"""How large an operation may be, and how little work a larger one makes."""

import sys

import httpx2
import pytest
from graphql import get_introspection_query

from app.asgi import create_app
from app.settings import Settings
from tests.conftest import KEY, Client


def nested(users, conversations, signals, fields="id"):
    return f"""{{ users(first: {users}) {{ edges {{ node {{ conversations(first: {conversations}) {{ edges {{ node {{
        signals(first: {signals}) {{ edges {{ node {{ {fields} }} }} }} }} }} }} }} }} }} }}"""


def chain(length, last, between="...{next} ...{next}", on="Query"):
    """Fragments of which each spreads the next one twice."""
    links = [f"fragment f{i} on {on} {{ {between.replace('{next}', f'f{i + 1}')} }}" for i in range(length)]
    return " ".join([*links, f"fragment f{length} on {on} {{ {last} }}"])


async def worked(reader, document, **variables):
    """The response, and the number of function calls that it took: the same on every machine."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        body = await reader.post(document, **variables)
    finally:
        sys.setprofile(None)
    return body, calls


async def refused(reader, document, **variables):
    """The messages of a refusal as too complex, and the function calls that it took."""
    body, calls = await worked(reader, document, **variables)
    assert {error["extensions"]["code"] for error in body["errors"]} == {"QUERY_TOO_COMPLEX"}, body
    assert "data" not in body
    return " ".join(error["message"] for error in body["errors"]), calls


async def test_the_cost_of_an_operation_is_told(reader):
    body = await reader.post(
        nested(20, 10, 20, "id timestamp signalScore signalSource agentId userId payload rawContent")
    )
    assert "errors" not in body
    assert body["extensions"]["cost"] == {"rows": 20 * (1 + 10 * (1 + 20)), "limit": 100_000, "depth": 10}


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (nested(100, 100, 1000), {}),
        (nested(100, 100, 50), {}),
        (
            nested("$u", "$c", "$s").replace("{ users", "query($u: Int, $c: Int, $s: Int) { users", 1),
            {"u": 100, "c": 100, "s": 1000},
        ),
        (
            nested("$u", "$c", "$s").replace(
                "{ users", "query($u: Int = 100, $c: Int = 100, $s: Int = 99) { users", 1
            ),
            {},
        ),
        (nested("$u", 100, 1000).replace("{ users", "query($u: Int) { users", 1), {}),
        (nested("$u", 100, 1000).replace("{ users", "query($u: Int = 1) { users", 1), {"u": None}),
        (nested(100, 100, 1000).replace("first", "last"), {}),
        ("{ a: " + nested(100, 100, 9)[2:-2] + " b: " + nested(100, 100, 9)[2:-2] + "}", {}),
        ("{ " + nested(100, 100, 1000).replace("{ users", "...F } fragment F on Query { users", 1), {}),
        ("{ ... on Query { " + nested(100, 100, 1000)[2:-2] + "} }", {}),
        (
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { coherence { windowSec } } } }",
            {"ids": ["x"] * 10_000},
        ),
        (
            "{ users(first: 100) { edges { node { conversations(first: 100) { edges { node { coherence { level } } } } } } } }",
            {},
        ),
    ],
)
async def test_what_could_return_too_many_rows_is_refused(reader, document, variables):
    message, _ = await refused(reader, document, **variables)
    assert "rows" in message


async def test_pages_that_are_not_asked_for_cost_their_default(reader):
    body = await reader.post(
        "{ users { edges { node { conversations { edges { node { signals { totalCount } } } } } } } }"
    )
    assert body["extensions"]["cost"]["rows"] == 20 * (1 + 20 * (1 + 50))


async def test_doubling_fragments_are_refused_at_once(reader):
    await reader.data("{ __typename }")
    inside = "a: conversations { edges { node { user { ...{next} } } } } b: conversations { edges { node { user { ...{next} } } } }"
    for document in (
        "{ ...f0 } " + chain(24, "__typename"),
        "{ ...f0 } " + chain(24, "status { version }"),
        "{ users { edges { node { ...f0 } } } } " + chain(24, "id", inside, "User"),
        "{ users { edges { node { ...f0 } } } } " + chain(100, "id", inside, "User"),
    ):
        _, calls = await refused(reader, document)
        assert calls < 150_000


async def test_cycles_of_fragments_are_refused_at_once(reader):
    inside = "conversations { edges { node { user { ...{next} ...{next} } } } }"
    for document in (
        "{ ...f0 } " + chain(24, "...f0"),
        "{ users { edges { node { ...f0 } } } } " + chain(2, "...f0", inside, "User"),
        "{ ...f0 } fragment f0 on Query { ...f0 }",
    ):
        body, calls = await worked(reader, document)
        assert calls < 150_000
        assert "data" not in body
        codes = {error["extensions"]["code"] for error in body["errors"]}
        assert codes <= {"GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize(
    "document",
    [
        "{ " + "__typename " * 4_900 + "}",
        "{ " + "status { version } " * 1_200 + "}",
        "{ " + ("users { edges { " + "node { id } " * 30 + "} } ") * 30 + "}",
        "{ "
        + " ".join(f"...f{i}" for i in range(500))
        + " } "
        + " ".join(f"fragment f{i} on Query {{ status {{ version }} }}" for i in range(300)),
    ],
    ids=["names", "objects", "nested", "fragments"],
)
async def test_repeated_fields_do_not_keep_the_server_busy(reader, document):
    body, calls = await worked(reader, document)
    assert calls < 1_000_000  # without a budget of its own from 2 to 49 million
    assert "data" not in body


async def test_what_another_operation_of_the_document_asks_does_not_count(reader):
    document = "query Small { status { version } } query Large " + nested(100, 100, 1000)
    body = {"query": document, "operationName": "Small"}
    response = (await reader.http.post("/graphql", json=body)).json()
    assert response["data"]["status"]["version"]
    response = (await reader.http.post("/graphql", json=body | {"operationName": "Large"})).json()
    assert response["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_the_operation_must_be_named_where_there_are_several(reader):
    document = "query A { a: __typename } query B { b: __typename }"
    for name in (None, "", "C"):
        response = await reader.http.post("/graphql", json={"query": document, "operationName": name})
        assert response.json()["errors"]
        assert "data" not in response.json()
    response = await reader.http.post("/graphql", json={"query": document, "operationName": "B"})
    assert response.json()["data"] == {"b": "Query"}


async def test_depth(reader):
    def deep(levels):
        open_ = 'conversation(by: {contextWindowId: "c"}) { '
        document = "user { conversations { edges { node { " * ((levels - 2) // 4)
        rest = ["", "user { ", "user { conversations { ", "user { conversations { edges { "][(levels - 2) % 4]
        leaf = ["id", "id", "totalCount", "cursor"][(levels - 2) % 4]
        inner = document + rest
        return "{ " + open_ + inner + leaf + " }" * (inner.count("{") + 2)

    body = await reader.post(deep(15))
    assert body["extensions"]["cost"]["depth"] == 15
    assert "errors" not in body
    message, _ = await refused(reader, deep(16))
    assert "depth is 16, and at most 15" in message


async def test_aliases(reader):
    def many(n):
        return "{ status { " + " ".join(f"v{i}: version" for i in range(n)) + " } }"

    assert len((await reader.data(many(200)))["status"]) == 200
    message, _ = await refused(reader, many(201))
    assert "aliases" in message


async def test_tokens(reader):
    def tokens(n):
        return "{ " + " ".join(f"a{i}" for i in range(n - 2)) + " }"

    body = await reader.post(tokens(5_000))
    assert {error["extensions"]["code"] for error in body["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    message, _ = await refused(reader, tokens(5_001))
    assert "5000 tokens" in message


@pytest.mark.parametrize("levels", [201, 2_000, 20_000])
@pytest.mark.parametrize("brace", ["a {", "... {", "users(filter: {search: [["])
async def test_deep_documents_are_refused(reader, levels, brace):
    inside = brace.replace(" [[", " " + "[" * levels) if "[[" in brace else brace * levels
    closing = "]" * levels + "}) { totalCount }" if "[[" in brace else "__typename" + "}" * levels
    body = await reader.post("{ " + inside + closing + " }")
    codes = {error["extensions"]["code"] for error in body["errors"]}
    assert codes <= {"QUERY_TOO_COMPLEX", "BAD_USER_INPUT"}
    assert "data" not in body


@pytest.mark.parametrize("length", [100, 190, 400, 600])
async def test_long_chains_of_fragments_are_refused_or_answered(reader, length):
    document = "{ ...f0 } " + chain(length, "__typename", "...{next}")
    body = await reader.post(document)
    if "errors" in body:
        assert {error["extensions"]["code"] for error in body["errors"]} == {"QUERY_TOO_COMPLEX"}
    else:
        assert body["data"] == {"__typename": "Query"}
        assert length < 200


async def test_graphiqls_introspection_passes(reader):
    everything = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    )
    assert (await reader.data(everything))["__schema"]["queryType"]["name"] == "Query"


async def test_introspection_cannot_be_multiplied(reader):
    many = " ".join(f"a{i}: __schema {{ types {{ fields {{ name }} }} }}" for i in range(11))
    message, _ = await refused(reader, f"{{ {many} }}")
    assert "introspections" in message


async def test_skip_and_include(reader):
    document = """query($yes: Boolean!, $no: Boolean!) {
      a: __typename @include(if: $yes) b: __typename @include(if: $no)
      c: __typename @skip(if: $yes) d: __typename @skip(if: $no)
      ...F @include(if: $no) ... @include(if: $yes) { e: __typename @skip(if: false) }
    } fragment F on Query { f: __typename }"""
    assert set(await reader.data(document, yes=True, no=False)) == {"a", "d", "e"}


async def test_the_limits_are_settings(url):
    app = create_app(
        Settings(_env_file=None, max_depth=2, max_cost=5, max_aliases=1, max_tokens=30), url, KEY
    )
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http,
    ):
        client = Client(http)
        assert await client.data("{ users(first: 5) { totalCount } }")
        for document in (
            "{ users(first: 6) { totalCount } }",
            "{ users(first: 1) { edges { cursor } } }",
            "{ a: __typename b: __typename }",
            "{ " + "__typename " * 30 + "}",
        ):
            await refused(client, document)
