"""A real server on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from app.asgi import create_app
from app.serving import Server, config
from app.settings import Settings
from tests.conftest import KEY

type Serve = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def serve(url: str) -> Serve:
    """Serves the program with the given settings; says where: host:port."""

    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[str]:
        given = Settings(_env_file=None, PORT=0, **settings)
        accepts: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
        server = Server(config(create_app(given, url, KEY), given), accepts.set_result)
        task = asyncio.create_task(server.serve())
        try:
            host, port = (await accepts).getsockname()[:2]
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
