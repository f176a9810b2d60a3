"""What happens around every operation, on whichever transport it came."""

import asyncio
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from time import perf_counter

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from graphql_schema.context import ATTEMPT, BATCH_ROWS, READING, Asked, Attempt, Context

log = structlog.get_logger()

BAD_REQUEST = "BAD_REQUEST"
"""Code of what is at fault in how something is asked, and not in what is."""

CLIENT_LEFT = "CLIENT_CLOSED_REQUEST"
"""Outcome of a query that nobody waits for any more."""

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")


class FreshContext(SchemaExtension):
    """Loaders and a clock of its own for every operation: one WebSocket has one context for all of them.

    What a mutation answers is what it has just written, and a subscription follows the newest.
    """

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context = replace(
            execution.context,
            loaders={},
            lists={},
            reading=set(),
            arrivals=None,
            asked=None,
            cost={},
            duplicates=[],
            # The one that its request has begun with; each of a WebSocket's, and of a batch, has its own.
            attempt=execution.context.request.pop(ATTEMPT, None) or Attempt(),
        )
        try:
            yield
        finally:
            for task in tuple(execution.context.reading):
                task.cancel()

    def on_execute(self) -> Iterator[None]:
        execution = self.execution_context
        context, reading = execution.context, execution.operation_type is OperationType.QUERY
        context.newest = not reading
        # Of a list of operations nothing is left off: the request's others may write.
        context.request[READING] = reading and BATCH_ROWS not in context.request
        name = execution._provided_operation_name  # noqa: SLF001 - told by nothing else
        context.asked = Asked(execution.query or "", name, execution.variables or {})
        yield

    def on_stream_result(self, result: object) -> Iterator[None]:
        context = self.execution_context.context
        context.loaders.clear()
        context.arrivals = None
        context.now = context.clock = None
        yield


class Carried(SchemaExtension):
    """Refuses a subscription that its transport cannot carry, once it is known that its viewer may ask for it."""

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        subscribes = execution.operation_type is OperationType.SUBSCRIPTION
        if subscribes and not execution.context.streams and not execution.pre_execution_errors:
            fault = "Subscriptions come over WebSocket, or as a stream with Accept: text/event-stream."
            execution.pre_execution_errors = [GraphQLError(fault, extensions={"code": BAD_REQUEST})]
        yield


class OperationLog(SchemaExtension):
    """One log line an operation, and the server's statistics: its name and outcome, never its values."""

    def on_operation(self) -> Iterator[None]:
        began = perf_counter()
        fault: str | None = "INTERNAL_SERVER_ERROR"
        try:
            yield
            fault = None
        except asyncio.CancelledError:  # its client has left
            fault = CLIENT_LEFT
            raise
        except GeneratorExit:  # a stream that was refused: nobody asks what comes after the reason
            fault = None
            raise
        except (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError):
            fault = "GRAPHQL_VALIDATION_FAILED"
            raise
        finally:
            self._log(perf_counter() - began, fault)

    def _log(self, seconds: float, fault: str | None) -> None:
        execution = self.execution_context
        errors = getattr(execution.result, "errors", None) or ()
        codes = {(error.extensions or {}).get("code", "INTERNAL_SERVER_ERROR") for error in errors}
        tell(execution.context, execution.operation_name, seconds, codes if fault is None else {fault})


def tell(context: Context, name: str | None, seconds: float, codes: Collection[str] = ()) -> None:
    """Logs and counts one operation; `codes` are those of its errors."""
    failed = not {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"}.isdisjoint(codes)
    context.services.statistics.count(seconds, failed=failed)
    log.info(
        "operation",
        operation=name if name and _NAME.fullmatch(name) else None,
        request_id=context.request_id,
        duration_ms=round(seconds * 1_000, 2),
        outcome=",".join(sorted(codes)) or "OK",
    )
