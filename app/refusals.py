"""How requests that are not GraphQL are refused: in the form of an error of the API."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_404_NOT_FOUND

from app import pages
from app.errors import (
    BadRequest,
    BadUserInput,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

_STATUSES: Final[Mapping[type, int]] = {
    BadRequest: 400,
    UnsupportedMediaType: 415,
    BadUserInput: 400,
    TooSlow: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RateLimited: 429,
    Unavailable: 503,
}
_HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

INTERNAL: Final = "INTERNAL_SERVER_ERROR"


def error_of(refused: Refused, field: str | None = None) -> dict[str, Any]:
    """`field` is what the caller calls the one at fault."""
    extensions: dict[str, Any] = {"code": refused.code}
    if field or refused.field:
        extensions["field"] = field or refused.field or ""
    if isinstance(refused, RateLimited):
        extensions["retryAfter"] = refused.seconds
    return {"message": refused.message, "extensions": extensions}


def refusal(refused: Refused, *, status: int | None = None, field: str | None = None) -> JSONResponse:
    headers = dict(_HEADERS)
    match refused:
        case RateLimited(seconds=seconds):
            headers["Retry-After"] = str(seconds)
        case Unavailable():
            headers["Retry-After"] = "5"
        case Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
    usual = next((_STATUSES[kind] for kind in type(refused).__mro__ if kind in _STATUSES), 400)
    return JSONResponse({"errors": [error_of(refused, field)]}, status or usual, headers)


async def not_routed(request: Request, error: Exception) -> Response:
    """Answer what no route takes: a browser gets the dashboard, which says so, with the same status."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if error.status_code == HTTP_404_NOT_FOUND:
        if pages.is_asked_for(request.scope):
            return pages.page("index.html", HTTP_404_NOT_FOUND)
        return refusal(NotFound("There is nothing at this address."))
    response = refusal(BadRequest(f"{error.detail}."), status=error.status_code)
    response.headers.update(error.headers or {})
    return response


def internal_error(request_id: str | None) -> dict[str, Any]:
    """What a client is told of a failure that nobody expected: where the log knows more."""
    return {
        "message": f"Something went wrong on the server; its log knows more under request id {request_id}.",
        "extensions": {"code": INTERNAL, "requestId": request_id},
    }


def internal_failure(request_id: str | None) -> JSONResponse:
    return JSONResponse({"errors": [internal_error(request_id)]}, 500, dict(_HEADERS))
