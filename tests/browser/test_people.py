"""The views of users and agents, in a real browser, on the real server with its demo."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard import ask, open_page, settled


def people(page: Page) -> Locator:
    return page.get_by_role("table", name="Users").locator("tbody tr")


def numbers(table: Locator) -> list[str]:
    return [
        text.replace("\N{NARROW NO-BREAK SPACE}", "") for text in table.locator(".number").all_inner_texts()
    ]


def test_users_have_the_shares_of_classes_in_their_conversations(page: Page, served: str):
    open_page(page, "/people?search=demo-ada")
    expect(people(page)).to_have_count(1)
    query = '{ user(by: {username: "demo-ada"}) { signalSummary { totalCount classifications { count } } } }'
    summary = ask(served, query)["user"]["signalSummary"]
    total = summary["totalCount"]
    shares = [f"{100 * each['count'] / total:.1f} %" for each in summary["classifications"]]
    assert numbers(people(page).first) == [str(total), *shares]


def test_users_are_searched_and_paged(page: Page, served: str):
    for number in range(26):
        query = "mutation ($name: String!) { createUser(input: {username: $name}) { id } }"
        ask(served, query, name=f"paged-{number:02}")
    open_page(page, "/people")
    page.get_by_role("searchbox").fill("PAGED")
    expect(page.get_by_role("status").filter(has_text="26 users")).to_be_attached()
    expect(people(page)).to_have_count(25)
    expect(page).to_have_url(re.compile("search=PAGED"))
    page.get_by_role("button", name="Next").click()
    expect(people(page)).to_have_count(1)
    expect(people(page)).to_contain_text("paged-25")
    page.reload()
    expect(people(page)).to_contain_text("paged-25")
    page.get_by_role("searchbox").fill("nobody at all")
    expect(page.get_by_text(re.compile("name holds “nobody at all”"))).to_be_visible()


def test_a_user_has_classes_entries_anomalies_and_conversations(page: Page, served: str):
    open_page(page, "/people")
    page.get_by_role("link", name="Ada Okafor").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Okafor")
    settled(page)

    query = """{
      signalSummary(filter: {userId: "demo-ada"}) { totalCount classifications { classification count } }
      signals(last: 1, filter: {userId: "demo-ada"}) {
        edges { node { rawContent signalSource signalScore contextWindowId } }
      }
      user(by: {username: "demo-ada"}) { anomalies { totalCount } conversations { totalCount } }
    }"""
    answer = ask(served, query)
    summary = answer["signalSummary"]
    row = page.get_by_role("table", name="Classes of what they say").locator("tbody tr")
    for index, each in enumerate(summary["classifications"]):
        expect(row.nth(index)).to_contain_text(each["classification"].capitalize())
        assert numbers(row.nth(index)) == [
            str(each["count"]),
            f"{100 * each['count'] / summary['totalCount']:.1f} %",
        ]

    newest = answer["signals"]["edges"][0]["node"]
    entry = page.get_by_role("table", name="Last entries").locator("tbody tr").first
    expect(entry).to_contain_text(newest["rawContent"])
    expect(entry).to_contain_text(newest["signalSource"])
    expect(entry).to_contain_text(f"{newest['signalScore']:.2f}")
    expect(entry.get_by_role("link")).to_have_text(newest["contextWindowId"])

    anomalies = page.get_by_role("region", name="Anomalies")
    expect(anomalies).to_contain_text(f"{answer['user']['anomalies']['totalCount']} in all")
    expect(anomalies).to_contain_text(
        re.compile(r"Rapid fire.*signals of demo-ada.*in A bursty conversation")
    )
    expect(anomalies).to_contain_text(re.compile(r"Drift shift.*from a mean of 0\.\d\d to 0\.\d\d"))
    expect(page.get_by_role("region", name="Conversations", exact=True)).to_contain_text(
        f"{answer['user']['conversations']['totalCount']} conversations"
    )


def test_entries_have_pages(page: Page):
    open_page(page, "/people/users/demo-ada")
    entries = page.get_by_role("table", name="Last entries").locator("tbody tr")
    expect(entries).to_have_count(20)
    newest = entries.first.inner_text()
    page.get_by_role("button", name="Older").click()
    expect(entries.first).not_to_have_text(newest)
    expect(page).to_have_url(re.compile("before="))
    page.get_by_role("button", name="Newer").click()
    expect(entries.first).to_contain_text(newest.split("\t", maxsplit=1)[0])


def test_a_key_without_a_user_is_heard_and_looked_up(page: Page, served: str):
    signal = {
        "contextWindowId": "strangers",
        "userId": "guest/7 ü",
        "signalScore": 0.25,
        "rawContent": "Hello.",
    }
    query = """mutation ($signals: [SignalInput!]!) {
      createSignals(signals: $signals, createConversations: true) { failedCount }
    }"""
    assert ask(served, query, signals=[signal])["createSignals"]["failedCount"] == 0
    open_page(page, "/people")
    page.get_by_role("table", name="Heard lately").get_by_role("link", name="guest/7 ü").click()
    expect(page.get_by_text("No user has this username")).to_be_visible()
    expect(page.get_by_role("table", name="Last entries")).to_contain_text("Hello.")
    expect(page.get_by_role("region", name="Anomalies")).to_contain_text("None found")

    page.get_by_role("link", name="← All users").click()
    page.get_by_label("Look up a key").fill("demo-priya")
    page.get_by_label("Look up a key").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Priya Raman")

    open_page(page, "/people/users/nobody")
    expect(page.get_by_text("No signal has this key")).to_be_visible()


def test_agents_have_the_mean_of_their_signals(page: Page, served: str):
    open_page(page, "/people/agents")
    page.get_by_role("searchbox").fill("BURSTY")
    row = page.get_by_role("table", name="Agents").locator("tbody tr")
    expect(row).to_have_count(1)
    signals, after = [], None
    while True:
        query = """query ($after: String) { signals(first: 1000, after: $after, filter: {agentId: "agent-bursty"}) {
          edges { node { signalScore } } pageInfo { hasNextPage endCursor } } }"""
        found = ask(served, query, after=after)["signals"]
        signals += [edge["node"]["signalScore"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    assert numbers(row) == [str(len(signals)), f"{sum(signals) / len(signals):.3f}"]
    expect(row).to_contain_text("Axis, Neo, Slack, person")


def test_an_agent_has_classes_entries_anomalies_and_conversations(page: Page):
    open_page(page, "/people/agents")
    page.get_by_role("link", name="agent-bursty").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("agent-bursty")
    expect(page.get_by_role("table", name="Classes of what they say").locator("tbody tr")).to_have_count(4)
    expect(page.get_by_role("region", name="Anomalies")).to_contain_text("Rapid fire")
    page.get_by_role("table", name="Conversations").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/conversations/demo-bursty-"))


def test_by_keyboard_alone(page: Page):
    open_page(page, "/people")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("priya")
    expect(people(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Priya Raman")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Priya Raman")
    expect(page.locator("main")).to_be_focused()
