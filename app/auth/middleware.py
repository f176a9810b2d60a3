"""Every request, and every WebSocket's handshake, learns here who is asking (`request.state.viewer`)."""

from collections.abc import Mapping
from typing import Final

from starlette import types as asgi
from starlette.responses import Response
from starlette.routing import Match
from starlette.status import HTTP_404_NOT_FOUND

from app.auth import cross_site
from app.auth.service import Auth
from app.auth.viewer import NOBODY, Scope, Viewer
from app.errors import Forbidden, Refused, Unauthenticated
from app.pages import DASHBOARD, is_asked_for, page
from app.refusals import refusal

_PAGES: Final = frozenset(path.split("/")[1] for path in DASHBOARD)
OPEN: Final = frozenset({"health", "healthz", "graphql", "assets", "auth", "favicon.ico"}) | _PAGES
"""What anyone may ask for, by the first part of its path: pages without data. /graphql has a door of its own (graphql_schema/door.py)."""

NEEDS: Final[Mapping[str, Scope]] = {"ingest": Scope.INGEST}
"""What needs another scope than READ, which everything else does."""

WHOLE: Final = frozenset({"metrics"})
"""What tells of everything that is stored, and so is for those who may read it."""


class Authentication:
    """Pure-ASGI middleware. Refuses what pages of other sites may not have done, and what the viewer's scopes do not
    allow, GraphQL apart.
    """

    def __init__(self, app: asgi.ASGIApp, auth: Auth) -> None:
        self.app = app
        self.auth = auth

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        place = scope["path"].split("/")[1]
        try:
            viewer = await self.auth.viewer_of(scope)
            if place not in OPEN:
                _allow(viewer, NEEDS.get(place, Scope.READ))
                if place in WHOLE and not viewer.rights.everything:
                    raise Forbidden(
                        "This tells of the whole server: it needs an administrator, or a machine's key."
                    )
            cross_site.check(scope, self.auth.settings)
        except Refused as refused:
            response: Response = refusal(refused)
            if scope["type"] == "http" and is_asked_for(scope) and not _is_known(scope):
                response = page("index.html", HTTP_404_NOT_FOUND)
            await response(scope, receive, send)
            return
        scope["state"]["viewer"] = viewer
        if place in OPEN:
            await self.app(scope, receive, send)
            return
        with self.auth.hold(viewer) as ended:
            begun = False

            async def receive_while_allowed() -> asgi.Message:
                message = await receive()
                return {"type": "http.disconnect"} if ended.is_set() else message

            async def send_noting(message: asgi.Message) -> None:
                nonlocal begun
                begun = True
                await send(message)

            await self.app(scope, receive_while_allowed, send_noting)
            if ended.is_set() and not begun:
                response = refusal(Unauthenticated("The session or API key has ended."))
                response.headers["Connection"] = "close"  # much of the request may be still to come
                await response(scope, receive, send)


def _is_known(scope: asgi.Scope) -> bool:
    """Whether there is something at the address."""
    return any(route.matches(scope)[0] is not Match.NONE for route in scope["app"].routes)


def _allow(viewer: Viewer, needed: Scope) -> None:
    if needed in viewer.scopes:
        return
    if viewer == NOBODY:
        raise Unauthenticated("Sign in, or send an API key: Authorization: Bearer <key>.")
    raise Forbidden(f"This needs the scope {needed.value}, which you do not have.")
