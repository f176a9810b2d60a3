"""The floor: what a bare Starlette handler on asyncpg answers, of one SQL statement that makes the JSON as well.

No GraphQL, no validation, no logging, ids as the tables have them. Pool and server have `coherence serve`'s sizes.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.settings import Settings
from bench.data import dsn


def node(row: str, nested: str = "''", **columns: str) -> str:
    """SQL for the text of one edge. Joining texts takes PostgreSQL half the time of json_agg of rows."""
    fields = " || ',' || ".join(
        f"""'"{name}":' || coalesce(to_json({row}.{column})::text, 'null')"""
        for name, column in columns.items()
    )
    return f"""'{{"node":{{' || {fields} || {nested} || '}}}}'"""


def edges(name: str, nodes: str) -> str:
    return f"""'"{name}":{{"edges":[' || coalesce(string_agg({nodes}, ','), '') || ']}}'"""


USER = """
SELECT json_build_object('data', json_build_object('user', u))::text FROM (
    SELECT u.id, u.username, u.name, u.role, u.is_active AS "isActive", u.created_at AS "createdAt"
    FROM users u WHERE u.id = $1
) u
"""

_SIGNAL = {
    "id": "id",
    "timestamp": "time",
    "signalSource": "signal_source",
    "signalScore": "signal_score",
    "emotionalTone": "emotional_tone",
    "rawContent": "raw_content",
}

NESTED = f"""
SELECT '{{"data":{{' || {edges("users", node("u", "',' || c.page", id="id", username="username"))} || '}}}}'
FROM (SELECT * FROM users ORDER BY created_at, id LIMIT 20) u
CROSS JOIN LATERAL (
    SELECT {edges("conversations", node("c", "',' || s.page", id="id", title="title"))} AS page
    FROM (
        SELECT * FROM conversations
        WHERE user_id = u.id AND status <> 'DELETED' ORDER BY started_at, id LIMIT 10
    ) c
    CROSS JOIN LATERAL (
        SELECT {edges("signals", node("s", **_SIGNAL))} AS page
        FROM (SELECT * FROM signals WHERE conversation_id = c.id ORDER BY time, id LIMIT 20) s
    ) s
) c
"""

SIGNALS = f"""
SELECT '{{"data":{{' || {
    edges("signals", node("s", **_SIGNAL, contextWindowId="context_window_id", escalateFlag="escalate_flag"))
} || '}}}}'
FROM (
    SELECT s.*, c.context_window_id FROM signals s JOIN conversations c ON c.id = s.conversation_id
    WHERE c.status <> 'DELETED' ORDER BY s.time, s.id LIMIT 1000
) s
"""

CREATE = """
INSERT INTO signals (time, conversation_id, signal_source, signal_score, emotional_tone, raw_content)
SELECT now(), c.id, $2, $3, $4, $5 FROM conversations c WHERE c.context_window_id = $1 AND c.status <> 'DELETED'
RETURNING json_build_object('data', json_build_object('createSignal', json_build_object('id', id)))::text
"""


def create_app(url: str) -> Starlette:
    pool: asyncpg.Pool

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        nonlocal pool
        size = Settings(_env_file=None).pool_size
        # Without the query by which asyncpg resets a connection after each use: the floor is as low as it gets.
        async with asyncpg.create_pool(**dsn(url), min_size=size, max_size=size, reset=_nothing) as pool:
            yield

    def json(text: str) -> Response:
        return Response(text, media_type="application/json")

    async def user(request: Request) -> Response:
        return json(await pool.fetchval(USER, request.path_params["id"]))

    async def nested(_: Request) -> Response:
        return json(await pool.fetchval(NESTED))

    async def signals(_: Request) -> Response:
        return json(await pool.fetchval(SIGNALS))

    async def create(request: Request) -> Response:
        given = orjson.loads(await request.body())
        names = ("contextWindowId", "signalSource", "signalScore", "emotionalTone", "rawContent")
        return json(await pool.fetchval(CREATE, *(given[name] for name in names)))

    routes = [
        Route("/Q1/{id:uuid}", user),
        Route("/Q2", nested),
        Route("/Q3", signals),
        Route("/M1", create, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def _nothing(_: object) -> None: ...


class Server(uvicorn.Server):
    async def startup(self, sockets: list[object] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print("http://{}:{}".format(*self.servers[0].sockets[0].getsockname()), flush=True)


if __name__ == "__main__":
    config = uvicorn.Config(
        create_app(sys.argv[1]), port=0, log_config=None, access_log=False, server_header=False
    )
    asyncio.run(Server(config).serve())
