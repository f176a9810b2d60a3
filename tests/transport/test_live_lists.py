"""Conversations and anomalies as they change, followed over WebSockets."""

import asyncio
from itertools import pairwise

import pytest

from tests.transport.following import at_rest, begun, following, post, store

CHANGED = """
subscription($filter: ConversationFilter) {
  conversationChanged(filter: $filter) { contextWindowId title status signalCount }
}
"""
OPEN = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }"
UPDATE = """
mutation($id: ID!, $input: UpdateConversationInput!) { updateConversation(id: $id, input: $input) { id } }
"""
USER = "mutation($name: String!) { createUser(input: {username: $name}) { id } }"
DETECTED = """
subscription($user: String) { anomalyDetected(userId: $user) { id kind userId eventCount
  conversation { contextWindowId } } }
"""


async def opened(place, **given):
    return (await post(place, OPEN, input=given))["createConversation"]["id"]


async def update(place, key, **given):
    await post(place, UPDATE, id=key, input=given)


async def test_conversations_are_told_when_opened_changed_hidden_or_added_to(live):
    async with following(live, CHANGED) as changed:
        await begun(live)
        key = await opened(live, contextWindowId="a", title="One")
        told = {"contextWindowId": "a", "title": "One", "status": "ACTIVE", "signalCount": 0}
        assert await changed.next() == told
        await update(live, key, title="Two")
        assert await changed.next() == told | {"title": "Two"}
        await store(live, ("a", 0.5))
        assert await changed.next() == told | {"title": "Two", "signalCount": 1}
        await update(live, key, status="DELETED")
        assert await changed.next() == told | {"title": "Two", "signalCount": 1, "status": "DELETED"}
        await store(live, ("b", 0.5))
        assert (await changed.next())["contextWindowId"] == "b"
        assert await changed.is_silent()
    await at_rest(live)


async def test_a_conversation_is_told_once_a_second_at_most(live):
    async with following(live, CHANGED) as changed:
        await begun(live)
        await store(live, ("a", 0.5))
        assert (await changed.next())["signalCount"] == 1
        for _ in range(4):
            await store(live, ("a", 0.5))
        counts, clock = [1], asyncio.get_running_loop().time
        times = [clock()]
        while counts[-1] < 5:
            counts.append((await changed.next())["signalCount"])
            times.append(clock())
        assert len(counts) < 5
        assert all(later - earlier > 0.5 for earlier, later in pairwise(times[1:]))
        assert await changed.is_silent()


async def test_each_filter_of_conversations_is_kept_to(live):
    user = (await post(live, USER, name="ann"))["createUser"]["id"]
    wanted = {
        "contextWindowId": "wanted",
        "title": "The one",
        "userId": user,
        "agentId": "neo",
        "startedAt": "2026-01-02T00:00:00Z",
    }
    filters = [
        {"userId": user},
        {"agentId": "neo"},
        {"status": "ARCHIVED"},
        {"started": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}},
        {"search": "the ONE"},
    ]
    other = {"contextWindowId": "other", "title": "Another", "startedAt": "2026-02-01T00:00:00Z"}
    async with asyncio.TaskGroup() as group:
        told = [group.create_task(_first(live, given)) for given in filters]
        await begun(live, len(filters))
        await opened(live, **other)
        await update(live, await opened(live, **wanted), status="ARCHIVED")
    assert [task.result() for task in told] == ["wanted"] * len(filters)


async def _first(place, given):
    async with following(place, CHANGED, filter=given) as changed:
        return (await changed.next())["contextWindowId"]


@pytest.mark.parametrize("given", [{"userId": "nonsense"}, {"search": "\0"}, {"agentId": "\0"}])
async def test_a_filter_that_cannot_be_is_refused(live, given):
    async with following(live, CHANGED, filter=given) as changed:
        assert await changed.code() == "BAD_USER_INPUT"


async def test_a_user_that_nobody_can_be_is_refused(live):
    async with following(live, DETECTED, user="\0") as anomalies:
        assert await anomalies.code() == "BAD_USER_INPUT"


def burst(count):
    return [("a", 0.5)] * count


async def test_rapid_fire_is_told_when_found_and_when_it_has_settled(serve):
    async with (
        serve(rapid_fire_seconds=1, rapid_fire_count=5, arrivals_seconds=0.1) as place,
        following(place, DETECTED) as anomalies,
        following(place, DETECTED, user="ann") as ann,
        following(place, DETECTED, user="bob") as bob,
    ):
        await begun(place, 3)
        await store(place, *burst(6), userId="ann")
        found = await anomalies.next()
        assert (found["kind"], found["userId"], found["eventCount"]) == ("RAPID_FIRE", "ann", 6)
        assert await ann.next() == found
        settled = await anomalies.next()
        assert settled == found
        assert await ann.next() == found
        assert await bob.is_silent(0.1)


async def test_a_shift_of_drift_is_told_with_its_conversation(serve):
    async with serve(arrivals_seconds=0.1) as place, following(place, DETECTED) as anomalies:
        await begun(place)
        await store(place, *[("a", 0.9)] * 300, *[("a", 0.1)] * 300)
        found = await anomalies.next()
        assert found["kind"] == "DRIFT_SHIFT"
        assert found["conversation"] == {"contextWindowId": "a"}
