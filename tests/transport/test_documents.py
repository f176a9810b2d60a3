"""Trusted documents, named by their hash over every transport; and a server that runs nothing else."""

import hashlib
import json
import os
import shutil

import httpx2
import pytest
from playwright.async_api import async_playwright

from app import documents
from app.auth import keys, sessions
from app.auth.viewer import PROGRAM, Scope
from app.settings import Settings
from app.users.models import Role
from tests.transport.test_websocket import opened, receive, send, socket

VERSION = "{ status { version } }"
NAMED = "query Named($name: String!) { user(by: {username: $name}) { username } }"
FOLLOW = "subscription { conversationChanged { id } }"
LISTED = "{ users { totalCount } }"
"""Not trusted."""

CHROMIUM = shutil.which("chromium")


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def named(text, how):
    """What a request has in place of its query."""
    name = sha256(text)
    return {
        "apollo": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}}},
        "draft": {"documentId": f"sha256:{name}"},
        "plain": {"documentId": name},
    }[how]


HOW = pytest.mark.parametrize("how", ["apollo", "draft", "plain"])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({sha256(text): text for text in (VERSION, NAMED, FOLLOW)}))
    return path


@pytest.fixture
async def lenient(serve, file):
    async with serve(COHERENCE_TRUSTED_DOCUMENTS=file) as place:
        yield place


@pytest.fixture
async def strict(serve, file):
    async with serve(
        COHERENCE_AUTH="required", COHERENCE_TRUSTED_DOCUMENTS=file, COHERENCE_TRUSTED_DOCUMENTS_ONLY=True
    ) as place:
        yield place


@pytest.fixture
def make(database):
    async def make(*scopes):
        _, token = await keys.create(database, "test", "probe", scopes)
        return {"Authorization": f"Bearer {token}"}

    return make


async def post(place, headers=None, **payload):
    async with httpx2.AsyncClient() as http:
        return await http.post(f"http://{place}/graphql", json=payload, headers=headers or {})


def code(body):
    (error,) = body["errors"]
    return error["extensions"]["code"]


@HOW
async def test_a_document_is_named_by_its_hash_over_http(lenient, how):
    body = (await post(lenient, **named(NAMED, how), variables={"name": "ann"}, operationName="Named")).json()
    assert body["data"] == {"user": None}
    asked = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in named(VERSION, how).items()
    }
    async with httpx2.AsyncClient() as http:
        got = await http.get(f"http://{lenient}/graphql", params=asked)
        assert "version" in got.json()["data"]["status"]
        told = await http.get(
            f"http://{lenient}/graphql", params=asked, headers={"Accept": "text/event-stream"}
        )
    assert '"version"' in told.text


@HOW
async def test_a_document_is_named_by_its_hash_over_websocket(lenient, how):
    async with socket(lenient) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload=named(NAMED, how) | {"variables": {"name": "ann"}})
        assert (await receive(ws))["payload"]["data"] == {"user": None}
        assert (await receive(ws))["type"] == "complete"
        await send(ws, type="subscribe", id="2", payload=named(FOLLOW, how))
        await post(lenient, query='mutation { createConversation(input: {contextWindowId: "a"}) { id } }')
        told = await receive(ws)
        assert told["id"] == "2"
        assert told["payload"]["data"]["conversationChanged"]


@HOW
async def test_an_unknown_hash_is_told_as_clients_expect_it(lenient, how):
    body = (await post(lenient, **named(LISTED, how))).json()
    assert body["errors"] == [
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    ]
    assert "data" not in body
    answer = await post(lenient, {"Accept": "application/graphql-response+json"}, **named(LISTED, how))
    assert answer.status_code == 200
    async with socket(lenient) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload=named(LISTED, how))
        told = await receive(ws)
        assert (told["type"], told["payload"][0]["message"]) == ("error", "PersistedQueryNotFound")
    # Which is what has clients send the document along.
    both = await post(lenient, query=LISTED, **named(LISTED, how))
    assert both.json()["data"] == {"users": {"totalCount": 0}}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"documentId": 7},
        {"extensions": {"persistedQuery": sha256(VERSION)}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha256(VERSION)}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": None}}},
    ],
)
async def test_a_request_that_names_no_document_is_none(lenient, payload):
    assert (await post(lenient, **payload)).status_code == 400


async def test_nothing_else_runs_for_those_who_are_no_administrators(strict, make):
    headers = await make(Scope.READ, Scope.INGEST)
    for payload in (named(VERSION, "apollo"), named(VERSION, "draft"), {"query": VERSION}):
        assert "version" in (await post(strict, headers, **payload)).json()["data"]["status"]
    for text in (LISTED, VERSION + " ", VERSION.replace("version", "v: version"), "{ __typename }"):
        assert code((await post(strict, headers, query=text)).json()) == "FORBIDDEN"
    # A trusted hash beside another document does not make that trusted.
    for how, refused in (("apollo", "BAD_USER_INPUT"), ("draft", "FORBIDDEN"), ("plain", "FORBIDDEN")):
        body = (await post(strict, headers, query=LISTED, **named(VERSION, how))).json()
        assert code(body) == refused
    unknown = (await post(strict, headers, **named(LISTED, "apollo"))).json()
    assert code(unknown) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert code((await post(strict, headers, **named(LISTED, "draft"))).json()) == "PERSISTED_QUERY_NOT_FOUND"
    async with httpx2.AsyncClient(headers=headers) as http:
        for accept in ("application/json", "text/event-stream"):
            got = await http.get(
                f"http://{strict}/graphql", params={"query": LISTED}, headers={"Accept": accept}
            )
            assert '"FORBIDDEN"' in got.text
    async with socket(strict, additional_headers=headers) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload={"query": LISTED})
        assert (await receive(ws))["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        await send(ws, type="subscribe", id="2", payload=named(VERSION, "apollo"))
        assert "version" in (await receive(ws))["payload"]["data"]["status"]


async def test_administrators_run_what_they_like(strict, make):
    headers = await make(Scope.ADMIN)
    assert (await post(strict, headers, query=LISTED)).json()["data"] == {"users": {"totalCount": 0}}
    page = {"Accept": "text/html"}
    async with httpx2.AsyncClient(headers=headers | page) as http:
        assert "<html" in (await http.get(f"http://{strict}/graphql")).text


async def test_who_has_not_signed_in_learns_nothing_of_what_is_trusted(strict):
    for payload in (named(VERSION, "draft"), named(LISTED, "draft"), {"query": VERSION}, {"query": LISTED}):
        assert code((await post(strict, **payload)).json()) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (json.dumps({"0" * 64: VERSION}), f"under {'0' * 64} has the SHA-256 {sha256(VERSION)}"),
        (json.dumps({hashlib.sha1(b"a").hexdigest(): "a"}), "has the SHA-256"),  # noqa: S324 - refused
        (json.dumps([{"id": sha256(VERSION), "query": VERSION}]), "holds no object"),
        (json.dumps({sha256(VERSION): {"query": VERSION}}), "holds no object"),
        ("{", "is not JSON"),
        ("\xff", "is not JSON"),
    ],
)
def test_a_file_at_fault_stops_the_start(tmp_path, content, says):
    path = tmp_path / "documents.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=says) as refusal:
        Settings(_env_file=None, COHERENCE_TRUSTED_DOCUMENTS=path)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        Settings(_env_file=None, COHERENCE_TRUSTED_DOCUMENTS=tmp_path / "none.json")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed, and only root can install it")
@pytest.mark.skipif(not documents.DASHBOARD.is_file(), reason="the pages are not built: make setup")
async def test_the_dashboard_goes_on_working(strict, services, database, config):
    user = await services.users.create(username="ann", role=Role.EDUCATOR)
    await services.conversations.create(PROGRAM, context_window_id="a", user_id=user.id)
    browser_of = sessions.Browser("127.0.0.1", None)
    token = await sessions.begin(database, config, user.id, "oidc", browser_of, None)
    answers, told, bodies = [], [], []
    flags = ["--disable-gpu", "--no-sandbox"] if os.geteuid() == 0 else ["--disable-gpu"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        await page.context.add_cookies([{"name": "coherence", "value": token, "url": f"http://{strict}"}])
        page.on("response", lambda response: answers.append(response) if "/graphql" in response.url else None)
        page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: told.append(json.loads(frame))))
        for path in (
            "/",
            "/conversations/a",
            "/people",
            "/people/users/ann",
            "/verify",
            "/verify?conversation=a",
        ):
            await page.goto(f"http://{strict}{path}")
            await page.wait_for_load_state("networkidle")
            assert answers, path
            bodies += [await response.json() for response in answers]
            answers.clear()
        await browser.close()
    assert not [body["errors"] for body in bodies if "errors" in body]
    assert {message["type"] for message in told} >= {"connection_ack", "next"}
    assert not [message for message in told if message["type"] == "error"]
