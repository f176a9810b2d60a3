"""API keys over every transport: what each scope opens, and what ends when a key does."""

import asyncio
import json
from contextlib import suppress

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from app.auth import keys
from app.auth.viewer import Scope
from app.users.models import Role
from tests.transport.test_door import codes, locked, post
from tests.transport.test_websocket import ask, receive, send, socket

__all__ = ["locked"]

STATUS = "{ status { version } }"
SIGNAL = '{contextWindowId: "a", signalScore: 0.5}'
STORE = f"mutation {{ createSignals(signals: [{SIGNAL}], createConversations: true) {{ results {{ success }} }} }}"
USER = 'mutation { createUser(input: {username: "bob"}) { username } }'
FOLLOW = "subscription { conversationChanged { contextWindowId } }"


@pytest.fixture
def make(database):
    async def make(*scopes, user_id=None):
        row, token = await keys.create(database, "test", "probe", scopes, user_id)
        return row.id, {"Authorization": f"Bearer {token}"}

    return make


async def allowed(place, headers, query):
    """True, or the code of the refusal."""
    body = (await post(place, query, headers)).json()
    return True if "errors" not in body else codes(body)[0]


async def test_each_scope_opens_what_is_its_own(locked, make):
    async with httpx2.AsyncClient(base_url=f"http://{locked}") as http:
        for scope, read, ingest, admin in (
            (Scope.READ, True, "FORBIDDEN", "FORBIDDEN"),
            (Scope.INGEST, "FORBIDDEN", True, "FORBIDDEN"),
            (Scope.ADMIN, True, True, True),
        ):
            _, headers = await make(scope)
            assert await allowed(locked, headers, STATUS) == read
            assert await allowed(locked, headers, "{ viewer { id } }") == read
            assert await allowed(locked, headers, STORE) == ingest
            assert await allowed(locked, headers, USER) == admin
            for path in ("/metrics", "/charts/drift.svg"):
                assert ((await http.get(path, headers=headers)).status_code == 200) == (read is True)
            stored = await http.post(
                "/ingest?createConversations=true",
                content=b'{"contextWindowId": "a", "signalScore": 0.5}\n',
                headers=headers | {"Content-Type": "application/x-ndjson"},
            )
            assert stored.status_code == (200 if ingest is True else 403), stored.text


@pytest.mark.parametrize(
    "query",
    [
        f"mutation {{ createSignal(input: {SIGNAL}) {{ conversation {{ signals {{ totalCount }} }} }} }}",
        f"mutation {{ createSignal(input: {SIGNAL}) {{ ...F }} }} fragment F on Signal {{ conversation {{ id }} }}",
        f"mutation {{ createSignal(input: {SIGNAL}) {{ id }} deleteSignals(ids: []) {{ deletedCount }} }}",
        "mutation { createSignal: deleteSignals(ids: []) { deletedCount } createSignals(signals: []) { totalCount } }",
        "mutation { ... @skip(if: true) { deleteSignals(ids: []) { deletedCount } } }",
        "subscription { conversationChanged { id } }",
    ],
)
async def test_who_may_only_store_does_not_read_by_the_answer(locked, make, query):
    _, headers = await make(Scope.INGEST)
    assert codes((await post(locked, query, headers)).json()) == ["FORBIDDEN"]


async def test_the_key_is_told_by_a_header_or_in_connection_init(locked, make):
    _, headers = await make(Scope.READ)
    async with socket(locked, additional_headers=headers) as ws:
        await send(ws, type="connection_init")
        assert (await receive(ws))["type"] == "connection_ack"
        assert "data" in await ask(ws, STATUS)
    for name in ("Authorization", "authorization"):
        async with socket(locked) as ws:
            await send(ws, type="connection_init", payload={name: headers["Authorization"]})
            assert (await receive(ws))["type"] == "connection_ack"
            assert "data" in await ask(ws, STATUS)
            assert (await ask(ws, USER))[0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("value", ["Bearer coh_forged", "Bearer", "", 3, None, ["Bearer"]])
async def test_a_forged_key_closes_the_socket(locked, value):
    async with socket(locked) as ws:
        await send(ws, type="connection_init", payload={"Authorization": value})
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize(
    "forged", ["Bearer coh_" + "A" * 43, "Bearer " + "A" * 43, "Basic YWRtaW46YWRtaW4=", "x"]
)
async def test_a_forged_key_is_nobody(locked, make, forged):
    await make(Scope.ADMIN)
    assert await allowed(locked, {"Authorization": forged}, STATUS) == "UNAUTHENTICATED"
    async with httpx2.AsyncClient(base_url=f"http://{locked}") as http:
        assert (await http.get("/metrics", headers={"Authorization": forged})).status_code == 401


async def closing(ws):
    """The code that a socket is closed with, after what is due before."""
    with suppress(ConnectionClosed):
        while True:
            await ws.recv()
    return ws.close_code


async def test_sockets_streams_and_uploads_end_with_their_key(locked, make, pg):
    key, headers = await make(Scope.ADMIN)
    _, other = await make(Scope.READ)
    uploading = asyncio.Event()

    async def upload():
        line = b'{"contextWindowId": "b", "signalScore": 0.5}\n'
        while True:
            yield line
            uploading.set()
            await asyncio.sleep(0.1)

    async with (
        socket(locked) as ws,
        socket(locked, additional_headers=other) as bystander,
        httpx2.AsyncClient(base_url=f"http://{locked}", timeout=10) as http,
    ):
        for each, payload in ((ws, headers), (bystander, {})):
            await send(each, type="connection_init", payload=payload)
            await receive(each)
            await send(each, type="subscribe", id="1", payload={"query": FOLLOW})
        stream = http.stream(
            "POST", "/graphql", json={"query": FOLLOW}, headers=headers | {"Accept": "text/event-stream"}
        )
        ndjson = {"Content-Type": "application/x-ndjson"}
        sending = asyncio.create_task(
            http.post("/ingest?createConversations=true", content=upload(), headers=headers | ndjson)
        )
        async with stream as events:
            assert events.status_code == 200
            await uploading.wait()
            await pg.execute("UPDATE api_keys SET revoked_at = now() WHERE id = $1", key)
            async with asyncio.timeout(5):
                async for _ in events.aiter_bytes():
                    pass
                assert await closing(ws) == 4403
                with pytest.raises(
                    httpx2.HTTPError
                ):  # 401, where it comes through before the connection closes
                    (await sending).raise_for_status()
        stored = await pg.fetchval("SELECT count(*) FROM signals")
        await asyncio.sleep(0.5)
        assert await pg.fetchval("SELECT count(*) FROM signals") == stored
        _, last = await make(Scope.INGEST)
        await allowed(locked, last, STORE)
        told = [await asyncio.wait_for(receive(bystander), 5) for _ in range(1)]
        assert told[0]["type"] == "next"
    assert await allowed(locked, headers, STATUS) == "UNAUTHENTICATED"


async def test_keys_by_mutation(locked, make):
    _, admin = await make(Scope.ADMIN)
    create = """mutation($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { key apiKey { id name prefix scopes userId expiresAt lastUsedAt revokedAt } }
    }"""

    async def run(query, headers=admin, **variables):
        return (await post(locked, query, headers, variables=variables)).json()

    given = {"name": "loader", "scopes": ["INGEST"], "expiresAt": "2999-01-01T00:00:00Z"}
    made = (await run(create, input=given))["data"]["createApiKey"]
    assert made["key"].startswith(made["apiKey"]["prefix"])
    assert made["apiKey"]["scopes"] == ["INGEST"]
    assert made["apiKey"]["expiresAt"] == "2999-01-01T00:00:00.000000Z"
    own = {"Authorization": f"Bearer {made['key']}"}
    assert await allowed(locked, own, STORE) is True
    assert codes(await run(create, own, input=given)) == ["FORBIDDEN"]
    revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedAt } }"
    assert codes(await run(revoke, own, id=made["apiKey"]["id"])) == ["FORBIDDEN"]
    listed = (await run("{ apiKeys { name prefix } }"))["data"]["apiKeys"]
    assert [key["name"] for key in listed] == ["loader", "probe"]
    assert made["key"] not in json.dumps(listed)
    assert (await run(revoke, id=made["apiKey"]["id"]))["data"]["revokeApiKey"]["revokedAt"]
    assert await allowed(locked, own, STORE) == "UNAUTHENTICATED"
    node = await run("query($id: ID!) { node(id: $id) { id } }", id=made["apiKey"]["id"])
    assert node["data"] == {"node": None}
    user = (await run('mutation { createUser(input: {username: "ann"}) { id } }'))["data"]["createUser"]["id"]
    hers = await run(create, input={"name": "hers", "scopes": ["READ"], "userId": user})
    headers = {"Authorization": f"Bearer {hers['data']['createApiKey']['key']}"}
    assert (await run("{ viewer { username } }", headers))["data"] == {"viewer": {"username": "ann"}}
    assert [key["name"] for key in (await run("{ apiKeys { name } }", headers))["data"]["apiKeys"]] == [
        "hers"
    ]
    _, machine = await make(Scope.READ)
    assert (await run("{ apiKeys { name } sessions { id } }", machine))["data"] == {
        "apiKeys": [],
        "sessions": [],
    }
    another = "query($id: ID) { apiKeys(userId: $id) { name } }"
    assert codes(await run(another, machine, id=user)) == ["FORBIDDEN"]
    assert len((await run(another, id=user))["data"]["apiKeys"]) == 1


async def test_personal_data_are_administrators_alone(locked, make, services):
    ada = await services.users.create(username="ada", phone="1", role=Role.ADMIN)
    query = '{ user(by: {username: "ada"}) { personalInformation { phone } } }'
    for scope, owner, found in (
        (Scope.ADMIN, None, None),
        (Scope.ADMIN, ada.id, None),
        (Scope.READ, None, "FORBIDDEN"),
        (Scope.READ, ada.id, "FORBIDDEN"),
    ):
        _, headers = await make(scope, user_id=owner)
        body = (await post(locked, query, headers)).json()
        if found:
            assert codes(body) == [found]
            assert body["data"] == {"user": {"personalInformation": None}}
        else:
            assert body["data"] == {"user": {"personalInformation": {"phone": "1"}}}


async def test_an_upload_whose_key_ends_is_told_so(locked, make, pg):
    key, headers = await make(Scope.INGEST)
    host, port = locked.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    given = headers | {"Host": host, "Content-Type": "application/x-ndjson", "Content-Length": "1000"}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"POST /ingest HTTP/1.1\r\n{head}\r\n ".encode())
    while not locked.graphql.services.auth._held:  # noqa: ASYNC110 - until it has been let in
        await asyncio.sleep(0.01)
    await pg.execute("UPDATE api_keys SET revoked_at = now() WHERE id = $1", key)
    async with asyncio.timeout(10):
        while not reader.at_eof() and not (line := await _within(reader, 0.1)):
            writer.write(b" ")
        assert line == b"HTTP/1.1 401 Unauthorized\r\n"
        assert b'"UNAUTHENTICATED"' in await reader.read()
    writer.close()


async def _within(reader, seconds):
    with suppress(TimeoutError):
        return await asyncio.wait_for(reader.readline(), seconds)
    return b""
