"""One log line a request, and an id that the client is told as well."""

import re
from random import getrandbits
from time import perf_counter

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observability.statistics import Statistics
from app.refusals import internal_failure

log = structlog.get_logger()

_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def new_request_id() -> str:
    """Return an id for a request that brings none, or for one of our own."""
    return f"{getrandbits(128):032x}"


class RequestLog:
    """Pure-ASGI middleware. `X-Request-Id` is taken from the request where it is a plain word, else made."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode() if _GIVEN.fullmatch(given) else new_request_id()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        began, status = perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)  # of this request's own task
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            log.info(
                "request",
                method=scope.get("method", "WEBSOCKET"),
                path=scope["path"],
                status=status,
                duration_ms=round((perf_counter() - began) * 1_000, 2),
            )


class Failures:
    """Pure-ASGI middleware. What nobody expected is logged, counted, and answered with JSON, on every path."""

    def __init__(self, app: ASGIApp, statistics: Statistics) -> None:
        self.app = app
        self._statistics = statistics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            raise
        except Exception as error:
            self._statistics.request_failed()
            request_id = scope["state"]["request_id"]
            log.exception("request failed", path=scope["path"], request_id=request_id, exc_info=error)
            if begun:  # it cannot be answered otherwise any more: the connection breaks off
                raise
            await internal_failure(request_id)(scope, receive, send)
