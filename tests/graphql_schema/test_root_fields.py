"""Root fields fail by themselves: what else the document asks for is answered."""

import pytest

PAGES = "users conversations signals anomalies"


@pytest.mark.parametrize("field", PAGES.split())
async def test_one_bad_field_leaves_its_neighbours(reader, field):
    body = await reader.post(
        f"{{ status {{ version }} other: users {{ totalCount }} {field}(first: -1) {{ totalCount }} }}"
    )
    assert body["data"]["status"]["version"]
    assert body["data"]["other"] == {"totalCount": 0}
    assert body["data"][field] is None
    (error,) = body["errors"]
    assert error["path"] == [field]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "field",
    [
        'coherence(window: "1d", step: "7h") { totalSignalCount }',
        "coherence(sources: []) { totalSignalCount }",
        "coherenceMetrics(sources: []) { n }",
        "forecast(horizon: 0) { predictedDriftRisk }",
        "signalSummary(filter: {sources: []}) { totalCount }",
        'signalBuckets(timeZone: "Nowhere/None") { totalCount }',
        'messageBuckets(timeZone: "Nowhere/None") { messageCount }',
        'searchSignals(text: "words", first: -1) { similarity }',
        'sessions(userId: "none") { id }',
        'apiKeys(userId: "none") { id }',
    ],
)
async def test_so_do_those_that_count(reader, field):
    body = await reader.post(f"{{ users {{ totalCount }} asked: {field} }}")
    assert body["data"] == {"users": {"totalCount": 0}, "asked": None}
    (error,) = body["errors"]
    assert error["path"] == ["asked"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_id_that_is_none_is_null_at_its_place(client):
    made = await client.data('mutation { createUser(input: {username: "ada"}) { id } }')
    user = made["createUser"]["id"]
    ask = "query($ids: [ID!]!) { status { version } nodes(ids: $ids) { id } }"
    body = await client.post(ask, ids=[user, "none", user, "Tm9wZTox"])
    assert body["data"]["status"]["version"]
    assert body["data"]["nodes"] == [{"id": user}, None, {"id": user}, None]
    assert [error["path"] for error in body["errors"]] == [["nodes", 1], ["nodes", 3]]
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}
    assert {error["extensions"]["field"] for error in body["errors"]} == {"ids"}


@pytest.mark.parametrize("kind", ["User", "Conversation"])
async def test_what_is_deleted_is_named_apart_from_objects(client, kind):
    given = {"User": 'username: "ada"', "Conversation": 'title: "Stand-up"'}[kind]
    made = await client.data(f"mutation {{ made: create{kind}(input: {{{given}}}) {{ id }} }}")
    id_ = made["made"]["id"]
    gone = await client.data(f"mutation($id: ID!) {{ gone: delete{kind}(id: $id) {{ deletedId }} }}", id=id_)
    assert gone == {"gone": {"deletedId": id_}}
    error = await client.error(f"mutation($id: ID!) {{ delete{kind}(id: $id) {{ id }} }}", id=id_)
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
