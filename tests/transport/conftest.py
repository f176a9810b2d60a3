"""A real server on a loopback port."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.asgi import create_app
from app.realtime.hub import Hub
from app.serving import Server, config
from app.settings import Settings
from graphql_schema.http import GraphQLApp
from graphql_schema.streams import Streams
from tests.conftest import KEY

type Serve = Callable[..., AbstractAsyncContextManager["Place"]]


class Place(str):
    """host:port of a server in this process, with what is behind it."""

    __slots__ = ("graphql", "server")
    graphql: GraphQLApp
    server: Server

    @property
    def streams(self) -> Streams:
        return self.graphql.schema.streams

    @property
    def hub(self) -> Hub:
        return self.graphql.services.live.hub


@pytest.fixture
def serve(url: str) -> Serve:
    """Serves the program with the given settings; says where: host:port."""

    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[Place]:
        given = Settings(_env_file=None, **{"PORT": 0} | settings)
        accepts: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
        app = create_app(given, url, KEY)
        server = Server(config(app, given), accepts.set_result)
        task = asyncio.create_task(server.serve())
        try:
            host, port = (await accepts).getsockname()[:2]
            place = Place(f"{host}:{port}")
            place.graphql, place.server = app.state.farewell.func.__self__, server
            yield place
        finally:
            server.should_exit = True
            await task

    return serve


@pytest.fixture
async def live(serve: Serve) -> AsyncIterator[Place]:
    """Host and port of the program with its defaults."""
    async with serve() as place:
        yield place


class Redis:
    """A real one, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        arguments = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        self.process = await asyncio.create_subprocess_exec(
            "redis-server", *arguments, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    return

    async def ask(self, command: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{command}\r\n".encode())
        assert (await reader.readline()).startswith((b":", b"+"))
        writer.close()

    async def stop(self) -> None:
        self.process.kill()
        await self.process.wait()


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed, and only root can install it")
    server = Redis(tmp_path)
    await server.start()
    yield server
    await server.stop()
