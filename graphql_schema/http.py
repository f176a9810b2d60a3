"""GraphQL over HTTP, as the GraphQL-over-HTTP specification asks for it; WebSockets: graphql_schema/websocket.py."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, cast

import msgspec
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData, GraphQLRequestProtocol
from strawberry.http.streaming import SSETransport
from strawberry.http.types import QueryParams
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult, SubscriptionExecutionResult
from strawberry.types.unset import UnsetType

from app.auth.viewer import NOBODY
from app.errors import Refused
from app.media_types import JSON
from app.rates import address_of
from app.realtime.feed import Feed
from app.services import Services
from graphql_schema.batches import REFUSED, Body, read_request
from graphql_schema.context import ATTEMPT, Asked, Attempt, Context
from graphql_schema.documents import StandIn
from graphql_schema.door import changes, sees_schema
from graphql_schema.encoding import to_json
from graphql_schema.leaving import LeftOff
from graphql_schema.limits import Size, cost_of
from graphql_schema.negotiation import (
    ANSWERS,
    EVENTS,
    GRAPHQL_RESPONSE,
    PRIVATE,
    EventStream,
    answered_in,
    wants_page,
)
from graphql_schema.operations import BAD_REQUEST, CLIENT_LEFT, tell
from graphql_schema.plans import Answered, Plans, Reading, report_failure, run
from graphql_schema.request_body import decode_slowly, receiver
from graphql_schema.schema import Schema
from graphql_schema.websocket import Socket, WebSocketHandler

_STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
    "INTERNAL_SERVER_ERROR": 500,
    "PERSISTED_QUERY_NOT_FOUND": 200,
    "PERSISTED_QUERY_NOT_SUPPORTED": 200,
}

_KINDS: Final = {str: "string", dict: "object"}

CLIENT_CLOSED_REQUEST = 499


class NotAllowed(HTTPException):
    """405: the operation is not run by this method; `allow` has those by which it is."""

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(405, message)
        self.allow = allow


class GraphQLApp(GraphQL[Context, None]):
    """The view at /graphql; `page` makes what a browser gets there."""

    schema: Schema

    graphql_transport_ws_handler_class = WebSocketHandler
    websocket_adapter_class = Socket

    def __init__(self, schema: Schema, services: Services, page: Callable[[], Response]) -> None:
        settings = services.settings
        super().__init__(
            schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            allowed_origins=sorted(settings.own_origins),
            connection_init_wait_timeout=timedelta(seconds=settings.init_seconds),
            max_subscriptions_per_connection=settings.max_subscriptions,
        )
        self._events = EventStream(settings.ping_seconds)
        self._stream_transport_map[SSETransport.protocol] = self._events
        self._ending = asyncio.Event()
        self.services = services
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        began = perf_counter()
        response = Response(status_code=CLIENT_CLOSED_REQUEST)  # which the log is told, and nobody else
        request = Request(scope, receive)
        try:
            request = Request(scope, receiver(scope, receive, self.services.settings.max_body))
            with LeftOff(scope["state"], receive):
                response = await self._planned(request) or await self.run(request)
        except HTTPException as error:
            response = self._refusal(request, error)
        except ClientDisconnect:  # before its request was whole
            pass
        except Exception:  # told by who answers for all paths
            self.services.statistics.count(perf_counter() - began, failed=True)
            raise
        await self._send(response, scope, receive, send)

    async def _planned(self, request: Request) -> Response | None:
        """By a plan that is known, without what the same operation has been through before; None where there is none,
        or it does not answer.
        """
        attempt, state = Attempt(), request.state
        setattr(state, ATTEMPT, attempt)
        context = Context(
            self.services, state.request_id, state.viewer, address_of(request.scope), attempt=attempt
        )
        try:
            return await self._by_known_plan(request, context)
        except (HTTPException, ClientDisconnect):  # of the request itself
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the operation can be executed
            attempt.planned, attempt.failure = True, error
            report_failure(context, None, error)
            return None

    async def _by_known_plan(self, request: Request, context: Context) -> Response | None:
        began = perf_counter()
        plans, state = self.schema.plans, request.state
        asked = await self._asked(request, plans) if plans else None
        plan = plans.known(asked, state.viewer.rights) if plans and asked else None
        if plan is None:
            return None
        state.reading = isinstance(plan, Reading)
        context.asked = asked
        try:
            await context.charge(plan.about.rows)
        except Refused:  # told by the executor, and not charged again
            return None
        try:
            found = await run(plan, context)
        except asyncio.CancelledError:
            tell(context, plan.about.name, perf_counter() - began, {CLIENT_LEFT})
            raise
        if not isinstance(found, Answered):
            return None
        tell(context, plan.about.name, perf_counter() - began)
        body = b"".join((b'{"data":', *found.pieces, plan.about.end))
        return Response(body, headers=PRIVATE, media_type=f"{answered_in(request.headers)}; charset=utf-8")

    async def _asked(self, request: Request, plans: Plans) -> Asked | None:
        """What a request for JSON asks, as it is asked most of the time, if it has had a plan before; None where it
        takes a closer look. A list that makes no other plan is still text.
        """
        if request.method != "POST" or answered_in(request.headers) in {None, EVENTS}:
            return None
        try:
            body = msgspec.json.decode(await request.body(), type=Body)
            query = await self.schema.documents.resolve(msgspec.structs.asdict(body))
        except REFUSED:
            return None
        if type(query) is not str:  # none, or one that is not known or offered by its hash
            return None
        name = body.operationName or None
        free = plans.free_of(query, name, request.state.viewer.rights)
        if free is None:
            return None
        try:
            variables = {
                name: text
                if name in free and bytes(memoryview(text)[:1]) == b"["
                else msgspec.json.decode(text)
                for name, text in (body.variables or {}).items()
            }
        except REFUSED:
            return None
        return Asked(query, name, variables)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        state = request.state
        return Context(
            self.services,
            state.request_id,
            state.viewer,
            address_of(request.scope),
            as_json=True,
            request=request.scope["state"],
            streams=isinstance(request, WebSocket) or answered_in(request.headers) == EVENTS,
        )

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """A key in connection_init takes the place of the handshake's session."""
        given = {name.lower(): value for name, value in (context.connection_params or {}).items()}
        if "authorization" in given:
            try:
                context.viewer = await self.services.auth.by_authorization(given["authorization"])
            except Refused:
                raise ConnectionRejectionError from None
            if context.viewer == NOBODY:
                raise ConnectionRejectionError
        return await super().on_ws_connect(context)

    def should_render_graphql_ide(self, request: Any) -> bool:
        return (
            request.method == "GET"
            and not {"query", "documentId", "extensions"} & set(request.query_params)
            and wants_page(request.headers)
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        if not sees_schema(request.state.viewer, self.services.settings):
            raise HTTPException(404, "There is no page here.")
        return self.page()

    async def farewell(self, feed: Feed) -> None:
        """Before connections are closed: those who follow something get what is due, and streams of events end."""
        await feed.close()
        await self.schema.streams.settle(self.services.live)
        self._ending.set()

    async def _send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream of events ends with the server, or with who asked for it, and without the event that would say that
        it is complete.
        """
        if not isinstance(response, StreamingResponse):
            await response(scope, receive, send)
            return
        with self.services.auth.hold(scope["state"]["viewer"]) as ended:
            sending = asyncio.create_task(response(scope, receive, send))
            endings = [asyncio.create_task(event.wait()) for event in (self._ending, ended)]
            try:
                await asyncio.wait((sending, *endings), return_when=asyncio.FIRST_COMPLETED)
                if not sending.done():
                    sending.cancel()
                    await asyncio.wait((sending,))
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                else:
                    sending.result()
            finally:
                for task in (sending, *endings):
                    task.cancel()

    def _get_stream_transport_from_headers(self, headers: Any) -> SSETransport | None:
        return self._events if answered_in(headers) == EVENTS else None

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = answered_in(request.headers)
        return response

    async def execute_operation(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Context,
        root_value: None,
        sub_response: Response,
    ) -> ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult:
        """Run it, but by GET nothing that stores or costs something, whatever its type: any page of another site can
        have a browser send that.
        """
        if request.method == "GET" and isinstance(request_data, GraphQLRequestData):
            what = changes(request_data.query or "", request_data.operation_name, self.services.settings)
            if what is not None:
                raise NotAllowed(
                    f"{what} is not run by GET, as it stores or costs something: use POST.", "POST"
                )
        if isinstance(request_data, list):
            request.state.batch_rows = 0
        return await super().execute_operation(
            request, request_adapter, request_data, context, root_value, sub_response
        )

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        status, body = 200, response_data
        if isinstance(body, dict) and body.get("data") is None and not _ran(body):
            # Refused before anything ran: there is no data, not even null.
            body = {key: value for key, value in body.items() if key != "data"}  # type: ignore[assignment]
            status = _status(body, sub_response.media_type)
        seconds = _seconds_to_wait(body)
        return Response(
            self.encode_json(body),
            status,
            headers={**PRIVATE, "Retry-After": str(seconds)} if seconds else PRIVATE,
            media_type=f"{sub_response.media_type}; charset=utf-8",
        )

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        kind = answered_in(cast(Headers, request.headers))
        if kind is None:
            raise HTTPException(406, f"Accept takes none of {', '.join(ANSWERS)}, which there is.")
        if request.method == "POST" and kind != EVENTS:
            read = await read_request(await request.get_body(), self.schema.readers)
            if read is not None:
                await self._find_document(read, {})
                return read
        data = await super().parse_http_body(request)
        told = request.query_params if request.method == "GET" else self.parse_json(await request.get_body())
        if isinstance(data, GraphQLRequestData):
            await self._find_document(data, told)
        else:
            for operation, item in zip(data, told, strict=True):
                await self._find_document(operation, item)
        return data

    async def _find_document(self, operation: GraphQLRequestData, told: Mapping[str, Any]) -> None:
        """Have `operation` hold the document that it names in place of one; `told` is what the client has sent."""
        if not isinstance(operation.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be a string or null, if provided.")
        operation.query = await self.schema.documents.resolve(
            {
                "query": operation.query,
                "documentId": told.get("documentId"),
                "extensions": operation.extensions,
            }
        )
        stands_in = isinstance(operation.query, StandIn)
        operation.operation_name = None if stands_in else operation.operation_name or None

    def _validate_batch_request(self, request_data: list[Any], protocol: GraphQLRequestProtocol) -> None:
        """Refuse a list of operations that is too long, or of which one is none."""
        most = self.services.settings.max_operations
        if not most:
            raise HTTPException(400, "This server takes one operation a request, not a list of them.")
        if protocol != "http":
            raise HTTPException(400, "A stream of events answers one operation, not a list of them.")
        if len(request_data) > most:
            raise HTTPException(
                400, f"The request has {len(request_data)} operations; it takes up to {most}."
            )
        for index, item in enumerate(request_data):
            if not isinstance(item, dict):
                raise HTTPException(400, f"Operation {index} of the request is no object.")
            for name, kind in (("query", str), ("variables", dict), ("extensions", dict)):
                if not isinstance(item.get(name), kind | None):
                    raise HTTPException(
                        400, f"`{name}` of operation {index} of the request is no {_KINDS[kind]}."
                    )

    def parse_query_params(self, params: QueryParams) -> dict[str, Any]:
        """Read the parameters of a GET; one that is empty is as if it were left out."""
        return super().parse_query_params({name: value for name, value in params.items() if value})

    def parse_json(self, data: str | bytes) -> Any:
        try:
            value = self.decode_json(data)
        except json.JSONDecodeError as error:
            raise HTTPException(400, f"The request is not JSON: {error.msg}.") from None
        if not isinstance(value, dict | list | None):
            raise HTTPException(400, "The request's JSON must be an object.")
        return value or {}

    def decode_json(self, data: str | bytes) -> object:
        """JSONDecodeError for everything that cannot be read: all transports know it."""
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return decode_slowly(data)

    def _refusal(self, request: Request, refusal: HTTPException) -> Response:
        """Answer a request that is not run as GraphQL at all."""
        kind = answered_in(request.headers)
        code = "PAYLOAD_TOO_LARGE" if refusal.status_code == 413 else BAD_REQUEST
        body = {
            "errors": [{"message": refusal.reason, "extensions": {"code": code}}],
            "extensions": {"cost": cost_of(Size(), self.services.settings)},
        }
        allow = refusal.allow if isinstance(refusal, NotAllowed) else "GET, POST"
        return Response(
            self.encode_json(body),
            refusal.status_code,
            headers={**PRIVATE, "Allow": allow} if refusal.status_code == 405 else PRIVATE,
            media_type=GRAPHQL_RESPONSE if kind == GRAPHQL_RESPONSE else JSON,
        )

    def encode_json(self, data: object) -> str:
        """Text: bytes would go out as a binary WebSocket frame."""
        return to_json(data)


def _ran(body: Mapping[str, Any]) -> bool:
    """Whether an error belongs to a field: then the operation ran."""
    return any(error.get("path") for error in body.get("errors") or ())


def _status(body: Mapping[str, Any], media_type: str | None) -> int:
    """Of a response without data. In plain JSON only what is no fault of the document has another status than 200."""
    codes = {(error.get("extensions") or {}).get("code") for error in body.get("errors") or ()}
    if BAD_REQUEST in codes:
        return 406
    if media_type != GRAPHQL_RESPONSE:
        return 200
    return next((status for code, status in _STATUSES.items() if code in codes), 400)


def _seconds_to_wait(body: Any) -> int:
    """Of what came too soon; 0 where nothing did."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return max(((error.get("extensions") or {}).get("retryAfter", 0) for error in errors or ()), default=0)
