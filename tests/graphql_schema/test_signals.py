"""Signals read: filters, buckets, coherence's arguments, nodes, the server's status."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.instant import write_instant
from graphql_schema.nodes import conversation_id, signal_id, user_id

ROWS = [
    # time, conversation, source, agent, user, score, tone, flag
    ("2026-01-01T00:00:00.000000Z", "a", "chat", "x", "u1", 0.0, 0.5, 0),
    ("2026-01-01T00:00:00.000001Z", "a", "voice", "y", "u2", 0.25, None, 1),
    ("2026-01-01T12:00:00.000000Z", "b", "chat", None, None, 0.5, 1.0, 0),
    ("2026-01-02T00:00:00.000000Z", "b", "chat", "x", "u1", 1.0, 0.0, 1),
]
NAMES = (
    "timestamp",
    "contextWindowId",
    "signalSource",
    "agentId",
    "userId",
    "signalScore",
    "emotionalTone",
    "escalateFlag",
)

pytestmark = pytest.mark.as_everyone


@pytest.fixture
async def ids(client):
    """Ids of the four signals."""
    made = await client.data(
        """mutation($s: [SignalInput!]!) {
          createSignals(signals: $s, createConversations: true, failOnError: true) { results { signalId } }
        }""",
        s=[dict(zip(NAMES, row, strict=True)) for row in ROWS],
    )
    return [result["signalId"] for result in made["createSignals"]["results"]]


async def found(client, **wanted):
    """Places in ROWS of the signals that the filter finds, of all and of each conversation."""
    document = """query($f: SignalFilter) {
      signals(filter: $f) { totalCount edges { node { timestamp } } }
      conversations { edges { node { signals(filter: $f) { totalCount edges { node { timestamp } } } } } }
    }"""
    data = await client.data(document, f=wanted)
    pages = [data["signals"], *(edge["node"]["signals"] for edge in data["conversations"]["edges"])]
    places = [
        [[row[0] for row in ROWS].index(e["node"]["timestamp"]) for e in page["edges"]] for page in pages
    ]
    assert [page["totalCount"] for page in pages] == [len(part) for part in places]
    assert sorted(places[0]) == sorted(place for part in places[1:] for place in part)
    return places[0]


@pytest.mark.usefixtures("ids")
async def test_filters(client):
    assert await found(client) == [0, 1, 2, 3]
    for wanted, expected in [
        ({"range": {"start": "2026-01-01T00:00:00.000001Z"}}, [1, 2, 3]),
        ({"range": {"end": "2026-01-02T00:00:00Z"}}, [0, 1, 2]),
        ({"range": {"start": ROWS[1][0], "end": ROWS[3][0]}}, [1, 2]),
        ({"range": {"start": ROWS[1][0], "end": ROWS[1][0]}}, []),
        ({"range": {"start": "2026-01-01T13:00:00+01:00"}}, [2, 3]),
        ({"sources": ["chat"]}, [0, 2, 3]),
        ({"sources": ["chat", "voice", "chat"]}, [0, 1, 2, 3]),
        ({"sources": ["nope"]}, []),
        ({"agentId": "x"}, [0, 3]),
        ({"agentId": ""}, []),
        ({"userId": "u2"}, [1]),
        ({"escalated": True}, [1, 3]),
        ({"escalated": False}, [0, 2]),
        ({"minScore": 0.5}, [2, 3]),
        ({"maxScore": 0.25}, [0, 1]),
        ({"minScore": 0.25, "maxScore": 0.5}, [1, 2]),
        ({"minScore": 0.75, "maxScore": 0.25}, []),
        ({"minScore": 0, "maxScore": 1, "escalated": None, "sources": None, "range": None}, [0, 1, 2, 3]),
        ({"agentId": "x", "sources": ["chat"], "escalated": True}, [3]),
    ]:
        assert await found(client, **wanted) == expected, wanted


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"sources": []}, "sources"),
        ({"range": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, "range"),
        ({"minScore": "0.5"}, "minScore"),
    ],
)
async def test_filters_that_make_no_sense(reader, wanted, field):
    error = await reader.error("query($f: SignalFilter) { signals(filter: $f) { totalCount } }", f=wanted)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


BUCKETS = """query($d: Duration!, $c: String, $s: [String!], $a: String, $r: TimeRange) {
  signalBuckets(duration: $d, contextWindowId: $c, sources: $s, agentId: $a, range: $r) {
    bucket signalSource agentId avgSignalScore avgEmotionalTone totalCount
  }
}"""


def expected_buckets(rows, seconds):
    """What BUCKETS answers, from the rows themselves: by bucket, source, agent with null last."""
    groups = {}
    for time, _, source, agent, _, score, tone, _ in rows:
        instant = datetime.fromisoformat(time)
        since = (instant - datetime(2000, 1, 3, tzinfo=UTC)).total_seconds()
        start = datetime.fromtimestamp(instant.timestamp() - since % seconds, UTC).replace(microsecond=0)
        groups.setdefault((start, source, agent is None, agent), []).append((score, tone))
    for (start, source, _, agent), values in sorted(groups.items(), key=lambda item: item[0][:3]):
        tones = [tone for _, tone in values if tone is not None]
        yield {
            "bucket": write_instant(start),
            "signalSource": source,
            "agentId": agent,
            "avgSignalScore": sum(score for score, _ in values) / len(values),
            "avgEmotionalTone": sum(tones) / len(tones) if tones else None,
            "totalCount": len(values),
        }


@pytest.mark.usefixtures("ids")
async def test_buckets(client):
    widths = [("1d", 86_400), ("1h", 3_600), ("5m", 300), ("7s", 7), ("7d", 604_800)]
    for duration, seconds in widths:
        await compare_buckets(client, duration, seconds)


async def compare_buckets(client, duration, seconds):
    async def buckets(**arguments):
        return (await client.data(BUCKETS, d=duration, **arguments))["signalBuckets"]

    def expected(keep=bool):
        return list(expected_buckets(filter(keep, ROWS), seconds))

    assert await buckets() == expected()
    assert await buckets(c="a") == expected(lambda row: row[1] == "a")
    assert await buckets(s=["voice"]) == expected(lambda row: row[2] == "voice")
    assert await buckets(a="x") == expected(lambda row: row[3] == "x")
    assert await buckets(a="") == []  # nobody's name, and not those without one
    day = {"start": ROWS[0][0], "end": ROWS[3][0]}
    assert await buckets(r=day) == expected(lambda row: row[0] < ROWS[3][0])
    assert await buckets(r={"start": ROWS[1][0], "end": ROWS[2][0]}) == expected(lambda row: row is ROWS[1])
    assert await buckets(r={"start": ROWS[0][0], "end": ROWS[0][0]}) == []


@pytest.mark.usefixtures("ids")
async def test_buckets_by_default_are_days(client):
    assert await client.data("{ signalBuckets { totalCount } }") == await client.data(
        '{ signalBuckets(duration: "24 hours") { totalCount } }'
    )


@pytest.mark.parametrize(
    ("document", "extensions"),
    [
        (
            '{ signalBuckets(contextWindowId: "nope") { totalCount } }',
            {"code": "NOT_FOUND", "field": "contextWindowId"},
        ),
        ("{ signalBuckets(sources: []) { totalCount } }", {"code": "BAD_USER_INPUT", "field": "sources"}),
        ("{ coherence(sources: []) { level } }", {"code": "BAD_USER_INPUT", "field": "sources"}),
        ('{ coherence(window: "5m", step: "2m") { level } }', {"code": "BAD_USER_INPUT", "field": "step"}),
        ('{ coherence(window: "5m", step: "10m") { level } }', {"code": "BAD_USER_INPUT", "field": "step"}),
    ],
)
async def test_refused_arguments(reader, document, extensions):
    assert (await reader.error(document))["extensions"] == extensions


async def test_coherence_of_nothing(reader):
    data = await reader.data(
        """{ coherence(range: {start: "2026-01-01T00:00:00Z"}) {
          coherenceScoreCurrent coherenceScoreTrend baseline level sourceDiversity totalSignalCount
          timeRangeStart timeRangeEnd windowSec stepSec driftMetrics { mean } series { mean driftScore }
          signalSources { count } inputs { startTs endTs }
        } }"""
    )
    assert data["coherence"] == {
        "coherenceScoreCurrent": None,
        "coherenceScoreTrend": None,
        "baseline": None,
        "level": None,
        "sourceDiversity": 0,
        "totalSignalCount": 0,
        "timeRangeStart": "2026-01-01T00:00:00.000000Z",
        "timeRangeEnd": None,
        "windowSec": 300,
        "stepSec": 300,
        "driftMetrics": [],
        "series": {"mean": [], "driftScore": []},
        "signalSources": [],
        "inputs": {"startTs": "2026-01-01T00:00:00.000000Z", "endTs": None},
    }


async def test_coherence_of_metrics_mds_example(client):
    """Scores 0.2, 0.4, 0.9: mean 0.5, variance 0.26/3, drift 0.346667, MEDIUM."""
    await client.data(
        """mutation($s: [SignalInput!]!) { createSignals(signals: $s, createConversations: true) { totalCount } }""",
        s=[
            {"contextWindowId": "c", "timestamp": f"2026-01-01T00:00:0{n}Z", "signalScore": score}
            for n, score in enumerate([0.2, 0.4, 0.9])
        ],
    )
    selection = """{ driftMetrics { windowStart windowEnd signalCount mean variance driftScore level coherenceTrend }
      series { windowStart signalCount mean variance driftScore } level baseline adjustments { stability } windowSec stepSec }"""
    data = await client.data(
        f"""{{ coherence {selection} conversation(by: {{contextWindowId: "c"}}) {{ coherence {selection} }}
          sliding: coherence(window: "10m", step: "5m") {selection} }}"""
    )
    for coherence in (data["coherence"], data["conversation"]["coherence"]):
        (metric,) = coherence["driftMetrics"]
        assert metric == metric | {
            "windowStart": "2026-01-01T00:00:00.000000Z",
            "windowEnd": "2026-01-01T00:05:00.000000Z",
            "signalCount": 3,
            "level": "MEDIUM",
            "coherenceTrend": None,
        }
        assert (metric["mean"], metric["variance"], metric["driftScore"]) == pytest.approx(
            (0.5, 0.26 / 3, 4 * 0.26 / 3), abs=1e-9
        )
        assert {name: values[0] for name, values in coherence["series"].items()} == {
            name: metric[name] for name in coherence["series"]
        }
        assert coherence["level"] == "MEDIUM"
    starts = [metric["windowStart"] for metric in data["sliding"]["driftMetrics"]]
    assert starts == ["2025-12-31T23:55:00.000000Z", "2026-01-01T00:00:00.000000Z"]
    assert (data["sliding"]["windowSec"], data["sliding"]["stepSec"]) == (600, 300)


async def test_nodes_come_in_order_with_null_for_what_is_not_there(client, ids):
    unknown = [user_id(uuid4()), conversation_id(uuid4()), signal_id(datetime(2026, 1, 1, tzinfo=UTC), 10**9)]
    user = (await client.data('mutation { createUser(input: {username: "ann"}) { id } }'))["createUser"]["id"]
    asked = [ids[3], unknown[0], user, ids[0], unknown[1], unknown[2], ids[3]]
    data = await client.data("query($i: [ID!]!) { nodes(ids: $i) { id __typename } }", i=asked)
    assert [node and node["id"] for node in data["nodes"]] == [
        None if asked_id in unknown else asked_id for asked_id in asked
    ]
    assert [node["__typename"] for node in data["nodes"] if node] == ["Signal", "User", "Signal", "Signal"]
    assert await client.data("{ nodes(ids: []) { id } }") == {"nodes": []}
    for unknown_id in unknown:
        assert await client.data("query($i: ID!) { node(id: $i) { id } }", i=unknown_id) == {"node": None}


@pytest.mark.parametrize(
    "global_id",
    [
        "",
        "x",
        "VXNlcjp4",
        "Tm9wZTox",
        "U2lnbmFsOjE=",
        "U2lnbmFsOjE6LTE=",
        "ü",
        "5",
        "U2lnbmFsOjE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=",
    ],
)
async def test_a_malformed_id_is_bad_user_input(reader, global_id):
    for document, field in (
        ("query($i: ID!) { node(id: $i) { id } }", "id"),
        ("query($i: ID!) { nodes(ids: [$i]) { id } }", "ids"),
        ("query($i: ID!) { user(by: {id: $i}) { id } }", "id"),
        ("query($i: ID!) { conversations(filter: {userId: $i}) { totalCount } }", "userId"),
    ):
        error = await reader.error(document, i=global_id)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


async def test_another_types_id_is_bad_user_input(reader):
    user, conversation = user_id(uuid4()), conversation_id(uuid4())
    for document, other in (
        ("query($i: ID!) { user(by: {id: $i}) { id } }", conversation),
        ("query($i: ID!) { conversation(by: {id: $i}) { id } }", user),
        ("mutation($i: ID!) { deleteUser(id: $i) { deletedId } }", conversation),
        ("mutation($i: ID!) { deleteConversation(id: $i) { deletedId } }", user),
    ):
        error = await reader.error(document, i=other)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}
        assert "takes that of a" in error["message"]


@pytest.mark.usefixtures("ids")
async def test_status(client):
    data = await client.data(
        "{ status { version uptimeSeconds timescaleLicense lastIngestAt configuredWindows p95LatencyMs requestCount errorRate } }"
    )
    status = data["status"]
    assert status["version"]
    assert status["uptimeSeconds"] > 0
    assert status["timescaleLicense"] is None
    assert datetime.fromisoformat(status["lastIngestAt"]).tzinfo is not None
    assert status["configuredWindows"] == ["1h", "1d"]
    assert status["p95LatencyMs"] > 0
    assert status["requestCount"] == 1  # the signals' own
    assert status["errorRate"] == 0
