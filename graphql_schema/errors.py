"""Every error that leaves the server carries `extensions.code`; architecture.md lists them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionContext

from app.database.engine import is_unavailable
from app.errors import Refused, Unavailable

log = structlog.get_logger()

_VARIABLE = re.compile(r"Variable '\$(?P<variable>\w+)' has invalid value(?: at (?P<path>[^:]+))?:")
_PATH_INDEX = re.compile(r"\[(\d+)\]")


class ErrorCodes(SchemaExtension):
    """Codes for the client, details for the log."""

    def on_operation(self) -> Iterator[None]:
        yield
        self._describe(self.execution_context.result)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._describe(result)
        yield

    def _describe(self, result: Any) -> None:
        if errors := getattr(result, "errors", None):
            result.errors = [described(error, self.execution_context) for error in errors]


def described(error: GraphQLError, execution: ExecutionContext) -> GraphQLError:
    """`error` with its code, and with what a client need not know taken out."""
    if error.extensions and "code" in error.extensions:
        return error
    cause = _cause(error)
    if cause is None:
        return _recoded(error, _of_document(error, execution.graphql_document))
    if isinstance(cause, Refused):
        return _recoded(error, _of_refused(cause), cause.message)
    if is_unavailable(cause):
        return _recoded(error, {"code": Unavailable.code}, "The database cannot be reached; try again.")
    if isinstance(cause, RecursionError):
        return _recoded(error, {"code": "QUERY_TOO_COMPLEX"}, "The document is nested too deeply.")
    request_id = getattr(execution.context, "request_id", None)
    log.error("resolver failed", path=error.path, request_id=request_id, exc_info=cause)
    return _recoded(
        error,
        {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
        f"Something went wrong on the server; its log knows more under request id {request_id}.",
    )


def _cause(error: GraphQLError) -> Exception | None:
    """The exception behind a GraphQLError; None where GraphQL itself found the fault."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        if cause.message.startswith("Cannot return null for non-nullable field"):
            return RuntimeError(cause.message)
        cause = cause.original_error
    return cause


def _recoded(error: GraphQLError, extensions: dict[str, Any], message: str | None = None) -> GraphQLError:
    return GraphQLError(
        error.message if message is None else message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _of_refused(refused: Refused) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refused.code}
    if refused.field is not None:
        extensions["field"] = refused.field
    if refused.index is not None:
        extensions["index"] = refused.index
    return extensions


def _of_document(error: GraphQLError, document: DocumentNode | None) -> dict[str, Any]:
    """Syntax, validation, or a value at fault: then with the field, and the index in a list, that it stands in."""
    if isinstance(error, GraphQLSyntaxError):
        return {"code": "GRAPHQL_PARSE_FAILED"}
    if match := _VARIABLE.match(error.message):
        path = match["path"] or ""
        names = re.findall(r"\.(\w+)", path)
        extensions = {"code": "BAD_USER_INPUT", "field": names[-1] if names else match["variable"]}
        if index := _PATH_INDEX.search(path):
            extensions["index"] = int(index[1])
        return extensions
    node = error.nodes[0] if error.nodes else None
    if error.path is not None or node is None:
        return {"code": "BAD_USER_INPUT"}
    if isinstance(node, ValueNode | ObjectFieldNode) and not isinstance(node, VariableNode):
        return {"code": "BAD_USER_INPUT"} | _place_of(node, document)
    return {"code": "GRAPHQL_VALIDATION_FAILED"}


def _place_of(value: Node, document: DocumentNode | None) -> dict[str, Any]:
    """The input field or argument in which a literal stands, and the index of the list around it."""
    found: dict[str, Any] = {}

    class Find(Visitor):
        def enter(self, node: Node, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
            if node is not value:
                return None
            around = [*_nodes(ancestors), node]
            for inner, outer in zip(around[:0:-1], around[-2::-1], strict=True):
                if isinstance(outer, ListValueNode):
                    found["index"] = next(i for i, item in enumerate(outer.values) if item is inner)
            names = [n.name.value for n in around if isinstance(n, ObjectFieldNode | ArgumentNode)]
            found["field"] = names[-1] if names else None
            return self.BREAK

    if document is not None:
        visit(document, Find())
    return {key: value for key, value in found.items() if value is not None}


def _nodes(ancestors: Iterable[Any]) -> list[Node]:
    return [node for node in ancestors if isinstance(node, Node) and not isinstance(node, FieldNode)]
