"""Messages: written, read, rated and summed; each is a signal as well."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from tests.graphql_schema.test_statement_counts import counted, fill
from tests.people import people

__all__ = ["people"]

pytestmark = pytest.mark.as_everyone

OPEN = 'mutation($key: String!) { createConversation(input: {contextWindowId: $key, agentId: "neo"}) { id } }'
FIELDS = """
  id role content citations domains feedbackScore inputTokens outputTokens costUsd createdAt
  conversation { id contextWindowId }
  signal { id timestamp receivedAt signalSource signalScore rawContent agentId userId classification message { id } }
"""
CREATE = f"mutation($input: CreateMessageInput!) {{ createMessage(input: $input) {{ {FIELDS} }} }}"
PAGE = """
query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  conversation(by: {id: $id}) { messages(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { content } }
  } }
}
"""
RATE = "mutation($id: ID!, $score: Int!) { rateMessage(id: $id, feedbackScore: $score) { id feedbackScore } }"
SUMMARY = """query($range: TimeRange) { feedbackSummary(range: $range) {
  positive neutral negative unrated inputTokens outputTokens costUsd
} }"""
BUCKETS = """query($unit: CalendarUnit! = DAY, $zone: String! = "UTC", $by: [MessageGroup!]! = [], $range: TimeRange) {
  messageBuckets(unit: $unit, timeZone: $zone, by: $by, range: $range) {
    bucket user { username } agentId domain messageCount feedback { positive unrated inputTokens costUsd }
  }
}"""


@pytest.fixture
async def conversation(client):
    return (await client.data(OPEN, key="c1"))["createConversation"]["id"]


async def say(client, conversation, content="Thanks, that works!", role="USER", **more):
    given = {"conversationId": conversation, "role": role, "content": content, **more}
    return (await client.data(CREATE, input=given))["createMessage"]


def contents(found):
    return [edge["node"]["content"] for edge in found["conversation"]["messages"]["edges"]]


async def test_a_message_is_a_signal_too(client, conversation):
    before = datetime.now(UTC)
    made = await say(
        client,
        conversation,
        "I love how clearly this explains it!",
        "ASSISTANT",
        citations=[{"url": "https://a.example"}],
        domains=["math", "math", "school"],
        inputTokens=12,
        outputTokens=3,
        costUsd="0.10",
    )
    assert before <= datetime.fromisoformat(made["createdAt"]) <= datetime.now(UTC)
    compound = SentimentIntensityAnalyzer().polarity_scores("I love how clearly this explains it!")[
        "compound"
    ]
    assert made == {
        "id": made["id"],
        "role": "ASSISTANT",
        "content": "I love how clearly this explains it!",
        "citations": [{"url": "https://a.example"}],
        "domains": ["math", "school"],
        "feedbackScore": None,
        "inputTokens": 12,
        "outputTokens": 3,
        "costUsd": "0.10",
        "createdAt": made["createdAt"],
        "conversation": {"id": conversation, "contextWindowId": "c1"},
        "signal": {
            "id": made["signal"]["id"],
            "timestamp": made["createdAt"],
            "receivedAt": made["createdAt"],
            "signalSource": "assistant",
            "signalScore": (compound + 1) / 2,
            "rawContent": "I love how clearly this explains it!",
            "agentId": "neo",
            "userId": None,
            "classification": "POSITIVE",
            "message": {"id": made["id"]},
        },
    }
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on Message {{ {FIELDS} }} }} }}"
    assert await client.data(query, ids=[made["id"]]) == {"nodes": [{"__typename": "Message", **made}]}
    counts = "{ conversations { edges { node { signalCount coherence { totalSignalCount } } } } }"
    (edge,) = (await client.data(counts))["conversations"]["edges"]
    assert edge["node"] == {"signalCount": 1, "coherence": {"totalSignalCount": 1}}


async def test_a_question_is_the_conversations_users(client):
    user = await client.data('mutation { createUser(input: {username: "ada"}) { id } }')
    new = "mutation($user: ID!) { createConversation(input: {userId: $user}) { id } }"
    hers = (await client.data(new, user=user["createUser"]["id"]))["createConversation"]["id"]
    made = await say(client, hers)
    assert (made["signal"]["userId"], made["signal"]["agentId"]) == ("ada", None)
    assert made["signal"]["signalSource"] == "user"


async def test_they_are_paged_in_the_order_in_which_they_were_said(client, conversation):
    for number in range(7):
        await say(client, conversation, f"message {number}")
    first = await client.data(PAGE, id=conversation, first=3)
    assert contents(first) == ["message 0", "message 1", "message 2"]
    info = first["conversation"]["messages"]["pageInfo"]
    assert first["conversation"]["messages"]["totalCount"] == 7
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    rest = await client.data(PAGE, id=conversation, first=9, after=info["endCursor"])
    assert contents(rest) == [f"message {number}" for number in range(3, 7)]
    assert rest["conversation"]["messages"]["pageInfo"]["hasPreviousPage"]
    assert contents(await client.data(PAGE, id=conversation, last=2)) == ["message 5", "message 6"]
    assert contents(await client.data(PAGE, id=conversation, first=0)) == []
    error = await client.error(PAGE, id=conversation, first=101)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}
    error = await client.error(PAGE, id=conversation, after="x")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}


async def test_statements_do_not_grow_with_the_rows(client, pg):
    document = """{ conversations(first: 100) { edges { node { messages { totalCount edges { node {
        content conversation { contextWindowId } signal { signalScore message { content } } } } } } } } }"""
    await fill(pg, 1, 3, 4)
    insert = """
        INSERT INTO messages (conversation_id, role, content, signal_time, signal_id)
        SELECT conversation_id, 'USER', 'x', time, id FROM signals ON CONFLICT DO NOTHING
    """
    await pg.execute(insert)
    few, data = await counted(client, document)
    (edge, *_) = data["conversations"]["edges"][0]["node"]["messages"]["edges"]
    assert edge["node"]["signal"] == {"signalScore": 0.5, "message": {"content": "x"}}
    await pg.execute("DELETE FROM users")
    await fill(pg, 4, 5, 9)
    await pg.execute(insert)
    many, data = await counted(client, document)
    assert len(data["conversations"]["edges"]) == 20
    assert few == many


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("content", {"content": ""}),
        ("content", {"content": " \n"}),
        ("content", {"content": "a\0b"}),
        ("content", {"content": "x" * 1_000_001}),
        ("citations", {"citations": [{"a": "\0"}]}),
        ("domains", {"domains": [""]}),
        ("domains", {"domains": ["x"] * 21}),
        ("inputTokens", {"inputTokens": -1}),
        ("outputTokens", {"outputTokens": -1}),
        ("costUsd", {"costUsd": "-1"}),
        ("costUsd", {"costUsd": "1e5"}),
        ("costUsd", {"costUsd": "NaN"}),
        ("costUsd", {"costUsd": "1,5"}),
        ("costUsd", {"costUsd": "٣"}),
        ("conversationId", {"conversationId": "TWVzc2FnZTox"}),
    ],
)
async def test_what_is_at_fault_is_named_and_nothing_is_stored(client, pg, conversation, field, given):
    good = {"conversationId": conversation, "role": "USER", "content": "x"}
    error = await client.error(CREATE, input=good | given)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}
    assert field in error["message"]
    assert await pg.fetchval("SELECT count(*) FROM messages") == 0
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0


async def test_an_unknown_or_hidden_conversation_is_not_found(client, pg, conversation):
    await pg.execute("UPDATE conversations SET status = 'DELETED'")
    error = await client.error(CREATE, input={"conversationId": conversation, "role": "USER", "content": "x"})
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "conversationId"}
    error = await client.error(RATE, id="TWVzc2FnZTox", score=1)
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "id"}


async def test_answers_are_rated_and_nothing_else_is(client, conversation):
    question, answer = await say(client, conversation), await say(client, conversation, role="ASSISTANT")
    for score in (1, 0, -1):
        rated = await client.data(RATE, id=answer["id"], score=score)
        assert rated == {"rateMessage": {"id": answer["id"], "feedbackScore": score}}
    for score in (2, -2):
        error = await client.error(RATE, id=answer["id"], score=score)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "feedbackScore"}
    error = await client.error(RATE, id=question["id"], score=1)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}


async def test_the_table_takes_no_other_roles_and_scores(client, pg, conversation):
    answer = await say(client, conversation, role="ASSISTANT")
    assert answer["role"] == "ASSISTANT"
    for change in (
        "role = 'BOT'",
        "feedback_score = 2",
        "role = 'USER', feedback_score = 1",
        "cost_usd = -1",
        "cost_usd = 'NaN'",
        "input_tokens = -1",
    ):
        with pytest.raises(Exception, match="violates check constraint"):
            await pg.execute(f"UPDATE messages SET {change}")


async def test_feedback_tokens_and_cost_are_summed_to_the_cent(client, pg, conversation):
    empty = {
        "positive": 0,
        "neutral": 0,
        "negative": 0,
        "unrated": 0,
        "inputTokens": 0,
        "outputTokens": 0,
        "costUsd": "0",
    }
    assert (await client.data(SUMMARY))["feedbackSummary"] == empty
    costs = ["0.1", "0.2", "0.000000000000000001", "3"]
    for score, cost in zip([1, 1, 0, -1], costs, strict=True):
        answer = await say(
            client, conversation, role="ASSISTANT", inputTokens=5, outputTokens=2, costUsd=cost
        )
        await client.data(RATE, id=answer["id"], score=score)
    await say(client, conversation, role="ASSISTANT")
    await say(client, conversation, inputTokens=1)
    assert (await client.data(SUMMARY))["feedbackSummary"] == {
        "positive": 2,
        "neutral": 1,
        "negative": 1,
        "unrated": 1,
        "inputTokens": 21,
        "outputTokens": 8,
        "costUsd": str(sum(map(Decimal, costs))),
    }
    await pg.execute("UPDATE messages SET created_at = '2026-01-01' WHERE feedback_score = 1")
    early = await client.data(SUMMARY, range={"end": "2026-01-02T00:00:00Z"})
    assert (early["feedbackSummary"]["positive"], early["feedbackSummary"]["costUsd"]) == (2, "0.3")
    await pg.execute("UPDATE messages SET input_tokens = 2147483647")
    error = await client.error(SUMMARY)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "range"}


async def test_feedback_over_time_by_user_agent_and_domain(client, pg, conversation):
    user = (await client.data('mutation { createUser(input: {username: "ada"}) { id } }'))["createUser"]["id"]
    new = "mutation($user: ID!) { createConversation(input: {userId: $user}) { id } }"
    hers = (await client.data(new, user=user))["createConversation"]["id"]
    one = await say(
        client, conversation, role="ASSISTANT", domains=["math", "art"], costUsd="1.5", inputTokens=2
    )
    two = await say(client, hers, role="ASSISTANT", domains=["math"], costUsd="0.5")
    await say(client, hers)
    await client.data(RATE, id=two["id"], score=1)
    # The evening of the last of the year in New York is the new year's morning in Berlin.
    await pg.execute("UPDATE messages SET created_at = '2025-12-31T23:30:00Z'")
    found = (await client.data(BUCKETS, unit="YEAR"))["messageBuckets"]
    assert found == [
        {
            "bucket": "2025-01-01T00:00:00.000000Z",
            "user": None,
            "agentId": None,
            "domain": None,
            "messageCount": 3,
            "feedback": {"positive": 1, "unrated": 1, "inputTokens": 2, "costUsd": "2.0"},
        }
    ]
    (berlin,) = (await client.data(BUCKETS, unit="DAY", zone="Europe/Berlin"))["messageBuckets"]
    assert berlin["bucket"] == "2025-12-31T23:00:00.000000Z"
    (week,) = (await client.data(BUCKETS, unit="WEEK", zone="America/New_York"))["messageBuckets"]
    assert week["bucket"] == "2025-12-29T05:00:00.000000Z"

    async def by(*groups):
        rows = (await client.data(BUCKETS, by=groups))["messageBuckets"]
        return [
            (row["user"] and row["user"]["username"], row["agentId"], row["domain"], row["messageCount"])
            for row in rows
        ]

    assert sorted(await by("USER"), key=str) == [("ada", None, None, 2), (None, None, None, 1)]
    assert await by("AGENT") == [(None, "neo", None, 1), (None, None, None, 2)]
    assert await by("DOMAIN") == [
        (None, None, "art", 1),
        (None, None, "math", 2),
        (None, None, None, 1),
    ]
    assert len(await by("USER", "AGENT", "DOMAIN")) == 4
    assert (await client.data(BUCKETS, range={"start": "2026-01-01T00:00:00Z"}))["messageBuckets"] == []
    error = await client.error(BUCKETS, zone="Mars/Olympus")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "timeZone"}
    assert one["costUsd"] == "1.5"


async def test_message_and_signal_go_together(client, pg, conversation):
    made = [await say(client, conversation, f"message {number}") for number in range(3)]
    delete = "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }"
    assert await client.data(delete, ids=[made[0]["signal"]["id"]]) == {"deleteSignals": {"deletedCount": 1}}
    assert contents(await client.data(PAGE, id=conversation)) == ["message 1", "message 2"]
    await client.data("mutation($id: ID!) { deleteConversation(id: $id) { deletedId } }", id=conversation)
    assert await pg.fetchval("SELECT count(*) FROM messages") == 0
    assert await pg.fetchval("SELECT count(*) FROM signals") == 0


async def test_a_message_outlives_its_aged_signal(client, pg, conversation):
    made = await say(client, conversation)
    await pg.execute("SET coherence.ageing = 'on'")
    await pg.execute("DELETE FROM signals")
    query = "query($id: ID!) { node(id: $id) { ... on Message { content signal { id } } } }"
    assert await client.data(query, id=made["id"]) == {
        "node": {"content": "Thanks, that works!", "signal": None}
    }


NEW = "subscription($id: ID!) { messageAdded(conversationId: $id) { content role signal { signalSource } } }"
SAY = (
    'mutation($id: ID!) { createMessage(input: {conversationId: $id, role: USER, content: "hello"}) { id } }'
)


async def test_new_messages_are_told_of_once_and_signals_are_not(people):
    await people.data("ann", SAY, id=people.id("a1"))
    async with people.following("coach", NEW, id=people.id("a1")) as results:
        first = asyncio.ensure_future(anext(results))
        await asyncio.sleep(0.1)
        await people.pg.execute(
            "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES (now(), $1, 'x', 0.5)",
            people.conversations["a1"],
        )
        await people.services.live.hub.look()
        await asyncio.sleep(0.1)
        assert not first.done()
        await people.data("ann", SAY, id=people.id("a1"))
        await people.services.live.hub.look()
        result = await asyncio.wait_for(first, 5)
        assert result.errors is None
        second = asyncio.ensure_future(anext(results))
        await people.data("ann", SAY, id=people.id("a2"))
        await people.services.live.hub.look()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second, 0.3)


async def test_who_may_no_longer_read_it_is_told_no_more(people):
    async with people.following("coach", NEW, id=people.id("a1")) as results:
        first = asyncio.ensure_future(anext(results))
        await asyncio.sleep(0.1)
        await people.pg.execute("DELETE FROM conversation_coaches")
        await people.happen("a1", "ann")
        result = await asyncio.wait_for(first, 5)
        assert result.errors[0].extensions["code"] == "NOT_FOUND"


async def test_messages_of_another_are_as_if_they_were_not_there(people):
    made = await people.data("ann", SAY, id=people.id("a1"))
    one = made["createMessage"]["id"]
    node = "query($id: ID!) { node(id: $id) { id } }"
    for name, sees in (("ann", True), ("coach", True), ("administrator", True), ("bob", False)):
        found = await people.data(name, node, id=one)
        assert (found["node"] is not None) == sees, name
    rate = "mutation($id: ID!) { rateMessage(id: $id, feedbackScore: 1) { id } }"
    assert await people.code("bob", rate, id=one) == "NOT_FOUND"
    assert await people.code("coach", rate, id=one) == "FORBIDDEN"
    assert await people.code("bob", SAY, id=people.id("a1")) == "NOT_FOUND"
    sums = "{ messageBuckets { messageCount } }"
    assert await people.data("bob", sums) == {"messageBuckets": []}
    assert await people.data("coach", sums) == {"messageBuckets": [{"messageCount": 1}]}


async def test_a_shared_conversation_shows_its_messages(people):
    await people.data("ann", SAY, id=people.id("a1"))
    share = "mutation($id: ID!) { shareConversation(id: $id, enabled: true) { shareToken } }"
    token = (await people.data("ann", share, id=people.id("a1")))["shareConversation"]["shareToken"]
    opened = """query($t: String!) { conversation(by: {shareToken: $t}) {
        messages { totalCount edges { node { content conversation { contextWindowId user { id } } } } } } }"""
    found = await people.data("nobody", opened, t=token)
    node = {"content": "hello", "conversation": {"contextWindowId": "a1", "user": None}}
    assert found["conversation"]["messages"] == {"totalCount": 1, "edges": [{"node": node}]}
