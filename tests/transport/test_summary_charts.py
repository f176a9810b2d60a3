"""Charts of the classes of a summary."""

from uuid import uuid4

import pytest

from tests.transport.test_charts import fault, http, signal, store

__all__ = ["http"]

SUMMARY = """
query($filter: SignalFilter) {
  signalSummary(filter: $filter) { chartUrl classifications { classification count } }
}
"""
FILTERS = (
    {},
    {
        "sources": ["Neo", "Slack"],
        "range": {"start": "2026-03-02T12:00:00Z", "end": "2026-03-02T12:03:00.000001Z"},
    },
    {"agentId": "a & b", "userId": "ü", "escalated": False, "minScore": 0.25, "maxScore": 1.0},
    {"classification": "STRESSED"},
)


@pytest.mark.parametrize("wanted", FILTERS)
async def test_the_chart_of_a_summary_shows_its_counts(client, http, wanted):
    await store(
        client,
        signal("retro", "12:01:00", 0.5) | {"rawContent": "thanks, that works great"},
        signal("retro", "12:02:30", 0.5)
        | {"rawContent": "this is awful, I am so stressed", "agentId": "a & b"},
        signal("retro", "12:02:40", 0.5) | {"rawContent": "great, thanks", "agentId": "a & b", "userId": "ü"},
    )
    summary = (await client.data(SUMMARY, filter=wanted))["signalSummary"]
    png, svg = summary["chartUrl"], summary["chartUrl"].replace(".png", ".svg")
    assert (await http.get(png)).headers["Content-Type"] == "image/png"
    shown = (await http.get(svg)).text
    heard = shown.split("<title>")[1].split("</title>")[0]
    for words in (
        "agent a &amp; b",
        "user ü",
        "only Neo, Slack",
        "class STRESSED",
        "2026-03-02 12:00 UTC to",
    ):
        named = {"agent": "agentId", "user": "userId", "only": "sources", "class": "classification"}
        assert (words in heard) == (named.get(words.split()[0], "range") in wanted)
    assert sum(row["count"] for row in summary["classifications"])
    for row in summary["classifications"]:
        assert f">{row['classification']}</text>" in shown
        assert f">{row['count']}</text>" in shown


async def test_the_chart_of_a_users_summary_is_of_that_user(client, http):
    user = (await client.data('mutation { createUser(input: {username: "ada"}) { id } }'))["createUser"]["id"]
    create = """
    mutation($user: ID!) {
      createConversation(input: {contextWindowId: "hers", userId: $user}) { id }
      createSignal(input: {contextWindowId: "hers", rawContent: "great, thanks"}) { id }
    }
    """
    await client.data(create, user=user)
    query = "query($id: ID!) { user(by: {id: $id}) { signalSummary { totalCount chartUrl } } }"
    summary = (await client.data(query, id=user))["user"]["signalSummary"]
    assert summary["totalCount"] == 1
    shown = (await http.get(summary["chartUrl"].replace(".png", ".svg"))).text
    assert ">ada</text>" in shown


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("user=1", "user"),
        ("escalated=yes", "escalated"),
        ("classification=HAPPY", "classification"),
        ("minScore=high", "minScore"),
        ("start=yesterday", "start"),
        ("color=red", "color"),
        ("agentId=a&agentId=b", "agentId"),
    ],
)
async def test_a_summarys_chart_names_the_parameter_at_fault(http, query, name):
    fault(await http.get(f"/charts/classifications.svg?{query}"), 400, "BAD_USER_INPUT", name)


async def test_an_unknown_users_chart_is_not_found(http):
    response = await http.get(f"/charts/classifications.svg?user={uuid4()}")
    fault(response, 404, "NOT_FOUND", "user")
