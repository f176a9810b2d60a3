"""Pages of another origin in a real browser, on a server with its defaults, where whoever reaches it is an administrator."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import async_playwright

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed, and only root can install it"
)

TYPES = [
    "text/plain; application/json",
    "text/plain; x=application/json",
    "text/plain;charset=application/json",
    "application/x-www-form-urlencoded; a=application/json",
    "multipart/form-data; boundary=application/json",
]

BLIND = """async ([address, type, body]) => {
  const sent = {method: "POST", mode: "no-cors", credentials: "include", body};
  if (type) sent.headers = {"Content-Type": type};
  return (await fetch(address, sent)).type;
}"""
"""What any page may have sent without being asked whether it may."""

FORM = """([address, name, value]) => {
  const form = document.createElement("form");
  Object.assign(form, {action: address, method: "POST", enctype: "text/plain", target: "_self"});
  const field = document.createElement("input");
  Object.assign(field, {name, value});
  form.append(field);
  document.body.append(form);
  form.submit();
}"""

EVENTS = """(address) => new Promise((done) => {
  const source = new EventSource(address);
  source.onopen = () => done("open");
  source.onerror = () => { source.close(); done("refused"); };
})"""

SOCKET = """(address) => new Promise((done) => {
  const socket = new WebSocket(address, "graphql-transport-ws");
  socket.onopen = () => done("open");
  socket.onerror = () => done("refused");
})"""

ASKED = """async ([address, body, headers, credentials]) => {
  try {
    const answer = await fetch(address, {
      method: "POST", credentials, body, headers: {"Content-Type": "application/json", ...headers},
    });
    return await answer.text();
  } catch (error) {
    return String(error);
  }
}"""


@asynccontextmanager
async def page_of_another_origin():
    """An empty page, of a server at a port of its own."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        page = b"<!doctype html><title>elsewhere</title>"
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        )
        writer.write(head % len(page) + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    origin = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    flags = ["--disable-gpu", "--no-sandbox"] if os.geteuid() == 0 else ["--disable-gpu"]
    async with server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        await page.goto(origin)
        yield origin, page
        await browser.close()


def mutation(name):
    return (
        f'{{"query": "mutation {{ createConversation(input: {{contextWindowId: \\"{name}\\"}}) {{ id }} }}"}}'
    )


async def test_they_change_nothing(serve, pg):
    async with serve() as place, page_of_another_origin() as (origin, page):
        await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('there')")
        for type_ in [None, *TYPES]:
            sent = await page.evaluate(BLIND, [f"http://{place}/graphql", type_, mutation("blind")])
            assert sent == "opaque"
            lines = [f"http://{place}/ingest?createConversations=true", type_, '{"contextWindowId": "line"}']
            assert await page.evaluate(BLIND, lines) == "opaque"
        assert await page.evaluate(BLIND, [f"http://{place}/auth/logout", None, None]) == "opaque"

        # A field's name and value make JSON where the form is sent as text: {"query": …, "=": ""}.
        await page.evaluate(FORM, [f"http://{place}/graphql", mutation("form")[:-1] + ', "', '": ""}'])
        await page.wait_for_url(f"http://{place}/graphql")
        assert "Unsupported content type" in await page.inner_text("body")
        await page.goto(origin)

        found = 'conversation(by: {contextWindowId: "there"}) { id }'
        answer = await page.request.get(f"http://{place}/graphql", params={"query": f"{{ {found} }}"})
        there = (await answer.json())["data"]["conversation"]["id"]
        coach = f'subscription{{coachAnswer(conversationId:"{there}",question:"hi"){{text}}}}'
        assert await page.evaluate(EVENTS, f"http://{place}/graphql?query={coach}") == "refused"
        assert await page.evaluate(SOCKET, f"ws://{place}/graphql") == "refused"
        asked = [f"http://{place}/graphql", mutation("asked"), {}, "omit"]
        assert "Failed to fetch" in await page.evaluate(ASKED, asked)

        assert await pg.fetch("SELECT context_window_id FROM conversations") == [("there",)]
        assert await pg.fetchval("SELECT count(*) FROM messages") == 0


async def test_those_of_an_allowed_origin_call_with_what_clients_add(serve, pg):
    async with page_of_another_origin() as (origin, page):
        added = {
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "baggage": "a=b",
            "apollo-require-preflight": "true",
            "apollographql-client-name": "web",
            "cache-control": "no-cache",
            "last-event-id": "7",
        }
        async with serve(COHERENCE_ALLOWED_ORIGINS=f"{origin}/") as place:
            for headers in ({}, added):
                asked = [f"http://{place}/graphql", mutation(f"allowed-{len(headers)}"), headers, "omit"]
                assert '"id"' in await page.evaluate(ASKED, asked)
            assert await page.evaluate(SOCKET, f"ws://{place}/graphql") == "open"
            subscription = "subscription{conversationChanged{id}}"
            assert await page.evaluate(EVENTS, f"http://{place}/graphql?query={subscription}") == "open"
        assert await pg.fetchval("SELECT count(*) FROM conversations") == 2
        async with serve(
            COHERENCE_ALLOWED_ORIGINS=f"{origin}/",
            COHERENCE_AUTH="required",
            COHERENCE_ALLOWED_HEADERS="baggage",
        ) as place:
            asked = [
                f"http://{place}/graphql",
                '{"query": "{ viewer { id } }"}',
                {"baggage": "a=b"},
                "include",
            ]
            assert '"viewer":null' in await page.evaluate(ASKED, asked)
            asked[2] = {"traceparent": added["traceparent"]}
            assert "Failed to fetch" in await page.evaluate(ASKED, asked)
