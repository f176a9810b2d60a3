"""Charts over HTTP."""

import asyncio
import threading
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import httpx2
import pytest

from app.asgi import create_app
from app.charts import draw, studio
from app.charts.paper import DPI, SIZE
from tests.conftest import KEY
from tests.transport.test_requests import refusal

SVG, PNG = "/charts/drift.svg", "/charts/drift.png"
CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(createConversations: true, signals: $signals) { successfulCount failedCount }
}
"""
# Five minutes from 12:00: 0.2, 0.4, 0.9, whose drift is 0.35 (metrics.md); from 12:05 just one, from 12:10 two alike.
STANDUP = (("12:00:00", 0.2), ("12:01:00", 0.4), ("12:04:59", 0.9), ("12:06:00", 0.5), ("12:10:00", 1.0))


def signal(key, time, score, source="Slack"):
    return {
        "contextWindowId": key,
        "timestamp": f"2026-03-02T{time}Z",
        "signalSource": source,
        "signalScore": score,
    }


async def store(client, *signals):
    stored = await client.data(CREATE, signals=list(signals))
    assert stored["createSignals"] == {"successfulCount": len(signals), "failedCount": 0}


@pytest.fixture
async def http(client):
    """Of a server with the conversations `standup` and `retro`."""
    await store(
        client,
        *(signal("standup", time, score) for time, score in STANDUP),
        signal("standup", "12:11:00", 1.0, "Neo"),
        signal("retro", "12:02:00", 0.0),
        signal("retro", "12:03:00", 1.0),
    )
    return client.http


def fault(response, status, code, name):
    """The message of a refusal, which names the parameter."""
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": code} | ({"field": name} if name else {})
    return refusal(response, status, code)


async def texts(http, **query):
    response = await http.get(SVG, params=query)
    assert response.status_code == 200, response.text
    svg = ET.fromstring(response.content)  # noqa: S314 - our own
    return ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]


def caption(shown):
    return next(text for text in shown if text.startswith("windows of")).split("  ·  ")


async def test_a_conversation_is_drawn_as_png_and_svg(http):
    png = await http.get(PNG, params={"conversation": "standup"})
    assert (png.status_code, png.headers["Content-Type"]) == (200, "image/png")
    assert png.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(png.content[16:20]) == SIZE[0] * DPI
    assert "Content-Security-Policy" not in png.headers
    svg = await http.get(SVG, params={"conversation": "standup"})
    assert (svg.status_code, svg.headers["Content-Type"]) == (200, "image/svg+xml")
    assert svg.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    for response in (png, svg):
        assert response.headers["Cache-Control"] == "private, max-age=10"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["Content-Length"] == str(len(response.content))


async def test_what_is_drawn_is_what_was_asked_for(http):
    day = {"conversation": "standup"}
    shown = await texts(http, **day)
    assert "standup" in shown
    assert caption(shown) == ["windows of 5m", "6 signals", "1 window without a score", "latest 0.00 LOW"]
    assert caption(await texts(http, **day, window="PT1M", start="2026-03-02T12:10:00Z")) == [
        "windows of 1m", "2 signals", "2 windows without a score",
    ]  # fmt: skip
    first = await texts(http, **day, end="2026-03-02T12:05:00Z")
    assert caption(first) == ["windows of 5m", "3 signals", "latest 0.35 MEDIUM"]
    sliding = await texts(http, **day, window="10 minutes", step="300s")
    assert caption(sliding)[0] == "windows of 10m every 5m"
    neo = await texts(http, **day, source="Neo")
    assert "standup · only Neo" in neo
    assert caption(neo)[1] == "1 signal"
    both = await texts(http, **day, source=["Neo", "Slack"])
    assert caption(both)[1] == "6 signals"


async def test_without_a_conversation_all_make_one_stream(http):
    shown = await texts(http, end="2026-03-02T12:05:00Z")
    assert "All conversations · until 2026-03-02 12:05 UTC" in shown
    # 0.2, 0.4, 0.9, 0 and 1 have the mean 0.5 and the variance 0.152.
    assert caption(shown) == ["windows of 5m", "5 signals", "latest 0.61 MEDIUM"]


async def test_a_hidden_conversation_is_not_drawn(http, pg):
    before = await texts(http)
    await pg.execute("UPDATE conversations SET status = 'DELETED' WHERE context_window_id = 'retro'")
    response = await http.get(SVG, params={"conversation": "retro"})
    fault(response, 404, "NOT_FOUND", "conversation")
    assert caption(before)[1] == "8 signals"
    assert caption(await texts(http))[1] == "6 signals"


async def test_names_are_shown_and_not_run(client):
    name = "<script>alert('$x$')</script>"
    await store(client, signal(name, "12:00:00", 0.5))
    assert name in await texts(client.http, conversation=name)


async def test_nothing_is_drawn_as_nothing(reader):
    shown = await texts(reader.http)
    assert "No signals" in shown


@pytest.mark.parametrize(
    ("query", "name", "says"),
    [
        ("nope=1", "nope", "'nope' is no parameter"),
        ("Window=5m", "Window", "conversation, window, step, start, end, source"),
        ("window=", "window", "cannot be read"),
        ("window=abc", "window", "cannot be read"),
        ("window=0s", "window", "out of range"),
        ("window=367d", "window", "out of range"),
        ("window=5m&step=2m", "step", "does not divide"),
        ("window=5m&window=1h", "window", "more than once"),
        ("start=yesterday", "start", "cannot be read"),
        ("end=2026-03-02T12:00:00", "end", "has no offset"),
        ("start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z", "start", "lies after end"),
        ("conversation=a&conversation=b", "conversation", "more than once"),
        ("conversation=%00", "conversation", "NUL"),
        ("source=%00", "source", "NUL"),
        ("%FF%3Cscript%3E=1", "\ufffd<script>", "no parameter"),
    ],
)
async def test_a_parameter_at_fault_is_named(reader, query, name, says):
    for path in (SVG, PNG):
        assert says in fault(await reader.http.get(f"{path}?{query}"), 400, "BAD_USER_INPUT", name)


async def test_too_many_windows_are_refused(client):
    times = (f"{hour:02}:{minute:02}:00" for hour in range(24) for minute in range(0, 60, 30))
    await store(client, *(signal("long", time, 0.5) for time in times))
    response = await client.http.get(SVG, params={"window": "30m", "step": "1s"})
    assert "50000" in fault(response, 400, "BAD_USER_INPUT", "window")


async def test_an_unknown_conversation_is_not_found(reader):
    for key in ("nobody", ""):
        response = await reader.http.get(SVG, params={"conversation": key})
        assert response.headers["Cache-Control"] == "no-store"
        fault(response, 404, "NOT_FOUND", "conversation")


@pytest.mark.parametrize(
    "file", ["drift", "drift.", ".png", "drift.pdf", "drift.PNG", "nope.png", "a.drift.png"]
)
async def test_another_chart_is_not_found(reader, file):
    assert "drift.png" in fault(await reader.http.get(f"/charts/{file}"), 404, "NOT_FOUND", None)


async def test_charts_are_not_posted(reader):
    response = await reader.http.post(SVG)
    assert (response.status_code, set(response.headers["Allow"].split(", "))) == (405, {"GET", "HEAD"})


async def test_without_a_database_it_is_unavailable(config):
    app = create_app(config, "postgresql://nobody@127.0.0.1:9/none", KEY)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        response = await http.get(SVG)
    fault(response, 503, "UNAVAILABLE", None)
    assert response.headers["Retry-After"] == "5"


async def test_head_answers_as_get_does_without_a_body(live):
    async with httpx2.AsyncClient(base_url=f"http://{live}", timeout=30) as http:
        for path in (SVG, PNG):
            got, head = await http.get(path), await http.head(path)
            assert (head.status_code, head.content) == (200, b"")
            for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
                assert head.headers[name] == got.headers[name]
        assert (await http.head("/charts/nope.png")).status_code == 404


# ── tags ─────────────────────────────────────────────────────────────────────


async def etag(http, path=SVG, **query):
    tag = (await http.get(path, params=query)).headers["ETag"]
    assert tag.startswith('"')
    return tag


async def test_a_tag_stands_for_what_is_drawn(client, http):
    tag = await etag(http)
    assert await etag(http) == tag == await etag(http, window="300s")
    others = [
        await etag(http, PNG),
        await etag(http, window="10m"),
        await etag(http, conversation="standup"),
        await etag(http, source=["Slack", "Neo"]),
    ]
    await store(client, signal("standup", "12:04:00", 0.7))
    others.append(await etag(http))
    assert len({tag, *others}) == 6


async def test_a_tag_stands_for_the_way_of_drawing(http, monkeypatch):
    tag = await etag(http)
    monkeypatch.setattr("app.charts.routes._way_of_drawing", lambda: b"another")
    assert await etag(http) != tag


@pytest.mark.parametrize("given", ["{}", "W/{}", '"other", {}', "*", '"a",W/{} , "b"'])
async def test_what_the_client_has_is_not_drawn_again(http, monkeypatch, given):
    tag = await etag(http)

    def drift(*_, **__):
        raise AssertionError

    monkeypatch.setattr(draw, "drift", drift)
    response = await http.get(SVG, headers={"If-None-Match": given.format(tag)})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "private, max-age=10"


async def test_what_the_client_has_of_another_chart_does_not_count(http):
    tag = await etag(http, PNG)
    for given in (tag, tag.strip('"'), '"', ""):
        assert (await http.get(SVG, headers={"If-None-Match": given})).status_code == 200


# ── drawing beside the loop ──────────────────────────────────────────────────


@dataclass
class Brush:
    """Drawing lasts until `go` is set; `begun` tells that it goes on."""

    begun: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    threads: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0

    def drift(self, *_, **__):
        self.threads.add(threading.current_thread().name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        assert self.go.wait(20), "nobody was answered meanwhile"
        self.at_once -= 1
        return b"picture"


@pytest.fixture
def brush(monkeypatch):
    brush = Brush()
    monkeypatch.setattr(draw, "drift", brush.drift)
    yield brush
    brush.go.set()


async def test_others_are_answered_while_a_chart_is_drawn(client, brush):
    charts = [asyncio.create_task(client.http.get(SVG)) for _ in range(3)]
    assert await asyncio.to_thread(brush.begun.wait, 20)
    assert (await client.http.get("/healthz")).status_code == 200
    assert await client.data("{ __typename }")
    assert not any(chart.done() for chart in charts)
    brush.go.set()
    assert [(await chart).content for chart in charts] == [b"picture"] * 3
    assert (len(brush.threads), brush.most_at_once) == (1, 1)


async def test_only_so_many_charts_wait(client, brush, monkeypatch):
    monkeypatch.setattr(studio, "MOST_WAITING", 2)
    charts = [asyncio.create_task(client.http.get(SVG)) for _ in range(3)]
    (refused,), waiting = await asyncio.wait(charts, return_when=asyncio.FIRST_COMPLETED)
    response = await refused
    fault(response, 503, "UNAVAILABLE", None)
    assert response.headers["Retry-After"] == "5"
    brush.go.set()
    assert [(await chart).status_code for chart in waiting] == [200, 200]
    assert (await client.http.get(SVG)).status_code == 200


async def test_a_chart_that_fails_leaves_room_for_others(client, monkeypatch):
    def drift(*_, **__):
        raise ValueError("spilt")

    monkeypatch.setattr(studio, "MOST_WAITING", 1)
    with monkeypatch.context() as broken:
        broken.setattr(draw, "drift", drift)
        for _ in range(3):
            assert (await client.http.get(SVG)).status_code == 500
    assert (await client.http.get(SVG)).status_code == 200


async def test_the_thread_ends_with_the_program(config, url):
    before = set(threading.enumerate())
    app = create_app(config, url, KEY)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        async with app.router.lifespan_context(app):
            await http.get(SVG)
            drawing = [thread for thread in set(threading.enumerate()) - before if "charts" in thread.name]
            assert len(drawing) == 1
        assert not drawing[0].is_alive()
