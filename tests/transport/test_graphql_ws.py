"""Subscriptions as the npm package graphql-ws has them, in Node."""

import asyncio
import json
import os
import signal
import socket
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.transport.following import at_rest, store

WEB = Path(__file__).parents[2] / "app" / "web"
NODE = Path(__file__).parents[2] / ".venv" / "bin" / "node"

pytestmark = pytest.mark.skipif(
    not (WEB / "node_modules" / "graphql-ws").is_dir(), reason="graphql-ws is not installed: make setup"
)


@asynccontextmanager
async def client(place, what):
    """A function that gives what the client tells next, until it has ended."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        "tests/live.ts",
        f"ws://{place}/graphql",
        what,
        cwd=WEB,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # the venv's node is a script that starts another one
    )

    async def told():
        async with asyncio.timeout(10):
            return json.loads(await process.stdout.readline())

    try:
        yield told
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def connected(told):
    """Until it is; with which codes it was closed before."""
    codes = set()
    while (event := await told()) != "connected":
        codes.add(event["closed"])
    return codes


def drift(told):
    reading = told["driftUpdates"]
    return reading["sequence"], reading["newSignalCount"]


async def test_readings_come_and_end_with_the_client(live):
    await store(live, ("a", 0.9))
    async with client(live, "drift") as told:
        assert await told() == "connected"
        assert drift(await told()) == (1, 0)
        await store(live, ("a", 0.1), ("a", 0.2))
        assert drift(await told()) == (2, 2)
    await at_rest(live)


async def test_a_query_is_answered_and_complete(live):
    async with client(live, "query") as told:
        assert await told() == "connected"
        assert await told() == {"__typename": "Query"}
        assert await told() == "complete"


async def test_refusals_have_codes(live):
    async with client(live, "refused") as told:
        await connected(told)
        assert await told() == {"refused": ["NOT_FOUND"]}
        assert await told() == "complete"
        await connected(told)
        assert await told() == {"refused": ["GRAPHQL_VALIDATION_FAILED"]}
    await at_rest(live)


async def test_the_client_comes_back_by_itself_when_the_server_does(serve, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with client(f"127.0.0.1:{port}", "drift") as told:
        for codes in ({1006}, {1001, 1006}):
            async with serve(PORT=port):
                assert await connected(told) <= codes
                assert drift(await told()) == (1, 0)
