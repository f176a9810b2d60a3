"""Failures that a caller is told about. Anything else is a fault of the server."""

from typing import ClassVar


class Refused(Exception):
    """A request, or one item of a batch, that cannot be carried out.

    `message` is written for the caller; `field` names the input at fault, `index` the item of a batch.
    """

    code: ClassVar[str]

    def __init__(self, message: str, *, field: str | None = None, index: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.index = index


class BadUserInput(Refused):
    code = "BAD_USER_INPUT"


class NotFound(Refused):
    code = "NOT_FOUND"


class Conflict(Refused):
    code = "CONFLICT"


class Unauthenticated(Refused):
    """Nobody has said who is asking, or not so that it can be believed."""

    code = "UNAUTHENTICATED"


class Forbidden(Refused):
    """It is known who is asking, and that they may not."""

    code = "FORBIDDEN"


class RateLimited(Refused):
    """Nothing is wrong with the request but the moment: `seconds` later it may be right."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unavailable(Refused):
    code = "UNAVAILABLE"


class BadRequest(Refused):
    """The request itself is at fault, before anything is looked at that it asks for."""

    code = "BAD_REQUEST"


class UnsupportedMediaType(BadRequest):
    """Its body is of a type, or in an encoding, that is not taken there."""


class TooSlow(Refused):
    """A statement was ended for taking longer than one of its kind may."""

    code = "QUERY_TOO_COMPLEX"
