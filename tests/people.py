"""Two educators, a coach and an administrator with conversations of theirs; and a way to act as any of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.auth.viewer import NOBODY, PROGRAM, Scope, Viewer
from app.services import Services
from app.users.models import Role
from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from graphql_schema.nodes import anomaly_id, conversation_id, signal_id, user_id
from graphql_schema.schema import Schema, build_schema
from tests.conftest import KEY

SIGNALS = {"a1": 1, "a2": 2, "b1": 4, "n1": 8}
"""How many a conversation has: each sum of them tells of which it is. Ann's, Ann's, Bob's, nobody's."""

SEEN = {
    "nobody": "",
    "ann": "a1 a2",
    "bob": "b1",
    "coach": "a1",
    "administrator": "a1 a2 b1 n1",
    "key:read": "a1 a2 b1 n1",
    "key:admin": "a1 a2 b1 n1",
}
"""The conversations that each may read."""


@dataclass
class People:
    services: Services
    schema: Schema
    viewers: dict[str, Viewer] = field(default_factory=lambda: {"nobody": NOBODY})
    users: dict[str, UUID] = field(default_factory=dict)
    conversations: dict[str, UUID] = field(default_factory=dict)
    signals: dict[str, list[Any]] = field(default_factory=dict)
    anomalies: dict[str, UUID] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    users_key: dict[str, str] = field(default_factory=dict)
    users_session: dict[str, str] = field(default_factory=dict)
    pg: Any = None

    def context(self, name: str) -> Context:
        return Context(self.services, "test", self.viewers[name])

    async def post(self, name: str, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response to `name`."""
        result = await self.schema.execute(query, variables, self.context(name))
        errors = [error.formatted for error in result.errors or ()]
        return {"data": result.data} | ({"errors": errors} if errors else {})

    async def data(self, name: str, query: str, **variables: Any) -> Any:
        body = await self.post(name, query, **variables)
        assert "errors" not in body, (name, body)
        return body["data"]

    async def code(self, name: str, query: str, **variables: Any) -> str | None:
        """Of the first error; None where there is none."""
        errors = (await self.post(name, query, **variables)).get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    async def text(self, name: str, query: str, **variables: Any) -> str:
        """The response as it would be sent."""
        return to_json(await self.post(name, query, **variables))

    @asynccontextmanager
    async def following(self, name: str, query: str, **variables: Any) -> AsyncIterator[Any]:
        """Results of a subscription."""
        results = await self.schema.subscribe(query, variables, self.context(name))
        try:
            yield results
        finally:
            await results.aclose()

    async def happen(self, name: str, user: str) -> None:
        """Something that subscriptions tell of, in a conversation."""
        key = self.conversations[name]
        await self.pg.execute("UPDATE conversations SET updated_at = now() WHERE id = $1", key)
        await self.pg.execute(
            "WITH signal AS (INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
            " VALUES (now(), $1, $2, 0.5) RETURNING time, id)"
            " INSERT INTO messages (conversation_id, role, content, signal_time, signal_id)"
            " SELECT $1, 'USER', 'x', time, id FROM signal",
            key,
            name,
        )
        await self.pg.execute(
            "INSERT INTO anomalies (kind, conversation_id, user_id, started_at, event_count, details)"
            " VALUES ('DRIFT_SHIFT', $1, $2, '2026-01-01', 1, '{}')",
            key,
            user,
        )
        await self.services.live.hub.look()

    def id(self, name: str) -> str:
        """The global id of a user, of a conversation, of its `<name>/signal` or of its `<name>/anomaly`."""
        name, _, part = name.partition("/")
        if part == "signal":
            return signal_id(*self.signals[name][0])
        if part == "anomaly":
            return anomaly_id(self.anomalies[name])
        return user_id(self.users[name]) if name in self.users else conversation_id(self.conversations[name])


def unknown() -> SimpleNamespace:
    """Global ids of what never was, and as long as others."""
    return SimpleNamespace(
        user=user_id(uuid4()), conversation=conversation_id(uuid4()), anomaly=anomaly_id(uuid4())
    )


@pytest.fixture
async def people(config: Any, database: Any, pg: Any) -> AsyncIterator[People]:
    services = Services.of(config, database, KEY)
    made = People(services, build_schema(config), pg=pg)
    for name, role in (
        ("ann", Role.EDUCATOR),
        ("bob", Role.EDUCATOR),
        ("coach", Role.COACH),
        ("administrator", Role.ADMIN),
    ):
        row = await services.users.create(
            username=name, role=role, name=f"{name}'s name", email=f"{name}@example.org"
        )
        made.users[name] = row.id
        made.viewers[name] = Viewer.by_session(uuid4(), row.id, role)
    for scope in Scope:
        made.viewers[f"key:{scope.value.lower()}"] = Viewer.by_key(uuid4(), frozenset({scope}), None, None)
    for name, owner in (("a1", "ann"), ("a2", "ann"), ("b1", "bob"), ("n1", None)):
        row = await services.conversations.create(
            PROGRAM, context_window_id=name, user_id=owner and made.users[owner], title=f"title of {name}"
        )
        made.conversations[name] = row.id
        rows = await pg.fetch(
            "INSERT INTO signals (time, conversation_id, user_id, signal_source, signal_score, raw_content)"
            " SELECT timestamptz '2026-01-01' + n * interval '1 minute', $1, 'learner', $4, 0.5, $2"
            " FROM generate_series(1, $3) n RETURNING time, id",
            row.id,
            f"text of {name}",
            SIGNALS[name],
            name,
        )
        made.signals[name] = [tuple(row) for row in rows]
        made.anomalies[name] = await pg.fetchval(
            "INSERT INTO anomalies (kind, conversation_id, user_id, started_at, event_count, details)"
            " VALUES ('DRIFT_SHIFT', $1, $2, '2026-01-01', 1, '{}') RETURNING id",
            row.id,
            owner,
        )
    # Of signals in several conversations.
    made.anomalies["several"] = await pg.fetchval(
        "INSERT INTO anomalies (kind, user_id, started_at, ended_at, event_count, details)"
        " VALUES ('RAPID_FIRE', 'learner', '2026-01-01', '2026-01-01', 12, '{}') RETURNING id"
    )
    await pg.execute("DELETE FROM signal_arrivals")
    await pg.execute(
        "INSERT INTO conversation_coaches (conversation_id, user_id) VALUES ($1, $2)",
        made.conversations["a1"],
        made.users["coach"],
    )
    async with services.live.hub.running():
        yield made


def may_see(check: Callable[..., Any]) -> Any:
    """Runs a test as everyone who reads, with the names of what they may."""
    cases = [(name, names.split()) for name, names in SEEN.items() if name != "nobody"]
    return pytest.mark.parametrize(("name", "seen"), cases)(check)
