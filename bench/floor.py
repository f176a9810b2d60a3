"""The floor: what a bare Starlette handler on asyncpg answers, of one SQL statement that makes the JSON as well.

No GraphQL, no validation, no logging, ids as the tables have them. Pool and server have `coherence serve`'s sizes.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.settings import Settings
from bench.data import dsn

type Endpoint = Callable[[Request], Awaitable[Response]]


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


def nested(users: int, signal: dict[str, str]) -> str:
    """So many users, 10 conversations of each, 20 signals of each."""
    return f"""
SELECT '{{"data":{{' || {edges("users", node("u", "',' || c.page", id="id", username="username"))} || '}}}}'
FROM (SELECT * FROM users ORDER BY created_at, id LIMIT {users}) u
CROSS JOIN LATERAL (
    SELECT {edges("conversations", node("c", "',' || s.page", id="id", title="title"))} AS page
    FROM (
        SELECT * FROM conversations
        WHERE user_id = u.id AND status <> 'DELETED' ORDER BY started_at, id LIMIT 10
    ) c
    CROSS JOIN LATERAL (
        SELECT {edges("signals", node("s", **signal))} AS page
        FROM (SELECT * FROM signals WHERE conversation_id = c.id ORDER BY time, id LIMIT 20) s
    ) s
) c
"""


NESTED = nested(20, _SIGNAL)
FALLS_BACK = nested(5, _SIGNAL | {"signalVector": "signal_vector"})

SIGNALS = f"""
SELECT '{{"data":{{' || {
    edges("signals", node("s", **_SIGNAL, contextWindowId="context_window_id", escalateFlag="escalate_flag"))
} || '}}}}'
FROM (
    SELECT s.*, c.context_window_id FROM signals s JOIN conversations c ON c.id = s.conversation_id
    WHERE c.status <> 'DELETED' ORDER BY s.time, s.id LIMIT 1000
) s
"""


def windows(name: str, page: str) -> str:
    """Drift of the 50 conversations that started first; `page` is SQL for the text of one's windows w."""
    return f"""
SELECT '{{"data":{{"conversations":{{"edges":[' || string_agg(
    '{{"node":{{"coherence":{{"{name}":' || w.page || '}}}}}}', ',' ORDER BY c.started_at, c.id) || ']}}}}}}'
FROM (SELECT * FROM conversations WHERE status <> 'DELETED' ORDER BY started_at, id LIMIT 50) c
CROSS JOIN LATERAL (
    SELECT {page} AS page
    FROM (
        SELECT *, CASE WHEN "signalCount" > 1 THEN least(1, 4 * variance) END AS "driftScore"
        FROM (
            SELECT bucket AS "windowStart", sum(n::float8) AS "signalCount",
                sum(s1) / sum(n::float8) + 0.5 AS mean,
                greatest(0, sum(s2) / sum(n::float8) - (sum(s1) / sum(n::float8)) ^ 2) AS variance
            FROM signal_rollup_5m WHERE conversation_id = c.id AND bucket >= $1 AND bucket < $2
            GROUP BY bucket ORDER BY bucket
        ) sums
    ) w
) w
"""


# Of numbers alone, json_agg of rows is the fastest.
OBJECTS = windows("driftMetrics", "json_agg(w)::text")
_COLUMNS = " || ',' || ".join(
    f"""'"{name}":' || to_json(array_agg(w."{name}"))::text"""
    for name in ("windowStart", "signalCount", "mean", "variance", "driftScore")
)
COLUMNS = windows("series", f"'{{' || {_COLUMNS} || '}}'")

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

    def constant(statement: str) -> Endpoint:
        async def answer(_: Request) -> Response:
            return json(await pool.fetchval(statement))

        return answer

    def ranged(statement: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            start, end = (datetime.fromisoformat(request.query_params[name]) for name in ("start", "end"))
            return json(await pool.fetchval(statement, start, end))

        return answer

    async def create(request: Request) -> Response:
        given = orjson.loads(await request.body())
        names = ("contextWindowId", "signalSource", "signalScore", "emotionalTone", "rawContent")
        return json(await pool.fetchval(CREATE, *(given[name] for name in names)))

    routes = [
        Route("/Q1/{id:uuid}", user),
        Route("/Q2", constant(NESTED)),
        Route("/Q3", constant(SIGNALS)),
        Route("/Q4/driftMetrics", ranged(OBJECTS)),
        Route("/Q4/series", ranged(COLUMNS)),
        Route("/F", constant(FALLS_BACK)),
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
