"""A query that the database takes long over ends by itself, or with its client, and holds up nobody else."""

import asyncio
from contextlib import asynccontextmanager

import httpx2
import pytest

PLANNED = "{ conversations { edges { node { id } } } }"
EXECUTED = "{ conversations { edges { node { id shareEnabled } } } }"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%sort_value%'
"""
"""How many pages of rows wait for a lock."""


@asynccontextmanager
async def blocked(pg):
    """Conversations cannot be read while the block runs."""
    async with pg.transaction():
        await pg.execute("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
        yield


async def post(place, query, seconds=30.0):
    async with httpx2.AsyncClient(timeout=seconds) as http:
        return (await http.post(f"http://{place}/graphql", json={"query": query})).json()


async def until(pg, waiting):
    async with asyncio.timeout(10):
        while await pg.fetchval(WAITING) != waiting:
            await pg.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")


@pytest.mark.parametrize("query", [PLANNED, EXECUTED])
async def test_a_statement_may_take_so_long_and_no_longer(serve, pg, query):
    async with serve(COHERENCE_READ_TIMEOUT="1", COHERENCE_POOL_SIZE="2") as place, blocked(pg):
        for _ in range(2):
            body = await post(place, query)
            assert body["data"] in (None, {"conversations": None})
            (error,) = body["errors"]
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
            assert "too long" in error["message"]
        # Of two connections none is left behind.
        assert (await post(place, "{ users { totalCount } }"))["data"] == {"users": {"totalCount": 0}}


@pytest.mark.parametrize("query", [PLANNED, EXECUTED])
async def test_a_query_ends_with_its_client(serve, pg, query):
    async with serve(COHERENCE_POOL_SIZE="2") as place, blocked(pg):
        for _ in range(3):
            asking = asyncio.create_task(post(place, query))
            await until(pg, 1)
            asking.cancel()
            await until(pg, 0)
        assert (await post(place, "{ users { totalCount } }"))["data"] == {"users": {"totalCount": 0}}


async def test_a_mutation_is_carried_out_whether_or_not_its_client_stays(serve, pg):
    async with serve() as place:
        async with blocked(pg):
            create = 'mutation { createConversation(input: {contextWindowId: "kept"}) { id } }'
            with pytest.raises(httpx2.TimeoutException):
                await post(place, create, seconds=1)
        async with asyncio.timeout(10):
            while await pg.fetchval("SELECT count(*) FROM conversations") == 0:
                await pg.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")
