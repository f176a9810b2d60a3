"""The list of conversations and the page of one, in a real browser, on the real server with its demo."""

import re
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.dashboard import ask, open_page, rows, serious, settled

DRIFTING = "/conversations/demo-drifting-3"
PAGES = (
    "/",
    DRIFTING,
    "/conversations/demo-bursty-1",
    "/conversations/nowhere",
    "/conversations/a/b",
    "/people",
    "/people/users/demo-ada",
    "/people/users/nobody",
    "/people/agents",
    "/people/agents/agent-bursty",
    "/search",
    "/search?text=circles&conversation=demo-drifting-3",
    "/feedback",
    "/verify",
    "/verify?conversation=demo-drifting-3&window=90s&range=exact&source=Neo",
    "/verify?range=exact&end=1990-01-01T00:00:00Z",
    "/account",
)


def ids(page: Page) -> list[str]:
    paths = rows(page).get_by_role("link").evaluate_all("links => links.map(link => link.pathname)")
    return [path.removeprefix("/conversations/") for path in paths]


def test_every_conversation_has_its_drift_level_and_last_signal(page: Page, served: str):
    open_page(page, "/?search=demo-drifting")
    expect(rows(page)).to_have_count(3)
    row = rows(page).filter(has_text="demo-drifting-3")
    expect(row).to_contain_text("High")
    expect(row).to_contain_text("420")
    expect(row.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"Drift between 0\.0\d and 0\.\d")
    )
    query = '{ conversation(by: {contextWindowId: "demo-drifting-3"}) { coherence(window: "1h") { coherenceScoreCurrent } } }'
    score = ask(served, query)["conversation"]["coherence"]["coherenceScoreCurrent"]
    expect(row).to_contain_text(f"{score:.2f}")


def test_search_filters_and_order_are_in_the_address(page: Page):
    open_page(page, "/")
    page.get_by_role("searchbox").fill("recovering")
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("status").filter(has_text="3 matching conversations")).to_be_visible()

    page.get_by_label("Sort by").select_option("Longest quiet")
    expect(page).to_have_url(re.compile(r"search=recovering&sort=quietest"))
    settled(page)
    quietest = ids(page)
    page.reload()
    expect(rows(page)).to_have_count(3)
    assert ids(page) == quietest
    page.get_by_label("Sort by").select_option("Latest signal")
    expect(rows(page).first).to_contain_text(quietest[-1])
    assert ids(page) == quietest[::-1]

    page.get_by_label("Status").select_option("Archived")
    expect(page.get_by_text("No conversation matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page).nth(3)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")

    page.go_back()
    expect(page.get_by_text("No conversation matches")).to_be_visible()


def test_a_long_list_has_pages(page: Page, served: str):
    signals = [{"contextWindowId": f"many/{number:02}", "signalScore": 0.5} for number in range(30)]
    ask(
        served,
        "mutation ($signals: [SignalInput!]!) { createSignals(signals: $signals, createConversations: true) { failedCount } }",
        signals=signals,
    )
    open_page(page, "/?search=many/&sort=oldest")
    expect(rows(page)).to_have_count(25)
    first = ids(page)
    page.get_by_role("button", name="Next").click()
    expect(rows(page)).to_have_count(5)
    assert not set(ids(page)) & set(first)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Previous").click()
    expect(rows(page)).to_have_count(25)
    assert ids(page) == first


def test_an_id_may_hold_anything(page: Page, served: str):
    strange = "a/b?c=d&e#f %41 ü"
    ask(
        served,
        "mutation ($id: String!) { createConversation(input: {contextWindowId: $id}) { id } }",
        id=strange,
    )
    open_page(page, "/?sort=newest")
    page.get_by_role("link", name=strange).click()
    expect(page.get_by_role("heading", name=strange)).to_be_visible()
    expect(page.get_by_text("No signals yet")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=strange)).to_be_visible()


def test_the_score_is_the_sum_that_is_shown(page: Page):
    open_page(page, DRIFTING)
    values = page.locator(".coherence-sum .number").all_inner_texts()
    *parts, total = (float(value.replace("\N{MINUS SIGN}", "-")) for value in values)
    assert len(parts) == 4
    assert sum(parts) == pytest.approx(total, abs=0.002)


def test_a_chart_has_its_numbers_as_a_table(page: Page, served: str):
    open_page(page, DRIFTING)
    expect(page.get_by_role("img", name=re.compile(r"Drift over time\. \d+ windows of 1h"))).to_be_visible()
    page.get_by_text("Values as a table").click()
    table = page.get_by_role("region", name="Drift over time: values")
    query = '{ conversation(by: {contextWindowId: "demo-drifting-3"}) { coherence(window: "1h") { series { driftScore complete } } forecast(window: "1h") { points { lower upper } } } }'
    answer = ask(served, query)["conversation"]
    # A window that goes on has a column of its own, which is there while it has a score.
    series = answer["coherence"]["series"]
    windows = [
        (f"{score:.2f}", ended)
        for score, ended in zip(series["driftScore"], series["complete"], strict=True)
        if score is not None
    ][::-1]
    goes_on = not all(ended for _, ended in windows)
    for column, kind in ((2, True), (3, False))[: 1 + goes_on]:
        cells = table.locator(f"tbody td:nth-child({column})").all_inner_texts()
        assert [cell for cell in cells if cell != "\N{EN DASH}"] == [
            score for score, ended in windows if ended is kind
        ]
    points = answer["forecast"]["points"]
    intervals = table.locator("tbody tr").filter(has_text=" to ").locator("td:last-child").all_inner_texts()
    assert intervals == [f"{point['lower']:.2f} to {point['upper']:.2f}" for point in reversed(points)]


def test_signals_are_filtered_by_class_and_paged(page: Page):
    open_page(page, DRIFTING)
    signals = page.locator(".signal-table tbody tr")
    expect(signals).to_have_count(25)
    newest = signals.first.inner_text()
    page.get_by_role("button", name="Older").click()
    expect(signals.first).not_to_have_text(newest)
    page.get_by_role("button", name="Newest").click()
    expect(signals.first).to_contain_text(newest.split("\t")[0])
    page.get_by_label("Class").select_option("Uncertain")
    expect(signals.filter(has_text="Neutral")).to_have_count(0)
    assert set(page.locator(".signal-table .mark").all_inner_texts()) == {"Uncertain"}


def test_anomalies_have_their_reasons(page: Page):
    open_page(page, "/conversations/demo-bursty-1")
    panel = page.get_by_role("region", name=re.compile(r"^Anomalies"))
    expect(panel).to_contain_text(re.compile(r"Rapid fire.*signals of demo-ada within seconds"))
    panel.get_by_text("Details of the detector").first.click()
    expect(panel.locator("pre").first).to_be_visible()


def test_a_conversation_leads_to_the_others_of_its_agent(page: Page):
    open_page(page, DRIFTING)
    page.get_by_role("link", name="agent-drifting").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Remove the filter: Agent agent-drifting").click()
    expect(rows(page).nth(3)).to_be_visible()


def test_by_keyboard_alone(page: Page):
    open_page(page, "/?search=demo-steady-1")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.pathname") == "/conversations/demo-steady-1":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A steady conversation")
    expect(page.locator("main")).to_be_focused()
    page.go_back()
    expect(rows(page)).to_have_count(1)


def test_what_is_not_there_is_said(page: Page):
    open_page(page, "/conversations/nowhere")
    expect(page.get_by_text("There is no such conversation")).to_be_visible()


def test_a_refusal_is_in_the_words_of_the_server(context: BrowserContext):
    page = context.new_page()  # of which the browser does complain: the answer's status is 400
    page.goto("/conversations/demo-steady-1?before=nonsense")
    expect(page.get_by_role("alert").filter(has_text="nonsense")).to_contain_text("The server refused this")


def test_the_theme_is_kept(page: Page):
    open_page(page, "/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Colours").select_option("Dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.get_by_label("Colours")).to_have_value("dark")
    assert page.evaluate(ground) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(page: Page, path: str, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme)
    open_page(page, path)
    assert serious(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_scrolls_one_way_alone(page: Page, path: str):
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
