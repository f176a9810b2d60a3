"""Several operations in one request, as a JSON array: what Apollo's batch link and gql send."""

import httpx2
import pytest

COUNT = "query Count { users { totalCount } }"
EMPTY = {"users": {"totalCount": 0}}
OPEN = (
    "mutation Open($name: String) { createConversation(input: {contextWindowId: $name}) { contextWindowId } }"
)


async def post(place, payload, headers=None):
    async with httpx2.AsyncClient() as http:
        return await http.post(f"http://{place}/graphql", json=payload, headers=headers or {})


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_each_is_answered_in_its_place(live, accept):
    asked = [
        {"query": COUNT},
        {"query": OPEN, "variables": {"name": "a"}, "operationName": "Open"},
        {"query": "{ nope }"},
        {"query": COUNT},
        {"documentId": "0" * 64, "operationName": "Count"},
        {"query": "subscription { conversationChanged { id } }"},
    ]
    answer = await post(live, asked, {"Accept": accept})
    assert answer.status_code == 200
    first, opened, wrong, again, unknown, stream = answer.json()
    assert first["data"] == again["data"] == EMPTY
    assert first["extensions"]["cost"]["rows"] == 20
    assert opened["data"] == {"createConversation": {"contextWindowId": "a"}}
    codes = [each["errors"][0]["extensions"]["code"] for each in (wrong, unknown, stream)]
    assert codes == ["GRAPHQL_VALIDATION_FAILED", "PERSISTED_QUERY_NOT_FOUND", "BAD_REQUEST"]


async def test_a_list_of_one_is_a_list(live):
    assert [each["data"] for each in (await post(live, [{"query": COUNT}])).json()] == [EMPTY]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ([{"query": COUNT}] * 11, "The request has 11 operations; it takes up to 10."),
        ([{"query": COUNT}, 7], "Operation 1 of the request is no object."),
        ([{"query": COUNT}, None], "Operation 1 of the request is no object."),
        ([[{"query": COUNT}]], "Operation 0 of the request is no object."),
        ([{"query": 7}], "`query` of operation 0 of the request is no string."),
        ([{"query": COUNT, "variables": []}], "`variables` of operation 0 of the request is no object."),
        ([{"query": COUNT, "extensions": "x"}], "`extensions` of operation 0 of the request is no object."),
        ([{"query": COUNT, "operationName": 7}], "`operationName` must be a string or null, if provided."),
    ],
)
async def test_a_list_at_fault_is_refused_as_a_whole(live, payload, told):
    payload = [{"query": OPEN, "variables": {"name": "never"}}, *payload][-len(payload) :]
    answer = await post(live, payload)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error == {"message": told, "extensions": {"code": "BAD_REQUEST"}}


async def test_the_cost_of_all_is_limited_together(serve):
    async with serve(COHERENCE_MAX_COST=50) as place:
        answers = (await post(place, [{"query": COUNT}] * 4)).json()
        assert [each.get("data") for each in answers[:2]] == [EMPTY, EMPTY]
        for each in answers[2:]:
            (error,) = each["errors"]
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
            assert "with those before it" in error["message"]
        # Of the next request nothing is left over.
        assert (await post(place, {"query": COUNT})).json()["data"] == EMPTY


async def test_their_number_is_a_setting(serve):
    async with serve(COHERENCE_MAX_OPERATIONS=0) as place:
        answer = await post(place, [{"query": COUNT}])
        assert answer.status_code == 400
        assert "one operation a request" in answer.json()["errors"][0]["message"]
        assert (await post(place, {"query": COUNT})).json()["data"] == EMPTY
    async with serve(COHERENCE_MAX_OPERATIONS=1) as place:
        assert (await post(place, [{"query": COUNT}])).status_code == 200
        assert (await post(place, [{"query": COUNT}] * 2)).status_code == 400


async def test_a_list_is_no_stream_of_events(live):
    answer = await post(live, [{"query": COUNT}], {"Accept": "text/event-stream"})
    assert answer.status_code == 400
