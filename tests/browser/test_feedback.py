"""What was thought of messages and spent on them, on a server that has no others than these."""

import shutil
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.serving import Serving
from tests.browser.dashboard import ask, open_page, serious, settled

ANSWERS = [
    # conversation, rating, domains, tokens in and out, dollars
    ("ada-1", 1, ["maths"], 1_000, 20, "0.1"),
    ("ada-1", -1, ["maths", "art"], 2_000, 30, "0.2"),
    ("ada-2", 0, [], 300, 4, "0.000000000000000003"),
    ("free", None, ["art"], 40, 5, "0.0004"),
]
OPEN = """mutation ($conversation: CreateConversationInput!) { createConversation(input: $conversation) { id } }"""
SAY = """mutation ($message: CreateMessageInput!) { createMessage(input: $message) { id } }"""
RATE = """mutation ($id: ID!, $score: Int!) { rateMessage(id: $id, feedbackScore: $score) { id } }"""


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-feedback-"))
    server = Serving(folder, DEMO="0")
    try:
        fill(server.address)
        yield server.address
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def fill(served: str) -> None:
    query = 'mutation { createUser(input: {username: "ada", name: "Ada Okafor"}) { id } }'
    ada = ask(served, query)["createUser"]["id"]
    ids = {}
    for name, user, agent in (("ada-1", ada, "tutor"), ("ada-2", ada, None), ("free", None, "tutor")):
        conversation = {"contextWindowId": name, "userId": user, "agentId": agent}
        ids[name] = ask(served, OPEN, conversation=conversation)["createConversation"]["id"]
    for name, rating, domains, asked, answered, cost in ANSWERS:
        given = {"inputTokens": asked, "outputTokens": answered, "costUsd": cost, "domains": domains}
        message = {"conversationId": ids[name], "role": "ASSISTANT", "content": "An answer.", **given}
        made = ask(served, SAY, message=message)["createMessage"]["id"]
        if rating is not None:
            ask(served, RATE, id=made, score=rating)
    ask(served, SAY, message={"conversationId": ids["free"], "role": "USER", "content": "Why?"})


def cells(table: Locator) -> list[list[str]]:
    return [
        [cell.replace("\N{NARROW NO-BREAK SPACE}", "") for cell in row.locator("th, td").all_inner_texts()]
        for row in table.locator("tbody tr").all()
    ]


def dollars(*names: str) -> str:
    cost = sum((Decimal(answer[5]) for answer in ANSWERS if answer[0] in names), Decimal())
    return f"${cost.normalize():f}"


def test_the_range_is_summed_and_no_digit_lost(page: Page):
    open_page(page, "/feedback")
    figures = page.locator(".feedback-figures")
    for words in (
        "33.3 %",
        "1 positive, 1 neutral, 1 negative",
        "of 4 answers",
        "3\N{NARROW NO-BREAK SPACE}340",
    ):
        expect(figures).to_contain_text(words)
    cost = dollars("ada-1", "ada-2", "free")
    assert cost == "$0.300400000000000003"
    expect(figures).to_contain_text(cost)
    ((_, *row),) = cells(page.get_by_role("table", name="Messages over time"))
    assert row == ["5", "1", "1", "1", "1", "3340", "59", cost]
    expect(page.get_by_role("img", name="Cost in dollars by day. 1 line over 31 days.")).to_be_visible()
    assert page.title() == "Feedback and cost · Coherence"


def test_by_user_agent_and_domain(page: Page):
    open_page(page, "/feedback")
    by = page.get_by_role("combobox", name="By", exact=True)
    by.select_option("User")
    expect(page.get_by_role("table", name="Messages by user")).to_be_visible()
    settled(page)
    assert cells(page.get_by_role("table", name="Messages by user")) == [
        ["Ada Okafor (ada)", "3", "1", "1", "1", "0", "3300", "54", dollars("ada-1", "ada-2")],
        ["Nobody\N{RIGHT SINGLE QUOTATION MARK}s", "2", "0", "0", "0", "1", "40", "5", dollars("free")],
    ]
    by.select_option("Agent")
    expect(page.get_by_role("table", name="Messages by agent")).to_be_visible()
    settled(page)
    agents = cells(page.get_by_role("table", name="Messages by agent"))
    assert [(name, count, cost) for name, count, *_, cost in agents] == [
        ("tutor", "4", dollars("ada-1", "free")),
        ("No agent", "1", dollars("ada-2")),
    ]
    by.select_option("Domain")
    expect(page.get_by_role("table", name="Messages by domain")).to_be_visible()
    settled(page)
    domains = cells(page.get_by_role("table", name="Messages by domain"))
    assert sorted((name, count, cost) for name, count, *_, cost in domains) == [
        ("No domain", "2", dollars("ada-2")), ("art", "2", "$0.2004"), ("maths", "2", "$0.3"),
    ]  # fmt: skip
    assert len(cells(page.get_by_role("table", name="Messages over time"))) == 3


def test_what_is_chosen_is_in_the_address(page: Page):
    open_page(page, "/")
    page.get_by_role("link", name="Feedback").click()
    page.get_by_role("combobox", name="Over", exact=True).select_option("Month")
    page.get_by_label("Measure").select_option("Tokens")
    page.get_by_label("Range").select_option("All time")
    page.reload()
    expect(page.get_by_role("img", name="Tokens by month. 1 line over 2 months.")).to_be_visible()
    expect(page.get_by_label("Range")).to_have_value("all")
    expect(page.get_by_role("link", name="Feedback")).to_have_attribute("aria-current", "page")
    page.get_by_text("Values as a table").click()
    expect(page.get_by_role("region", name="Tokens by month: values")).to_contain_text("3.399K")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_scrolls_one_way_alone(
    page: Page, scheme: Literal["light", "dark"]
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, "/feedback?by=USER")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
