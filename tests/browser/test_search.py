"""Search by meaning, in a real browser, on the real server with its demo."""

import re

from playwright.sync_api import Page, expect

from tests.browser.dashboard import ask, open_page

TEXT = "going in circles"


def test_signals_are_found_by_what_they_are_about_and_lead_to_their_conversation(page: Page, served: str):
    open_page(page, "/")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill(TEXT)
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?text=going"))
    rows = page.get_by_role("table", name="Signals, nearest first").locator("tbody tr")
    # The demo is embedded beside the first requests.
    for _ in range(60):
        if "This is going in circles" in page.get_by_role("main").inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(rows.first).to_contain_text("This is going in circles")
    expect(rows).to_have_count(50)
    query = "query ($text: String!) { searchSignals(text: $text, first: 1) { similarity signal { contextWindowId } } }"
    (first,) = ask(served, query, text=TEXT)["searchSignals"]
    expect(rows.first).to_contain_text(f"{first['similarity']:.2f}"[:3])
    rows.first.get_by_role("link").click()
    expect(page).to_have_url(re.compile(first["signal"]["contextWindowId"]))
    page.get_by_role("link", name="Search in it").click()
    page.get_by_role("searchbox").fill("?!")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no letter or digit")
