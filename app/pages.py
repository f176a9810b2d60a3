"""The pages that Vite has built in app/web, and how browsers may use them."""

import os
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

DIST = Path(__file__).parent / "web" / "dist"

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


def page(name: str) -> Response:
    """A built page; 404 where nothing has been built."""
    path = DIST / name
    if not path.is_file():
        return PlainTextResponse(f"{name} has not been built: run `make setup`.\n", 404)
    return FileResponse(path, headers=_HEADERS)


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
