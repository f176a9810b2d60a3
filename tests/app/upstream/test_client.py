"""What is asked of the upstream, and what becomes of its faults."""

import asyncio
import gzip
import json
from datetime import UTC, datetime
from itertools import pairwise
from time import monotonic

import pytest

from app.errors import BadUserInput, Unavailable
from app.settings import Settings
from app.upstream import client, pages
from app.upstream.client import Upstream, retry_after
from tests.app.upstream.upstream import KEY, START, Reply, book, row, serving

UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
ROWS = [row(minute) for minute in range(5)]


def settings(server, **given):
    return Settings(
        _env_file=None,
        **{
            "DARSHAN_BASE_URL": server.address,
            "DARSHAN_API_KEY": KEY,
            "MAX_RETRIES": 3,
            "RETRY_BACKOFF_S": 0.001,
            "DARSHAN_TIMEOUT_S": 5,
        }
        | given,
    )


async def read(server, **given):
    upstream = Upstream.of(settings(server, **given), "request-7")
    async with upstream.http:
        return [page async for page in pages.pages(upstream, START, UNTIL)]


async def rows_of(server, **given):
    return [each for page in await read(server, **given) for each in page]


async def fails(server, kind, **given):
    with pytest.raises(kind) as failure:
        await read(server, **given)
    assert KEY not in str(failure.value)
    return failure.value.message


async def test_it_asks_for_a_range_page_by_page_with_the_key():
    with serving(book(ROWS)) as server:
        assert await read(server, DARSHAN_PAGE_SIZE=2) == [ROWS[:2], ROWS[2:4], ROWS[4:]]
    asked = {"pageSize": "2", "since": "2026-01-31T12:00:00.000000Z", "until": "2026-02-01T00:00:00.000000Z"}
    assert server.queries() == [asked | {"page": str(number)} for number in (1, 2, 3)]
    assert {path for path, _, _ in server.requests} == {"/signals/summary"}
    assert {headers["X-Request-Id"] for _, _, headers in server.requests} == {"request-7"}
    assert {headers["Authorization"] for _, _, headers in server.requests} == {f"Bearer {KEY}"}


async def test_links_and_tokens_are_followed():
    links = {
        "1": "/signals/summary?page=b&since=x",
        "b": "?page=c",
        "c": "d",
        "d": None,
    }

    def answer(query, _):
        return Reply({"data": [query["page"]], "next": links[query["page"]]})

    with serving(answer) as server:
        assert await rows_of(server) == ["1", "b", "c", "d"]
    assert server.queries()[1] == {"page": "b", "since": "x"}

    def absolute(query, _):
        return Reply(
            {"items": [1], "next": f"{server.address}/more?page=2" if query["page"] == "1" else None}
        )

    with serving(absolute) as server:
        assert await rows_of(server) == [1, 1]
    assert [path for path, _, _ in server.requests] == ["/signals/summary", "/more"]


async def test_a_bare_list_ends_with_an_empty_page_and_not_with_a_short_one():
    chunks = {"1": ROWS[:2], "2": ROWS[2:3], "3": ROWS[3:]}
    with serving(lambda query, _: Reply(chunks.get(query["page"], []))) as server:
        assert await rows_of(server, DARSHAN_PAGE_SIZE=100) == ROWS


async def test_a_page_that_is_sent_twice_is_no_end_and_one_that_never_changes_is():
    chunks = {"1": ROWS[:2], "2": ROWS[:2], "3": ROWS[2:]}
    with serving(lambda query, _: Reply(chunks.get(query["page"], []))) as server:
        assert await rows_of(server) == ROWS[:2] + ROWS
    with serving(lambda *_: Reply(ROWS)) as server:
        assert await rows_of(server) == ROWS * 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
async def test_what_may_pass_is_tried_again(status):
    def answer(query, number):
        return book(ROWS)(query, number) if number % 3 == 0 else Reply({}, status)

    with serving(answer) as server:
        assert await rows_of(server) == ROWS
    assert len(server.requests) == 9


@pytest.mark.parametrize("cut", [0, 1, 100])
async def test_an_answer_that_breaks_off_is_asked_for_again(cut):
    def answer(query, number):
        reply = book(ROWS)(query, number)
        reply.cut = cut if number % 2 else None
        return reply

    with serving(answer) as server:
        assert await rows_of(server) == ROWS
    assert len(server.requests) == 6


async def test_text_that_is_no_json_is_asked_for_again():
    for body in (b"<html>", b'[{"timestamp":', b"\xff", b"[" * 100_000):
        with serving(lambda _, number, body=body: Reply(body if number == 1 else [])) as server:
            assert await rows_of(server) == []
        assert len(server.requests) == 2


async def test_tries_are_counted_and_then_it_gives_up():
    with serving(lambda *_: Reply({}, 503)) as server:
        said = await fails(server, Unavailable)
        assert said == f"{server.address}/signals/summary was asked 4 times: it answers 503."
        assert len(server.requests) == 4
        assert "asked once" in await fails(server, Unavailable, MAX_RETRIES=0)
    assert "asked 4 times" in await fails(server, Unavailable)  # nobody listens any more


async def test_waits_grow(monkeypatch):
    waits = []
    sleep = asyncio.sleep

    async def slept(seconds):
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr("asyncio.sleep", slept)
    with serving(lambda *_: Reply({}, 500)) as server:
        await fails(server, Unavailable, MAX_RETRIES=6, RETRY_BACKOFF_S=1)
    for number, wait in enumerate(waits):
        assert 2**number <= wait <= 2**number + 1
    assert len(waits) == 6
    assert all(after > before * 0.99 for before, after in pairwise(waits))


async def test_the_upstream_says_how_long_to_wait():
    began = []

    def answer(_, number):
        began.append(monotonic())
        return Reply({}, 429, Retry_After="0.3") if number == 1 else Reply([])

    with serving(answer) as server:
        await read(server)
    assert began[1] - began[0] >= 0.3


def test_retry_after_is_read_in_both_forms_and_bounded():
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    read = {
        "7": 7,
        "0": 0,
        "-5": 0,
        "99999": client.LONGEST_WAIT,
        "Sat, 31 Jan 2026 12:00:30 GMT": 30,
        "Sat, 31 Jan 2026 12:00:30 -0000": 30,
        "Sat, 31 Jan 2026 11:00:00 GMT": 0,
        "Sun, 01 Feb 2026 12:00:00 GMT": client.LONGEST_WAIT,
        "soon": None,
        "nan": None,
        "inf": None,
        None: None,
    }
    assert {value: retry_after(value, now) for value in read} == read


async def test_a_slow_answer_is_given_up():
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer(*_):
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(5)
        return Reply([])

    with serving(answer) as server:
        said = await fails(server, Unavailable, DARSHAN_TIMEOUT_S=0.05, MAX_RETRIES=1)
        release.set()
    assert "asked 2 times" in said
    assert "did not answer in time" in said


@pytest.mark.parametrize("status", [400, 404, 204])
async def test_what_will_not_pass_is_not_tried_again(status):
    with serving(lambda *_: Reply({}, status)) as server:
        assert f"answers {status}." in await fails(server, BadUserInput)
    assert len(server.requests) == 1


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_a_wrong_key_is_told_and_not_tried_again(key):
    with serving(book(ROWS)) as server:
        said = await fails(server, BadUserInput, DARSHAN_API_KEY=key or None)
    assert said == f"{server.address}/signals/summary answers 401: it does not take DARSHAN_API_KEY."
    assert len(server.requests) == 1
    assert ("Authorization" in server.requests[0][2]) == bool(key)


async def test_the_key_goes_nowhere_else():
    with serving(book(ROWS)) as other:
        with serving(lambda *_: Reply({}, 302, Location=f"{other.address}/signals/summary")) as server:
            assert "redirect" in await fails(server, BadUserInput)
        port = other.server_port
        for link in (
            f"{other.address}/x",
            f"//127.0.0.1:{port}/x",
            f"http://localhost:{port}/",
            "https://127.0.0.1/",
            "http://[",
            "http://host:port/",
            f"http://me@127.0.0.1:{port}/x",
        ):
            with serving(lambda *_, link=link: Reply({"items": [], "next": link})) as server:
                assert "another host" in await fails(server, BadUserInput)
            assert len(server.requests) == 1
    assert other.requests == []


async def test_pages_without_end_end(monkeypatch):
    monkeypatch.setattr(pages, "MOST_PAGES", 20)
    with serving(lambda query, _: Reply({"items": [1], "nextPage": int(query["page"]) + 1})) as server:
        assert "does not end after 20 pages" in await fails(server, Unavailable)
    assert len(server.requests) == 20
    with serving(lambda query, _: Reply([query["page"]])) as server:
        assert "does not end after 20 pages" in await fails(server, Unavailable)
    with serving(lambda query, _: Reply({"items": [1], "nextPage": 3 - int(query["page"])})) as server:
        assert "in a circle" in await fails(server, Unavailable)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer", [1, "rows", None, {}, {"items": {}}, {"items": [], "next": []}, {"items": [], "nextPage": True}]
)
async def test_another_form_is_refused(answer):
    with serving(lambda *_: Reply(answer)) as server:
        assert "neither a list of rows nor an object" in await fails(server, BadUserInput)
    assert len(server.requests) == 1


async def test_answers_are_bounded_as_they_are_unpacked(monkeypatch):
    monkeypatch.setattr(client, "MOST_BYTES", 1_000)
    packed = gzip.compress(json.dumps(["x" * 10_000]).encode())
    assert len(packed) < 1_000
    with serving(lambda *_: Reply(packed, Content_Encoding="gzip")) as server:
        assert "more than 1000 bytes" in await fails(server, BadUserInput)
