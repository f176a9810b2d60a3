"""A real server on a loopback port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvicorn

from app.asgi import create_app
from app.settings import Settings
from tests.conftest import KEY

type Serve = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def serve(url: str) -> Serve:
    """Serves the program with the given settings; says where: host:port."""

    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[str]:
        app = create_app(Settings(_env_file=None, **settings), url, KEY)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
        task = asyncio.create_task(server.serve())
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            host, port = server.servers[0].sockets[0].getsockname()[:2]
            yield f"{host}:{port}"
        finally:
            server.should_exit = True
            await task

    return serve


@pytest.fixture
async def live(serve: Serve) -> AsyncIterator[str]:
    """Host and port of the program with its defaults."""
    async with serve() as place:
        yield place
