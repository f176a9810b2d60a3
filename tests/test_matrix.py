"""docs/security.md: every root field of the schema, tried as everyone there is, with what is theirs and what is not."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.auth import keys
from app.auth.viewer import PROGRAM, Scope
from graphql_schema.nodes import api_key_id, message_id, session_id, signal_id
from graphql_schema.schema import build_schema
from tests.people import People, people

__all__ = ["people"]

DOCUMENT = Path(__file__).parents[1] / "docs" / "security.md"
VIEWERS = {
    "nobody": "nobody",
    "share token": "nobody",
    "educator": "ann",
    "coach": "coach",
    "administrator": "administrator",
    "key: ingest": "key:ingest",
    "key: read": "key:read",
    "key: admin": "key:admin",
}
SAID = {"a1": "2025-01-01", "b1": "2025-01-02"}
"""When the message of each conversation was said."""
CODES = {"UNAUTHENTICATED": "sign in", "FORBIDDEN": "no"}
KINDS = ("query", "mutation", "subscription")


def matrix() -> dict[str, dict[str, str]]:
    """What the document says: by field, then by column."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    head = next(number for number, row in enumerate(rows) if row[1:] == list(VIEWERS))
    found = {}
    for name, *cells in rows[head + 2 :]:
        if len(cells) != len(VIEWERS):
            break
        found[name] = dict(zip(VIEWERS, cells, strict=True))
    return found


def root_fields() -> dict[str, str]:
    schema = build_schema()._schema
    return {name: kind for kind in KINDS for name in getattr(schema, f"{kind}_type").fields}


@dataclass
class Them:
    """Of someone: what is asked with to try another's, or one's own."""

    people: People
    user: str
    conversation: str

    @property
    def u(self) -> str:
        return self.people.id(self.user)

    @property
    def c(self) -> str:
        return self.people.id(self.conversation)

    @property
    def moment(self) -> str:
        """The range of the conversation's message."""
        day = SAID[self.conversation]
        return f'{{start: "{day}T00:00:00Z", end: "{day}T00:00:01Z"}}'

    def message(self) -> str:
        return message_id(self.people.messages[self.conversation])

    def signal(self) -> str:
        return signal_id(*self.people.signals[self.conversation].pop())


@dataclass
class Probe:
    """`ask` gives the arguments and selections of the field; `sees` tells from the answer whether it was theirs."""

    ask: Callable[[Them], str]
    sees: Callable[[Any], bool] = bool


def total(arguments: str, field: str = "totalCount") -> Probe:
    """Of a list or a number over what `S` and `N` narrow down to one conversation and one user."""

    def ask(them: Them) -> str:
        given = arguments.replace("S", f'["{them.conversation}"]').replace("N", f'"{them.user}"')
        return f"({given.replace('U', f'"{them.u}"')}) {{ {field} }}"

    return Probe(ask, lambda answer: bool(answer.get(field.split(" ", maxsplit=1)[0])))


PROBES: dict[str, Probe] = {
    "node": Probe(lambda them: f'(id: "{them.c}") {{ id }}'),
    "nodes": Probe(lambda them: f'(ids: ["{them.c}"]) {{ id }}', lambda answer: answer[0] is not None),
    "status": Probe(lambda _: " { version }"),
    "viewer": Probe(lambda _: " { id }", lambda _: True),
    "user": Probe(lambda them: f'(by: {{id: "{them.u}"}}) {{ id }}'),
    "users": total("filter: {search: N}"),
    "conversation": Probe(lambda them: f'(by: {{id: "{them.c}"}}) {{ id }}'),
    "conversations": total("filter: {userId: U}"),
    "signals": total("filter: {sources: S}"),
    "signalSummary": total("filter: {sources: S}"),
    "signalBuckets": Probe(lambda them: f'(sources: ["{them.conversation}"]) {{ totalCount }}'),
    "coherence": total("sources: S", "totalSignalCount"),
    "coherenceMetrics": total('window: "1d", at: "2026-01-02T00:00:00Z", sources: S', "n"),
    "forecast": Probe(
        lambda them: f'(sources: ["{them.conversation}"]) {{ inputs {{ endTs }} }}',
        lambda answer: answer["inputs"]["endTs"] is not None,
    ),
    "anomalies": total("userId: N"),
    "searchSignals": Probe(
        lambda them: f'(text: "words", contextWindowId: "{them.conversation}") {{ similarity }}'
    ),
    "apiKeys": Probe(lambda them: f'(userId: "{them.u}") {{ id }}', lambda _: True),
    "sessions": Probe(lambda them: f'(userId: "{them.u}") {{ id }}', lambda _: True),
    "createUser": Probe(lambda _: f'(input: {{username: "{uuid4()}"}}) {{ id }}'),
    "updateUser": Probe(lambda them: f'(id: "{them.u}", input: {{name: "x"}}) {{ id }}'),
    "deleteUser": Probe(lambda them: f'(id: "{them.u}") {{ deletedId }}'),
    "createConversation": Probe(lambda them: f'(input: {{userId: "{them.u}"}}) {{ id }}'),
    "updateConversation": Probe(lambda them: f'(id: "{them.c}", input: {{title: "x"}}) {{ id }}'),
    "deleteConversation": Probe(lambda them: f'(id: "{them.c}") {{ deletedId }}'),
    "shareConversation": Probe(lambda them: f'(id: "{them.c}", enabled: true) {{ id }}'),
    "assignCoach": Probe(
        lambda them: f'(conversationId: "{them.c}", userId: "{them.people.id("coach")}") {{ id }}'
    ),
    "createSignal": Probe(lambda them: f'(input: {{contextWindowId: "{them.conversation}"}}) {{ id }}'),
    "createSignals": Probe(
        lambda them: f'(signals: [{{contextWindowId: "{them.conversation}"}}]) {{ successfulCount }}',
        lambda answer: answer["successfulCount"] == 1,
    ),
    "deleteSignals": Probe(
        lambda them: f'(ids: ["{them.signal()}"]) {{ deletedCount }}',
        lambda answer: answer["deletedCount"] == 1,
    ),
    "feedbackSummary": Probe(
        lambda them: f"(range: {them.moment}) {{ inputTokens }}", lambda answer: answer["inputTokens"] == 1
    ),
    "messageBuckets": Probe(lambda them: f"(range: {them.moment}) {{ messageCount }}"),
    "createMessage": Probe(
        lambda them: f'(input: {{conversationId: "{them.c}", role: USER, content: "x"}}) {{ id }}'
    ),
    "askCoach": Probe(lambda them: f'(conversationId: "{them.c}", question: "What?") {{ id }}'),
    "rateMessage": Probe(lambda them: f'(id: "{them.message()}", feedbackScore: 1) {{ id }}'),
    "messageAdded": Probe(lambda them: f'(conversationId: "{them.c}") {{ id }}'),
    "coachAnswer": Probe(lambda them: f'(conversationId: "{them.c}", question: "What?") {{ text }}'),
    "createApiKey": Probe(
        lambda them: f'(input: {{name: "x", scopes: [READ], userId: "{them.u}"}}) {{ key }}'
    ),
    "revokeApiKey": Probe(lambda them: f'(id: "{them.people.users_key[them.user]}") {{ id }}'),
    "revokeSession": Probe(lambda them: f'(id: "{them.people.users_session[them.user]}") {{ deletedId }}'),
    "driftUpdates": Probe(lambda them: f'(contextWindowIds: ["{them.conversation}"]) {{ sequence }}'),
    "signalAdded": Probe(lambda them: f'(contextWindowId: "{them.conversation}") {{ id }}'),
    "conversationChanged": Probe(lambda them: f'(filter: {{userId: "{them.u}"}}) {{ id }}'),
    "anomalyDetected": Probe(lambda them: f'(userId: "{them.user}") {{ id }}'),
}


def test_the_matrix_and_its_probes_have_every_field_of_the_schema_and_no_other():
    assert matrix().keys() == root_fields().keys() == PROBES.keys()


@pytest.mark.parametrize("name", PROBES)
async def test_everyone_may_what_the_matrix_says(people, pg, name):
    found = {}
    for column, viewer in VIEWERS.items():
        await restore(people, pg)
        mine = Them(people, "coach" if viewer == "coach" and owned(name) else "ann", "a1")
        ask = shared if column == "share token" else probe
        code, own = await ask(people, viewer, name, mine)
        await restore(people, pg)
        _, others = await ask(people, viewer, name, Them(people, "bob", "b1"))
        found[column] = CODES.get(code) or ("all" if others else "own" if own else "none")
    assert found == matrix()[name]


def owned(name: str) -> bool:
    """Whether it is about users' keys and sessions, of which a coach has their own."""
    return bool(re.search("ApiKey|Session|apiKeys|sessions", name))


async def restore(people: People, pg: Any) -> None:
    """Brings back what somebody was allowed to delete, and gives everyone a key and a session."""
    for user, role in (("ann", "EDUCATOR"), ("bob", "EDUCATOR"), ("coach", "COACH")):
        await pg.execute(
            "INSERT INTO users (id, username, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            people.users[user],
            user,
            role,
        )
        row, _ = await keys.create(people.services.database, "test", "k", [Scope.READ], people.users[user])
        people.users_key[user] = api_key_id(row.id)
        people.users_session[user] = session_id(
            await pg.fetchval(
                "INSERT INTO sessions (token_hash, user_id, provider, idle_expires_at, expires_at)"
                " VALUES (sha256(gen_random_uuid()::text::bytea), $1, 'p', 'infinity', 'infinity') RETURNING id",
                people.users[user],
            )
        )
    await pg.execute("DELETE FROM messages")
    for name, user in (("a1", "ann"), ("b1", "bob")):
        await pg.execute(
            "INSERT INTO conversations (id, context_window_id, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            people.conversations[name],
            name,
            people.users[user],
        )
        people.signals[name] = [
            tuple(row)
            for row in await pg.fetch(
                "INSERT INTO signals (time, conversation_id, signal_source, signal_score, raw_content)"
                " VALUES ('2026-01-01', $1, $2, 0.5, 'words') RETURNING time, id",
                people.conversations[name],
                name,
            )
        ]
        people.messages[name] = await pg.fetchval(
            "INSERT INTO messages (conversation_id, role, content, input_tokens, created_at, signal_time, signal_id)"
            " SELECT $1, 'ASSISTANT', 'x', 1, $2::text::timestamptz, time, id FROM signals WHERE id = $3"
            " RETURNING id",
            people.conversations[name],
            f"{SAID[name]}T00:00:00Z",
            people.signals[name][0][1],
        )
    await pg.execute(
        "INSERT INTO conversation_coaches (conversation_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        people.conversations["a1"],
        people.users["coach"],
    )
    await people.services.arrivals.work_off()
    await people.services.vectors.embedding.work_off()


async def probe(people: People, viewer: str, name: str, them: Them) -> tuple[str | None, bool]:
    """The code of the refusal, if any, and whether it was theirs to see or do."""
    kind, tried = root_fields()[name], PROBES[name]
    query = f"{kind} {{ {name}{tried.ask(them)} }}"
    if kind == "subscription":
        return await followed(people, viewer, query, them)
    body = await people.post(viewer, query)
    if "errors" in body:
        return body["errors"][0]["extensions"]["code"], False
    return None, tried.sees(body["data"][name])


async def shared(people: People, viewer: str, name: str, them: Them) -> tuple[str | None, bool]:
    """The same, where they hold the token by which `a1` is shared: alone it opens `conversation`, and no other field beside it."""
    if root_fields()[name] != "query":
        return await probe(people, viewer, name, them)
    conversation = people.conversations["a1"]
    await people.services.conversations.share(PROGRAM, conversation, enabled=True, actor="test")
    token = await people.data("ann", f'{{ conversation(by: {{id: "{people.id("a1")}"}}) {{ shareToken }} }}')
    opened = f'conversation(by: {{shareToken: "{token["conversation"]["shareToken"]}"}}) {{ id }}'
    field = "" if name == "conversation" else f"{name}{PROBES[name].ask(them)}"
    body = await people.post(viewer, f"{{ {opened} {field} }}")
    if "errors" in body:
        return body["errors"][0]["extensions"]["code"], False
    if name == "conversation":
        return None, body["data"][name]["id"] == them.c
    return None, PROBES[name].sees(body["data"][name])


async def followed(people: People, viewer: str, query: str, them: Them) -> tuple[str | None, bool]:
    """Whether they are told of what happens to the conversation."""
    async with people.following(viewer, query) as results:
        if hasattr(results, "errors"):
            return results.errors[0].extensions["code"], False
        first = asyncio.ensure_future(anext(results))
        for _ in range(4):  # a busy machine may begin to follow late
            await asyncio.sleep(0.1)
            await people.happen(them.conversation, them.user)
            done, _ = await asyncio.wait([first], timeout=0.5)
            if done:
                break
        if not done:
            first.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await first
            return None, False
        result = first.result()
        return (result.errors[0].extensions["code"], False) if result.errors else (None, True)
