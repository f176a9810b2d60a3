"""How uvicorn serves the program, in this process or in a worker."""

import gc
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from app.coherence.forecast import warm_up
from app.protocols import protocols
from app.settings import Settings

PATIENCE = 10
"""Seconds that requests have to end in when the server ends."""


class Server(uvicorn.Server):
    """Calls `accepts`, with the first of its sockets, once it does."""

    def __init__(self, config: uvicorn.Config, accepts: Callable[[socket.socket], None]) -> None:
        super().__init__(config)
        self._accepts = accepts

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._accepts(self.servers[0].sockets[0])
            # A second of imports, which the first forecast would wait for. Nobody waits for it at the end.
            Thread(target=_warm_up, daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self.started:
            await self.config.app.state.farewell()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def _warm_up() -> None:
    warm_up()
    gc.freeze()  # 80 000 objects that stay


def config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    http, websocket = protocols(settings.stalled_seconds, settings.pong_seconds)
    return uvicorn.Config(
        app,
        http=http,
        ws=websocket,
        ws_ping_interval=settings.ping_seconds,
        ws_ping_timeout=settings.pong_seconds,
        ws_per_message_deflate=False,  # it doubles what a connection takes
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        log_config=None,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=PATIENCE,
    )


def tell(listening: socket.socket) -> None:
    """Says where to click."""
    host, port = listening.getsockname()[:2]
    place = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Coherence listens on {place}", f"Dashboard: {place}/", f"GraphiQL:  {place}/graphql"]
    print("", *(f"  {line}" for line in lines), "", sep="\n", flush=True)  # noqa: T201


def serve(settings: Settings, url: str, key: str) -> None:
    """Until a signal ends it. `url` is of a database that is ready, `key` that of the personal data."""
    with suppress(KeyboardInterrupt):  # Ctrl-C: everything has been shut down, and it is handed on
        if settings.workers > 1:
            from app.workers import supervise

            supervise(settings, url, key)
        else:
            from app.asgi import create_app

            Server(config(create_app(settings, url, key), settings), tell).run()
