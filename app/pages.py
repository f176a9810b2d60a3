"""The pages that Vite has built in app/web, and how browsers may use them."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.media_types import HTML, JSON, preferred

DIST = Path(__file__).parent / "web" / "dist"
FAVICON = Path(__file__).with_name("favicon.ico")
"""For those who ask for it without having read a page, which names app/web/src/favicon.svg."""

DASHBOARD = (
    "/",
    "/conversations/{id:path}",
    "/people",
    "/people/{id:path}",
    "/search",
    "/feedback",
    "/verify",
    "/account",
)
"""Paths of the views of index.html; app/web/src/dashboard/App.tsx tells them apart."""

# 'unsafe-inline' styles, fonts and images in data: URLs are what GraphiQL's editor needs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


_MESSAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} - Coherence</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1rem }}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{message}</p>
<p><a href="/">Back to Coherence</a></p>
</main>
</body>
</html>
"""


def is_asked_for(scope: Scope) -> bool:
    """Whether a browser wants something to show, rather than a program data."""
    accept = ", ".join(Headers(scope=scope).getlist("accept"))
    return scope["method"] in {"GET", "HEAD"} and preferred(accept, (JSON, HTML)) == HTML


def page(name: str, status: int = 200) -> Response:
    """Return a built page; 404 where nothing has been built."""
    path = DIST / name
    if not path.is_file():
        return PlainTextResponse(f"{name} has not been built: run `make setup`.\n", 404)
    return FileResponse(path, status, headers=_HEADERS)


def message_page(title: str, message: str, status: int, headers: Mapping[str, str]) -> Response:
    """Return a page that says something where the dashboard cannot: it stands by itself, with `headers` beside its own."""
    return HTMLResponse(
        _MESSAGE.format(title=escape(title), message=escape(message)),
        status,
        headers={**_HEADERS, **headers, "Cache-Control": "no-store"},
    )


def favicon(_: Request) -> Response:
    """Return the icon of all pages."""
    return FileResponse(
        FAVICON,
        headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"},
        media_type="image/x-icon",
    )


class Assets(StaticFiles):
    """What pages load: every name holds a hash of its content, so it may be kept for ever."""

    def __init__(self) -> None:
        super().__init__(directory=DIST / "assets", check_dir=False)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Content-Security-Policy"] = _POLICY  # workers have one of their own
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
