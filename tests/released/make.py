"""Fills a database of the program that is imported, and asks it: `VERSION.sql` and `VERSION.json` beside this file.

Run once, when a version is released, by that version's program, with nothing in the database that the URL names:

    git worktree add /tmp/released VERSION
    PYTHONPATH=/tmp/released:. python tests/released/make.py VERSION postgresql://…
"""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from app.asgi import create_app
from app.auth import sessions
from app.auth.sessions import Browser
from app.database import migrations
from app.database.embedded import BIN
from app.database.engine import Database
from app.dead_letters import queries as letters
from app.dead_letters.payloads import Item
from app.errors import BadUserInput
from app.services import Services
from app.settings import Settings
from app.users import encryption
from tests.released.questions import QUESTIONS

KEY = "the key of a version that was released"
SETTINGS: dict[str, Any] = {
    "COHERENCE_UPKEEP_SECONDS": 0,
    "COHERENCE_ARRIVALS_SECONDS": 0,
    "COHERENCE_EMBEDDING_WIDTH": 8,
}
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOPICS = ("the essay on rivers", "a missed deadline", "group work that goes well", "feeling lost in algebra")


def signals() -> list[dict[str, Any]]:
    """Invented ones: several of one source in a bucket, agents, texts, keys, vectors, a burst and a shift."""
    made: list[dict[str, Any]] = [
        {
            "contextWindowId": ("guide", "cafe\u0301", "archived", "hidden")[number % 4],
            "timestamp": (START + timedelta(minutes=7 * number // 4, seconds=number)).isoformat(),
            "signalSource": ("Slack", "Axis", "Mail")[number // 4 % 3],
            "signalScore": round(0.1 + (number * 37 % 80) / 100, 2),
            "agentId": (None, "tutor", "planner")[number % 3],
            "userId": "ada",
            "emotionalTone": None if number % 2 else round(number % 10 / 10, 1),
            "escalateFlag": int(number % 11 == 0),
            "rawContent": f"Note {number}: we spoke of {TOPICS[number % 4]}. I am {('happy', 'worried')[number % 2]}.",
            "payload": {"number": number, "tags": ["invented"]},
            "idempotencyKey": f"delivery-{number}" if number < 8 else None,
            "embedding": [float((number + i) % 5 + 1) for i in range(8)] if number % 6 == 0 else None,
        }
        for number in range(48)
    ]
    for number in range(12):
        at = START + timedelta(hours=3, seconds=0.3 * number)
        made.append(
            {"contextWindowId": "burst", "userId": "bo", "timestamp": at.isoformat(), "signalScore": 0.5}
        )
    for number in range(160):
        at = START + timedelta(days=1, seconds=20 * number)
        score = (0.15 if number < 80 else 0.85) + number % 7 / 100
        made.append(
            {"contextWindowId": "shifting", "timestamp": at.isoformat(), "signalScore": round(score, 2)}
        )
    return made


class Client:
    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http

    async def __call__(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> Any:
        response = await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers or {}
        )
        body = response.json()
        assert "errors" not in body, body
        return body["data"]


async def fill(ask: Client, services: Services) -> dict[str, Any]:
    """What the questions are asked with: ids, tokens, keys."""
    users = {}
    for given in (
        {
            "username": "ada",
            "role": "EDUCATOR",
            "name": "Ada Example",
            "email": "Ada@Example.org",
            "phone": "+1 555 0100",
        },
        {"username": "bo", "role": "COACH", "name": "Bo", "address": "1 Invented Street"},
        {"username": "Zoe\u0308", "role": "EDUCATOR", "name": "Zo\u00eb"},
        {"username": "Zo\u00eb", "role": "ADMIN", "email": "zoe@example.org"},
    ):
        made = await ask("mutation($i: CreateUserInput!) { createUser(input: $i) { id username } }", i=given)
        users[given["username"]] = made["createUser"]["id"]
    names = (
        "guide",
        "cafe\u0301",
        "archived",
        "hidden",
        "burst",
        "shifting",
        "lesson",
        "re\u0301sume\u0301",
        "r\u00e9sum\u00e9",
    )
    conversations = {}
    for number, name in enumerate(names):
        given = {
            "contextWindowId": name,
            "userId": users["ada"] if number % 2 == 0 else None,
            "title": f"{name.title()} of {number}",
            "startedAt": (START - timedelta(hours=number)).isoformat(),
            "contextMetadata": {"number": number},
        }
        made = await ask(
            "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }", i=given
        )
        conversations[name] = made["createConversation"]["id"]
    done = await ask(
        "mutation($s: [SignalInput!]!) { createSignals(signals: $s) { failedCount results { signalId } } }",
        s=signals(),
    )
    assert done["createSignals"]["failedCount"] == 0
    ids = [result["signalId"] for result in done["createSignals"]["results"]]
    for role, said in (
        ("USER", "My essay on rivers is due on 3 May."),
        ("ASSISTANT", "Then begin with an outline this week."),
        ("USER", "I have read two books about deltas."),
    ):
        await ask(
            """mutation($c: ID!, $r: MessageRole!, $t: String!) {
                createMessage(input: {conversationId: $c, role: $r, content: $t, domains: ["writing"], costUsd: "0.001"}) { id }
            }""",
            c=conversations["lesson"],
            r=role,
            t=said,
        )
    answer = {}
    for question in ("When is my essay due?", "What have I read?"):
        made = await ask(
            "mutation($c: ID!, $q: String!) { askCoach(conversationId: $c, question: $q) { id } }",
            c=conversations["lesson"],
            q=question,
        )
        answer[question] = made["askCoach"]["id"]
    await ask(
        "mutation($i: ID!) { rateMessage(id: $i, feedbackScore: 1) { id } }", i=answer["What have I read?"]
    )
    await services.arrivals.work_off()
    await services.vectors.embedding.work_off()
    await ask("{ anomalies { totalCount } }")
    shared = await ask(
        "mutation($i: ID!) { shareConversation(id: $i, enabled: true) { shareToken } }",
        i=conversations["guide"],
    )
    await ask(
        "mutation($c: ID!, $u: ID!) { assignCoach(conversationId: $c, userId: $u) { id } }",
        c=conversations["guide"],
        u=users["bo"],
    )
    for name, status in (("archived", "ARCHIVED"), ("hidden", "DELETED")):
        await ask(
            "mutation($i: ID!, $s: ConversationStatus!) { updateConversation(id: $i, input: {status: $s}) { id } }",
            i=conversations[name],
            s=status,
        )
    keys = {}
    for name, scopes, user in (("reads", ["READ"], None), ("ada's", ["READ", "INGEST"], users["ada"])):
        made = await ask(
            """mutation($n: String!, $s: [ApiKeyScope!]!, $u: ID) {
                createApiKey(input: {name: $n, scopes: $s, userId: $u}) { key }
            }""",
            n=name,
            s=scopes,
            u=user,
        )
        keys[name] = made["createApiKey"]["key"]
    page = await ask(
        "{ signals(first: 20) { pageInfo { endCursor } } conversations(first: 3) { pageInfo { endCursor } } }"
    )
    return {
        "users": users,
        "conversations": conversations,
        "signals": ids,
        "answers": answer,
        "shareToken": shared["shareConversation"]["shareToken"],
        "keys": keys,
        "afterSignal": page["signals"]["pageInfo"]["endCursor"],
        "afterConversation": page["conversations"]["pageInfo"]["endCursor"],
    }


async def by_hand(database: Database, url: str, session_of: Any) -> str:
    """What comes by other ways than GraphQL; the token of a session."""
    async with database.write() as connection:
        payload = b'{"contextWindowId": "guide", "signalScore": 7}'
        item = Item(
            "kafka:signals/0/41", START, payload, BadUserInput("signalScore is 7", field="signalScore")
        )
        await letters.add(
            connection, [(item, BadUserInput("signalScore is 7.0; it takes 0 to 1.", field="signalScore"))]
        )
    token = await sessions.begin(
        database,
        Settings(_env_file=None, **SETTINGS),
        session_of,
        "local",
        Browser("127.0.0.1", "a browser"),
        None,
    )
    pg = await asyncpg.connect(url)
    await pg.execute("UPDATE sessions SET idle_expires_at = '2100-01-01', expires_at = '2100-01-01'")
    await pg.execute("INSERT INTO consumed_offsets VALUES ('coherence', 'signals', 0, 42)")
    await pg.execute("INSERT INTO import_progress VALUES ('\\x0102', 'chats.jsonl', 120, 100, 20)")
    await pg.close()
    return token


async def answers(ask: Client, given: dict[str, Any]) -> dict[str, Any]:
    return {name: await ask(text, **variables(given)) for name, (text, variables) in QUESTIONS.items()}


async def delete_signals_of_coach(ask: Client, given: dict[str, Any]) -> None:
    """Those of questions and answers: later versions record none, and take the stored ones away."""
    found = await ask(
        "query($c: ID!) { conversation(by: {id: $c}) { messages { edges { node { signal { id } } } } } }",
        c=given["conversations"]["lesson"],
    )
    ids = [edge["node"]["signal"]["id"] for edge in found["conversation"]["messages"]["edges"]]
    await ask("mutation($i: [ID!]!) { deleteSignals(ids: $i) { deletedCount } }", i=ids[3:])


async def main(version: str, url: str) -> None:
    database = Database(url)
    await migrations.upgrade(database)
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    settings = Settings(_env_file=None, **SETTINGS)
    app = create_app(settings, url, KEY)
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as http,
    ):
        ask = Client(http)
        given = await fill(ask, Services.of(settings, database, KEY))
        pg = await asyncpg.connect(url)
        ada = await pg.fetchval("SELECT id FROM users WHERE username = 'ada'")
        await pg.close()
        given["session"] = await by_hand(database, url, ada)
        kept = {"given": given, "answers": await answers(ask, given)}
        dump = [BIN / "pg_dump", "--no-owner", "--no-privileges", "--dbname", url]
        here = Path(__file__).parent
        dumped = await asyncio.to_thread(subprocess.run, dump, check=True, capture_output=True)
        (here / f"{version}.sql").write_bytes(dumped.stdout)
        await delete_signals_of_coach(ask, given)
        again = await answers(ask, given)
        kept["withoutCoach"] = {name: again[name] for name in again if again[name] != kept["answers"][name]}
    await database.close()
    (here / f"{version}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")


asyncio.run(main(*sys.argv[1:]))
