"""What a provider tells of who has signed in, as claims of OpenID Connect: sub, name, email, preferred_username."""

import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx2
from authlib.integrations.starlette_client import StarletteOAuth2App

logger = logging.getLogger(__name__)

_WANTED: Final = frozenset({"name", "email", "preferred_username"})


async def of_openid(client: StarletteOAuth2App, token: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ID token's claims. Where name or e-mail is not among them, its userinfo endpoint is asked for those."""
    claims: Mapping[str, Any] = token.get("userinfo") or {}
    if claims.get("name") and claims.get("email"):
        return claims
    endpoint = (await client.load_server_metadata()).get("userinfo_endpoint")
    more = await _more(client, token, endpoint) if endpoint else {}
    if more.get("sub") != claims.get("sub"):  # as the specification asks: else it is of somebody else
        return claims
    return {name: more[name] for name in _WANTED & more.keys()} | dict(claims)


async def of_clever(client: StarletteOAuth2App, token: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return Clever's words as claims: `/me` says who it is, `/users/{id}` what they are called."""
    me = await client.userinfo(token=token)
    data = me.get("data")
    subject = data.get("id") if isinstance(data, Mapping) else None
    if not isinstance(subject, str) or not subject:
        return {}
    place = urljoin(client.server_metadata["userinfo_endpoint"], f"users/{quote(subject, safe='')}")
    user = (await _more(client, token, place)).get("data")
    if not isinstance(user, Mapping):
        return {"sub": subject}
    name = user.get("name")
    parts = (name.get(part) for part in ("first", "last")) if isinstance(name, Mapping) else ()
    whole = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return {"sub": subject, "name": whole or None, "email": user.get("email")}


async def _more(client: StarletteOAuth2App, token: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Return a further answer of the provider, or nothing: nobody is kept from signing in for want of a name."""
    try:
        response = await client.get(place, token=token)
        response.raise_for_status()
        found = response.json()
    except (httpx2.HTTPError, ValueError) as error:
        logger.warning("%s does not tell name and e-mail: %s", client.name, type(error).__name__)
        return {}
    return found if isinstance(found, Mapping) else {}
