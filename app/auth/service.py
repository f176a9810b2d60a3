"""Finds out who is asking."""

from dataclasses import dataclass

from starlette import types as asgi

from app.auth.viewer import LOCAL, NOBODY, Viewer
from app.settings import Settings


@dataclass(slots=True)
class Auth:
    settings: Settings

    async def viewer_of(self, scope: asgi.Scope) -> Viewer:
        """Of a request, or of a WebSocket's handshake. Unavailable where the database cannot tell."""
        return LOCAL if self.settings.auth == "local" else NOBODY
