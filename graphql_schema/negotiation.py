"""In which media type GraphQL is answered over HTTP: JSON, or a stream of events."""

from collections.abc import Mapping
from typing import ClassVar, Final

from starlette.datastructures import Headers
from strawberry.http.streaming import SSETransport

from app.media_types import HTML, JSON, preferred

EVENTS: Final = "text/event-stream"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
ANSWERS: Final = (JSON, GRAPHQL_RESPONSE, EVENTS)

PRIVATE: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of an answer, which may hold what only this client may see."""


def answered_in(headers: Headers) -> str | None:
    """Return the media type that a request is answered in; None where it accepts none that there is."""
    return preferred(_accepted(headers), ANSWERS)


def wants_page(headers: Headers) -> bool:
    """Whether a browser asks for a page rather than for data."""
    return preferred(_accepted(headers), (HTML, *ANSWERS)) == HTML


def _accepted(headers: Headers) -> str:
    """What all Accept headers say together."""
    return ", ".join(headers.getlist("accept"))


class EventStream(SSETransport):
    """Server-sent events, with LF as the end of a line, which is all that some clients know."""

    headers: ClassVar[Mapping[str, str]] = {
        **SSETransport.headers,
        **PRIVATE,
        "Cache-Control": "no-cache, no-store, no-transform",
    }

    def encode_event(self, event: str, data: str | None = None) -> str:
        # JSON as this server writes it has no ends of lines.
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"
