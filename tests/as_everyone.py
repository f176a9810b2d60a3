"""Whatever a test asks that is planned is asked again as everyone, planned and executed: there is one answer.

For tests marked `as_everyone`; for all of them by `--as-everyone`.
"""

import asyncio
import contextvars
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.auth.viewer import LOCAL, NOBODY, Scope, Viewer
from app.errors import Unavailable
from app.services import Services
from app.users.models import Role
from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from graphql_schema.executor import Executor
from graphql_schema.plans import Plans, Reading

OPTION = "--as-everyone"
COUNTING = {"test_known.py", "test_batch.py", "test_rates.py", "test_slow_queries.py"}
"""Where it matters how often something is asked, and how long it takes."""
_again: contextvars.ContextVar[bool] = contextvars.ContextVar("_again", default=False)


@pytest.fixture(autouse=True)
def asked_as_everyone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    chosen = request.node.get_closest_marker("as_everyone") or request.config.getoption(OPTION)
    if not chosen or request.path.name in COUNTING:
        yield
        return
    by_plan = Executor._by_plan

    async def and_as_everyone(self: Any, plan: Any, context: Context) -> Any:
        result = await by_plan(self, plan, context)
        if isinstance(plan, Reading) and not _again.get():
            # By itself, so that the test does not count it as its own.
            comparing = _differences(self.schema._strawberry_schema, context)
            found.extend(await asyncio.create_task(comparing, context=contextvars.Context()))
        return result

    found: list[Any] = []
    monkeypatch.setattr(Executor, "_by_plan", and_as_everyone)
    yield
    assert not found


async def _differences(schema: Any, context: Context) -> list[Any]:
    _again.set(True)
    kept, found = schema.plans, []
    try:
        async for viewer in _everyone(context.services):
            answers = []
            for plans in (Plans(), None):
                schema.plans = plans
                asked = Context(context.services, "again", viewer, now=context.now, as_json=True)
                query, name, variables = context.asked or ("", None, {})
                result = await schema.execute(query, dict(variables), asked, operation_name=name)
                body = {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}
                answers.append(json.loads(to_json(body), object_pairs_hook=_without_clocks))
            if answers[0] != answers[1]:
                found.append((viewer, context.asked, answers))
    finally:
        schema.plans = kept
    return found


def _without_clocks(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """An object's pairs in order; of what is never twice the same, that it is there."""
    return [(name, name if name in {"latencyMs", "asOf"} else value) for name, value in pairs]


async def _everyone(services: Services) -> AsyncIterator[Viewer]:
    for viewer in (LOCAL, NOBODY, Viewer.by_key(uuid4(), frozenset({Scope.READ}), None, None)):
        yield viewer
    users: list[UUID] = []
    with suppress(Unavailable):  # where a test has no database
        async with services.database.read() as connection:
            found = await connection.exec_driver_sql("SELECT id FROM users ORDER BY id LIMIT 2")
            users = [row.id for row in found]
    for user in (*users, uuid4()):
        for role in (Role.EDUCATOR, Role.COACH):
            yield Viewer.by_session(uuid4(), user, role)
