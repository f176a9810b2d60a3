"""What is there stays where it is while the rest arrives: nobody clicks beside what they aimed at."""

import pytest
from playwright.sync_api import Page

from tests.browser.dashboard import open_page

MOVES = """
window.moved = []
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.moved.push([entry.value, entry.sources.map(({ node }) => node?.className)])
}).observe({ type: 'layout-shift', buffered: true })
"""
MOST = 0.05
"""Cumulative layout shift; beyond 0.1 people notice."""
PAGES = [
    "/",
    "/people",
    "/people/agents",
    "/people/agents/agent-bursty",
    "/people/users/demo-ada",
    "/conversations/demo-bursty-1",
    "/search",
    "/feedback",
    "/verify",
]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_a_page_fills(page: Page, path: str):
    page.add_init_script(MOVES)
    open_page(page, path)
    page.wait_for_load_state("networkidle")
    moved = page.evaluate("window.moved")
    assert sum(value for value, _ in moved) < MOST, moved
