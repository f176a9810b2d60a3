"""What happens around every operation, on whichever transport it came."""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import structlog
from strawberry.extensions import SchemaExtension

log = structlog.get_logger()


class FreshContext(SchemaExtension):
    """Loaders of its own for every operation: one WebSocket has one context for all of them."""

    def on_operation(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context = replace(execution.context, loaders={})
        yield

    def on_stream_result(self, result: object) -> Iterator[None]:
        self.execution_context.context.loaders.clear()
        yield


class OperationLog(SchemaExtension):
    """One log line an operation, and the server's statistics: its name and outcome, never its values."""

    def on_operation(self) -> Iterator[None]:
        began = perf_counter()
        yield
        execution = self.execution_context
        milliseconds = (perf_counter() - began) * 1_000
        codes = sorted(
            {
                (error.extensions or {}).get("code", "INTERNAL_SERVER_ERROR")
                for error in getattr(execution.result, "errors", None) or ()
            }
        )
        failed = not {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"}.isdisjoint(codes)
        context = execution.context
        context.services.statistics.count(milliseconds, failed=failed)
        log.info(
            "operation",
            operation=execution.operation_name,
            request_id=context.request_id,
            duration_ms=round(milliseconds, 2),
            outcome=",".join(codes) or "OK",
        )
