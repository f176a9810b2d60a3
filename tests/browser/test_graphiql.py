"""GraphiQL, in a real browser, on the real server with its demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages import DIST

EXAMPLES = (
    "ConversationCoherence",
    "ConversationDrift",
    "LiveDrift",
    "UserConversations",
    "CreateSignals",
    "ServerStatus",
)


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """The page, whose every request must stay on this server."""
    context = browser.new_context()
    page = context.new_page()
    strangers: list[str] = []
    complaints: list[str] = []
    page.on(
        "request",
        lambda request: None if request.url.startswith((served, "data:")) else strangers.append(request.url),
    )
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.goto(f"{served}/graphql")
    page.wait_for_selector(".graphiql-query-editor .view-line", timeout=60_000)
    yield page
    assert not strangers
    assert not complaints
    context.close()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_shows_data(page: Page, example: str):
    page.get_by_role("tab", name=example).click()
    page.wait_for_timeout(800)  # the page itself waits before it takes up the tab's operation
    page.get_by_role("button", name="Execute query").click()
    result = page.locator(".result-window")
    expect(result).to_contain_text('"data"', timeout=20_000)
    expect(result).not_to_contain_text('"errors"')


def test_the_documentation_is_that_of_the_schema(page: Page):
    page.get_by_role("button", name="Show Documentation Explorer").click()
    explorer = page.locator(".graphiql-doc-explorer-content")
    expect(explorer).to_contain_text("Mutation", timeout=20_000)
    explorer.get_by_text("Query", exact=True).click()
    expect(explorer).to_contain_text("signalBuckets")


def test_the_page_is_not_kept_and_its_parts_are(page: Page, served: str):
    got = page.request.get(f"{served}/graphql", headers={"Accept": "text/html"})
    assert got.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in got.headers["content-security-policy"]
    asset = next(Path(DIST / "assets").glob("graphiql-*.js"))
    kept = page.request.get(f"{served}/assets/{asset.name}").headers["cache-control"]
    assert kept == "public, max-age=31536000, immutable"
