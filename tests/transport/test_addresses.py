"""Addresses with nothing behind them, for browsers and for programs; and what browsers ask for by themselves."""

import httpx2
import pytest

from app.asgi import create_app
from app.pages import DIST
from app.settings import Settings
from tests import signing_in

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BUILT = pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="the pages are not built: make setup")


@pytest.fixture(params=["local", "required"])
async def http(request):
    """The program without a database: nothing here asks it anything."""
    given = Settings(_env_file=None, COHERENCE_AUTH=request.param)
    app = create_app(given, "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        yield http


@BUILT
@pytest.mark.parametrize(
    "path", ["/nope", "/sign-in", "/conversation", "/nope/deeper?x=1", "/assets/nope.js", "/auth/x"]
)
async def test_a_browser_gets_the_dashboard_with_404(http, path):
    answer = await http.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.text == (DIST / "index.html").read_text()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html;q=0.9"])
async def test_a_program_gets_json(http, accept):
    for path in ("/assets/nope.js", "/auth/x"):
        answer = await http.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    answer = await http.get("/nope", headers={"Accept": accept})
    assert answer.status_code in {401, 404}
    assert answer.json()["errors"][0]["extensions"]["code"] in {"UNAUTHENTICATED", "NOT_FOUND"}


async def test_what_is_there_and_not_theirs_is_no_page(http):
    for path in ("/metrics", "/charts/drift.svg", "/status"):
        answer = await http.get(path, headers=BROWSER)
        assert answer.status_code != 404
        assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/", "GET"),
        ("PUT", "/people", "GET"),
        ("GET", "/auth/logout", "POST"),
        ("POST", "/health", "GET"),
    ],
)
async def test_a_method_that_is_not_there_says_which_are(http, method, path, allow):
    answer = await http.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 405
    assert allow in answer.headers["Allow"]
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_the_icon_is_where_browsers_look_for_it(http):
    answer = await http.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/x-icon"
    assert answer.content.startswith(b"\x00\x00\x01\x00")


async def test_a_provider_that_is_away_is_told_of_on_a_page():
    given = Settings(_env_file=None, **signing_in.settings(signing_in.free_port()))
    app = create_app(given, "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        answer = await http.get("/auth/login/oidc", headers=BROWSER)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "OpenID cannot be reached at the moment; try again." in answer.text
        assert 'href="/"' in answer.text
        answer = await http.get("/auth/login/oidc")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        for path, status in (("/auth/login/<b>", 404), ("/auth/callback/oidc?state=x&code=y", 400)):
            answer = await http.get(path, headers=BROWSER)
            assert answer.status_code == status
            assert "<main>" in answer.text
            assert "<b>" not in answer.text
