"""Summaries and the filter by class, against a count of all signals in Python."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.settings import Settings
from app.signals.classify import KEYWORDS, classifier
from app.upkeep import upkeep
from tests.conftest import EDITIONS

START = datetime(2026, 3, 1, 9, 58, tzinfo=UTC)
TEXTS = (
    "thanks, that works great",
    "this is awful, I am so stressed",
    "not sure, maybe",
    "the build is at 3",
    None,
)
CLASSES = ("POSITIVE", "NEUTRAL", "STRESSED", "UNCERTAIN")
classify = classifier(KEYWORDS)

CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { failedCount }
}
"""
SUMMARY = """
query($filter: SignalFilter) {
  signalSummary(filter: $filter) { totalCount classifications { classification count } sources { source count } }
}
"""
PAGE = """
query($filter: SignalFilter, $after: String) {
  signals(first: 7, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id classification } }
  }
}
"""
OF_USERS = """
query($agentId: String, $range: TimeRange) {
  users { edges { node {
    username
    signalSummary(agentId: $agentId, range: $range) {
      totalCount classifications { classification count } sources { source count }
    }
  } } }
}
"""


def signals(n=300, seed=5):
    chance = Random(seed)
    return [
        {
            "contextWindowId": f"c{chance.randrange(4)}",
            "timestamp": (START + timedelta(seconds=chance.randrange(20_000))).isoformat(),
            "signalSource": chance.choice(("Slack", "Axis", "Neo")),
            "signalScore": chance.randrange(11) / 10,
            "agentId": chance.choice((None, "a1", "a2")),
            "userId": chance.choice((None, "ada")),
            "escalateFlag": chance.randrange(2),
            "rawContent": chance.choice(TEXTS),
        }
        for _ in range(n)
    ]


def matches(signal, wanted):
    time, bounds = datetime.fromisoformat(signal["timestamp"]), wanted.get("range", {})
    start, end = (bounds.get(name) and datetime.fromisoformat(bounds[name]) for name in ("start", "end"))
    kind = classify(signal["rawContent"]).value
    return (
        (start is None or time >= start)
        and (end is None or time < end)
        and signal["signalSource"] in wanted.get("sources", [signal["signalSource"]])
        and wanted.get("classification", kind) == kind
        and wanted.get("escalated", bool(signal["escalateFlag"])) == bool(signal["escalateFlag"])
        and all(wanted.get(name, signal[name]) == signal[name] for name in ("agentId", "userId"))
        and wanted.get("minScore", 0) <= signal["signalScore"] <= wanted.get("maxScore", 1)
    )


def summary(stored, wanted):
    chosen = [signal for signal in stored if matches(signal, wanted)]
    kinds = Counter(classify(signal["rawContent"]).value for signal in chosen)
    sources = Counter(signal["signalSource"] for signal in chosen)
    return {
        "totalCount": len(chosen),
        "classifications": [{"classification": kind, "count": kinds[kind]} for kind in CLASSES],
        "sources": [
            {"source": name, "count": n}
            for name, n in sorted(sources.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def between(start, end):
    return {"range": {"start": (START + start).isoformat(), "end": (START + end).isoformat()}}


FILTERS = (
    {},
    {"range": {"start": "2026-03-01T10:00:00Z"}},
    between(timedelta(minutes=2), timedelta(hours=3, minutes=2)),
    between(timedelta(seconds=77), timedelta(hours=2, seconds=3.5)),
    between(timedelta(minutes=5), timedelta(minutes=9)),
    between(timedelta(minutes=5), timedelta(minutes=5)),
    {"sources": ["Neo", "Slack"]},
    {"agentId": "a1"},
    {"agentId": ""},
    {"userId": "ada"},
    {"escalated": True, "minScore": 0.3, "maxScore": 0.8},
    *({"classification": kind} for kind in CLASSES),
    {"classification": "NEUTRAL", "agentId": "a2"} | between(timedelta(minutes=12), timedelta(hours=3)),
    {"classification": "STRESSED", "escalated": False},
)


@EDITIONS
async def test_a_summary_counts_what_is_there(client, pg, database, config):
    stored = signals()
    assert (await client.data(CREATE, signals=stored[:200]))["createSignals"] == {"failedCount": 0}
    for wanted in FILTERS:
        found = await client.data(SUMMARY, filter=wanted)
        assert found == {"signalSummary": summary(stored[:200], wanted)}, wanted
    await upkeep(database, config, datetime.now(UTC))
    await client.data(CREATE, signals=stored[200:])
    for wanted in FILTERS:
        found = await client.data(SUMMARY, filter=wanted)
        assert found == {"signalSummary": summary(stored, wanted)}, wanted
    gone = [key for key, signal in enumerate(stored) if signal["contextWindowId"] == "c1" or key % 7 == 0]
    times = [datetime.fromisoformat(stored[key]["timestamp"]) for key in gone]
    await pg.execute("DELETE FROM conversations WHERE context_window_id = 'c1'")
    await pg.execute("DELETE FROM signals WHERE time = ANY($1)", times)
    left = [signal for signal in stored if datetime.fromisoformat(signal["timestamp"]) not in set(times)]
    for wanted in FILTERS:
        found = await client.data(SUMMARY, filter=wanted)
        assert found == {"signalSummary": summary(left, wanted)}, wanted


@EDITIONS
@pytest.mark.parametrize("kind", CLASSES)
async def test_pages_of_a_class_hold_all_of_it_and_nothing_else(client, kind):
    stored = signals()
    await client.data(CREATE, signals=stored)
    ids, after, more = [], None, True
    while more:
        page = (await client.data(PAGE, filter={"classification": kind}, after=after))["signals"]
        assert {edge["node"]["classification"] for edge in page["edges"]} == {kind}
        ids += [edge["node"]["id"] for edge in page["edges"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    wanted = sum(classify(signal["rawContent"]).value == kind for signal in stored)
    assert len(ids) == len(set(ids)) == page["totalCount"] == wanted


async def test_users_are_counted_by_themselves(client, pg):
    stored = signals()
    await client.data(CREATE, signals=stored)
    for name, keys in (("ada", ["c0", "c1"]), ("bo", ["c2"]), ("cy", [])):
        user = await pg.fetchval("INSERT INTO users (username, role) VALUES ($1, 'COACH') RETURNING id", name)
        await pg.execute(
            "UPDATE conversations SET user_id = $1 WHERE context_window_id = ANY($2)", user, keys
        )
    for wanted in ({}, {"agentId": "a1"}, between(timedelta(minutes=2), timedelta(hours=2))):
        found = await client.data(OF_USERS, **wanted)
        by_name = {
            edge["node"]["username"]: edge["node"]["signalSummary"] for edge in found["users"]["edges"]
        }
        for name, keys in (("ada", {"c0", "c1"}), ("bo", {"c2"}), ("cy", set())):
            own = [signal for signal in stored if signal["contextWindowId"] in keys]
            assert by_name[name] == summary(own, wanted), name


async def test_what_is_hidden_is_not_counted(client):
    stored = signals()
    await client.data(CREATE, signals=stored)
    ((hidden,)) = (await client.data('{ conversation(by: {contextWindowId: "c1"}) { id } }')).values()
    hide = "mutation($id: ID!) { updateConversation(id: $id, input: {status: DELETED}) { id } }"
    await client.data(hide, id=hidden["id"])
    left = [signal for signal in stored if signal["contextWindowId"] != "c1"]
    for wanted in FILTERS:
        found = await client.data(SUMMARY, filter=wanted)
        assert found == {"signalSummary": summary(left, wanted)}, wanted


async def test_counts_outlive_the_raw_signals_and_narrower_ranges_are_refused(client, database):
    stored = signals()
    await client.data(CREATE, signals=stored)
    before = await client.data(SUMMARY, filter={})
    keep = Settings(_env_file=None, COHERENCE_RAW_RETENTION_DAYS=2)
    for _ in range(2):
        await upkeep(database, keep, START + timedelta(days=10))
    assert await client.data(SUMMARY, filter={}) == before
    wanted = between(timedelta(minutes=7), timedelta(hours=1, minutes=2))
    assert await client.data(SUMMARY, filter=wanted) == {"signalSummary": summary(stored, wanted)}
    error = await client.error(SUMMARY, filter=between(timedelta(seconds=7), timedelta(hours=1)))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "range"}
    error = await client.error(SUMMARY, filter={"userId": "ada"})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "range"}
    assert "2026-03-" in error["message"]
