"""What the tests of the dashboard share."""

import json
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.pages import DIST

AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"


def ask(served: str, query: str, *, key: str | None = None, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{served}/graphql", body, headers)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310 - the test's own server
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


def rows(page: Page) -> Locator:
    return page.locator(".conversation-table tbody tr")


def settled(page: Page) -> None:
    """Until what was asked for is there."""
    expect(page.locator("main :is(h1, .state-title)").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Loading")
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe has against the page as it is: the rule, and the first element."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    return [
        (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}
    ]


def open_page(page: Page, path: str) -> None:
    page.goto(path)
    settled(page)
