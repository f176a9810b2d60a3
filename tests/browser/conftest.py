"""A real browser, for pages that have been built."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.pages import DIST

CHROMIUM = shutil.which("chromium")

expect.set_options(timeout=15_000)  # beside other tests, and a server that has just begun


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file of tests: Playwright has an event loop of its own, beside which no other may run."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, and only root can install it")
    if not (DIST / "index.html").exists():
        pytest.skip("the pages are not built: make setup")
    flags = ["--disable-gpu", "--disable-background-networking"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, served: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=served, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, served: str) -> Iterator[Page]:
    """A page whose every request must stay on this server, and of which the browser must not complain."""
    page = context.new_page()
    wrong: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith((served, "data:")) else wrong.append(request.url),
    )
    page.on(
        "console",
        lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    assert not wrong
