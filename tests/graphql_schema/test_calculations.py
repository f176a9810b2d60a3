"""Of every number: what it was made of, and how."""

from datetime import UTC, datetime

import pytest

from app.coherence import ENGINE_VERSION

pytestmark = pytest.mark.as_everyone

CALCULATION = (
    "inputs { startTs endTs source asOf materializedThrough } meta { method engineVersion latencyMs }"
)
DAY = '{start: "2026-01-31T00:00:00Z", end: "2026-02-01T00:00:00Z"}'
SOME = '{start: "2026-01-31T11:59:30Z", end: "2026-01-31T12:30:30Z"}'
STORE = """
mutation {
  createUser(input: {username: "ada"}) { id }
  createSignals(createConversations: true, signals: [
    {contextWindowId: "c", signalSource: "a", signalScore: 0.2, timestamp: "2026-01-31T12:00:00Z", rawContent: "one two"}
    {contextWindowId: "c", signalSource: "b", signalScore: 0.6, timestamp: "2026-01-31T12:10:00Z", rawContent: "one two"}
  ]) { failedCount }
}
"""


@pytest.fixture
async def stored(client):
    await client.data(STORE)
    conversation = (await client.data('{ conversation(by: {contextWindowId: "c"}) { id } }'))["conversation"]
    message = f'{{conversationId: "{conversation["id"]}", role: USER, content: "hello"}}'
    await client.data(f"mutation {{ createMessage(input: {message}) {{ id }} }}")


WHOLE = ("2026-01-31T00:00:00", "2026-02-01T00:00:00")
PART = ("2026-01-31T11:59:30", "2026-01-31T12:30:30")
OPEN = (None, None)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("query", "source", "ends"),
    [
        (f"signalSummary(filter: {{range: {DAY}}}) {{ # }}", "rollup", WHOLE),
        (f"signalSummary(filter: {{range: {SOME}}}) {{ # }}", "rollup+raw", PART),
        ("signalSummary(filter: {minScore: 0}) { # }", "raw", OPEN),
        (f'user(by: {{username: "ada"}}) {{ signalSummary(range: {DAY}) {{ # }} }}', "rollup", WHOLE),
        (f'signalBuckets(duration: "1h", range: {DAY}) {{ # }}', "rollup", WHOLE),
        ('signalBuckets(duration: "1m") { # }', "raw", OPEN),
        (f'conversation(by: {{contextWindowId: "c"}}) {{ lineage(range: {DAY}) {{ # }} }}', "raw", WHOLE),
        ("messageBuckets { # }", "raw", OPEN),
        ('searchSignals(text: "one two") { # }', "pgvector", OPEN),
        (
            "signals(first: 1) { edges { node { similar { # } } } }",
            "pgvector",
            OPEN,
        ),
    ],
)
async def test_numbers_say_what_they_are_of_and_how_they_were_made(client, services, query, source, ends):
    await services.arrivals.work_off()
    await services.vectors.embedding.work_off()
    before = datetime.now(UTC)
    found = await client.data(f"{{ {query.replace('#', CALCULATION)} }}")
    while not (isinstance(found, dict) and "inputs" in found):  # down to the object that has them
        if isinstance(found, list):
            assert found
            assert all(row == found[0] for row in found)  # which all rows share
            found = found[0]
        else:
            (found,) = found.values()
    inputs, meta = found["inputs"], found["meta"]
    assert inputs["source"] == source
    assert tuple(time and time[:19] for time in (inputs["startTs"], inputs["endTs"])) == ends
    assert (inputs["materializedThrough"] is None) == ("rollup" not in source)
    assert (datetime.fromisoformat(inputs["asOf"]) - before).total_seconds() < 60
    assert meta["method"]
    assert meta["engineVersion"] == ENGINE_VERSION
    assert meta["latencyMs"] > 0


SEMANTIC = "semanticMeta { __typename method embedder space width engineVersion }"
CLASSES = """classificationMeta { __typename method detector keywords digest keywordCount threshold maxCharacters
    engineVersion }"""


@pytest.mark.usefixtures("stored")
async def test_drift_of_meaning_and_classes_say_by_what_they_are_told(client, services):
    query = f"""{{ conversation(by: {{contextWindowId: "c"}}) {{
        coherence {{ level {SEMANTIC} }} signals {{ edges {{ node {{ {CLASSES} %s }} }} }} }} }}"""
    planned = await client.data(query % "")
    executed = await client.data(query % "classification")
    semantic = planned["conversation"]["coherence"]["semanticMeta"]
    assert semantic == executed["conversation"]["coherence"]["semanticMeta"]
    assert semantic == semantic | {"embedder": "local", "width": 256, "space": services.vectors.store.space}
    one, *others = [
        edge["node"]["classificationMeta"] for edge in planned["conversation"]["signals"]["edges"]
    ]
    assert others == [one] * 2
    assert one == executed["conversation"]["signals"]["edges"][0]["node"]["classificationMeta"]
    assert one == one | {
        "__typename": "ClassificationMeta",
        "keywords": "keywords.toml",
        "digest": services.classifier.digest,
        "maxCharacters": 2_000,
    }
    assert one["keywordCount"] > 7_000
    assert one["detector"].startswith("vaderSentiment 3")
