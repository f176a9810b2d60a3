"""What moves by itself on the dashboard, and what happens to it while the server is away."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.app.serving import Serving
from tests.browser.dashboard import ask, open_page, rows

SEND = """
mutation ($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { failedCount }
}
"""


def send(served: str, conversation: str, *scores: float, text: str = "Thanks, great!") -> None:
    signals = [
        {"contextWindowId": conversation, "signalSource": "Neo", "signalScore": score, "rawContent": text}
        for score in scores
    ]
    assert ask(served, SEND, signals=signals)["createSignals"]["failedCount"] == 0


def live(page: Page) -> Locator:
    return page.locator("header .connection", has_text=re.compile(r"^Live$"))


def test_drift_follows_what_comes_within_a_second_or_two(page: Page, served: str):
    send(served, "live-drift", 0.5, 0.5)
    open_page(page, "/conversations/live-drift")
    expect(live(page)).to_be_visible()
    drift = page.get_by_role("region", name="Drift")
    expect(drift).to_contain_text("Now 0.00 Low")
    picture = "document.querySelector('.chart canvas').toDataURL()"
    before = page.evaluate(picture)

    send(served, "live-drift", *[0.0, 1.0] * 20)
    expect(drift).to_contain_text(re.compile(r"Now 0\.9\d High"), timeout=3_000)
    expect(page.locator(".conversation-facts")).to_contain_text("42 signals")
    assert page.evaluate(picture) != before


def test_signals_appear_as_they_come_unless_paused(page: Page, served: str):
    send(served, "live-signals", 0.5, text="first")
    open_page(page, "/conversations/live-signals")
    expect(live(page)).to_be_visible()
    signals = page.locator(".signal-table tbody tr")
    expect(signals).to_have_count(1)
    send(served, "live-signals", 0.25, text="This is broken, I am frustrated and angry.")
    expect(signals).to_have_count(2)
    expect(signals.first).to_contain_text("This is broken")
    expect(signals.first).to_contain_text("0.25")
    expect(signals.first.locator(".mark")).to_have_text("Stressed")

    page.get_by_role("button", name="Pause").click()
    send(served, "live-signals", 0.75, text="unseen")
    page.wait_for_timeout(1_000)
    expect(signals).to_have_count(2)
    page.get_by_role("button", name="Resume").click()
    expect(signals.first).to_contain_text("unseen")


def test_rows_follow_and_new_conversations_appear(page: Page, served: str):
    send(served, "live-rows-1", 0.5, 0.5)
    open_page(page, "/?search=live-rows")
    expect(live(page)).to_be_visible()
    row = rows(page).filter(has_text="live-rows-1")
    expect(row).to_contain_text("Low")
    send(served, "live-rows-1", *[0.0, 1.0] * 20)
    expect(row).to_contain_text("High")
    expect(row).to_contain_text("42")

    send(served, "live-rows-2", 0.5)
    expect(rows(page)).to_have_count(2, timeout=10_000)


def test_nothing_is_subscribed_to_once_a_page_is_left(page: Page, served: str):
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    send(served, "live-left", 0.5, 0.5)
    open_page(page, "/conversations/live-left")
    expect(live(page)).to_be_visible()
    page.get_by_role("link", name="Verify").click()
    expect(live(page)).to_have_count(0)
    begun = [frame for frame in sent if '"type":"subscribe"' in frame]
    ended = [frame for frame in sent if '"type":"complete"' in frame]
    assert len(begun) == len(ended) == 3


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-away-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_was_away_is_found_again(context: BrowserContext, folder: Path):
    server = Serving(folder)
    address = server.address
    page = context.new_page()  # of which the browser does complain: requests fail
    try:
        open_page(page, f"{address}/conversations/demo-steady-1")
        expect(live(page)).to_be_visible()
        server.end()
        expect(page.get_by_text("The connection is lost.")).to_be_visible()
        expect(page.locator(".connection")).to_have_text("Reconnecting …")
        expect(page.get_by_role("region", name="Drift")).to_be_visible()
        page.get_by_role("link", name="Conversations", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    finally:
        server = Serving(folder, PORT=address.rsplit(":", 1)[1])
    try:
        send(address, "while-away", 0.5)
        expect(rows(page).filter(has_text="while-away")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("The connection is lost.")).to_have_count(0, timeout=30_000)
        expect(live(page)).to_be_visible()
    finally:
        server.end()
