"""A real browser, for pages that have been built."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from app.pages import DIST

CHROMIUM = shutil.which("chromium")


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
