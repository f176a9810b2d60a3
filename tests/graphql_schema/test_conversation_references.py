"""A conversation is named by its id or by its contextWindowId, wherever an ID names one."""

import base64
import json

import pytest

BY_ID = "query($id: ID!) { conversation(by: {id: $id}) { id contextWindowId title } }"
MADE = """mutation($name: String) {
  createConversation(input: {contextWindowId: $name, title: "Stand-up"}) { id contextWindowId }
}"""

WRITES = {
    "updateConversation": ("id", 'updateConversation(id: $id, input: {title: "x"}) { id }'),
    "shareConversation": ("id", "shareConversation(id: $id, enabled: true) { id }"),
    "assignCoach": ("conversationId", "assignCoach(conversationId: $id, userId: $coach) { id }"),
    "createMessage": (
        "conversationId",
        'createMessage(input: {conversationId: $id, role: USER, content: "hello"}) { conversation { id } }',
    ),
    "askCoach": (
        "conversationId",
        'askCoach(conversationId: $id, question: "what?") { conversation { id } }',
    ),
    "deleteConversation": ("id", "deleteConversation(id: $id) { deletedId }"),
}
FOLLOWS = {
    "messageAdded": "messageAdded(conversationId: $id) { id }",
    "coachAnswer": 'coachAnswer(conversationId: $id, question: "what?") { text message { id } }',
}


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture(params=["planned", "executed"])
def way(request):
    if request.param == "executed":
        request.getfixturevalue("executed")


@pytest.fixture
async def made(client):
    return (await client.data(MADE, name="stand-up / früh"))["createConversation"]


@pytest.fixture
async def coach(client):
    made = await client.data('mutation { createUser(input: {username: "carl", role: COACH}) { id } }')
    return made["createUser"]["id"]


@pytest.mark.usefixtures("way")
async def test_conversation_by_id_takes_both(client, made):
    expected = {"conversation": {**made, "title": "Stand-up"}}
    for _ in range(2):  # the second one by the plan of the first
        for name in (made["id"], made["contextWindowId"]):
            assert await client.data(BY_ID, id=name) == expected
            literal = BY_ID.replace("query($id: ID!)", "").replace("$id", json.dumps(name))
            assert await client.data(literal) == expected


@pytest.mark.usefixtures("way")
async def test_an_unknown_one_is_null_without_an_error(client, made):
    unknown = encoded("Conversation:00000000-0000-0000-0000-000000000000")
    for name in (
        unknown,
        "nothing",
        "",
        "VXNlcjp4",
        encoded("Conversation:x"),
        made["contextWindowId"].upper(),
    ):
        assert await client.data(BY_ID, id=name) == {"conversation": None}


@pytest.mark.usefixtures("way", "made")
async def test_another_types_id_is_bad_user_input(client, coach):
    for name in (coach, encoded("Message:1"), encoded("Signal:0:1")):
        for _ in range(2):
            error = await client.error(BY_ID, id=name)
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}
            assert "it takes that of a Conversation" in error["message"]


async def test_a_key_that_looks_like_the_servers_own_uuid_is_one(client):
    made = (await client.data(MADE, name=None))["createConversation"]
    found = await client.data(BY_ID, id=made["contextWindowId"])
    assert found["conversation"]["id"] == made["id"]


@pytest.mark.parametrize("field", WRITES)
async def test_mutations_take_both(client, made, coach, field):
    name, call = WRITES[field]
    document = f"mutation($id: ID!, $coach: ID = null) {{ {call} }}".replace(
        "$coach: ID = null", "$coach: ID!"
    )
    if "$coach" not in call:
        document, given = f"mutation($id: ID!) {{ {call} }}", {}
    else:
        given = {"coach": coach}
    for unknown in ("nothing", encoded("Conversation:00000000-0000-0000-0000-000000000000")):
        error = await client.error(document, id=unknown, **given)
        assert error["extensions"] == {"code": "NOT_FOUND", "field": name}
    error = await client.error(document, id=coach, **given)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": name}
    references = [made["id"], made["contextWindowId"]]
    if field == "deleteConversation":
        references = [made["contextWindowId"]]
    for reference in references:
        answer = (await client.data(document, id=reference, **given))[field]
        assert made["id"] in {
            answer.get("id"),
            answer.get("deletedId"),
            (answer.get("conversation") or {}).get("id"),
        }
    if field == "deleteConversation":
        assert await client.data(BY_ID, id=made["contextWindowId"]) == {"conversation": None}


async def test_hidden_ones_are_still_reached(client, made):
    document = "mutation($id: ID!, $status: ConversationStatus) { updateConversation(id: $id, input: {status: $status}) { status } }"
    for status in ("DELETED", "ACTIVE"):
        answer = await client.data(document, id=made["contextWindowId"], status=status)
        assert answer["updateConversation"]["status"] == status


async def followed(client, call, name):
    """The first event, or refusal, of a subscription over server-sent events."""
    async with client.http.stream(
        "POST",
        "/graphql",
        json={"query": f"subscription($id: ID!) {{ {call} }}", "variables": {"id": name}},
        headers={"Accept": "text/event-stream"},
    ) as response:
        async for line in response.aiter_lines():
            if line.startswith("data:") and line != "data:":
                return json.loads(line.removeprefix("data:"))
    return None


@pytest.mark.parametrize("field", FOLLOWS)
async def test_subscriptions_take_both(client, made, coach, field):
    call = FOLLOWS[field]
    told = await followed(client, call, "nothing")
    assert told["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    told = await followed(client, call, coach)
    assert told["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    if field == "coachAnswer":  # the other one is silent for as long as nobody writes
        for name in (made["id"], made["contextWindowId"]):
            told = await followed(client, call, name)
            assert "errors" not in told


async def test_charts_take_both(client, made):
    pictures = [
        await client.http.get("/charts/drift.svg", params={"conversation": name})
        for name in (made["id"], made["contextWindowId"])
    ]
    assert [picture.status_code for picture in pictures] == [200, 200]
    assert pictures[0].content == pictures[1].content
    assert made["contextWindowId"] in pictures[0].text
    assert (await client.http.get("/charts/drift.svg?conversation=nothing")).status_code == 404
    user = encoded("User:00000000-0000-0000-0000-000000000000")
    refused = await client.http.get("/charts/drift.svg", params={"conversation": user})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "conversation"}
