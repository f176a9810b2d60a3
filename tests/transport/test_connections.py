"""Connections as clients of all kinds use them, byte by byte."""

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from app.asgi import create_app
from tests.conftest import KEY

QUERY = b'{"query": "{ __typename }"}'
LINE = b'{"contextWindowId": "upgraded"}\n'
OFFERS = {
    "curl": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    "java": b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
    "two headers": b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\nConnection: keep-alive\r\n",
    "websocket and more": b"Connection: upgrade\r\nUpgrade: websocket, h2c\r\n",
    "anything": b"connection: keep-alive, UPGRADE\r\nupgrade: nonsense/7\r\n",
}


@pytest.fixture
async def connected(live):
    host, port = live.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield reader, writer
    writer.close()


async def answer(reader):
    """Status, headers and body of the next response of a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = b""
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return int(head[0].split()[1]), headers, body


def post(path, kind, body, more=b"", *, chunked=False):
    length = b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % len(body)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\n" % (path, kind)
    return head + length + more + b"\r\n" + sent


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("piece", [1, 97, 10_000])
async def test_an_offer_of_another_protocol_is_ignored_and_the_body_is_read(connected, offer, chunked, piece):
    reader, writer = connected
    query = post(b"/graphql", b"application/json", QUERY, offer, chunked=chunked)
    for _ in range(2):  # the connection serves a next request
        for start in range(0, len(query), piece):
            writer.write(query[start : start + piece])
            await writer.drain()
        status, _, body = await answer(reader)
        assert (status, json.loads(body)["data"]) == (200, {"__typename": "Query"})
    path = b"/ingest?createConversations=true"
    writer.write(post(path, b"application/x-ndjson", LINE, offer, chunked=chunked))
    status, _, body = await answer(reader)
    assert status == 200
    assert json.loads(body.splitlines()[-1]) == {"lines": 1, "accepted": 1, "duplicates": 0, "refused": 0}
    writer.write(post(b"/auth/logout", b"application/json", b"{}", offer, chunked=chunked))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")


async def test_requests_sent_together_are_answered_in_order(connected):
    reader, writer = connected
    offer = OFFERS["curl"]
    get = b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
    writer.write(
        get % b""
        + post(b"/graphql", b"application/json", QUERY, offer)
        + get % offer
        + post(b"/graphql", b"application/json", QUERY)
    )
    assert [(await answer(reader))[0] for _ in range(4)] == [404, 200, 404, 200]


async def test_what_closes_goes_on_to_close(connected):
    reader, writer = connected
    writer.write(
        post(b"/graphql", b"application/json", QUERY, b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n")
    )
    status, headers, _ = await answer(reader)
    assert (status, headers["connection"]) == (200, "close")
    assert await reader.read() == b""


async def test_a_tunnel_is_none(connected):
    reader, writer = connected
    writer.write(b"CONNECT / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert (await reader.readline()).split()[1] in {b"400", b"404", b"405"}


async def test_a_body_that_got_lost_before_the_server_is_not_taken_for_an_empty_one(client):
    headers = {"Content-Type": "application/x-ndjson", "Content-Length": "26"}
    answer = await client.http.post("/ingest", content=b"", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("path", "kind", "status"), [("/graphql", "application/json", 413), ("/ingest", "text/plain", 415)]
)
async def test_a_client_that_only_listens_once_it_has_sent_everything_learns_why_it_is_refused(
    serve, path, kind, status
):
    """As urllib does, which asks for the connection to be closed."""
    async with serve(max_body=1_000_000) as place:
        request = urllib.request.Request(f"http://{place}{path}", b" " * 33_000_000, {"Content-Type": kind})
        with pytest.raises(urllib.error.HTTPError) as refusal:
            await asyncio.to_thread(urllib.request.urlopen, request)
        assert refusal.value.status == status
        assert json.load(refusal.value)["errors"][0]["message"]


async def test_idle_connections_are_kept_for_longer_than_proxies_keep_them(config, serve, live):
    assert config.keep_alive_seconds > 60
    assert live.server.config.timeout_keep_alive == config.keep_alive_seconds
    async with serve(keep_alive_seconds=1) as place:
        host, port = place.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(post(b"/graphql", b"application/json", QUERY))
        assert (await answer(reader))[0] == 200
        assert await reader.read() == b""
        writer.close()


async def test_a_client_that_leaves_amid_its_request_is_no_fault(live, caplog):
    host, port = live.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    whole = post(b"/graphql", b"application/json", QUERY)
    writer.write(whole[:-5])
    while not live.server.server_state.tasks:  # noqa: ASYNC110 - until it has been taken up
        await asyncio.sleep(0.01)
    writer.close()
    while live.server.server_state.tasks:  # noqa: ASYNC110 - what there was to do for it has been done
        await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


# ── sockets that have been closed ────────────────────────────────────────────


@pytest.mark.parametrize("last", [{"type": "ping"}, {"type": "nonsense"}, {"type": "connection_init"}])
async def test_what_is_left_to_do_for_a_socket_that_has_gone_is_no_fault(url, config, last):
    """Its client left, which an operation has found out, before the server came to a message of before that: so it is
    for a server that was stopped and goes on.
    """
    app = create_app(config, url, KEY)
    gone, first = asyncio.Event(), iter(["connect", "init", "subscribe"])

    async def receive():
        match next(first, None):
            case "connect":
                return {"type": "websocket.connect"}
            case "init":
                return {"type": "websocket.receive", "text": '{"type": "connection_init"}'}
            case "subscribe":
                payload = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}
                return {"type": "websocket.receive", "text": json.dumps(payload)}
        await gone.wait()
        return {"type": "websocket.receive", "text": json.dumps(last)}

    async def send(message):
        if '"next"' in message.get("text", ""):
            gone.set()
            raise OSError

    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "scheme": "ws",
        "headers": [(b"host", b"127.0.0.1")],
        "subprotocols": ["graphql-transport-ws"],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8002),
    }
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await app(scope, receive, send)
