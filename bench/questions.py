"""What `bench.reads` and `bench.growth` ask: each question in the words of `coherence serve`, of PostGraphile (its own
names, with aliases where they differ only by spelling) and of the floor."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose
from typing import Any

import orjson

from bench.data import EVEN_CONVERSATIONS, Bench, conversation_name, user_key
from bench.load import get, post
from graphql_schema.nodes import user_id

USER = "query Q1($id: ID!) { user(by: {id: $id}) { id username name role isActive createdAt } }"
USER_GRAPHILE = """
query Q1($id: UUID!) { user: publicUserByRowId(rowId: $id) { id username name role isActive createdAt } }
"""

NESTED = """
query Nested {
  users(first: %d) { edges { node {
    id username
    conversations(first: 10) { edges { node {
      id title
      signals(first: 20) { edges { node {
        id timestamp signalSource signalScore emotionalTone rawContent %s
      } } }
    } } }
  } } }
}
"""
NESTED_GRAPHILE = """
query Nested {
  users: allPublicUsers(first: %d, orderBy: CREATED_AT_ASC) { edges { node {
    id username
    conversations: publicConversationsByUserId(first: 10, orderBy: STARTED_AT_ASC) { edges { node {
      id title
      signals: publicSignalsByConversationId(first: 20, orderBy: PRIMARY_KEY_ASC) { edges { node {
        id timestamp: time signalSource signalScore emotionalTone rawContent %s
      } } }
    } } }
  } } }
}
"""

SIGNALS = """
query Q3 {
  signals(first: 1000) { edges { node {
    id timestamp contextWindowId signalSource signalScore emotionalTone escalateFlag rawContent
  } } }
}
"""
SIGNALS_GRAPHILE = """
query Q3 {
  signals: allPublicSignals(first: 1000, orderBy: PRIMARY_KEY_ASC) { edges { node {
    id timestamp: time contextWindowId signalSource signalScore emotionalTone escalateFlag rawContent
  } } }
}
"""

# The even conversations are those that started first.
WINDOWS = """
query Q4($start: DateTime!, $end: DateTime!) {
  conversations(first: 50) { edges { node {
    coherence(window: "5m", range: {start: $start, end: $end}) {
      %s { windowStart signalCount mean variance driftScore }
    }
  } } }
}
"""
WINDOWS_GRAPHILE = """
query Q4($start: Datetime!, $end: Datetime!) {
  conversations: allPublicConversations(first: 50, orderBy: STARTED_AT_ASC) { edges { node {
    %s(start: $start, end: $end) { windowStart signalCount mean variance driftScore }
  } } }
}
"""

CREATE = "mutation M1($input: SignalInput!) { createSignal(input: $input) { id } }"
CREATE_GRAPHILE = "mutation M1($input: CreateSignalInput!) { createSignal(input: $input) { result { id } } }"

type Ask = Callable[[random.Random], bytes]
"""Makes a request, head and body; two of one question ask the same of chance in the same state."""


@dataclass(frozen=True, slots=True)
class Question:
    requests: dict[str, Ask]
    """By side: "ours", "PostGraphile", "floor"."""
    rows: int
    read: Callable[[Any], list[Any]]
    """The rows of a response's data."""
    aims: dict[int, str]
    """By the number of clients: of PostGraphile, of the floor."""


def questions(bench: Bench) -> dict[str, Question]:
    def user(chance: random.Random) -> Any:
        return user_key(chance.randrange(bench.users), chance.randrange(bench.weeks))

    def signal(chance: random.Random) -> dict[str, Any]:
        return {
            "contextWindowId": conversation_name(chance.randrange(bench.conversations)),
            "signalSource": "Slack",
            "signalScore": 0.5,
            "emotionalTone": 0.25,
            "rawContent": "Thanks, that answers it.",
        }

    def windows(form: str, graphile: str, aims: str) -> Question:
        start, end = bench.end - timedelta(days=1), bench.end
        return _constant(
            graphql(WINDOWS % form, start=start, end=end),
            graphql(WINDOWS_GRAPHILE % graphile, start=start, end=end),
            get(f"/Q4/{form}?start={start:%Y-%m-%dT%XZ}&end={end:%Y-%m-%dT%XZ}"),
            rows=EVEN_CONVERSATIONS * 288,
            read=drift_windows,
            aims={1: aims, 8: aims},
        )

    def nested(users: int, more: str, path: str, aims: dict[int, str]) -> Question:
        return _constant(
            graphql(NESTED % (users, more)),
            graphql(NESTED_GRAPHILE % (users, more)),
            get(path),
            rows=users * (1 + 10 + 200),
            aims=aims,
        )

    return {
        "Q1": Question(
            {
                "ours": lambda chance: graphql(USER, id=user_id(user(chance))),
                "PostGraphile": lambda chance: graphql(USER_GRAPHILE, id=user(chance)),
                "floor": lambda chance: get(f"/Q1/{user(chance)}"),
            },
            rows=1,
            read=objects,
            aims={1: "1.5", 16: "1.5"},
        ),
        "Q2": nested(20, "", "/Q2", {1: "2, 0.8", 16: "3.5, 0.8"}),
        "Q3": _constant(
            graphql(SIGNALS), graphql(SIGNALS_GRAPHILE), get("/Q3"), rows=1_000, aims={1: "1.7, 0.8", 16: "3, 0.8"}
        ),
        "Q4-objects": windows("driftMetrics", "driftMetrics: driftList", "3, 0.8"),
        "Q4-columnar": windows("series", "series", "2.2, 0.8"),
        "F": nested(5, "signalVector", "/F", {1: "0.15", 16: "0.15"}),
        "M1": Question(
            {
                "ours": lambda chance: graphql(CREATE, input=signal(chance)),
                "PostGraphile": lambda chance: graphql(CREATE_GRAPHILE, input=signal(chance)),
                "floor": lambda chance: post("/M1", orjson.dumps(signal(chance))),
            },
            rows=1,
            read=objects,
            aims={1: "1.2", 16: "1.2"},
        ),
    }  # fmt: skip


def graphql(query: str, **variables: Any) -> bytes:
    return post("/graphql", orjson.dumps({"query": query, "variables": variables}))


def _constant(
    ours: bytes,
    graphile: bytes,
    floor: bytes,
    *,
    rows: int,
    aims: dict[int, str],
    read: Callable[[Any], list[Any]] | None = None,
) -> Question:
    def always(request: bytes) -> Ask:
        return lambda _: request

    asks = {"ours": always(ours), "PostGraphile": always(graphile), "floor": always(floor)}
    return Question(asks, rows, read or objects, aims)


def objects(value: Any) -> list[Any]:
    """Everything that has an id, without the ids: they are written differently."""
    if isinstance(value, list):
        return [found for item in value for found in objects(item)]
    if not isinstance(value, dict):
        return []
    below = [found for item in value.values() for found in objects(item)]
    own = {key: item for key, item in value.items() if key != "id" and not isinstance(item, dict)}
    for key in own.keys() & {"timestamp", "createdAt"}:
        own[key] = datetime.fromisoformat(own[key])
    return [own, *below] if "id" in value else below


def drift_windows(value: Any) -> list[Any]:
    """(start, count, mean, variance, score) of every window, from objects and from columns."""
    if isinstance(value, list):
        return [row for item in value for row in drift_windows(item)]
    if not isinstance(value, dict):
        return []
    if "windowStart" not in value:
        return drift_windows(list(value.values()))
    columns = [value[name] for name in ("windowStart", "signalCount", "mean", "variance", "driftScore")]
    rows = zip(*columns, strict=True) if isinstance(columns[0], list) else [columns]
    return [[datetime.fromisoformat(start), *numbers] for start, *numbers in rows]


def alike(left: Any, right: Any) -> bool:
    """The same, numbers to 1e-9."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(item, right[key]) for key, item in left.items())
    if isinstance(left, int | float) and isinstance(right, int | float):
        return isclose(left, right, rel_tol=0, abs_tol=1e-9)
    return bool(left == right)
