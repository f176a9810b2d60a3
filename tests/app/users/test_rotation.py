"""`coherence rotate-key` beside servers that run, and ended where it would hurt most."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.asgi import create_app
from app.auth.viewer import PROGRAM
from app.settings import Settings
from tests.app import commands
from tests.app.serving import Serving
from tests.conftest import ENVIRONMENT, KEY, QUIET, Client

OFF = {"DEMO": "0", "COHERENCE_UPKEEP_SECONDS": "0", "COHERENCE_ARRIVALS_SECONDS": "0"}
CREATE = """mutation($n: String!) { createUser(input: {username: $n, role: EDUCATOR, email: "ada@example.org"}) {
    id personalInformation { email }
} }"""
PERSONAL = "{ users { edges { node { username personalInformation { email phone } } } } }"
PHONE = "mutation($i: ID!, $p: String) { updateUser(id: $i, input: {phone: $p}) { id } }"
OPEN = 'mutation { createConversation(input: {contextWindowId: "c"}) { id } }'
SHARE = "mutation($i: ID!) { shareConversation(id: $i, enabled: true) { shareToken } }"
TOKEN = '{ conversation(by: {contextWindowId: "c"}) { shareToken } }'
KILLED = """
import os, signal, sys
from app.users import encryption
from app.cli import main

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(encryption, sys.argv.pop(1), kill)
main()
"""


@pytest.fixture
def folder():
    """Not below pytest's own, which PostgreSQL's user may not enter where root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-rotation-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def environment(folder, **given):
    return ENVIRONMENT | {"COHERENCE_DATA_DIR": str(folder / "data"), **OFF, **given}


@contextmanager
def serving(folder, *arguments, **given):
    server = Serving(folder, *arguments, **OFF, **given)
    try:
        yield server
    finally:
        server.end()


def ask(server, query, **variables):
    body = httpx2.post(f"{server.address}/graphql", json={"query": query, "variables": variables}, timeout=30)
    assert "errors" not in body.json(), body.json()
    return body.json()["data"]


def rotate(folder, **given):
    done = commands.coherence("rotate-key", environment=environment(folder, **given), folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def key_of(folder):
    return (folder / "data/pgcrypto.key").read_text().strip()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_servers_take_up_the_new_key_by_themselves(folder, workers):
    with serving(folder, "--workers", workers) as server:
        ada = ask(server, CREATE, n="ada")["createUser"]["id"]
        conversation = ask(server, OPEN)["createConversation"]["id"]
        token = ask(server, SHARE, i=conversation)["shareConversation"]["shareToken"]
        for number in ("1", "2", "3"):
            old = key_of(folder)
            assert "servers that run take it up" in rotate(folder)
            assert key_of(folder) != old
            # Each request may come to another worker, and be the first that needs the key there.
            for _ in range(6):
                assert ask(server, TOKEN)["conversation"]["shareToken"] == token
            ask(server, PHONE, i=ada, p=number)
            for _ in range(6):
                (edge,) = ask(server, PERSONAL)["users"]["edges"]
                assert edge["node"]["personalInformation"] == {"email": "ada@example.org", "phone": number}
            assert httpx2.get(f"{server.address}/healthz").json()["database"] == "ok"
        assert ask(server, SHARE, i=conversation)["shareConversation"]["shareToken"] != token


@pytest.mark.parametrize(
    ("moment", "is_done"),
    [("hand_over", False), ("_replace", True)],
    ids=["before the commit", "between the commit and the file"],
)
def test_a_rotation_that_is_killed_loses_no_key(folder, moment, is_done):
    with serving(folder) as server:
        ask(server, CREATE, n="ada")
        old = key_of(folder)
        command = [sys.executable, "-c", KILLED, moment, "rotate-key"]
        killed = subprocess.run(
            command, env=environment(folder), cwd=folder, capture_output=True, check=False
        )
        assert killed.returncode == -9
        assert key_of(folder) == old
        new = (folder / "data/pgcrypto.key.new").read_text().strip()
        # Beside it the server goes on.
        assert (
            ask(server, PERSONAL)["users"]["edges"][0]["node"]["personalInformation"]["email"]
            == "ada@example.org"
        )
    with serving(folder) as server:
        assert key_of(folder) == (new if is_done else old)
        assert (folder / "data/pgcrypto.key.new").exists() is not is_done
        assert (
            ask(server, PERSONAL)["users"]["edges"][0]["node"]["personalInformation"]["email"]
            == "ada@example.org"
        )
        rotate(folder)
        assert key_of(folder) not in {old, new}
        assert not (folder / "data/pgcrypto.key.new").exists()
        assert (
            ask(server, PERSONAL)["users"]["edges"][0]["node"]["personalInformation"]["email"]
            == "ada@example.org"
        )


def test_rotations_at_once_lose_no_key(folder):
    with serving(folder) as server:
        ask(server, CREATE, n="ada")
        command = [Path(sys.executable).with_name("coherence"), "rotate-key"]
        running = [
            subprocess.Popen(
                command, env=environment(folder), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(3)
        ]
        said = [process.communicate()[1].decode() for process in running]
        assert 0 in [process.returncode for process in running]
        assert all("Traceback" not in each for each in said)
        assert (
            ask(server, PERSONAL)["users"]["edges"][0]["node"]["personalInformation"]["email"]
            == "ada@example.org"
        )
    with serving(folder) as server:
        assert (
            ask(server, PERSONAL)["users"]["edges"][0]["node"]["personalInformation"]["email"]
            == "ada@example.org"
        )


class Program:
    """A server that was given PGCRYPTO_KEY."""

    def __init__(self, url, key):
        settings = Settings(_env_file=None, **QUIET, COHERENCE_DATABASE_URL=url, PGCRYPTO_KEY=key)
        self.app = create_app(settings, url, key)
        self.running = self.app.router.lifespan_context(self.app)

    async def __aenter__(self):
        await self.running.__aenter__()
        transport = httpx2.ASGITransport(self.app)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002")
        return Client(self.http)

    async def __aexit__(self, *error):
        await self.http.aclose()
        await self.running.__aexit__(*error)


async def test_a_server_that_was_given_the_key_says_that_it_has_another_one(url, tmp_path, caplog):
    given = {"COHERENCE_DATABASE_URL": url.replace("+asyncpg", ""), "PGCRYPTO_KEY": KEY}
    async with Program(url, KEY) as one, Program(url, KEY) as other:
        ada = (await one.data(CREATE, n="ada"))["createUser"]["id"]
        conversation = (await one.data(OPEN))["createConversation"]["id"]
        await one.data(SHARE, i=conversation)
        said = await asyncio.to_thread(rotate, tmp_path, **given, NEW_PGCRYPTO_KEY="the new one")
        assert "Start every server again with the new PGCRYPTO_KEY" in said
        for client in (one, other):
            for query, variables in (
                (PERSONAL, {}),
                (PHONE, {"i": ada, "p": "1"}),
                (SHARE, {"i": conversation}),
                (TOKEN, {}),
            ):
                error = (await client.post(query, **variables))["errors"][0]
                assert error["extensions"]["code"] == "UNAVAILABLE"
                assert "started again with the new PGCRYPTO_KEY" in error["message"]
            for path in ("/health", "/healthz"):
                answer = await client.http.get(path)
                assert answer.status_code == 503
                assert answer.json()["database"] == "encrypted with another key"
            assert (await client.data("{ users { totalCount } }"))["users"]["totalCount"] == 1
        assert KEY not in caplog.text
    async with Program(url, "the new one") as client:
        (edge,) = (await client.data(PERSONAL))["users"]["edges"]
        assert edge["node"]["personalInformation"] == {"email": "ada@example.org", "phone": None}
        assert (await client.http.get("/health")).status_code == 200


@pytest.mark.parametrize("given", ["", " padded", "padded\n"])
async def test_a_key_that_nobody_could_give_again_is_refused(url, tmp_path, given, pg):
    before = await pg.fetchval("SELECT fingerprint FROM encryption_key")
    variables = {
        "COHERENCE_DATABASE_URL": url.replace("+asyncpg", ""),
        "PGCRYPTO_KEY": KEY,
        "NEW_PGCRYPTO_KEY": given,
    }
    done = await asyncio.to_thread(
        commands.coherence, "rotate-key", environment=environment(tmp_path, **variables), folder=tmp_path
    )
    assert done.returncode == 1
    assert "NEW_PGCRYPTO_KEY" in done.stderr
    assert await pg.fetchval("SELECT fingerprint FROM encryption_key") == before


async def test_what_is_corrupt_is_no_other_key(services, pg):
    """The fault is told as what it is, and the key stays in use."""
    user = await services.users.create(username="ada", phone="1")
    await pg.execute("ALTER TABLE users DISABLE TRIGGER users_encrypt")
    await pg.execute(r"UPDATE users SET phone = pgp_sym_encrypt('1', 'else') WHERE id = $1", user.id)
    with pytest.raises(Exception, match="Wrong key or corrupt data"):
        await services.users.personal_information(PROGRAM, [user.id], actor="a test")
    await services.users.key.renew(services.database)
