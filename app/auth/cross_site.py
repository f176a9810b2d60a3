"""What a page of another site may not have a browser do here, whoever is signed in, and where nobody signs in too."""

from collections.abc import Collection, Mapping
from typing import Final

from starlette import types as asgi
from starlette.datastructures import Headers

from app import media_types, origins
from app.errors import Forbidden, UnsupportedMediaType
from app.settings import Settings

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")

TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": (media_types.JSON,),
    "graphql": (media_types.JSON,),
    "ingest": NDJSON,
}
"""Media types of what is posted, by the first part of the path: none that a form or a `no-cors` fetch can send, for those
are sent without a preflight.
"""


def check(scope: asgi.Scope, settings: Settings) -> None:
    """Raise UnsupportedMediaType or Forbidden for a request that may change something and that a browser may have sent
    for a page of another site.
    """
    if scope["type"] != "http" or scope["method"] in SAFE:
        return
    headers = Headers(scope=scope)
    taken = TAKES.get(scope["path"].split("/")[1])
    given = media_types.essence(headers.get("content-type", ""))
    if scope["method"] == "POST" and taken is not None and given not in taken:
        raise UnsupportedMediaType(
            f"Unsupported content type: Content-Type is {given[:60]!r}; it takes {' or '.join(taken)}."
        )
    if is_foreign(headers, settings.own_origins):
        raise Forbidden(
            "The request comes from a page of another site. COHERENCE_PUBLIC_URL is this server's own address, and "
            "COHERENCE_ALLOWED_ORIGINS names others whose pages may call."
        )


def is_foreign(headers: Headers, own: Collection[str]) -> bool:
    """Whether a browser says that a page of another site sends this; `own` are origins that count as this server's."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origins.normalised(origin) in own:
        return False
    if origin is not None and not origins.is_of_host(origin, headers.get("host", "")):
        return True
    return site not in {None, "same-origin", "none"}


def check_session(scope: asgi.Scope, settings: Settings) -> None:
    """Raise Forbidden for a request of a session that may change something and does not say that a page of this server,
    or of an allowed origin, sends it: every browser says so, and whoever is no browser has an API key.
    """
    if scope["type"] != "http" or scope["method"] in SAFE:
        return
    headers = Headers(scope=scope)
    silent = headers.get("origin") is None and headers.get("sec-fetch-site") in {None, "none"}
    if silent or is_foreign(headers, settings.own_origins):
        raise Forbidden("The request comes from another site: a session's cookie does not count there.")
