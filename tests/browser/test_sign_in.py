"""Sign-in, sign-out and one's account in a real browser, at a real OpenID provider: host names differ, as they do in the
world.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import signing_in
from tests.browser.dashboard import serious
from tests.conftest import ENVIRONMENT

pytestmark = signing_in.NEEDED

ASK = """async (query) => (await (await fetch("/graphql", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({query}),
})).json())"""
VIEWER = "{ viewer { username role } }"


@dataclass
class Site:
    """A server that asks who is there, and the provider that it trusts."""

    home: str
    provider: str
    run: Callable[..., object]
    """`coherence` with those arguments, on its database."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-sign-in-"))
    port = signing_in.free_port()
    given = {name: str(value) for name, value in signing_in.settings(port).items()}
    environment = {**ENVIRONMENT, **given, "PORT": "0", "DEMO": "0", "COHERENCE_DATA_DIR": str(folder)}
    coherence = Path(sys.executable).with_name("coherence")

    def run(*arguments: str) -> None:
        subprocess.run(
            [coherence, *arguments],
            cwd=folder, env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    with subprocess.Popen(
        [coherence, "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        text=True,
    ) as server:
        found = (re.search(r"http://127.0.0.1:(\d+)", line) for line in server.stdout)
        home = f"http://localhost:{next(match[1] for match in found if match)}"
        provider = signing_in.start(port, f"{home}/auth/callback/oidc")
        try:
            yield Site(home, f"http://127.0.0.1:{port}", run)
        finally:
            signing_in.end(provider)
            server.terminate()
            server.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def arrive(browser: Browser, site: Site) -> Iterator[Callable[[str, str], Page]]:
    """A new browser that opens a path, is shown how to sign in, does so under a name, and is back."""
    contexts: list[BrowserContext] = []

    def arrive(name: str, path: str) -> Page:
        context = browser.new_context(base_url=site.home, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        expect(page.get_by_role("heading", name="Sign in")).to_be_focused()
        expect(page.get_by_role("link", name="Sign in with OpenID")).to_be_visible()
        assert serious(page) == []
        page.get_by_role("link", name="Sign in with OpenID").click()
        page.get_by_placeholder("Enter any login").fill(name)
        page.get_by_placeholder("and password").fill("any")
        page.get_by_role("button").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{site.home}{path}")
        return page

    yield arrive
    for context in contexts:
        context.close()


def signed_out(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("header .viewer")).to_have_count(0)


def test_a_browser_signs_in_becomes_an_administrator_and_signs_out(site, arrive):
    page = arrive("ada", "/verify?window=5m&conversation=a%2Fb")
    expect(page.get_by_role("link", name="ada Example")).to_have_attribute("href", "/account")
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "coherence"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate(ASK, VIEWER)["data"]["viewer"] == {"username": "ada", "role": "EDUCATOR"}
    site.run("users", "promote", "ADA", "--role", "admin")
    page.wait_for_timeout(1_200)
    assert page.evaluate(ASK, VIEWER)["data"]["viewer"]["role"] == "ADMIN"
    other = page.context.new_page()  # of another site, with the same browser
    other.goto(f"{site.provider}/.well-known/openid-configuration")
    gone = other.evaluate(
        "async (url) => (await fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})).type",
        f"{site.home}/auth/logout",
    )
    assert gone == "opaque"
    assert page.evaluate(ASK, VIEWER)["data"]["viewer"]["username"] == "ada"
    page.get_by_role("button", name="Sign out").click()
    signed_out(page)
    assert page.evaluate(ASK, VIEWER)["data"]["viewer"] is None
    page.goto("/metrics")
    expect(page.locator("body")).to_contain_text("UNAUTHENTICATED")


def test_an_account_has_sessions_and_keys_and_an_administrator_makes_some(site, arrive):
    page = arrive("grace", "/account")
    row = page.get_by_role("table", name="Sessions").locator("tbody tr")
    expect(row).to_contain_text("this one")
    expect(page.get_by_text("No API keys")).to_be_visible()
    expect(page.get_by_role("form", name="New API key")).to_have_count(0)

    site.run("users", "promote", "grace", "--role", "admin")
    page.wait_for_timeout(1_200)
    page.reload()
    form = page.get_by_role("form", name="New API key")
    form.get_by_label("Expires").fill("2020-01-01")
    form.get_by_label("Name").fill("reader")
    form.get_by_label("User").fill("nobody-of-that-name")
    make = form.get_by_role("button", name="Make the key")
    make.click()
    expect(form.get_by_label("User")).to_be_focused()
    expect(form).to_contain_text("There is no user nobody-of-that-name.")
    form.get_by_label("User").fill("grace")
    make.click()
    expect(form.get_by_label("Expires")).to_be_focused()
    expect(form.get_by_role("alert").filter(has_text="expiresAt lies in the past.")).to_be_visible()
    form.get_by_label("Expires").fill("2099-01-01")
    make.click()
    token = page.locator(".new-key-made code").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert asked_with(site, token) == "grace"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    keys = page.get_by_role("table", name="API keys", exact=True)
    expect(keys.locator("tbody tr")).to_contain_text(re.compile(f"reader{token[:12]}….*grace.*Read.*2099"))
    page.get_by_role("button", name="Revoke the key reader").click()
    page.get_by_role("button", name="Yes, revoke the key reader").click()
    expect(keys).to_have_count(0)
    page.get_by_text("1 key revoked or expired").click()
    expect(page.get_by_role("table", name="API keys that have ended")).to_contain_text("reader")
    page.reload()
    expect(page.get_by_text("1 key revoked or expired")).to_be_visible()
    assert token not in page.content()
    assert asked_with(site, token) is None


def asked_with(site: Site, token: str) -> str | None:
    """Who the server says that the key's owner is."""
    request = urllib.request.Request(  # noqa: S310 - the test's own server
        f"{site.home}/graphql",
        json.dumps({"query": VIEWER}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        viewer = json.load(response)["data"]["viewer"]
    return viewer and viewer["username"]


def test_a_page_whose_session_is_revoked_elsewhere_asks_to_sign_in_and_connects_no_more(arrive):
    page = arrive("mary", "/")
    expect(page.locator("header .connection")).to_have_text("Live")
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))

    other = arrive("mary", "/account")
    rows = other.get_by_role("table", name="Sessions").locator("tbody tr")
    expect(rows).to_have_count(2)
    theirs = rows.filter(has_not_text="this one")
    theirs.get_by_role("button", name="Revoke").click()
    theirs.get_by_role("button", name="Yes, revoke").click()
    expect(rows).to_have_count(1)

    signed_out(page)
    expect(page.locator("header .connection")).to_be_empty()
    tried = len(sockets)
    page.wait_for_timeout(2_000)
    assert len(sockets) == tried <= 1


def test_a_page_stays_live_whose_viewer_gets_another_role(site, arrive):
    page = arrive("rosa", "/")
    expect(page.locator("header .connection")).to_have_text("Live")
    with page.expect_websocket():  # the old one is closed with the old rights
        site.run("users", "promote", "rosa", "--role", "coach")
    expect(page.locator("header .connection")).to_have_text("Live")
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
