"""Subscriptions, followed by clients of other libraries: over WebSockets and as streams of events."""

import asyncio
from contextlib import asynccontextmanager

import httpx2
import pytest

from tests.transport.test_websocket import opened, receive, send, socket

DRIFT = """
subscription($ids: [String!]!) {
  driftUpdates(contextWindowIds: $ids, window: "5m") {
    sequence newSignalCount
    conversation { contextWindowId signalCount }
    coherence { level driftMetrics { driftScore } }
  }
}
"""
SIGNALS = 'subscription { signalAdded(contextWindowId: "a") { signalScore signalSource classification } }'
CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { successfulCount }
}
"""


async def post(place, query, **variables):
    async with httpx2.AsyncClient() as http:
        answer = await http.post(f"http://{place}/graphql", json={"query": query, "variables": variables})
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]


async def store(place, *signals):
    given = [
        {"contextWindowId": key, "signalSource": "Slack", "signalScore": score} for key, score in signals
    ]
    assert (await post(place, CREATE, signals=given))["createSignals"]["successfulCount"] == len(signals)


@asynccontextmanager
async def following(place, query, **variables):
    """A function that gives what comes next."""
    async with socket(place) as ws:
        await opened(ws)
        await send(ws, type="subscribe", id="1", payload={"query": query, "variables": variables})

        async def following(seconds=5):
            async with asyncio.timeout(seconds):
                message = await receive(ws)
            assert message["id"] == "1"
            return message["payload"] if message["type"] == "next" else message

        yield following


async def test_drift_moves_when_signals_come(live):
    await store(live, ("a", 0.9))
    async with following(live, DRIFT, ids=["a"]) as following_:
        first = (await following_())["data"]["driftUpdates"]
        assert (first["sequence"], first["newSignalCount"]) == (1, 0)
        assert first["conversation"] == {"contextWindowId": "a", "signalCount": 1}
        await store(live, ("a", 0.1), ("a", 0.2))
        second = (await following_())["data"]["driftUpdates"]
        assert (second["sequence"], second["newSignalCount"]) == (2, 2)
        assert second["conversation"]["signalCount"] == 3


async def test_signals_are_told_in_order(live):
    await store(live, ("a", 0.5), ("b", 0.5))
    async with following(live, SIGNALS) as following_:
        await asyncio.sleep(0.2)
        await store(live, ("a", 0.1), ("b", 0.2), ("a", 0.3))
        found = [(await following_())["data"]["signalAdded"]["signalScore"] for _ in range(2)]
    assert found == [0.1, 0.3]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json", "text/event-stream"),
        (
            "application/graphql-response+json, application/json, text/event-stream",
            "application/graphql-response+json",
        ),
        ("application/json;q=0.9, text/event-stream", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_a_query_is_answered_in_the_form_that_is_asked_for_first(live, accept, kind):
    async with httpx2.AsyncClient() as http:
        headers = {"Accept": accept}
        answer = await http.post(f"http://{live}/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.headers["content-type"].split(";")[0] == kind
