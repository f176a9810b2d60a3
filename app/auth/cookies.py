"""The session's cookie, and what a request that it authenticates has to be."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette import types as asgi
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.errors import Forbidden
from app.setting_values import LOOPBACK
from app.settings import Settings

_NAME: Final = "coherence"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def secure(scope: asgi.Scope, settings: Settings) -> bool:
    """Whether cookies keep to TLS: everywhere but on loopback's plain HTTP, where browsers know no other way."""
    if settings.public_url is not None:
        return settings.public_url.startswith("https://")
    host = urlsplit("//" + Headers(scope=scope).get("host", "")).hostname or ""
    return scope["scheme"] in {"https", "wss"} or host not in LOOPBACK


def name(scope: asgi.Scope, settings: Settings) -> str:
    """With the prefix `__Host-`, no other host and no page without TLS can set it."""
    return f"__Host-{_NAME}" if secure(scope, settings) else _NAME


def read(scope: asgi.Scope, settings: Settings) -> str | None:
    return HTTPConnection(scope).cookies.get(name(scope, settings))


def write(response: Response, scope: asgi.Scope, settings: Settings, token: str | None) -> None:
    """None takes the cookie away."""
    response.set_cookie(
        name(scope, settings),
        token or "",
        max_age=int(settings.session_longest) if token else 0,
        path="/",
        secure=secure(scope, settings),
        httponly=True,
        samesite="lax",
    )


def check_origin(scope: asgi.Scope, allowed: Collection[str]) -> None:
    """Forbidden for a request that may change something and does not come from a page of this server, or of an allowed
    origin. Browsers say where requests come from; whoever is no browser has an API key.
    """
    if scope["type"] != "http" or scope["method"] in _SAFE:
        return
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if origin is not None and origin in allowed:
        return
    ours = origin is not None and urlsplit(origin).netloc == headers.get("host")
    if not (ours if site is None else site == "same-origin" and (ours or origin is None)):
        raise Forbidden("The request comes from another site: a session's cookie does not count there.")
