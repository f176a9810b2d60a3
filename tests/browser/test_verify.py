"""The verification view, in a real browser, on the real server with its demo."""

import json
import re
import statistics
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.dashboard import ask, open_page, settled

EXACT = "range=exact&start=2026-01-05T00:00:00Z&end=2026-01-05T06:00:00Z"
SCORES = {
    "red": {0: (0.2, 0.4, 0.9), 1: (0.5,), 3: (0.1, 0.9, 0.1, 0.9)},
    "blue": {0: (0.6,), 5: (0.7, 0.8)},
}
"""Of two sources, hour by hour on that day."""


def store(served: str, key: str) -> None:
    signals = [
        {
            "contextWindowId": key,
            "timestamp": f"2026-01-05T{hour:02}:{minute:02}:00Z",
            "signalSource": source,
            "signalScore": score,
            "idempotencyKey": f"{source}-{hour}-{minute}",
        }
        for source, hours in SCORES.items()
        for hour, scores in hours.items()
        for minute, score in enumerate(scores)
    ]
    query = (
        "mutation ($signals: [SignalInput!]!) {"
        " createSignals(signals: $signals, createConversations: true) { failedCount } }"
    )
    assert ask(served, query, signals=signals)["createSignals"]["failedCount"] == 0


def cells(page: Page) -> list[list[str]]:
    """The table of recent values, without the times of the windows."""
    rows = page.locator(".recent-table tbody tr")
    return [row.locator("td:not(.wide)").all_inner_texts() for row in rows.all()]


def test_mean_volatility_and_drift_are_those_of_the_scores(page: Page, served: str):
    store(served, "verified")
    open_page(page, f"/verify?conversation=verified&{EXACT}")
    both = (*SCORES["red"][0], *SCORES["blue"][0])
    assert cells(page)[-1][:4] == [
        f"{statistics.mean(both):.3f}",
        f"{statistics.stdev(both):.3f}",
        str(len(both)),
        f"{4 * statistics.pvariance(both):.3f}",
    ]
    assert [row[2] for row in cells(page)] == ["2", "4", "1", "4"]
    assert cells(page)[2] == ["0.500", "\N{EN DASH}", "1", "\N{EN DASH}", "\N{EN DASH}"]

    page.get_by_label("red").check()
    expect(page).to_have_url(re.compile("source=red"))
    settled(page)
    expect(page.locator(".recent-table tbody tr")).to_have_count(3)
    assert cells(page)[-1][:2] == ["0.500", f"{statistics.stdev(SCORES['red'][0]):.3f}"]

    page.get_by_label("blue").check()
    settled(page)
    page.get_by_role("combobox", name="Window").select_option("6h")
    expect(page.locator(".recent-table tbody tr")).to_have_count(1)
    scores = [score for hours in SCORES.values() for hour in hours.values() for score in hour]
    assert cells(page)[0][0] == f"{statistics.mean(scores):.3f}"


def test_the_risk_has_its_reasons(page: Page, served: str):
    store(served, "verified")
    open_page(page, f"/verify?conversation=verified&source=red&{EXACT.replace('T06', 'T04')}")
    panel = page.get_by_role("region", name="Risk")
    expect(panel.locator(".risk-level")).to_have_text("High")
    expect(panel).to_contain_text(re.compile(r"Of the 1h before .*, 4 signals\."))
    expect(panel.locator("time")).to_have_attribute("datetime", "2026-01-05T04:00:00.000000Z")
    expect(panel.get_by_role("row", name="Mean")).to_contain_text(re.compile(r"50\.0.*High.*below 60"))
    volatility = f"{statistics.stdev(SCORES['red'][3]):.3f}"
    expect(panel.get_by_role("row", name="Volatility")).to_contain_text(
        re.compile(rf"{volatility}.*High.*above 0\.25")
    )


def test_the_form_is_the_address(page: Page):
    open_page(page, "/verify")
    expect(page.get_by_role("combobox", name="Window").locator("option")).to_have_text(
        ["5m", "15m", "1h", "6h", "1d", "7d", "Other …"]
    )
    page.get_by_role("combobox", name="Window").select_option("Other …")
    page.get_by_label("Width").fill("90 minutes")
    page.get_by_label("Width").press("Enter")
    page.get_by_role("combobox", name="Range").select_option("Exact instants")
    page.get_by_label("From", exact=True).fill("2026-01-05T00:00:30")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page).to_have_url(
        re.compile(r"window=90\+minutes&range=exact&start=2026-01-0[456]T\d\d%3A\d0%3A30.000Z&end=")
    )
    page.reload()
    settled(page)
    expect(page.get_by_label("Width")).to_have_value("90 minutes")
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-05T00:00:30")
    page.go_back()
    expect(page.get_by_label("From", exact=True)).not_to_have_value("2026-01-05T00:00:30")


def test_the_download_is_what_the_api_answered(page: Page, tmp_path: Path):
    with page.expect_response(
        lambda response: "VerifyEverything" in (response.request.post_data or "")
    ) as sent:
        page.goto("/verify?source=Neo&window=2h")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    path = tmp_path / "answer.json"
    download.value.save_as(path)
    assert json.loads(path.read_text()) == sent.value.json()


def test_the_query_opens_in_graphiql_and_gives_the_same_numbers(page: Page, served: str):
    open_page(page, "/verify?source=Neo&window=2h")
    link = page.get_by_role("link", name="Open in GraphiQL")
    request = parse_qs(urlsplit(link.get_attribute("href") or "").fragment)
    variables = json.loads(request["variables"][0])
    assert variables["sources"] == ["Neo"]
    again = ask(served, request["query"][0], **variables)["coherence"]
    assert cells(page)[0][0] == f"{again['series']['mean'][-1]:.3f}"

    link.click()
    page.wait_for_selector(".graphiql-query-editor .view-line", timeout=60_000)
    expect(page.get_by_role("tab", name="VerifyEverything")).to_be_visible()
    result = page.locator(".result-window")
    expect(result).not_to_contain_text("data")  # nothing runs by itself
    page.wait_for_timeout(800)  # the page itself waits before it takes up the tab's operation
    page.get_by_role("button", name="Execute query").click()
    expect(result).to_contain_text('"coherence"', timeout=20_000)
    expect(result).not_to_contain_text('"errors"')


def test_a_link_to_graphiql_adds_a_tab_to_those_that_are_there(page: Page):
    page.goto("/graphql")
    expect(page.get_by_role("tab", name="ServerStatus")).to_be_visible(timeout=60_000)
    open_page(page, "/verify")
    page.get_by_role("link", name="Open in GraphiQL").click()
    expect(page.get_by_role("tab", name="VerifyEverything")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("tab", name="ServerStatus")).to_be_visible()


def test_the_query_is_copied(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, "/verify?conversation=demo-steady-1")
    page.get_by_role("button", name="Copy query").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("query VerifyConversation(")


def test_what_is_not_there_is_said(page: Page):
    open_page(page, "/verify?range=exact&start=1990-01-01T00:00:00Z&end=1990-01-02T00:00:00Z")
    expect(page.get_by_text("No signals in this range")).to_be_visible()
    expect(page.get_by_text("No signals in the last 1h")).to_be_visible()
    open_page(page, "/verify?conversation=nowhere")
    expect(page.get_by_text("There is no conversation “nowhere”")).to_be_visible()


def test_a_window_that_cannot_be_is_the_standard_one(page: Page):
    open_page(page, "/verify?window=nonsense")
    expect(page.get_by_role("heading", name="Mean score, windows of 1h")).to_be_visible()
    page.get_by_role("combobox", name="Window").select_option("1d")
    settled(page)
    expect(page.get_by_role("heading", name="Mean score, windows of 1d")).to_be_visible()


def test_by_keyboard_alone(page: Page):
    open_page(page, "/verify")
    page.get_by_label("Conversation").focus()
    page.keyboard.type("demo-bursty-1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("conversation=demo-bursty-1"))
    settled(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "checkbox":
            break
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("source="))
