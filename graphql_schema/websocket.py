"""GraphQL over WebSocket: graphql-transport-ws."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from app.errors import RateLimited
from graphql_schema.context import Context
from graphql_schema.documents import StandIn, has_document
from graphql_schema.errors import of_refused
from graphql_schema.schema import Schema


class Socket(ASGIWebSocketAdapter):
    """A WebSocket that may have been closed meanwhile, by another task, the client or the server: whatever is still in
    hand for it then is nothing to do, and no fault.
    """

    async def send_json(self, message: Mapping[str, object]) -> None:
        text = self.view.encode_json_string(message)
        try:
            await self.ws.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self.ws.close(code=code, reason=reason)


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Closes the socket of a client that does not keep to the protocol, where Strawberry's would fail."""

    _watch: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: Any) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._watch is None and self.context.viewer.credential:
            self._watch = asyncio.create_task(self._end_with_viewer())

    async def _end_with_viewer(self) -> None:
        """A socket does not outlive the session or key that it was opened with."""
        with self.context.services.auth.hold(self.context.viewer) as ended:
            await ended.wait()
            await self.websocket.close(code=4403, reason="The session or API key has ended")
            await super().shutdown()

    async def shutdown(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await super().shutdown()

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):  # whoever was to get something has left
            await super().handle_task_exception(error)

    async def handle_subscribe(self, message: Any) -> None:
        most = self.max_subscriptions_per_connection
        payload = message["payload"]
        payload["query"] = await cast(Schema, self.schema).documents.resolve(payload)
        if isinstance(payload["query"], StandIn):
            payload["operationName"] = None
        payload["operationName"] = payload.get("operationName") or None
        known = not self.connection_acknowledged or message["id"] in self.operations
        if known or most is None or len(self.operations) < most:
            await super().handle_subscribe(message)
        else:
            error = of_refused(RateLimited(f"{most} operations of this socket are running already."))
            await self.send_message({"type": "error", "id": message["id"], "payload": [error.formatted]})

    async def handle_message(self, message: Any) -> None:
        if _is_message(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("Failed to parse message")


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] not in {"subscribe", "complete"}:
        return True
    payload = message.get("payload")
    return isinstance(message.get("id"), str) and (
        message["type"] == "complete"
        or (
            isinstance(payload, dict)
            and has_document(payload)
            and isinstance(payload.get("variables"), dict | None)
            and isinstance(payload.get("operationName"), str | None)
        )
    )
