"""A real server on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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
