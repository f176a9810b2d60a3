"""Sign-in, sessions and sign-out, and the attacks on them, with a real OpenID provider."""

import asyncio
import hashlib
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.auth import providers
from tests import signing_in
from tests.conftest import KEY, QUIET
from tests.signing_in import consented, free_port, sign_in
from tests.transport.test_keys import closing
from tests.transport.test_websocket import receive, send, socket

pytestmark = signing_in.NEEDED

VIEWER = "{ viewer { id username name role lastLoginAt } }"
FOLLOW = "subscription { conversationChanged { contextWindowId } }"


@asynccontextmanager
async def world(serve, environment=None, **more):
    """A server and its provider; says where the server is."""
    port = free_port()
    async with serve(**signing_in.settings(port) | QUIET | more) as home:
        redirects = [f"http://{home}/auth/callback/{name}" for name in ("oidc", "clever")]
        async with signing_in.provider(port, *redirects, **environment or {}):
            yield home


@pytest.fixture
async def home(serve):
    async with world(serve) as home:
        yield home


def browser():
    return httpx2.AsyncClient(timeout=20)


async def post(http, home, query, headers=None, **variables):
    own = {"Origin": f"http://{home}", "Sec-Fetch-Site": "same-origin"}
    response = await http.post(
        f"http://{home}/graphql",
        json={"query": query, "variables": variables},
        headers=own if headers is None else headers,
    )
    return response.json()


def code(body):
    return body["errors"][0]["extensions"]["code"]


async def viewer(http, home):
    return (await post(http, home, VIEWER))["data"]["viewer"]


def session_of(http):
    return next((cookie.value for cookie in http.cookies.jar if cookie.name == "coherence"), None)


def forgotten_by_provider(http):
    for name in ("_session", "_session.sig", "_session.legacy", "_session.legacy.sig"):
        if name in http.cookies:
            http.cookies.delete(name)


async def test_someone_signs_in_and_out(home, pg):
    async with browser() as http:
        listed = (await http.get(f"http://{home}/auth/providers")).json()
        assert listed == [{"name": "oidc", "label": "OpenID", "url": "/auth/login/oidc"}]
        assert await viewer(http, home) is None
        answer = await sign_in(http, home, "ada")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        cookie = next(each for each in answer.headers.get_list("Set-Cookie") if each.startswith("coherence="))
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        found = await viewer(http, home)
        assert (found["username"], found["name"], found["role"]) == ("ada", "ada Example", "EDUCATOR")
        assert found["lastLoginAt"]
        sessions = (await post(http, home, "{ sessions { id provider current address } }"))["data"][
            "sessions"
        ]
        assert [(each["provider"], each["current"]) for each in sessions] == [("oidc", True)]
        token = session_of(http)
        stored = await pg.fetchrow("SELECT token_hash, s::text AS row FROM sessions s")
        assert stored["token_hash"] == hashlib.sha256(token.encode()).digest()
        assert token not in stored["row"]
        own = {"Origin": f"http://{home}", "Content-Type": "application/json"}
        out = await http.post(f"http://{home}/auth/logout", headers=own)
        assert out.status_code == 204
        assert session_of(http) is None
        http.cookies.set("coherence", token)
        assert await viewer(http, home) is None
    assert await pg.fetchval("SELECT count(*) FROM sessions") == 0
    actions = [row["action"] for row in await pg.fetch("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["joined", "signed in", "signed out"]


async def test_a_user_is_who_the_provider_says_and_not_who_has_the_same_address(serve, services, pg):
    await services.users.create(username="ada", email="one@provider.example")
    async with world(serve, {"EMAIL": "one@provider.example"}) as home:
        names = []
        for name in ("ada", "ada", "ada/2"):
            async with browser() as http:
                await sign_in(http, home, name)
                names.append((await viewer(http, home))["username"])
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("ada-") for name in names)
    assert await pg.fetchval("SELECT count(*) FROM users") == 3
    assert await pg.fetchval("SELECT count(email) FROM users") == 1


async def test_who_is_not_active_does_not_come_in(home, pg):
    async with browser() as http:
        await sign_in(http, home, "ada")
        await pg.execute("UPDATE users SET is_active = false")
        await asyncio.sleep(1.1)
        assert await viewer(http, home) is None
        assert (await sign_in(http, home, "ada")).status_code == 403


async def test_a_role_shows_in_what_one_may(home, pg):
    async with browser() as http:
        await sign_in(http, home, "ada")
        create = 'mutation { createUser(input: {username: "bob"}) { id } }'
        assert code(await post(http, home, create)) == "FORBIDDEN"
        promote = "mutation($id: ID!) { updateUser(id: $id, input: {role: ADMIN}) { role } }"
        assert code(await post(http, home, promote, id=(await viewer(http, home))["id"])) == "FORBIDDEN"
        await pg.execute("UPDATE users SET role = 'ADMIN'")
        await asyncio.sleep(1.1)
        assert (await post(http, home, create))["data"]


# ── attacks ──


async def test_a_session_of_before_the_sign_in_ends_with_it(home):
    """Fixation: whoever knew, or planted, the token of before knows nothing."""
    async with browser() as http, browser() as thief:
        await sign_in(http, home, "ada")
        old = session_of(http)
        forgotten_by_provider(http)
        await sign_in(http, home, "bob")
        assert session_of(http) != old
        assert (await viewer(http, home))["username"] == "bob"
        thief.cookies.set("coherence", old)
        assert await viewer(thief, home) is None
        thief.cookies.set("coherence", "planted")
        await sign_in(thief, home, "eve")
        assert {cookie.value for cookie in thief.cookies.jar if cookie.name == "coherence"} - {"planted"}
        async with browser() as planted:
            planted.cookies.set("coherence", "planted")
            assert await viewer(planted, home) is None


async def test_a_callback_counts_once_and_in_the_browser_that_began_it(home):
    async with browser() as http, browser() as victim:
        back = f"http://{home}/auth/callback/"
        url = await consented(http, await http.get(f"http://{home}/auth/login/oidc"), "eve", back)
        assert (await victim.get(url)).status_code == 400
        await victim.get(f"http://{home}/auth/login/oidc")
        assert (await victim.get(url)).status_code == 400
        assert session_of(victim) is None
        assert (await http.get(url)).status_code == 303
        replayed = await http.get(url)
        assert replayed.status_code == 400
        assert "code" not in replayed.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=<script>&error_description=secret"]
)
async def test_a_callback_that_nobody_began_is_refused(home, query):
    async with browser() as http:
        await http.get(f"http://{home}/auth/login/oidc")
        answer = await http.get(f"http://{home}/auth/callback/oidc{query}")
        assert answer.status_code == 400
        assert "script" not in answer.text
        assert "secret" not in answer.text
        assert (await http.get(f"http://{home}/auth/callback/nope")).status_code == 404
        assert (await http.get(f"http://{home}/auth/login/google")).status_code == 404
        assert (await http.get(f"http://{home}/auth/logout")).status_code == 405


async def test_the_handshake_has_pkce_and_nonce_and_its_cookie_stays_on_the_paths_of_sign_in(home):
    async with browser() as http:
        answer = await http.get(f"http://{home}/auth/login/oidc")
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= asked.keys()
        (cookie,) = answer.headers.get_list("Set-Cookie")
        assert "path=/auth;" in cookie
        assert {"httponly", "samesite=lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "evil", "/" * 9_000]
)
async def test_a_sign_in_ends_on_this_server(home, path):
    async with browser() as http:
        back = f"http://{home}/auth/callback/"
        begun = await http.get(f"http://{home}/auth/login/oidc", params={"next": path})
        answer = await http.get(await consented(http, begun, "ada", back))
        assert answer.headers["Location"] == "/"
        begun = await http.get(f"http://{home}/auth/login/oidc", params={"next": "/graphql?a=b"})
        answer = await http.get(await consented(http, begun, "ada", back))
        assert answer.headers["Location"] == "/graphql?a=b"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_sites_page_does_nothing_with_a_session(home, headers):
    async with browser() as http:
        await sign_in(http, home, "ada")
        assert code(await post(http, home, VIEWER, headers)) == "FORBIDDEN"
        assert (await http.post(f"http://{home}/auth/logout", headers=headers)).status_code == 403
        ingest = await http.post(
            f"http://{home}/ingest", content=b"", headers=headers | {"Content-Type": "application/x-ndjson"}
        )
        assert ingest.status_code == 403
        assert (await viewer(http, home))["username"] == "ada"


async def test_nothing_changes_by_get_or_by_a_form(home):
    async with browser() as http:
        await sign_in(http, home, "ada")
        own = {"Origin": f"http://{home}"}
        url = f"http://{home}/graphql"
        query = "mutation { createSignals(signals: []) { totalCount } }"
        assert (await http.get(url, params={"query": query})).status_code == 405
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            body = b'{"query": "{ viewer { id } }"}'
            answer = await http.post(url, content=body, headers=own | {"Content-Type": kind})
            assert answer.status_code == 415
            answer = await http.post(f"http://{home}/auth/logout", headers=own | {"Content-Type": kind})
            assert answer.status_code == 415
        assert (await http.post(f"http://{home}/auth/logout", headers=own)).status_code == 415
        assert (await viewer(http, home))["username"] == "ada"


async def test_a_session_ends_where_it_is_revoked_and_its_sockets_with_it(home):
    async with browser() as http, browser() as other:
        await sign_in(http, home, "ada")
        await sign_in(other, home, "ada")
        cookie = {"Cookie": f"coherence={session_of(http)}"}
        async with socket(home, additional_headers=cookie, origin=f"http://{home}") as ws:
            await send(ws, type="connection_init")
            assert (await receive(ws))["type"] == "connection_ack"
            await send(ws, type="subscribe", id="1", payload={"query": FOLLOW})
            sessions = (await post(other, home, "{ sessions { id current } }"))["data"]["sessions"]
            (lost,) = [each["id"] for each in sessions if not each["current"]]
            revoke = "mutation($id: ID!) { revokeSession(id: $id) { deletedId } }"
            async with browser() as eve:
                await sign_in(eve, home, "eve")
                assert code(await post(eve, home, revoke, id=lost)) == "NOT_FOUND"
            assert (await post(other, home, revoke, id=lost))["data"]
            async with asyncio.timeout(5):
                assert await closing(ws) == 4403
        assert await viewer(http, home) is None
        assert await viewer(other, home)


async def test_a_socket_does_not_outlive_its_session(serve):
    async with world(serve, COHERENCE_SESSION_SECONDS=3) as home, browser() as http:
        await sign_in(http, home, "ada")
        cookie = {"Cookie": f"coherence={session_of(http)}"}
        async with socket(home, additional_headers=cookie) as ws:
            await send(ws, type="connection_init")
            await receive(ws)
            await send(ws, type="subscribe", id="1", payload={"query": FOLLOW})
            async with asyncio.timeout(7):
                assert await closing(ws) == 4403


async def test_a_session_that_is_used_stays_and_one_that_is_not_ends(serve, pg):
    async with world(serve, COHERENCE_SESSION_IDLE_SECONDS=3) as home, browser() as http:
        await sign_in(http, home, "ada")
        token = session_of(http)
        for _ in range(8):
            await asyncio.sleep(0.6)
            assert await viewer(http, home)
        await asyncio.sleep(4.5)
        http.cookies.set("coherence", token)
        assert await viewer(http, home) is None
        assert await pg.fetchval("SELECT last_seen_at > created_at FROM sessions")


async def test_cookies_keep_to_tls_where_there_is_tls(serve):
    async with world(serve, COHERENCE_PUBLIC_URL="https://c.example") as home, browser() as http:
        answer = await http.get(f"http://{home}/auth/login/oidc")
        assert "redirect_uri=https%3A%2F%2Fc.example%2Fauth%2Fcallback%2Foidc" in answer.headers["Location"]
        (cookie,) = answer.headers.get_list("Set-Cookie")
        assert cookie.startswith("__Secure-coherence-handshake=")
        assert "secure" in cookie
        out = await http.post(f"http://{home}/auth/logout", headers={"Content-Type": "application/json"})
        (cookie,) = out.headers.get_list("Set-Cookie")
        assert cookie.startswith("__Host-coherence=")
        assert {"Secure", "Path=/"} <= set(cookie.split("; "))


@asynccontextmanager
async def clever(serve, monkeypatch, **environment):
    """A server whose users sign in at what speaks as Clever does; says where both are."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    there = dict(
        providers.CLEVER,
        authorize_url=f"{base}/auth",
        access_token_url=f"{base}/token",
        userinfo_endpoint=f"{base}/v3.0/me",
        authorize_params={"scope": "roster"},
    )
    monkeypatch.setattr(providers, "CLEVER", there)
    given = {
        "COHERENCE_AUTH": "required",
        "COHERENCE_CLEVER_CLIENT_ID": "coherence",
        "COHERENCE_CLEVER_CLIENT_SECRET": "provider-secret",
    }
    async with (
        serve(**QUIET, **given) as home,
        signing_in.provider(port, f"http://{home}/auth/callback/clever", PKCE="0", **environment),
    ):
        yield home, base


async def test_clevers_portal_sends_people_without_a_state(serve, monkeypatch):
    async with clever(serve, monkeypatch) as (home, base), browser() as http:
        back = f"http://{home}/auth/callback/"
        portal = await http.get(f"{back}clever", params={"code": "of-the-portal"})
        assert portal.status_code == 302
        assert portal.headers["Location"].startswith(f"{base}/auth")
        assert "of-the-portal" not in portal.headers["Location"]
        answer = await http.get(await consented(http, portal, "ada", back))
        assert answer.status_code == 303
        ada = (await viewer(http, home))["id"]
        first = session_of(http)
        forgotten_by_provider(http)  # the next pupil at the same computer
        portal = await http.get(f"{back}clever", params={"code": "of-the-portal"})
        await http.get(await consented(http, portal, "bob", back))
        assert (await viewer(http, home))["id"] != ada
        async with browser() as old:
            old.cookies.set("coherence", first)
            assert await viewer(old, home) is None


EMAILS = "SELECT pgp_sym_decrypt(email, $1) FROM users ORDER BY created_at"


async def test_who_comes_by_clever_has_the_name_and_the_address_that_it_knows(serve, monkeypatch, pg):
    async with clever(serve, monkeypatch) as (home, _), browser() as http:
        await sign_in(http, home, "ada", "clever")
        ada = await viewer(http, home)
        assert (ada["username"], ada["name"]) == ("ada-Example", "ada Example")
        assert [row[0] for row in await pg.fetch(EMAILS, KEY)] == ["ada@school.example"]


async def test_who_has_no_name_yet_gets_it_at_the_next_sign_in(serve, monkeypatch, pg):
    async with clever(serve, monkeypatch, NAMES="0") as (home, _), browser() as http:
        await sign_in(http, home, "ada", "clever")
        ada = await viewer(http, home)
        assert (ada["username"], ada["name"]) == ("clever", None)
    async with clever(serve, monkeypatch) as (home, _), browser() as http:
        await sign_in(http, home, "ada", "clever")
        again = await viewer(http, home)
        assert (again["id"], again["username"], again["name"]) == (ada["id"], "clever", "ada Example")
        assert [row[0] for row in await pg.fetch(EMAILS, KEY)] == ["ada@school.example"]
        await pg.execute("UPDATE users SET name = 'Countess'")
        await sign_in(http, home, "ada", "clever")
        assert (await viewer(http, home))["name"] == "Countess"


async def test_what_the_id_token_lacks_the_userinfo_endpoint_tells(serve, pg):
    async with world(serve, {"USERINFO": "1"}) as home, browser() as http:
        await sign_in(http, home, "ada")
        ada = await viewer(http, home)
        assert (ada["username"], ada["name"]) == ("ada", "ada Example")
        assert [row[0] for row in await pg.fetch(EMAILS, KEY)] == ["ada@provider.example"]


@pytest.mark.parametrize("email", ["no address", "a@b", "ada@example.org\n"])
async def test_an_address_that_is_none_keeps_nobody_out(serve, pg, email):
    async with world(serve, {"EMAIL": email}) as home, browser() as http:
        await sign_in(http, home, "ada")
        assert (await viewer(http, home))["username"] == "ada"
        stored = [row[0] for row in await pg.fetch(EMAILS, KEY)]
        assert stored == [email.strip() if "." in email else None]


SSO = "{ users { edges { node { username ssoProvider ssoId } } } viewer { ssoProvider ssoId } }"


async def test_where_someone_signs_in_is_told_to_them_and_to_administrators(home, pg):
    async with browser() as http, browser() as other:
        await sign_in(http, home, "ada")
        await sign_in(other, home, "bob")
        mine = await post(http, home, SSO)
        assert mine["data"]["viewer"] == {"ssoProvider": "oidc", "ssoId": "ada"}
        assert mine["data"]["users"]["edges"] == [
            {"node": {"username": "ada", "ssoProvider": "oidc", "ssoId": "ada"}}
        ]
        bob = (await viewer(other, home))["id"]
        await pg.execute(
            "INSERT INTO conversations (context_window_id, user_id) SELECT 'c', id FROM users WHERE username = 'bob'"
        )
        await pg.execute("UPDATE users SET role = 'COACH' WHERE username = 'ada'")
        await pg.execute(
            "INSERT INTO conversation_coaches (conversation_id, user_id) "
            "SELECT c.id, u.id FROM conversations c, users u WHERE u.username = 'ada'"
        )
        await sign_in(http, home, "ada")  # a session that knows of it
        query = f'{{ user(by: {{id: "{bob}"}}) {{ username ssoId }} }}'
        told = await post(http, home, query)
        assert code(told) == "FORBIDDEN"
        assert told["data"]["user"] == {"username": "bob", "ssoId": None}
        await pg.execute("UPDATE users SET role = 'ADMIN' WHERE username = 'ada'")
        await pg.execute("INSERT INTO users (username, role) VALUES ('made', 'COACH')")
        await sign_in(http, home, "ada")
        for _ in range(2):  # executed, and by its plan
            whole = (await post(http, home, SSO.replace("} viewer { ssoProvider ssoId", "")))["data"][
                "users"
            ]["edges"]
            assert [tuple(edge["node"].values()) for edge in whole] == [
                ("ada", "oidc", "ada"),
                ("bob", "oidc", "bob"),
                ("made", None, None),
            ]


async def test_a_provider_that_is_away_is_told_so(serve):
    async with serve(**QUIET, **signing_in.settings(free_port())) as home, browser() as http:
        answer = await http.get(f"http://{home}/auth/login/oidc")
        assert answer.status_code == 503
        assert code(answer.json()) == "UNAVAILABLE"


async def test_nobody_signs_in_where_nobody_has_to(live):
    async with browser() as http:
        assert (await http.get(f"http://{live}/auth/providers")).json() == []
        assert (await http.get(f"http://{live}/auth/login/oidc")).status_code == 404
