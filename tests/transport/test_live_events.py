"""Subscriptions as streams of events (SSE)."""

import json

import httpx2
import pytest

from tests.transport.following import EVENTS, at_rest, events, post, store, streaming
from tests.transport.test_live import DRIFT, HIDE, brief, id_of


async def test_events_are_next_and_then_complete(live):
    await store(live, ("a", 0.9))
    async with streaming(live, DRIFT, ids=["a"]) as drift:
        assert brief(await drift.next()) == ("a", 1, 0, 1)
        await store(live, ("a", 0.1))
        assert brief(await drift.next()) == ("a", 2, 1, 2)
        await post(live, HIDE, id=await id_of(live, "a"))
        assert await drift.code() == "NOT_FOUND"
        assert await drift.message() == ("complete", None)
        with pytest.raises(StopAsyncIteration):
            await drift.message()
    await at_rest(live)


async def test_comments_keep_the_connection_open(serve):
    async with serve(ping_seconds=0.05) as place:
        await store(place, ("a", 0.9))
        async with streaming(place, DRIFT, ids=["a"]) as drift:
            kinds = [(await drift.message())[0] for _ in range(4)]
    assert sorted(kinds, key=str) == [None, None, None, "next"]


async def ask(place, method="POST", **given):
    """The response to a request for events, read to its end."""
    async with httpx2.AsyncClient(timeout=5) as http:
        how = {"params": given} if method == "GET" else {"json": given}
        return await http.request(method, f"http://{place}/graphql", headers=EVENTS, **how)


async def test_an_event_source_can_follow(live):
    await store(live, ("a", 0.9))
    given = {"query": DRIFT, "variables": json.dumps({"ids": ["a"]})}
    headers = EVENTS | {"Cache-Control": "no-cache"}
    async with (
        httpx2.AsyncClient(timeout=5) as http,
        http.stream("GET", f"http://{live}/graphql", params=given, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert {"no-cache", "no-store"} <= set(response.headers["cache-control"].split(", "))
        event, payload = await anext(events(response))
    assert event == "next"
    assert brief(payload["data"]["driftUpdates"])[0] == "a"
    await at_rest(live)


async def read(response):
    lines = httpx2.Response(200, content=response.content)
    return [event async for event in events(lines)]


async def test_a_query_can_be_answered_as_events(live):
    response = await ask(live, query="{ __typename }")
    assert response.headers["content-type"].startswith("text/event-stream")
    told = [event for event in await read(response) if event[0]]
    assert [event for event, _ in told] == ["next", "complete"]
    assert told[0][1]["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { driftUpdates(contextWindowIds: ["none"]) { sequence } }', "NOT_FOUND"),
        ("subscription { driftUpdates(contextWindowIds: []) { sequence } }", "BAD_USER_INPUT"),
        (
            'subscription { driftUpdates(contextWindowIds: "a", throttle: "0s") { sequence } }',
            "BAD_USER_INPUT",
        ),
    ],
    ids=["unreadable", "unknown field", "unknown conversation", "no conversation", "bad throttle"],
)
async def test_what_cannot_be_followed_is_told_and_ends(live, method, query, code):
    response = await ask(live, method, query=query)
    told = [event for event in await read(response) if event[0]]
    (error,) = told[0][1]["errors"]
    assert error["extensions"]["code"] == code
    assert told[-1][0] == "complete"


async def test_a_mutation_by_get_is_refused(live):
    response = await ask(live, "GET", query='mutation { createUser(input: {username: "ann"}) { id } }')
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert (await post(live, "{ users { totalCount } }"))["users"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json", "text/event-stream"),
        (
            "application/graphql-response+json, application/json, text/event-stream",
            "application/graphql-response+json",
        ),
        ("application/json;q=0.9, text/event-stream", "text/event-stream"),
        ("application/json, text/event-stream;q=0.9", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_a_query_is_answered_in_the_form_that_is_asked_for_first(live, accept, kind):
    async with httpx2.AsyncClient() as http:
        headers = {"Accept": accept}
        answer = await http.post(f"http://{live}/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.headers["content-type"].split(";")[0] == kind
