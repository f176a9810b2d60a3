"""How a conversation stands now, and the chart of one that has a single window."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import ask, open_page, rows, serious

SEND = """
mutation ($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { failedCount }
}
"""
# Where the dots of the drift line are, across the canvas and from 0 to 1, and whether their middle is filled.
DOT = """
() => {
  const canvas = document.querySelector('.chart canvas')
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const probe = document.createElement('canvas').getContext('2d')
  const swatch = document.querySelector('.chart-legend [style]')
  probe.fillStyle = getComputedStyle(swatch, '::before').borderTopColor
  probe.fillRect(0, 0, 1, 1)
  const line = probe.getImageData(0, 0, 1, 1).data
  const isLine = (x, y) => [0, 1, 2].every((i) => Math.abs(data[4 * (y * width + x) + i] - line[i]) < 24)
  const places = []
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (isLine(x, y)) places.push([x, y])
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)]
  const middle = (values) => Math.round((Math.min(...values) + Math.max(...values)) / 2)
  return { x: middle(xs) / width, wide: (Math.max(...xs) - Math.min(...xs)) / width, filled: isLine(middle(xs), middle(ys)) }
}
"""
BEFORE = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)


def send(served: str, conversation: str, scores: list[float], begin: datetime | None = None) -> None:
    signals = [
        {"contextWindowId": conversation, "signalScore": score}
        | ({"timestamp": (begin + timedelta(seconds=number)).isoformat()} if begin else {})
        for number, score in enumerate(scores)
    ]
    assert ask(served, SEND, signals=signals)["createSignals"]["failedCount"] == 0


def test_a_window_that_has_just_begun_does_not_decide_how_it_stands(page: Page, served: str):
    """Two alike scores of this minute, after an hour that was torn."""
    now = datetime.now(UTC)
    send(served, "now/torn", [0.0, 1.0] * 10, now - timedelta(minutes=20))
    send(served, "now/torn", [0.5, 0.5])
    open_page(page, "/?search=now/torn&window=1h")
    expect(rows(page).get_by_text("High")).to_be_visible()
    open_page(page, "/conversations/now%2Ftorn?window=1h")
    expect(page.get_by_role("region", name="Drift")).to_contain_text(re.compile(r"Now 0\.9\d High"))
    open_page(page, "/conversations/now%2Ftorn?window=1m")
    expect(page.get_by_role("region", name="Drift")).to_contain_text(re.compile(r"Now 0\.00 Low"))


def test_what_is_over_is_quiet(page: Page, served: str):
    send(served, "now/over", [0.0, 1.0], BEFORE)
    open_page(page, "/?search=now/over&range=7d")
    row = rows(page)
    expect(row.get_by_text("Quiet")).to_be_visible()
    expect(row.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"the last window 1\.00$"))
    open_page(page, "/conversations/now%2Fover")
    expect(page.get_by_role("region", name="Drift")).to_contain_text("Now Quiet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_window_alone_stands_in_the_middle_of_some_hours(page: Page, served: str, scheme):
    page.emulate_media(color_scheme=scheme)
    send(served, f"now/alone-{scheme}", [0.2, 0.9], BEFORE)
    open_page(page, f"/conversations/now%2Falone-{scheme}")
    expect(page.locator(".chart canvas")).to_be_visible()
    dot = page.evaluate(DOT)
    assert 0.3 < dot["x"] < 0.7
    assert dot["wide"] < 0.05
    assert dot["filled"]
    assert serious(page) == []
    expect(page.locator(".chart-legend")).not_to_contain_text("Still going on")


def test_a_window_that_goes_on_is_a_ring(page: Page, served: str):
    send(served, "now/new", [0.2, 0.9])
    open_page(page, "/conversations/now%2Fnew?window=1d")
    expect(page.locator(".chart-legend")).to_contain_text("Still going on")
    dot = page.evaluate(DOT)
    assert 0.3 < dot["x"] < 0.7
    assert not dot["filled"]
    open_page(page, "/?search=now/new&window=1d")
    expect(rows(page).locator(".sparkline [data-open=true]")).to_be_visible()
    expect(rows(page).get_by_role("img")).to_have_attribute("aria-label", re.compile("so far$"))


def test_the_axis_is_the_range_that_was_chosen(page: Page, served: str):
    send(served, "now/range", [0.2, 0.9], BEFORE)
    open_page(page, "/conversations/now%2Frange?range=30d")
    assert 0.8 < page.evaluate(DOT)["x"] < 0.95
