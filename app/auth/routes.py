"""/auth: sign-in at a provider, and sign-out."""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from authlib.integrations.base_client import OAuthError
from joserfc.errors import JoseError
from starlette import types as asgi
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router

from app.auth import cookies, sessions
from app.auth.identities import user_of
from app.auth.providers import Provider, Providers
from app.auth.service import Auth
from app.auth.viewer import Means
from app.database.engine import Database
from app.errors import BadUserInput, Refused, Unavailable
from app.pages import is_asked_for, message_page
from app.rates import Rates, address_of
from app.refusals import refusal
from app.settings import Settings
from app.users.service import Users

logger = logging.getLogger(__name__)

PATIENCE: Final = 600
"""Seconds that someone has to sign in at the provider."""
_HANDSHAKE: Final = "coherence-handshake"
_NEXT: Final = "next"
_LONGEST_PATH: Final = 500


class SignIn:
    """The routes. What a handshake has to remember (state, nonce, PKCE's verifier) is in a signed cookie of /auth."""

    def __init__(
        self, settings: Settings, database: Database, users: Users, auth: Auth, rates: Rates
    ) -> None:
        self._settings = settings
        self._database = database
        self._users = users
        self._auth = auth
        self._rates = rates
        self._providers = Providers.of(settings)
        router = Router(
            [
                Route("/providers", self._list),
                Route("/login/{provider}", self._login, methods=["GET"]),
                Route("/callback/{provider}", self._callback, methods=["GET"], name="callback"),
                Route("/logout", self._logout, methods=["POST"]),
            ]
        )
        key = hmac.digest(users.key.value.encode(), b"coherence handshake", hashlib.sha256).hex()
        self._by_security = {
            secure: SessionMiddleware(
                router,
                key,
                session_cookie=("__Secure-" if secure else "") + _HANDSHAKE,
                max_age=PATIENCE,
                path="/auth",
                same_site="lax",
                https_only=secure,
            )
            for secure in (True, False)
        }
        self.route = Mount("/auth", self._serve)

    async def _serve(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] != "http":
            await Response(status_code=404)(scope, receive, send)
            return
        try:
            await self._by_security[cookies.secure(scope, self._settings)](scope, receive, send)
        except Refused as refused:
            response: Response = refusal(refused)
            if is_asked_for(scope):
                response = message_page(
                    "Sign-in did not work", refused.message, response.status_code, _retry(response)
                )
            await response(scope, receive, send)

    async def _list(self, _: Request) -> Response:
        """What a page of sign-in shows."""
        known = self._providers.known.values()
        return JSONResponse(
            [{"name": each.name, "label": each.label, "url": f"/auth/login/{each.name}"} for each in known],
            headers={"Cache-Control": "no-store"},
        )

    async def _login(self, request: Request) -> Response:
        await self._rates.sign_ins.charge(address_of(request.scope))
        provider = self._providers[request.path_params["provider"]]
        request.session[_NEXT] = _own_path(request.query_params.get("next", "/"))
        return await self._redirect(request, provider)

    async def _redirect(self, request: Request, provider: Provider) -> Response:
        base = self._settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
        try:
            response: Response = await provider.client.authorize_redirect(
                request, f"{base}/auth/callback/{provider.name}"
            )
        except httpx2.HTTPError as error:
            raise _away(provider, error) from None
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _callback(self, request: Request) -> Response:
        await self._rates.sign_ins.charge(address_of(request.scope))
        provider = self._providers[request.path_params["provider"]]
        if provider.starts_by_itself and "state" not in request.query_params:
            # Its code is not used: a code that nobody asked for here could be anybody's.
            request.session[_NEXT] = "/"
            return await self._redirect(request, provider)
        claims = await self._claims(request, provider)
        user_id = await user_of(self._database, self._users, provider.name, claims)
        client = request.client
        browser = sessions.Browser(client.host if client else None, request.headers.get("user-agent"))
        before = cookies.read(request.scope, self._settings)
        token = await sessions.begin(self._database, self._settings, user_id, provider.name, browser, before)
        if request.state.viewer.means is Means.SESSION:
            self._auth.end(request.state.viewer.credential)
        response = RedirectResponse(_own_path(request.session.pop(_NEXT, "/")), 303)
        response.headers["Cache-Control"] = "no-store"
        request.session.clear()
        cookies.write(response, request.scope, self._settings, token)
        return response

    @staticmethod
    async def _claims(request: Request, provider: Provider) -> Any:
        try:
            token = await provider.client.authorize_access_token(request)
            return await provider.claims(provider.client, token)
        except (OAuthError, JoseError, KeyError, ValueError) as error:
            # Its words are the provider's or whoever's has made the link: they are shown to nobody.
            logger.info("a sign-in at %s was refused: %s", provider.name, type(error).__name__)
            raise BadUserInput(
                f"The sign-in at {provider.label} was not completed; begin it again."
            ) from None
        except httpx2.HTTPError as error:
            raise _away(provider, error) from None

    async def _logout(self, request: Request) -> Response:
        viewer = request.state.viewer
        if viewer.means is Means.SESSION:
            await sessions.revoke(self._database, viewer.name, viewer.credential)
            self._auth.end(viewer.credential)
        response = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
        cookies.write(response, request.scope, self._settings, None)
        return response


def _retry(response: Response) -> Mapping[str, str]:
    return {name: value for name, value in response.headers.items() if name == "retry-after"}


def _own_path(path: str) -> str:
    """A path on this server; its start for anything else that a link may hold."""
    own = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    )
    return path if own and len(path) <= _LONGEST_PATH else "/"


def _away(provider: Provider, error: Exception) -> Unavailable:
    logger.warning("%s cannot be reached to sign in: %s", provider.name, type(error).__name__)
    return Unavailable(f"{provider.label} cannot be reached at the moment; try again.")
