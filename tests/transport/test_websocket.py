"""graphql-transport-ws, spoken by a client of another library."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PROTOCOL = "graphql-transport-ws"


async def send(socket, **message):
    await socket.send(json.dumps(message))


async def receive(socket):
    message = await socket.recv()
    assert isinstance(message, str)
    return json.loads(message)


async def opened(socket):
    await send(socket, type="connection_init")
    assert (await receive(socket))["type"] == "connection_ack"


async def ask(socket, query, **payload):
    """The payload of the one answer to an operation."""
    await send(socket, type="subscribe", id="1", payload={"query": query} | payload)
    answer = await receive(socket)
    if answer["type"] == "next":
        assert await receive(socket) == {"type": "complete", "id": "1"}
    return answer["payload"]


def socket(place, **options):
    return connect(f"ws://{place}/graphql", subprotocols=[PROTOCOL], **options)


async def test_queries_and_mutations_are_answered(live):
    async with socket(live) as ws:
        assert ws.subprotocol == PROTOCOL
        await opened(ws)
        made = await ask(ws, 'mutation { createUser(input: {username: "ann"}) { username } }')
        assert made["data"] == {"createUser": {"username": "ann"}}
        query = "query($n: String!) { user(by: {username: $n}) { username } }"
        found = await ask(ws, query, variables={"n": "ANN"}, operationName=None)
        assert found["data"] == {"user": {"username": "ann"}}
        await send(ws, type="ping")
        assert (await receive(ws))["type"] == "pong"


async def test_every_operation_of_a_socket_reads_anew(live, pg):
    async with socket(live) as ws:
        await opened(ws)
        made = await ask(ws, 'mutation { createUser(input: {username: "ann"}) { id } }')
        query = "query($id: ID!) { node(id: $id) { ... on User { name } } users { totalCount } }"
        variables = {"id": made["data"]["createUser"]["id"]}
        before = await ask(ws, query, variables=variables)
        await pg.execute("UPDATE users SET name = 'Ann'")
        await pg.execute("INSERT INTO users (username, role) VALUES ('bob', 'COACH')")
        after = await ask(ws, query, variables=variables)
    assert before["data"] == {"node": {"name": None}, "users": {"totalCount": 1}}
    assert after["data"] == {"node": {"name": "Ann"}, "users": {"totalCount": 2}}


@pytest.mark.parametrize(
    ("query", "payload", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename }", {"operationName": "Nope"}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ users(first: "x") { totalCount } }', {}, "BAD_USER_INPUT"),
        ("query($n: Int) { users(first: $n) { totalCount } }", {"variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ("{ " + "__typename " * 5_001 + "}", {}, "QUERY_TOO_COMPLEX"),
    ],
)
async def test_an_operation_that_cannot_run_leaves_the_socket_open(live, query, payload, code):
    async with socket(live) as ws:
        await opened(ws)
        errors = await ask(ws, query, **payload)
        errors = errors["errors"] if isinstance(errors, dict) else errors
        assert {error["extensions"]["code"] for error in errors} == {code}
        assert (await ask(ws, "{ __typename }"))["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[]",
        "3",
        "null",
        '"x"',
        "{}",
        '{"type": 3}',
        '{"type": "nope"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 3}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": [1]}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 3}}',
        '{"type": "subscribe", "id": [], "payload": {"query": "{ __typename }"}}',
        '{"type": "complete"}',
        "[" * 100_000 + "]" * 100_000,
        '{"type": "connection_init", "payload": ' + "9" * 5_000 + "}",
        b"binary",
    ],
    ids=lambda message: repr(message)[:60],
)
async def test_a_message_that_is_none_closes_the_socket(live, message):
    async with socket(live) as ws:
        await opened(ws)
        await ws.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd.code == 4400


async def test_nothing_runs_before_the_handshake(live):
    async with socket(live) as ws:
        await send(ws, type="subscribe", id="1", payload={"query": "{ __typename }"})
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd.code == 4401


async def test_another_protocol_is_not_spoken(live):
    async with connect(f"ws://{live}/graphql", subprotocols=["graphql-ws"]) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd.code == 4406


async def refused(place, **options):
    with pytest.raises(InvalidStatus) as refusal:
        async with socket(place, **options):
            pass
    return refusal.value.response.status_code


async def test_another_origin_is_refused_unless_the_settings_name_it(serve):
    async with serve(allowed_origins="https://friend.example") as place:
        for origin in (None, f"http://{place}", "https://friend.example"):
            async with socket(place, origin=origin) as ws:
                await opened(ws)
        for origin in ("https://stranger.example", "null", "https://friend.example.evil.example"):
            assert await refused(place, origin=origin) == 403


async def test_a_name_that_was_made_to_point_here_is_refused(live):
    host, port = live.split(":")
    evil = f"evil.example:{port}"
    assert await refused(evil, host=host, port=int(port), origin=f"http://{evil}") == 400
