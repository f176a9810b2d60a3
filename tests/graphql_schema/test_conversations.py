"""Conversations: opened, changed, deleted, found."""

from uuid import UUID, uuid4

import pytest

from graphql_schema.nodes import conversation_id, user_id

pytestmark = pytest.mark.as_everyone

FIELDS = """id contextWindowId agentId title status startedAt endedAt updatedAt lastSignalAt signalCount
  contextMetadata coherenceScoreCurrent coherenceScoreTrend user { username }"""
CREATE = f"mutation($i: CreateConversationInput!) {{ createConversation(input: $i) {{ {FIELDS} }} }}"
UPDATE = f"mutation($id: ID!, $i: UpdateConversationInput!) {{ updateConversation(id: $id, input: $i) {{ {FIELDS} }} }}"
DELETE = "mutation($id: ID!) { deleteConversation(id: $id) { deletedId } }"


async def create(client, **values):
    return (await client.data(CREATE, i=values))["createConversation"]


async def update(client, conversation, **values):
    return (await client.data(UPDATE, id=conversation["id"], i=values))["updateConversation"]


@pytest.fixture
async def ann(client):
    return (await client.data('mutation { createUser(input: {username: "ann"}) { id } }'))["createUser"]["id"]


async def test_a_conversation_with_everything(client, ann):
    values = {
        "contextWindowId": "c",
        "agentId": "agent",
        "title": "Ü\nber",
        "startedAt": "2026-01-31T12:00:00.000001Z",
        "contextMetadata": {"a": [1, None, {"b": 1.5}], "ü": "x"},
    }
    made = await create(client, userId=ann, **values)
    assert made == made | values | {
        "status": "ACTIVE",
        "endedAt": None,
        "lastSignalAt": None,
        "signalCount": 0,
        "coherenceScoreCurrent": None,
        "coherenceScoreTrend": None,
        "user": {"username": "ann"},
    }


async def test_a_conversation_with_nothing_has_its_own_uuid_as_key(client):
    for made in (
        await create(client),
        await create(client, contextWindowId=None, contextMetadata=None, userId=None),
    ):
        assert conversation_id(UUID(made["contextWindowId"])) == made["id"]
        assert made["contextMetadata"] == {}
        assert made["user"] is None


async def test_a_key_that_is_taken_is_a_conflict(client):
    await create(client, contextWindowId="c")
    assert (await client.error(CREATE, i={"contextWindowId": "c"}))["extensions"] == {
        "code": "CONFLICT",
        "field": "contextWindowId",
    }
    await create(client, contextWindowId="C")  # a producer's key is no name: its case counts


async def test_a_user_who_is_not_there_is_not_found(client):
    error = await client.error(CREATE, i={"userId": user_id(uuid4())})
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "userId"}
    made = await create(client)
    error = await client.error(CREATE, i={"userId": made["id"]})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "userId"}


async def test_left_out_null_and_value_are_three_things(client):
    made = await create(client, title="t", agentId="a", contextMetadata={"k": 1})
    values = {
        "endedAt": "9999-12-31T23:59:59.999999Z",
        "coherenceScoreCurrent": 0.25,
        "coherenceScoreTrend": -3.5,
        "status": "ARCHIVED",
    }
    changed = await update(client, made, **values)
    assert changed == changed | values | {"title": "t", "agentId": "a", "contextMetadata": {"k": 1}}
    assert changed["updatedAt"] > made["updatedAt"]
    cleared = dict.fromkeys(["title", "agentId", "endedAt", "coherenceScoreCurrent", "coherenceScoreTrend"])
    changed = await update(client, made, **cleared)
    assert changed == changed | cleared | {"status": "ARCHIVED", "contextMetadata": {"k": 1}}
    changed = await update(client, made, contextMetadata=[1, "x"])
    assert changed["contextMetadata"] == [1, "x"]


@pytest.mark.parametrize("field", ["status", "contextMetadata"])
async def test_null_for_what_cannot_be_null(client, field):
    made = await create(client)
    literal = f'mutation {{ updateConversation(id: "{made["id"]}", input: {{{field}: null}}) {{ id }} }}'
    for error in (
        await client.error(UPDATE, id=made["id"], i={field: None}),
        await client.error(literal),
    ):
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 1_001}, "title"),
        ({"agentId": "x" * 256}, "agentId"),
        ({"coherenceScoreCurrent": 1.01}, "coherenceScoreCurrent"),
        ({"coherenceScoreCurrent": -0.01}, "coherenceScoreCurrent"),
        ({"endedAt": "1970-01-01T00:00:00Z"}, "endedAt"),
        ({"endedAt": "2026-01-01T00:00:00"}, "endedAt"),
        ({"status": "GONE"}, "status"),
    ],
)
async def test_values_that_no_conversation_has(client, values, field):
    made = await create(client)
    error = await client.error(UPDATE, id=made["id"], i=values)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


@pytest.mark.parametrize("document", [UPDATE, DELETE])
async def test_what_is_not_there_is_not_found(reader, document):
    variables = {"i": {"title": "t"}} if document is UPDATE else {}
    error = await reader.error(document, id=conversation_id(uuid4()), **variables)
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "id"}


async def test_a_conversation_goes_with_its_signals_and_nothing_else(client, pg, ann):
    made = [await create(client, contextWindowId=key, userId=ann) for key in "ab"]
    for key in "ab":
        await client.data(f'mutation {{ createSignal(input: {{contextWindowId: "{key}"}}) {{ id }} }}')
    assert await client.data(DELETE, id=made[0]["id"]) == {"deleteConversation": {"deletedId": made[0]["id"]}}
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1
    assert await pg.fetchval("SELECT sum(n) FROM signal_rollup_1h") == 1
    assert await pg.fetchval("SELECT count(*) FROM users") == 1
    data = await client.data("{ conversations { edges { node { contextWindowId } } } }")
    assert data == {"conversations": {"edges": [{"node": {"contextWindowId": "b"}}]}}


async def test_signals_are_counted_and_the_last_one_dated(client):
    made = await create(client, contextWindowId="c")
    for time in ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"):
        await client.data(
            "mutation($s: SignalInput!) { createSignal(input: $s) { id } }",
            s={"contextWindowId": "c", "timestamp": time},
        )
    data = await client.data(
        f"query($id: ID!) {{ node(id: $id) {{ ... on Conversation {{ {FIELDS} }} }} }}", id=made["id"]
    )
    assert (data["node"]["signalCount"], data["node"]["lastSignalAt"]) == (2, "2026-01-02T00:00:00.000000Z")


async def found(client, **wanted):
    document = "query($f: ConversationFilter) { conversations(filter: $f) { totalCount edges { node { contextWindowId } } } }"
    data = (await client.data(document, f=wanted))["conversations"]
    keys = [edge["node"]["contextWindowId"] for edge in data["edges"]]
    assert data["totalCount"] == len(keys)
    return "".join(keys)


async def test_filters(client, ann):
    for day, (key, values) in enumerate(
        {
            "a": {"title": "100% Sure", "agentId": "x", "userId": ann},
            "b": {"title": "under_score", "agentId": "y"},
            "c": {"title": "back\\slash", "agentId": "x"},
        }.items(),
        1,
    ):
        await create(client, contextWindowId=key, startedAt=f"2026-01-0{day}T00:00:00Z", **values)
    archived = (await client.data('{ conversation(by: {contextWindowId: "b"}) { id } }'))["conversation"]
    await update(client, archived, status="ARCHIVED")

    assert await found(client) == "abc"
    assert await found(client, userId=ann) == "a"
    assert await found(client, userId=user_id(uuid4())) == ""
    assert await found(client, agentId="x") == "ac"
    assert await found(client, agentId="X") == ""
    assert await found(client, status="ACTIVE") == "ac"
    assert await found(client, status="ARCHIVED") == "b"
    assert await found(client, status="DELETED") == ""
    assert await found(client, search="%") == "a"
    assert await found(client, search="_") == "b"
    assert await found(client, search="\\") == "c"
    assert await found(client, search="SURE") == "a"
    assert await found(client, search="b") == "bc"  # the key, and `back`
    assert await found(client, started={"start": "2026-01-02T00:00:00Z"}) == "bc"
    assert await found(client, started={"end": "2026-01-02T00:00:00Z"}) == "a"
    both = {"start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}
    assert await found(client, started=both) == "b"
    assert await found(client, started={"start": both["start"], "end": both["start"]}) == ""
    assert await found(client, started={}, search=None, status=None, userId=None, agentId=None) == "abc"
    error = await client.error(
        "query($f: ConversationFilter) { conversations(filter: $f) { totalCount } }",
        f={"started": {"start": both["end"], "end": both["start"]}},
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "started"}


async def test_one_conversation_by_id_or_key(client):
    made = await create(client, contextWindowId="c")
    document = "query($by: ConversationBy!) { conversation(by: $by) { contextWindowId } }"
    for by in ({"id": made["id"]}, {"contextWindowId": "c"}):
        assert await client.data(document, by=by) == {"conversation": {"contextWindowId": "c"}}
    for by in ({"id": conversation_id(uuid4())}, {"contextWindowId": "C"}, {"contextWindowId": ""}):
        assert await client.data(document, by=by) == {"conversation": None}
