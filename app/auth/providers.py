"""Where users can sign in."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from authlib.integrations.starlette_client import OAuth, StarletteOAuth2App

from app.auth.claims import of_clever, of_openid
from app.errors import NotFound
from app.settings import Settings

_TIMEOUT: Final = 10.0
"""Seconds of a request to a provider."""

GOOGLE: Final[Mapping[str, Any]] = {
    "server_metadata_url": "https://accounts.google.com/.well-known/openid-configuration",
    "client_kwargs": {"scope": "openid email profile", "code_challenge_method": "S256"},
}

# No OpenID Connect, but OAuth 2 and an address that tells who has signed in.
CLEVER: Final[Mapping[str, Any]] = {
    "authorize_url": "https://clever.com/oauth/authorize",
    "access_token_url": "https://clever.com/oauth/tokens",
    "userinfo_endpoint": "https://api.clever.com/v3.0/me",
    "client_kwargs": {"token_endpoint_auth_method": "client_secret_basic"},
}


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    label: str
    client: StarletteOAuth2App
    claims: Callable[[StarletteOAuth2App, Mapping[str, Any]], Awaitable[Mapping[str, Any]]] = of_openid
    """Who has signed in, given the token of the sign-in."""
    starts_by_itself: bool = False
    """Whether its own portal sends users here, with a code that nobody has asked for."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Those that the settings have credentials for."""

    known: Mapping[str, Provider] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Providers":
        if settings.auth == "local":
            return cls()
        return cls({provider.name: provider for provider in _configured(settings)})

    def __getitem__(self, name: str) -> Provider:
        if name not in self.known:
            raise NotFound("There is no such provider to sign in at.")
        return self.known[name]


def _configured(settings: Settings) -> Iterator[Provider]:
    if settings.google_client_id and settings.google_client_secret:
        secret = settings.google_client_secret.get_secret_value()
        yield Provider("google", "Google", _client("google", settings.google_client_id, secret, GOOGLE))
    if settings.clever_client_id and settings.clever_client_secret:
        secret = settings.clever_client_secret.get_secret_value()
        client = _client("clever", settings.clever_client_id, secret, CLEVER)
        yield Provider("clever", "Clever", client, of_clever, starts_by_itself=True)
    if settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret:
        discovery = f"{settings.oidc_issuer}/.well-known/openid-configuration"
        where = {**GOOGLE, "server_metadata_url": discovery}
        secret = settings.oidc_client_secret.get_secret_value()
        yield Provider("oidc", settings.oidc_label, _client("oidc", settings.oidc_client_id, secret, where))


def _client(name: str, client_id: str, secret: str, where: Mapping[str, Any]) -> StarletteOAuth2App:
    given = {**where, "client_kwargs": where["client_kwargs"] | {"timeout": _TIMEOUT}}
    client: StarletteOAuth2App = OAuth().register(name, client_id=client_id, client_secret=secret, **given)
    return client
