"""What happens around every operation, on whichever transport it came."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

import structlog
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

log = structlog.get_logger()

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,99}")


class FreshContext(SchemaExtension):
    """Loaders and a clock of its own for every operation: one WebSocket has one context for all of them.

    What a mutation answers is what it has just written, and a subscription follows the newest.
    """

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context = replace(
            execution.context, loaders={}, lists={}, arrivals=None, now=datetime.now(UTC)
        )
        yield

    def on_execute(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context.newest = execution.operation_type is not OperationType.QUERY
        yield

    def on_stream_result(self, result: object) -> Iterator[None]:
        context = self.execution_context.context
        context.loaders.clear()
        context.arrivals = None
        context.now = datetime.now(UTC)
        yield


class OperationLog(SchemaExtension):
    """One log line an operation, and the server's statistics: its name and outcome, never its values."""

    def on_operation(self) -> Iterator[None]:
        began = perf_counter()
        fault: str | None = "INTERNAL_SERVER_ERROR"
        try:
            yield
            fault = None
        except GeneratorExit:  # a stream that was refused: nobody asks what comes after the reason
            fault = None
            raise
        except (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError):
            fault = "GRAPHQL_VALIDATION_FAILED"
            raise
        finally:
            self._log((perf_counter() - began) * 1_000, fault)

    def _log(self, milliseconds: float, fault: str | None) -> None:
        execution = self.execution_context
        errors = getattr(execution.result, "errors", None) or ()
        codes = {(error.extensions or {}).get("code", "INTERNAL_SERVER_ERROR") for error in errors}
        if fault is not None:
            codes = {fault}
        failed = not {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"}.isdisjoint(codes)
        context = execution.context
        context.services.statistics.count(milliseconds / 1_000, failed=failed)
        name = execution.operation_name
        log.info(
            "operation",
            operation=name if name and _NAME.fullmatch(name) else None,
            request_id=context.request_id,
            duration_ms=round(milliseconds, 2),
            outcome=",".join(sorted(codes)) or "OK",
        )
