"""`POST /ingest`, over a real socket."""

import asyncio
import gzip
import json
import re
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn

from app.asgi import create_app
from app.signals import endpoint
from app.signals.ingest import Signals
from tests.conftest import KEY

NDJSON = {"Content-Type": "application/x-ndjson"}


@asynccontextmanager
async def listening(url, config):
    """The application on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(create_app(config, url, KEY), port=0, log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - nothing announces it
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def port(url, config, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    async with listening(url, config) as port:
        yield port


@pytest.fixture
async def http(port):
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        yield http


def lines(*signals):
    return b"".join(json.dumps(signal).encode() + b"\n" for signal in signals)


def signal(n, **more):
    return {"contextWindowId": "c", "signalScore": n % 11 / 10, "rawContent": f"text {n}", **more}


async def report(http, body, **more):
    """The lines of the answer but the progress, and the last one."""
    response = await http.post("/ingest", content=body, **{"headers": NDJSON, **more})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    *told, last = map(json.loads, response.text.splitlines())
    return [line for line in told if "through" not in line], last


async def test_what_is_good_is_stored_and_the_rest_is_told_by_line(http, pg):
    body = (
        lines(signal(0), signal(1, signalScore=7))
        + b"\n{not json}\n"
        + lines(
            signal(2, timestamp="2026-03-01T09:00:00+02:00", payload={"a": 2**70}),
            signal(3, contextWindowId="x"),
        )
        + b'{"contextWindowId": "c", "rawContent": "without an end"}'
    )
    told, last = await report(http, body)
    assert last == {"lines": 7, "accepted": 3, "duplicates": 0, "refused": 3}
    assert {
        line["line"]: (line["error"]["extensions"]["code"], line["error"]["extensions"].get("field"))
        for line in told
    } == {
        2: ("BAD_USER_INPUT", "signalScore"),
        4: ("BAD_USER_INPUT", None),
        6: ("NOT_FOUND", "contextWindowId"),
    }
    rows = await pg.fetch("SELECT raw_content, payload::text FROM signals ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("text 0", "{}"),
        ("text 2", '{"a": 1180591620717411303424}'),
        ("without an end", "{}"),
    ]


async def test_events_of_other_services(http, pg):
    event = {
        "user_id": "u-1",
        "agent_id": "neo",
        "signal_type": "Neo",
        "timestamp": "2026-03-01T09:00:00Z",
        "payload": {"k": 1},
    }
    told, last = await report(http, lines(event, event | {"context_window_id": "own"}, {"signal_type": "x"}))
    assert last == {"lines": 3, "accepted": 2, "duplicates": 0, "refused": 1}
    assert told[0]["error"]["extensions"]["field"] == "context_window_id"
    rows = await pg.fetch("""
        SELECT context_window_id, signals.user_id, signals.agent_id, signal_source, signal_score
        FROM signals JOIN conversations ON conversation_id = conversations.id ORDER BY signals.id
    """)
    assert [tuple(row) for row in rows] == [
        ("user:u-1", "u-1", "neo", "Neo", 0.5),
        ("own", "u-1", "neo", "Neo", 0.5),
    ]


async def test_conversations_are_opened_where_that_is_asked_for(http, pg):
    told, last = await report(http, lines(signal(0, contextWindowId="new")))
    assert (last["accepted"], len(told)) == (0, 1)
    _, last = await report(
        http, lines(signal(0, contextWindowId="new")), params={"createConversations": "true"}
    )
    assert last["accepted"] == 1
    assert await pg.fetchval("SELECT count(*) FROM conversations WHERE context_window_id = 'new'") == 1


async def test_gzip_of_any_length_goes_through_and_is_told_of_on_the_way(http, pg):
    body = lines(*(signal(n) for n in range(2_500)))
    packed = gzip.compress(body[:100_001]) + gzip.compress(body[100_001:])
    response = await http.post("/ingest", content=packed, headers=NDJSON | {"Content-Encoding": "gzip"})
    told = list(map(json.loads, response.text.splitlines()))
    assert told == [
        {"through": 1_000},
        {"through": 2_000},
        {"through": 2_500},
        {"lines": 2_500, "accepted": 2_500, "duplicates": 0, "refused": 0},
    ]
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2_500


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-9], lambda packed: packed[:300] + b"x" * 300, lambda _: b"plain"]
)
async def test_damaged_gzip_is_told_of(http, damage):
    packed = damage(gzip.compress(lines(*(signal(n) for n in range(300)))))
    response = await http.post("/ingest", content=packed, headers=NDJSON | {"Content-Encoding": "gzip"})
    if response.status_code == 200:  # something came out of it first, which was told of
        error = json.loads(response.text.splitlines()[-1])["error"]
    else:
        assert response.status_code == 400
        (error,) = response.json()["errors"]
    assert "gzip" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_fault_after_the_first_batch_is_told_in_the_last_line(http, pg):
    packed = gzip.compress(lines(*(signal(n) for n in range(1_500))))[:-4]
    response = await http.post("/ingest", content=packed, headers=NDJSON | {"Content-Encoding": "gzip"})
    assert response.status_code == 200
    through, last = map(json.loads, response.text.splitlines())
    assert through == {"through": 1_000}
    assert last["accepted"] == 1_000
    assert "gzip" in last["error"]["message"]
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1_000


async def test_a_second_delivery_is_counted_and_not_stored(http, pg):
    body = lines(*(signal(n, idempotencyKey=f"k{n % 7}") for n in range(10)))
    assert (await report(http, body))[1] == {"lines": 10, "accepted": 10, "duplicates": 3, "refused": 0}
    assert (await report(http, body))[1] == {"lines": 10, "accepted": 10, "duplicates": 10, "refused": 0}
    assert await pg.fetchval("SELECT count(*) FROM signals") == 7


async def test_a_producer_that_pauses_finds_stored_what_it_has_sent(http, pg):
    stored = []

    async def slowly():
        for n in range(3):
            yield lines(signal(n))
            async with asyncio.timeout(10):
                while await pg.fetchval("SELECT count(*) FROM signals") <= n:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            stored.append(n)

    _, last = await report(http, slowly())
    assert stored == [0, 1, 2]
    assert last["accepted"] == 3


async def test_a_producer_that_breaks_off_leaves_whole_batches(port, pg):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"POST /ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 99999999\r\n\r\n"
    writer.write(head + lines(*(signal(n) for n in range(1_700)))[:-5])
    await writer.drain()
    assert b'{"through":1000}' in await asyncio.wait_for(reader.readuntil(b"}\n"), 10)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.5)
    count = await pg.fetchval("SELECT count(*) FROM signals")
    # What had come whole may be stored after the pause; the cut line never is.
    assert count in {1_000, 1_699}
    assert await pg.fetchval("SELECT count(*) FROM signals WHERE raw_content = 'text 1699'") == 0


async def test_a_client_that_does_not_read_does_not_stop_it(port, pg):
    """The report of 30 000 refused lines is far more than sockets hold."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    body = b"{}\n" * 30_000 + lines(signal(1))
    writer.write(
        b"POST /ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n"
        % len(body)
        + body
    )
    async with asyncio.timeout(30):
        await writer.drain()
        while not await pg.fetchval("SELECT count(*) FROM signals"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        answer = await reader.readuntil(b'"refused":30000}\n')
    assert re.sub(rb"\r\n[0-9a-f]+\r\n", b"", answer).count(b'{"line":') == 30_000
    writer.close()
    await writer.wait_closed()


async def test_a_line_that_is_too_long_is_refused_by_itself(http, monkeypatch):
    monkeypatch.setattr(endpoint, "LONGEST", 200)
    body = lines(signal(0), signal(1, rawContent="x" * 1_000), signal(2))
    told, last = await report(http, body)
    assert [line["line"] for line in told] == [2]
    assert "longer than 200 bytes" in told[0]["error"]["message"]
    assert last["accepted"] == 2


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"Content-Type": "text/plain"}, "/ingest", 415),
        ({}, "/ingest", 415),
        ({"Content-Type": "application/json"}, "/ingest", 415),
        ({"Content-Type": "text/plain; application/x-ndjson"}, "/ingest", 415),
        (NDJSON | {"Content-Encoding": "br"}, "/ingest", 415),
        (NDJSON | {"Content-Encoding": "x-gzip"}, "/ingest", 400),
        (NDJSON, "/ingest?createConversations=yes", 400),
        (NDJSON, "/ingest?other=1", 400),
    ],
)
async def test_what_is_not_for_it_is_refused(http, headers, path, status):
    response = await http.post(path, content=b"{}", headers=headers)
    assert response.status_code == status
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == ("BAD_REQUEST" if status == 415 else "BAD_USER_INPUT")


async def test_an_empty_body_is_nothing(http):
    assert await report(http, b"") == ([], {"lines": 0, "accepted": 0, "duplicates": 0, "refused": 0})
    assert (await http.get("/ingest")).status_code == 405


async def test_too_many_at_once_are_told_to_come_later_while_reads_go_on(url, config, pg, monkeypatch):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    free = asyncio.Event()
    store = Signals._ingest

    async def waiting(self, *arguments, **options):
        await free.wait()
        return await store(self, *arguments, **options)

    monkeypatch.setattr(Signals, "_ingest", waiting)
    few = config.model_copy(update={"max_ingests": 2})
    query = 'mutation { createSignal(input: {contextWindowId: "c"}) { id } }'
    async with (
        listening(url, few) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        waiting_ones = [asyncio.create_task(http.post("/graphql", json={"query": query})) for _ in range(2)]
        async with asyncio.timeout(10):
            while (
                refused := await http.post("/ingest", content=lines(signal(1)), headers=NDJSON)
            ).status_code != 429:
                pass
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        over_graphql = await http.post("/graphql", json={"query": query})
        assert over_graphql.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert over_graphql.headers["Retry-After"] == "1"
        assert (await http.post("/graphql", json={"query": "{ signals { totalCount } }"})).json()["data"]
        free.set()
        for done in await asyncio.gather(*waiting_ones):
            assert "errors" not in done.json()
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2


async def test_what_became_of_the_lines_is_counted(http):
    await report(http, lines(signal(0), signal(1, signalScore=7), {}, signal(2, idempotencyKey="k")))
    await report(http, lines(signal(2, idempotencyKey="k")) + b"no json")
    await report(http, b"x")
    found = (await http.get("/metrics")).text
    counts = dict(re.findall(r'coherence_signals_total{outcome="(\w+)"} ([\d.]+)', found))
    assert {name: float(n) for name, n in counts.items()} == {
        "accepted": 2,
        "duplicate": 1,
        "refused": 4,
        "dead_lettered": 0,
    }
    status = await http.post("/graphql", json={"query": "{ status { lastIngestAt } }"})
    assert status.json()["data"]["status"]["lastIngestAt"]


async def test_other_programs_lines_are_read(http, pg):
    mark = b"\xef\xbb\xbf"
    seed = {"context_window_id": "c", "raw_content": "said", "signal_source": "radio", "signal_score": 0.75}
    short = {"Conversation": "c", " text ": "said", "source": "radio", "score": 0.75, "ts": 1_700_000_000.5}
    told, last = await report(http, mark + lines(seed, short))
    assert (told, last["accepted"], "unread" in last) == ([], 2, False)
    rows = await pg.fetch("SELECT DISTINCT raw_content, signal_source, signal_score FROM signals")
    assert [tuple(row) for row in rows] == [("said", "radio", 0.75)]
    assert (
        await pg.fetchval("SELECT count(*) FROM signals WHERE extract(epoch FROM time) = 1700000000.5") == 1
    )


async def test_names_that_nobody_reads_are_counted(http):
    body = lines(signal(0, mood=1), signal(1, mood=1, text="no"), signal(2))
    told, last = await report(http, body)
    assert (told, last["accepted"], last["unread"]) == ([], 3, {"mood": 2, "text": 1})
    told, last = await report(http, body, params={"strict": "true"})
    assert ([line["line"] for line in told], last["accepted"]) == ([1, 2], 1)
    assert "'mood': no field is read from it" in told[0]["error"]["message"]
    response = await http.post("/ingest", content=b"", headers=NDJSON, params={"strict": "maybe"})
    assert response.status_code == 400


async def test_refused_lines_are_told_in_their_order(http):
    told, _ = await report(http, lines(signal(0), signal(1, signalScore=2), 3, signal(4, agentId=""), 5))
    assert [line["line"] for line in told] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (gzip.compress(lines(signal(0))), "gzip; .* Content-Encoding: gzip"),
        (lines(signal(0)).decode().encode("utf-16"), "UTF-16"),
        (json.dumps([signal(0)], indent=1).encode(), "a JSON array"),
    ],
)
async def test_a_body_of_another_format_is_refused_once(http, pg, body, what):
    response = await http.post("/ingest", content=body, headers=NDJSON)
    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert re.match(f"The body is {what}", error["message"])
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0
