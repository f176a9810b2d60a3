"""The session's cookie."""

from typing import Final
from urllib.parse import urlsplit

from starlette import types as asgi
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.setting_values import LOOPBACK
from app.settings import Settings

_NAME: Final = "coherence"


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
