"""How requests that are not GraphQL are refused: in the form of an error of the API."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse

from app.errors import BadUserInput, NotFound, RateLimited, Refused, Unavailable

_STATUSES: Final[Mapping[type[Refused], int]] = {
    BadUserInput: 400,
    NotFound: 404,
    RateLimited: 429,
    Unavailable: 503,
}
_RETRY_AFTER: Final[Mapping[type[Refused], str]] = {RateLimited: "1", Unavailable: "5"}


def error_of(refused: Refused, field: str | None = None) -> dict[str, Any]:
    """`field` is what the caller calls the one at fault."""
    extensions = {"code": refused.code}
    if field or refused.field:
        extensions["field"] = field or refused.field or ""
    return {"message": refused.message, "extensions": extensions}


def refusal(refused: Refused, *, status: int | None = None, field: str | None = None) -> JSONResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if type(refused) in _RETRY_AFTER:
        headers["Retry-After"] = _RETRY_AFTER[type(refused)]
    return JSONResponse({"errors": [error_of(refused, field)]}, status or _STATUSES[type(refused)], headers)
