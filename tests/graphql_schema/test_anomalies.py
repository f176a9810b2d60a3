"""Anomalies over the API, as soon as their signals are stored."""

from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2026, 3, 1, 9, 58, tzinfo=UTC)
CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { failedCount }
}
"""
ALL = """
query($kind: AnomalyKind, $userId: String, $range: TimeRange) {
  anomalies(kind: $kind, userId: $userId, range: $range) {
    totalCount
    edges { node { id kind userId startedAt endedAt eventCount details conversation { contextWindowId } } }
  }
}
"""


pytestmark = pytest.mark.usefixtures("stored")


def burst(start, key, user, n=11):
    return [
        {
            "contextWindowId": key,
            "userId": user,
            "timestamp": (START + timedelta(seconds=start + 0.4 * i)).isoformat(),
            "signalScore": 0.5,
        }
        for i in range(n)
    ]


def step(start, key):
    return [
        {
            "contextWindowId": key,
            "timestamp": (START + timedelta(seconds=start + i)).isoformat(),
            "signalScore": 0.1 if i < 200 else 0.9,
        }
        for i in range(400)
    ]


@pytest.fixture
async def stored(client):
    """Two floods by ada, one over two conversations, one by bo, and a shift; and ten signals, which are none."""
    over_two = [
        signal | {"contextWindowId": f"c{i % 2}"} for i, signal in enumerate(burst(100, "c0", "ada", 12))
    ]
    signals = [*burst(0, "c0", "ada"), *over_two, *burst(200, "c1", "bo"), *burst(300, "c1", "cy", 10)]
    await client.data(CREATE, signals=[*signals, *step(1_000, "c2")])


def nodes(found):
    (connection,) = found.values()
    return [edge["node"] for edge in connection["edges"]]


async def test_they_are_found(client):
    found = await client.data(ALL)
    first, over_two, of_bo, shift = nodes(found)
    assert found["anomalies"]["totalCount"] == 4
    rapid = {"kind": "RAPID_FIRE", "details": {"count": 11, "seconds": 5}}
    one = {
        "userId": "ada",
        "startedAt": "2026-03-01T09:58:00.000000Z",
        "endedAt": "2026-03-01T09:58:04.000000Z",
        "eventCount": 11,
    }
    assert first == {"id": first["id"], **rapid, **one, "conversation": {"contextWindowId": "c0"}}
    assert (over_two["eventCount"], over_two["conversation"]) == (12, None)
    assert (of_bo["userId"], of_bo["conversation"]) == ("bo", {"contextWindowId": "c1"})
    assert (shift["kind"], shift["userId"], shift["endedAt"]) == ("DRIFT_SHIFT", None, None)
    assert shift["conversation"] == {"contextWindowId": "c2"}
    assert shift["details"]["detector"] == "river.drift.ADWIN"
    assert shift["details"]["parameters"]["delta"] == 0.002
    assert shift["details"]["meanBefore"] < 0.2 < shift["details"]["meanAfter"]
    assert START + timedelta(seconds=1_200) <= datetime.fromisoformat(shift["startedAt"])


async def test_they_are_filtered(client):
    assert len(nodes(await client.data(ALL, kind="RAPID_FIRE"))) == 3
    assert len(nodes(await client.data(ALL, kind="DRIFT_SHIFT"))) == 1
    assert len(nodes(await client.data(ALL, userId="ada"))) == 2
    assert nodes(await client.data(ALL, userId="nobody")) == []
    late = {"start": "2026-03-01T09:59:40Z", "end": "2026-03-01T10:01:21Z"}
    assert [node["userId"] for node in nodes(await client.data(ALL, range=late))] == ["ada", "bo"]
    error = await client.error(ALL, range={"start": late["end"], "end": late["start"]})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "range"}


async def test_they_are_paged(client):
    page = """
    query($first: Int, $after: String, $last: Int, $before: String) {
      anomalies(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
      }
    }
    """
    everything = [node["id"] for node in nodes(await client.data(ALL))]
    first = (await client.data(page, first=3))["anomalies"]
    rest = (await client.data(page, first=3, after=first["pageInfo"]["endCursor"]))["anomalies"]
    assert [edge["node"]["id"] for edge in [*first["edges"], *rest["edges"]]] == everything
    assert first["pageInfo"]["hasNextPage"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert rest["pageInfo"]["hasPreviousPage"]
    last = (await client.data(page, last=2, before=rest["pageInfo"]["startCursor"]))["anomalies"]
    assert [edge["node"]["id"] for edge in last["edges"]] == everything[1:3]
    assert (await client.error(page, first=101))["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}


async def test_they_are_nodes(client):
    found = nodes(await client.data(ALL))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Anomaly { kind } } }"
    again = (await client.data(query, ids=[node["id"] for node in found]))["nodes"]
    assert again == [{"__typename": "Anomaly", "id": node["id"], "kind": node["kind"]} for node in found]


async def test_conversations_and_users_have_theirs(client, pg):
    """A user's are those of the user's conversations, and those that bear the user's name, each once."""
    for name, keys in (("ada", ["c0"]), ("bo", ["c2"]), ("cy", [])):
        user = await pg.fetchval("INSERT INTO users (username, role) VALUES ($1, 'COACH') RETURNING id", name)
        await pg.execute(
            "UPDATE conversations SET user_id = $1 WHERE context_window_id = ANY($2)", user, keys
        )
    query = """{
      conversations { edges { node { contextWindowId anomalies { totalCount edges { node { id } } } } } }
      users { edges { node { username anomalies { totalCount edges { node { id } } } } } }
    }"""
    found = await client.data(query)
    first, over_two, of_bo, shift = (node["id"] for node in nodes(await client.data(ALL)))

    def by(name, kind):
        return {
            edge["node"][name]: [each["node"]["id"] for each in edge["node"]["anomalies"]["edges"]]
            for edge in found[kind]["edges"]
        }

    assert by("contextWindowId", "conversations") == {"c0": [first], "c1": [of_bo], "c2": [shift]}
    assert by("username", "users") == {"ada": [first, over_two], "bo": [of_bo, shift], "cy": []}
    assert {edge["node"]["anomalies"]["totalCount"] for edge in found["users"]["edges"]} == {2, 0}


async def test_those_of_a_hidden_conversation_are_hidden(client):
    found = nodes(await client.data(ALL))
    hidden = (await client.data('{ conversation(by: {contextWindowId: "c2"}) { id } }'))["conversation"]
    hide = "mutation($id: ID!) { updateConversation(id: $id, input: {status: DELETED}) { id } }"
    await client.data(hide, id=hidden["id"])
    assert nodes(await client.data(ALL)) == found[:3]
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert await client.data(query, id=found[3]["id"]) == {"node": None}


async def test_deleted_signals_take_them_along(client):
    query = '{ signals(filter: {userId: "bo"}) { edges { node { id } } } }'
    own = nodes(await client.data(query))
    await client.data(
        "mutation($ids: [ID!]!) { deleteSignals(ids: $ids) { deletedCount } }", ids=[own[0]["id"]]
    )
    assert [node["userId"] for node in nodes(await client.data(ALL))] == ["ada", "ada", None]
