"""Sign-in and sign-out in a real browser, at a real OpenID provider: host names differ, as they do in the world."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests import signing_in
from tests.conftest import ENVIRONMENT

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed, and only root can install it"),
    signing_in.NEEDED,
]

ASK = """async (query) => (await (await fetch("/graphql", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({query}),
})).json())"""
VIEWER = "{ viewer { username role } }"


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="coherence-sign-in-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_browser_signs_in_becomes_an_administrator_and_signs_out(folder):
    port = signing_in.free_port()
    given = {name: str(value) for name, value in signing_in.settings(port).items()}
    environment = {**ENVIRONMENT, **given, "PORT": "0", "DEMO": "0", "COHERENCE_DATA_DIR": str(folder)}
    coherence = Path(sys.executable).with_name("coherence")
    flags = ["--disable-gpu", "--disable-background-networking"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with (
        subprocess.Popen(
            [coherence, "serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            text=True,
        ) as server,
        sync_playwright() as playwright,
    ):
        found = (re.search(r"http://127.0.0.1:(\d+)", line) for line in server.stdout)
        home = f"http://localhost:{next(match[1] for match in found if match)}"
        provider = signing_in.start(port, f"{home}/auth/callback/oidc")
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{home}/auth/login/oidc?next=/healthz")
            page.get_by_placeholder("Enter any login").fill("ada")
            page.get_by_placeholder("and password").fill("any")
            page.get_by_role("button").click()
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(f"{home}/healthz")
            (cookie,) = [each for each in context.cookies() if each["name"] == "coherence"]
            assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
            assert page.evaluate("document.cookie") == ""
            assert page.evaluate(ASK, VIEWER)["data"]["viewer"] == {"username": "ada", "role": "EDUCATOR"}
            subprocess.run(
                [coherence, "users", "promote", "ADA", "--role", "admin"],
                cwd=folder, env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            page.wait_for_timeout(1_200)
            assert page.evaluate(ASK, VIEWER)["data"]["viewer"]["role"] == "ADMIN"
            other = context.new_page()  # of another site, with the same browser
            other.goto(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            gone = other.evaluate(
                "async (url) => (await fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})).type",
                f"{home}/auth/logout",
            )
            assert gone == "opaque"
            assert page.evaluate(ASK, VIEWER)["data"]["viewer"]["username"] == "ada"
            status = page.evaluate("async () => (await fetch('/auth/logout', {method: 'POST'})).status")
            assert status == 204
            assert page.evaluate(ASK, VIEWER)["data"]["viewer"] is None
            page.goto(f"{home}/metrics")
            expect(page.locator("body")).to_contain_text("UNAUTHENTICATED")
            browser.close()
        finally:
            signing_in.end(provider)
            server.terminate()
            server.wait(30)
