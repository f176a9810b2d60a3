"""What an address says: a conversation by either of its names; and what cannot be is as if it were not there."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard import ask, open_page, rows, serious

KEY = "demo-drifting-2"


@pytest.fixture(scope="module")
def id_(served: str) -> str:
    found = ask(served, f'{{ conversation(by: {{contextWindowId: "{KEY}"}}) {{ id }} }}')
    return found["conversation"]["id"]


def test_a_conversation_is_opened_by_its_id_as_well(page: Page, id_: str):
    open_page(page, f"/conversations/{quote(id_, safe='')}?window=6h")
    expect(page).to_have_url(re.compile(rf"/conversations/{KEY}\?window=6h$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("A drifting conversation")


def test_an_id_of_nothing_is_told_as_such(page: Page):
    unknown = "Q29udmVyc2F0aW9uOjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA=="
    open_page(page, f"/conversations/{unknown}")
    expect(page.locator("main")).to_contain_text("There is no such conversation")


def test_search_and_verification_take_an_id_too(page: Page, id_: str):
    open_page(page, f"/search?conversation={quote(id_, safe='')}")
    expect(page.get_by_role("button", name=f"Only in {KEY}")).to_be_visible()
    open_page(page, f"/verify?conversation={quote(id_, safe='')}&range=all")
    expect(page.locator("main")).to_contain_text("420")


@pytest.mark.parametrize(
    "path",
    [
        "/?window=banana",
        "/?window=999d&range=banana&status=gone&sort=up",
        "/?status=active",
        f"/conversations/{KEY}?window=0s&range=x&class=ANGRY",
        "/feedback?by=agent&unit=week&range=ALL",
        "/feedback?by=nobody&unit=century&range=never",
        "/verify?window=banana&range=never",
        "/verify?range=exact&start=yesterday&end=tomorrow",
        "/verify?range=exact&start=2026-02-01T00:00:00Z&end=2026-01-01T00:00:00Z",
    ],
)
def test_what_cannot_be_falls_back_to_what_can(page: Page, path: str):
    open_page(page, path)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("The server refused this")).to_have_count(0)


def test_words_in_another_case_are_understood(page: Page):
    open_page(page, "/feedback?by=agent&unit=week")
    expect(page.get_by_role("combobox", name="By", exact=True)).to_have_value("AGENT")
    expect(page.get_by_role("combobox", name="Over", exact=True)).to_have_value("WEEK")


@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_has_gone_bad_leads_to_the_first_page(page: Page, name: str):
    open_page(page, f"/?sort=oldest&{name}=garbage")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("is not a cursor of this list")
    expect(alert.get_by_role("button", name="Try again")).to_have_count(0)
    assert serious(page) == []
    alert.get_by_role("link", name="To the first page").click()
    expect(page).to_have_url(re.compile(r"/\?sort=oldest$"))
    expect(rows(page).first).to_be_visible()


@pytest.mark.parametrize("width", [1_280, 390])
def test_an_unknown_address_is_a_page_of_the_dashboard(context, served: str, width: int):
    page = context.new_page()  # the browser complains of the 404, as it should
    page.set_viewport_size({"width": width, "height": 800})
    answer = page.goto(f"{served}/nope")
    assert answer.status == 404
    expect(page.locator("main")).to_contain_text("There is no such page")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="To the conversations").click()
    expect(rows(page).first).to_be_visible()
