"""Every error that leaves the server carries `extensions.code`; architecture.md lists them."""

import re
from typing import Any

import structlog
from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    Node,
    ObjectFieldNode,
    VariableNode,
    Visitor,
    visit,
)
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.database.engine import is_unavailable, reason_of
from app.errors import RateLimited, Refused, Unavailable
from app.refusals import internal_error

log = structlog.get_logger()

LONGEST_MESSAGE = 1_000

SIGNALS = "signals"
"""The argument that a batch is given in."""
NOTHING_CREATED = "No signal was created."
"""Ends the refusal of a batch, where one item's fault is that of all."""

# What GraphQL says of a value at fault, in a variable or in an argument (graphql_schema/validation.py).
_VALUE = re.compile(
    r"(?P<place>(?P<kind>Variable '\$|Argument ')(?P<name>\w+)' has invalid (?:default )?value"
    r"(?: at (?P<path>[\w.\[\]]+))?): (?P<fault>.*)",
    re.DOTALL,
)
_INDEX = re.compile(r"\[(\d+)\]")
_NAME = re.compile(r"\.(\w+)")

# GraphQL's words for some faults, which show Python's values and whole inputs, and ours.
_MISSING = re.compile(
    r"Expected value of type '(\w+)' to include required field '(\w+)', found: .*", re.DOTALL
)
_UNKNOWN = re.compile(
    r"Expected value of type '(\w+)' not to include unknown field '(.*?)'"
    r"(?:, found|\.( Did you mean .*?\?) Found): .*",
    re.DOTALL,
)
_NULL = re.compile(
    r"Expected (?:value of|variable '\$\w+' provided to) non-null type '(.+?)!?' not to be None\."
)
_ABSENT = re.compile(
    r"Expected (?:a value of non-null type '(.+?)!?' to be provided"
    r"|variable '\$\w+' provided to type '(.+?)!?' to provide a runtime value)\."
)
_ONE_OF = re.compile(r"Expected variable '\$\w+' provided to field '(\w+)' for OneOf .* type '(\w+)' .*\.")
_INTERNAL_CAUSE = re.compile(r", but encountered error '.*'; found", re.DOTALL)

_TOO_LARGE = re.compile(r"(?:Syntax Error: )?(.*)(?:Parsing|Validation) aborted\.$", re.DOTALL)
_TOO_MANY_FAULTS = "Too many validation errors, error limit reached. Validation aborted."
_WRONG_OPERATION = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


def described(error: GraphQLError, document: DocumentNode | None, request_id: str | None) -> GraphQLError:
    """`error` with its code, and with what a client need not know taken out and put into the log."""
    if error.extensions and "code" in error.extensions:
        return error
    if match := _VALUE.fullmatch(error.message):
        return _of_value(error, match, document)
    cause = _cause(error)
    return _of_document(error) if cause is None else _of_exception(error, cause, request_id)


def of_refused(refused: Refused) -> GraphQLError:
    """For an operation that is refused before it runs."""
    return GraphQLError(refused.message, extensions=_of_refused(refused))


def _of_exception(error: GraphQLError, cause: BaseException, request_id: str | None) -> GraphQLError:
    if isinstance(cause, Refused):
        return _recoded(error, _of_refused(cause), cause.message)
    if isinstance(cause, _WRONG_OPERATION):
        return _recoded(error, {"code": "GRAPHQL_VALIDATION_FAILED"})
    if is_unavailable(cause):
        return _recoded(error, {"code": Unavailable.code}, reason_of(cause))
    if isinstance(cause, RecursionError) and error.path is None:
        return _recoded(error, {"code": "QUERY_TOO_COMPLEX"}, "The document is nested too deeply.")
    log.error("resolver failed", path=error.path, request_id=request_id, exc_info=cause)
    told = internal_error(request_id)
    return _recoded(error, told["extensions"], told["message"])


def _cause(error: GraphQLError) -> BaseException | None:
    """The exception behind a GraphQLError; None where the document is at fault."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None and error.path is not None:
        return RuntimeError(error.message)  # a result that does not fit its type
    return cause


def _recoded(error: GraphQLError, extensions: dict[str, Any], message: str | None = None) -> GraphQLError:
    text = error.message if message is None else message
    return GraphQLError(
        text[:LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode(),
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
    if isinstance(refused, RateLimited):
        extensions["retryAfter"] = refused.seconds
    return extensions


def _of_document(error: GraphQLError) -> GraphQLError:
    if error.message != _TOO_MANY_FAULTS and (match := _TOO_LARGE.fullmatch(error.message)):
        message = match[1].strip() or "The document repeats too many of its fields or fragments."
        return _recoded(error, {"code": "QUERY_TOO_COMPLEX"}, message)
    if isinstance(error, GraphQLSyntaxError):
        return _recoded(error, {"code": "GRAPHQL_PARSE_FAILED"})
    if not error.nodes and "ariable" in error.message:  # too many faulty variables, or too deep ones
        return _recoded(error, {"code": "BAD_USER_INPUT"})
    return _recoded(error, {"code": "GRAPHQL_VALIDATION_FAILED"})


def _of_value(error: GraphQLError, match: re.Match[str], document: DocumentNode | None) -> GraphQLError:
    """With the field that the value was meant for, and its index in the list around it."""
    path = match["path"] or ""
    fault, field = _in_our_words(match["fault"])
    if field is None:
        names = _NAME.findall(path)
        of_variable = match["kind"].startswith("Variable")
        field = names[-1] if names else _use_of(match["name"], document) if of_variable else match["name"]
    extensions: dict[str, Any] = {"code": "BAD_USER_INPUT", "field": field}
    if index := _INDEX.search(path):
        extensions["index"] = int(index[1])
        if SIGNALS in {match["name"], _use_of(match["name"], document)}:
            fault = f"{fault.rstrip('.')}. {NOTHING_CREATED}"
    return _recoded(error, extensions, f"{match['place']}: {fault}")


def _in_our_words(fault: str) -> tuple[str, str | None]:
    """What is wrong, and the field that it is about where the value's own place does not tell."""
    if match := _MISSING.fullmatch(fault):
        return f"'{match[2]}' is missing; {match[1]} needs it.", match[2]
    if match := _UNKNOWN.fullmatch(fault):
        name = match[2][:60].encode("utf-8", "backslashreplace").decode()
        return f"{match[1]} has no field '{name}'.{match[3] or ''}", name
    if match := _NULL.fullmatch(fault):
        return f"null is not allowed; it takes {match[1]}.", None
    if match := _ABSENT.fullmatch(fault):
        return f"a value is missing; it takes {match[1] or match[2]}.", None
    if match := _ONE_OF.fullmatch(fault):
        return f"null is not allowed; {match[2]} takes exactly one field with a value.", match[1]
    return _INTERNAL_CAUSE.sub(", found", fault), None


def _use_of(variable: str, document: DocumentNode | None) -> str:
    """The argument or input field that takes `variable`; its own name where none does."""
    found = [variable]

    class Find(Visitor):
        def enter(self, node: Node, *_: object) -> Any:
            if (
                isinstance(node, ArgumentNode | ObjectFieldNode)
                and isinstance(node.value, VariableNode)
                and node.value.name.value == variable
            ):
                found[0] = node.name.value
                return self.BREAK
            return None

    if document is not None:
        visit(document, Find())
    return found[0]
