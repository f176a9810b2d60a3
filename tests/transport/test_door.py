"""COHERENCE_AUTH=required: who has not signed in gets nothing, whichever way they ask."""

import json

import httpx2
import pytest
from graphql import get_named_type, is_leaf_type
from starlette.routing import Mount
from websockets.asyncio.client import connect

from app.asgi import create_app
from app.auth.middleware import OPEN
from app.settings import Settings
from graphql_schema.schema import build_schema
from tests.transport.test_websocket import PROTOCOL, ask, opened, receive, send

SCHEMA = build_schema()._schema
ROOTS = [
    (kind, name)
    for kind, root in (
        ("query", SCHEMA.query_type),
        ("mutation", SCHEMA.mutation_type),
        ("subscription", SCHEMA.subscription_type),
    )
    for name in root.fields
    if name != "viewer"
]


@pytest.fixture
async def locked(serve):
    async with serve(COHERENCE_AUTH="required") as place:
        yield place


def codes(body):
    return [error["extensions"]["code"] for error in body["errors"]]


async def post(place, query, headers=None, **payload):
    async with httpx2.AsyncClient() as http:
        return await http.post(
            f"http://{place}/graphql", json={"query": query, **payload}, headers=headers or {}
        )


DISGUISES = [
    "{ status { version } }",
    "{ __typename }",
    "{ __schema { queryType { name } } }",
    "{ viewer { id } status { version } }",
    "{ a: viewer { id } viewer: status { version } }",
    "{ ... { status { version } } }",
    "{ ... on Query @include(if: true) { viewer { id } ... { users { totalCount } } } }",
    "query A { viewer { id } ...F } fragment F on Query { ...G } fragment G on Query { status { version } }",
    "fragment F on Query { viewer { id } ...F status { version } } { ...F }",
    "mutation { __typename }",
    "{ nope }",
    "{ viewer { nope } nope }",
]


@pytest.mark.parametrize("query", DISGUISES)
async def test_an_operation_of_nobody_is_refused_however_it_is_dressed(locked, query):
    body = (await post(locked, query)).json()
    assert codes(body) == ["UNAUTHENTICATED"]
    assert "data" not in body


async def test_the_operation_that_would_run_is_the_one_that_counts(locked):
    two = "query A { viewer { id } } query B { status { version } }"
    assert codes((await post(locked, two, operationName="B")).json()) == ["UNAUTHENTICATED"]
    assert (await post(locked, two, operationName="A")).json()["data"] == {"viewer": None}
    assert "data" not in (await post(locked, two)).json()


async def test_every_root_field_is_refused_over_http_and_websocket(locked):
    async with connect(f"ws://{locked}/graphql", subprotocols=[PROTOCOL]) as ws:
        await opened(ws)
        for kind, name in ROOTS:
            field = getattr(SCHEMA, f"{kind}_type").fields[name]
            below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
            query = f"{kind} {{ {name}{below} }}"
            await send(ws, type="subscribe", id=name, payload={"query": query})
            answer = await receive(ws)
            assert answer["type"] == "error", name
            assert answer["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED", name
            if kind != "subscription":
                assert codes((await post(locked, query)).json()) == ["UNAUTHENTICATED"], name
        assert (await ask(ws, "{ viewer { id } }"))["data"] == {"viewer": None}


async def test_streams_of_events_and_get_are_refused(locked):
    async with httpx2.AsyncClient(base_url=f"http://{locked}") as http:
        query = {"query": "subscription { conversationChanged { id } }"}
        stream = await http.post("/graphql", json=query, headers={"Accept": "text/event-stream"})
        (event,) = [json.loads(line[6:]) for line in stream.text.splitlines() if line.startswith("data: {")]
        assert codes(event) == ["UNAUTHENTICATED"]
        got = await http.get("/graphql", params={"query": "{ status { version } }"})
        assert codes(got.json()) == ["UNAUTHENTICATED"]


async def test_the_status_says_so_where_the_media_type_lets_it(locked):
    accept = {"Accept": "application/graphql-response+json"}
    assert (await post(locked, "{ status { version } }", accept)).status_code == 401
    assert (await post(locked, "{ status { version } }")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/ingest"),
        ("GET", "/charts/drift.svg"),
        ("GET", "/charts/nope"),
        ("GET", "/metrics"),
        ("GET", "/status"),
        ("GET", "/new"),
    ],
)
async def test_other_places_answer_401(locked, method, path):
    async with httpx2.AsyncClient(base_url=f"http://{locked}") as http:
        response = await http.request(method, path)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert codes(response.json()) == ["UNAUTHENTICATED"]
        assert (await http.get("/health")).json()["status"] == "ok"


def test_no_route_is_open_that_nobody_has_thought_of():
    app = create_app(Settings(_env_file=None), "postgresql://nobody@127.0.0.1:9/none", "key")
    places = {route.path.split("/")[1] for route in app.routes}
    assert places - OPEN == {"ingest", "charts", "metrics", "status"}
    assert {route.path for route in app.routes if isinstance(route, Mount)} == {"/assets", "/auth"}


async def test_locally_everyone_is_an_administrator_whom_nobody_knows(live):
    assert (await post(live, "{ viewer { id } status { version } }")).json()["data"]["viewer"] is None
