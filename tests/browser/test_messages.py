"""Messages of a conversation and the coach's answers, in a real browser, on a server whose coach has an endpoint."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Semaphore
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from tests.app.coach import endpoint
from tests.app.coach.endpoint import DONE, END, Handler, Write, delta, usage
from tests.app.serving import Serving
from tests.browser.dashboard import ask, open_page, serious

PRICES = '{"m-1": ["0.15", "0.60"]}'
SAID = "\N{PARTY POPPER}\N{PARTY POPPER} Hello! The deadline is on Friday. Be early."
QUOTE = "The deadline is on Friday."
WORDS = ("\N{THUMBS UP SIGN} The deadline ", "is on Friday [1]", ".")
ANSWER = "".join(WORDS)


class Coach:
    """An endpoint that writes a word of its answer whenever it may, and refuses what asks for that."""

    def __init__(self) -> None:
        self.may = Semaphore(0)

    def answer(self, handler: Handler, write: Write, number: int) -> None:
        prompt = handler.server.requests[number - 1][2]["messages"][-1]["content"]
        if "refuse" in prompt.rpartition("Question: ")[2]:
            handler.refuse(401)
            return
        handler.stream()
        for word in WORDS:
            assert self.may.acquire(timeout=30)
            write(delta(word))
        for piece in (usage(1_000, 50), DONE, END):
            write(piece)


@pytest.fixture
def coach(coached: tuple[Coach, str]) -> Coach:
    coached[0].may = Semaphore(0)
    return coached[0]


@pytest.fixture(scope="module")
def served(coached: tuple[Coach, str]) -> str:
    return coached[1]


@pytest.fixture(scope="module")
def coached() -> Iterator[tuple[Coach, str]]:
    coach = Coach()
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-messages-"))
    with endpoint.serving(coach.answer) as model:
        server = Serving(
            folder,
            DEMO="0",
            COHERENCE_LLM_URL=model.address,
            COHERENCE_LLM_MODEL="m-1",
            COHERENCE_LLM_PRICES=PRICES,
        )
        try:
            yield coach, server.address
        finally:
            server.end()
            shutil.rmtree(folder, ignore_errors=True)


def converse(served: str, name: str, *texts: str) -> str:
    """A conversation of that name in which an assistant has said the texts; its id."""
    query = "mutation ($name: String!) { createConversation(input: {contextWindowId: $name}) { id } }"
    conversation = ask(served, query, name=name)["createConversation"]["id"]
    for text in texts:
        say(served, conversation, content=text)
    return str(conversation)


def say(served: str, conversation: str, **given: Any) -> str:
    query = "mutation ($message: CreateMessageInput!) { createMessage(input: $message) { id } }"
    message = {"conversationId": conversation, "role": "ASSISTANT", **given}
    return str(ask(served, query, message=message)["createMessage"]["id"])


def stored(served: str, name: str) -> list[tuple[str, str]]:
    query = """query ($name: String!) { conversation(by: {contextWindowId: $name}) {
      messages(last: 100) { edges { node { role content } } } } }"""
    edges = ask(served, query, name=name)["conversation"]["messages"]["edges"]
    return [(edge["node"]["role"], edge["node"]["content"]) for edge in edges]


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages", exact=True)


def messages(page: Page) -> Locator:
    return panel(page).get_by_role("listitem")


def put(page: Page, question: str) -> None:
    page.get_by_label("Ask the coach").fill(question)
    page.keyboard.press("Enter")


def live(page: Page) -> None:
    expect(page.locator("header .connection")).to_have_text("Live")


def test_messages_say_who_when_about_what_and_for_how_much(page: Page, served: str):
    conversation = converse(served, "said")
    say(served, conversation, role="USER", content="Is it done?\nTell me.", domains=["reading"])
    say(
        served, conversation, content="It is.", domains=["maths", "art"],
        inputTokens=12_345, outputTokens=67, costUsd="0.000100",
    )  # fmt: skip
    open_page(page, "/conversations/said")
    question, answer = messages(page).first, messages(page).last
    expect(question).to_contain_text(re.compile(r"^User.*20\d\d.*reading.*Is it done\?", re.DOTALL))
    assert "Is it done?\nTell me." in question.inner_text()
    expect(question.get_by_role("button")).to_have_count(0)
    for words in ("Assistant", "maths", "art", "It is.", "67 out", "$0.0001"):
        expect(answer).to_contain_text(words)
    assert "12\N{NARROW NO-BREAK SPACE}345 tokens in" in answer.inner_text()
    assert not answer.inner_text().endswith("0")


def test_what_a_message_says_is_shown_as_text(page: Page, served: str):
    hostile = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script> **bold** [x](javascript:1)"
    converse(served, "hostile", hostile)
    open_page(page, "/conversations/hostile")
    expect(messages(page).locator(".message-text")).to_have_text(hostile)
    expect(messages(page).locator("img, script, a, b")).to_have_count(0)
    assert page.title() == "hostile · Coherence"


def test_earlier_messages_are_read_a_page_at_a_time(page: Page, served: str):
    converse(served, "long", *(f"number {number:02}" for number in range(45)))
    page.set_viewport_size({"width": 1_280, "height": 2_000})
    open_page(page, "/conversations/long")
    expect(messages(page)).to_have_count(20)
    expect(messages(page).last).to_contain_text("number 44")
    expect(messages(page).last).to_be_in_viewport()
    earlier = panel(page).get_by_role("button", name="Earlier messages")
    earlier.click()
    expect(messages(page)).to_have_count(40)
    expect(messages(page).nth(20)).to_be_in_viewport()
    earlier.click()
    expect(messages(page)).to_have_count(45)
    expect(earlier).to_have_count(0)
    assert [re.search(r"number (\d\d)", text)[1] for text in messages(page).all_inner_texts()] == [
        f"{number:02}" for number in range(45)
    ]


def test_messages_come_by_themselves(page: Page, served: str):
    conversation = converse(served, "coming", "first")
    open_page(page, "/conversations/coming")
    live(page)
    say(served, conversation, content="second")
    expect(messages(page)).to_have_count(2)
    expect(messages(page).last).to_contain_text("second")


def test_an_answer_arrives_word_by_word_and_is_stored(page: Page, served: str, coach: Coach):
    converse(served, "asked", SAID)
    open_page(page, "/conversations/asked")
    live(page)
    box = page.get_by_label("Ask the coach")
    box.fill("When is")
    page.keyboard.press("Shift+Enter")
    box.press_sequentially("the deadline?")
    page.keyboard.press("Enter")
    answer = panel(page).locator("[aria-live=polite] .message-text")
    expect(box).to_have_value("")
    written = ""
    for word in WORDS[:-1]:
        coach.may.release()
        written += word
        expect(answer).to_have_text(written.strip())
    assert len(stored(served, "asked")) == 2
    coach.may.release()
    expect(answer).to_have_count(0)
    expect(messages(page)).to_have_count(3)
    expect(messages(page).last).to_contain_text(ANSWER)
    expect(messages(page).last).to_contain_text("50 out · $0.00018")
    assert stored(served, "asked")[1:] == [("USER", "When is\nthe deadline?"), ("ASSISTANT", ANSWER)]


def test_a_mark_opens_the_cited_words_in_their_source(page: Page, served: str, coach: Coach):
    converse(served, "cited", SAID)
    open_page(page, "/conversations/cited")
    for _ in WORDS:
        coach.may.release()
    put(page, "When is the deadline?")
    expect(messages(page).last).to_contain_text("50 out")
    mark = messages(page).last.get_by_role("button", name="[1], source")
    source = page.get_by_role("region", name="Source 1")
    mark.press("Enter")
    expect(mark).to_have_attribute("aria-expanded", "true")
    expect(source).to_contain_text(re.compile(r"Assistant.*20\d\d"))
    expect(source.locator("blockquote")).to_have_text(SAID)
    expect(source.locator("mark")).to_have_text(QUOTE)
    # What the answer has changed is read again within seconds, and the list moves to its end: then it is opened anew.
    page.wait_for_timeout(3_000)
    mark.press("Enter")
    expect(source).to_have_count(0)
    mark.press("Enter")
    expect(source.locator("mark")).to_be_in_viewport()
    source.get_by_role("button", name="Go to message").click()
    expect(messages(page).first).to_be_focused()
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)


def test_a_cited_signal_opens_too(page: Page, served: str, coach: Coach):
    signals = [{"contextWindowId": "signalled", "userId": "ann", "rawContent": SAID, "signalScore": 0.5}]
    query = "mutation ($signals: [SignalInput!]!) { createSignals(signals: $signals, createConversations: true) { failedCount } }"
    assert ask(served, query, signals=signals)["createSignals"]["failedCount"] == 0
    open_page(page, "/conversations/signalled")
    for _ in WORDS:
        coach.may.release()
    put(page, "When is the deadline?")
    messages(page).last.get_by_role("button", name="[1], source").click()
    source = page.get_by_role("region", name="Source 1")
    expect(source).to_contain_text("ann")
    expect(source.locator("mark")).to_have_text(QUOTE)
    expect(source.get_by_role("button", name="Go to message")).to_have_count(0)


def test_a_source_that_lies_far_back_is_gone_to(page: Page, served: str):
    conversation = converse(served, "far")
    first = say(served, conversation, content="The very first.")
    for number in range(30):
        say(served, conversation, content=f"number {number}")
    quote = {"number": 1, "at": 4, "type": "Message", "id": first, "start": 0, "end": 15}
    say(served, conversation, content="See [1].", citations=[{**quote, "quote": "The very first."}])
    say(served, conversation, content="See [1].", citations=[{**quote, "quote": "Changed."}, "none"])
    page.set_viewport_size({"width": 1_280, "height": 2_000})
    open_page(page, "/conversations/far")
    messages(page).last.get_by_role("button", name="[1], source").click()
    expect(page.get_by_role("region", name="Source 1")).to_contain_text("another by now")
    page.get_by_role("button", name="Close").click()
    messages(page).nth(-2).get_by_role("button", name="[1], source").click()
    page.get_by_role("button", name="Go to message").click()
    expect(messages(page)).to_have_count(33)
    expect(messages(page).first).to_be_focused()
    expect(messages(page).first).to_be_in_viewport()


def test_a_stopped_answer_is_not_stored(page: Page, served: str, coach: Coach):
    converse(served, "stopped", SAID)
    open_page(page, "/conversations/stopped")
    put(page, "When is the deadline?")
    coach.may.release()
    expect(panel(page).locator("[aria-live=polite]")).to_contain_text(WORDS[0].strip())
    page.get_by_role("button", name="Stop").click()
    expect(panel(page).get_by_role("alert")).to_contain_text("Stopped")
    coach.may.release(10)
    page.wait_for_timeout(1_000)
    assert stored(served, "stopped") == [("ASSISTANT", SAID), ("USER", "When is the deadline?")]
    expect(messages(page)).to_have_count(2)


def test_a_refusal_is_told_and_the_question_kept(page: Page, served: str, coach: Coach):
    converse(served, "refused", SAID)
    open_page(page, "/conversations/refused")
    put(page, "Will you refuse?")
    expect(panel(page).get_by_role("alert")).to_contain_text("The coach's model answers 401")
    expect(page.get_by_label("Ask the coach")).to_have_value("Will you refuse?")
    coach.may.release(10)
    put(page, "When is the deadline?")
    expect(messages(page).last).to_contain_text(ANSWER)
    expect(panel(page).get_by_role("alert")).to_have_count(0)


def test_a_connection_that_comes_back_does_not_ask_again(context: BrowserContext, served: str, coach: Coach):
    page = context.new_page()  # of which the browser does complain
    sockets: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    def between(socket: WebSocketRoute) -> None:
        sockets.append((socket, socket.connect_to_server()))

    page.route_web_socket("**/graphql", between)
    converse(served, "lost", SAID)
    open_page(page, "/conversations/lost")
    live(page)
    put(page, "When is the deadline?")
    coach.may.release()
    expect(panel(page).locator("[aria-live=polite]")).to_contain_text(WORDS[0].strip())
    for side in sockets[0]:
        side.close(code=4000)
    expect(panel(page).get_by_role("alert")).to_contain_text("The connection was lost")
    live(page)
    coach.may.release(10)
    page.wait_for_timeout(1_000)
    assert len(sockets) == 2
    assert stored(served, "lost") == [("ASSISTANT", SAID), ("USER", "When is the deadline?")]


def test_a_rating_is_kept(page: Page, served: str):
    converse(served, "rated", "An answer.")
    open_page(page, "/conversations/rated")
    rating = messages(page).get_by_role("group", name="Rate this answer")
    expect(rating.locator("[aria-pressed=true]")).to_have_count(0)
    rating.get_by_role("button", name="positive").focus()
    page.keyboard.press("Enter")
    expect(rating.get_by_role("button", name="positive")).to_have_attribute("aria-pressed", "true")
    rating.get_by_role("button", name="negative").press("Space")
    expect(rating.get_by_role("button", name="negative")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(rating.locator("[aria-pressed=true]")).to_have_text("\N{MINUS SIGN}1")
    query = (
        '{ conversation(by: {contextWindowId: "rated"}) { messages { edges { node { feedbackScore } } } } }'
    )
    (edge,) = ask(served, query)["conversation"]["messages"]["edges"]
    assert edge["node"]["feedbackScore"] == -1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_scrolls_one_way_alone(
    page: Page, served: str, coach: Coach, scheme: Literal["light", "dark"]
):
    converse(served, f"looked-at-{scheme}", SAID, "x" * 300)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, f"/conversations/looked-at-{scheme}")
    for _ in WORDS:
        coach.may.release()
    put(page, "When is the deadline?")
    messages(page).last.get_by_role("button", name="[1], source").click()
    expect(page.get_by_role("region", name="Source 1").locator("mark")).to_be_visible()
    messages(page).last.get_by_role("button", name="positive").click()
    put(page, "And after that?")
    coach.may.release()
    expect(panel(page).locator("[aria-live=polite] .message-text")).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Stop").click()
    coach.may.release(10)
