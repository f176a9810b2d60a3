"""A database of a version that was released is somebody's: upgraded in place, it answers as it did before.

What an issue has changed since is written down here, and nowhere else.
"""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from app.asgi import create_app
from app.database import migrations
from app.database.embedded import BIN
from app.database.engine import Database
from app.settings import Settings
from app.users import encryption
from tests.conftest import QUIET, Client, at, execute
from tests.released.questions import QUESTIONS

HERE = Path(__file__).parent
VERSIONS = sorted(path.stem for path in HERE.glob("*.sql"))
KEY = "the key of a version that was released"
ROWS = {
    table: f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1"
    for table in (
        "audit_log",
        "consumed_offsets",
        "conversation_coaches",
        "dead_letters",
        "delivered_signals",
        "import_progress",
        "sessions",
    )
}


def settings(**given):
    return Settings(_env_file=None, **QUIET, COHERENCE_EMBEDDING_WIDTH=8, **given)


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def before(version):
    return json.loads((HERE / f"{version}.json").read_text())


@pytest.fixture
async def old(server, version):
    """URL of a database as that version has left it."""
    await execute(server, "CREATE DATABASE released")
    url = at(server, "released")
    restore = [
        BIN / "psql",
        "-qX",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        url.replace("+asyncpg", ""),
        "-f",
        HERE / f"{version}.sql",
    ]
    done = await asyncio.to_thread(subprocess.run, restore, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield url
    await execute(server, "DROP DATABASE released WITH (FORCE)")


async def upgrade(url):
    database = Database(url)
    assert not await migrations.upgrade(database)
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    await database.close()


class Served:
    """The program of now on that database."""

    def __init__(self, url, **given):
        self.app = create_app(settings(**given), url, KEY)
        transport = httpx2.ASGITransport(self.app)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002")
        self.running = self.app.router.lifespan_context(self.app)

    async def __aenter__(self):
        await self.running.__aenter__()
        return Client(self.http)

    async def __aexit__(self, *error):
        await self.http.aclose()
        await self.running.__aexit__(*error)


def rounded(answer):
    """To 12 digits: in which order rows are summed up is nobody's promise."""
    return json.loads(json.dumps(answer), parse_float=lambda number: round(float(number), 12))


def expected(before):
    """What was answered then, but for what has been changed since."""
    answers = before["answers"] | before["withoutCoach"]
    # The coach's questions and answers are no signals: as if those had been deleted. The messages themselves stay.
    answers["messages"] = before["answers"]["messages"]
    recorded = {message["node"]["id"] for message in messages(before["withoutCoach"])}
    for message in messages(answers):
        if message["node"]["id"] not in recorded:
            message["node"]["signal"] = None
    for sums in ("feedbackSummary", "messageBuckets"):
        answers["everything"][sums] = before["answers"]["everything"][sums]
    # Times have six digits of a second. A conversation's name is in NFC, where no other one has that:
    # "re\u0301sume\u0301" stays what it was.
    written = re.sub(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z"', r'"\1.000000Z"', json.dumps(answers))
    return json.loads(written.replace('"contextWindowId": "cafe\\u0301"', '"contextWindowId": "caf\\u00e9"'))


def messages(answers):
    return answers["messages"]["conversation"]["messages"]["edges"]


async def test_every_answer_is_as_before(old, before):
    await upgrade(old)
    async with Served(old) as client:
        now = {
            name: await client.data(question, **given(before["given"]))
            for name, (question, given) in QUESTIONS.items()
        }
    for name, answer in expected(before).items():
        assert rounded(now[name]) == rounded(answer), name


async def test_keys_and_sessions_still_open(old, before):
    await upgrade(old)
    given = before["given"]
    ask = {"query": "{ viewer { username } signals { totalCount } users { totalCount } }"}
    async with Served(old, COHERENCE_AUTH="required") as client:
        seen = {}
        for name, key in given["keys"].items():
            response = await client.http.post(
                "/graphql", json=ask, headers={"Authorization": f"Bearer {key}"}
            )
            seen[name] = response.json()["data"]
        cookie = {"Cookie": f"coherence={given['session']}", "Origin": "http://127.0.0.1:8002"}
        seen["session"] = (await client.http.post("/graphql", json=ask, headers=cookie)).json()["data"]
        assert seen["reads"]["viewer"] is None
        assert seen["reads"]["users"]["totalCount"] == 4
        assert seen["ada's"]["viewer"] == seen["session"]["viewer"] == {"username": "ada"}
        assert (await client.http.post("/graphql", json=ask)).json()["errors"]


async def test_a_signal_that_was_delivered_is_known(old, before):
    await upgrade(old)
    create = """mutation($s: SignalInput!) { createSignal(input: $s) { id rawContent } }"""
    signal = {"contextWindowId": "guide", "idempotencyKey": "delivery-0", "rawContent": "another"}
    async with Served(old) as client:
        stored = (await client.data(create, s=signal))["createSignal"]
        assert stored["id"] == before["given"]["signals"][0]
        assert stored["rawContent"].startswith("Note 0")


async def test_names_in_several_forms_are_told_apart(old, caplog):
    """Two users were called Zo\u00eb; two conversations r\u00e9sum\u00e9."""
    await upgrade(old)
    kept = [record.getMessage() for record in caplog.records if record.name == "app.database.migrations"]
    assert len(kept) == 2
    assert "keeps its contextWindowId 're\\u0301sume\\u0301'" in kept[0]
    assert "has the username of an older user" in kept[1]
    user, conversation = (
        "query($n: String!) { user(by: {username: $n}) { role } }",
        "query($n: String!) { conversation(by: {contextWindowId: $n}) { title } }",
    )
    async with Served(old) as client:
        roles = {
            name: (await client.data(user, n=name))["user"]["role"]
            for name in ("Zo\u00eb", "Zoe\u0308", "ZOE\u0308")
        }
        assert roles == {"Zo\u00eb": "ADMIN", "Zoe\u0308": "EDUCATOR", "ZOE\u0308": "EDUCATOR"}
        for name in ("caf\u00e9", "cafe\u0301"):
            assert (await client.data(conversation, n=name))["conversation"]["title"] == "Cafe\u0301 of 1"
        for name in ("r\u00e9sum\u00e9", "re\u0301sume\u0301"):
            assert (await client.data(conversation, n=name))["conversation"]["title"].endswith("8")


async def rows(url):
    database = Database(url, pool_size=1)
    async with database.read() as connection:
        found = {
            table: list((await connection.exec_driver_sql(statement)).scalars())
            for table, statement in ROWS.items()
        }
    await database.close()
    return found


async def test_what_no_query_tells_stays(old):
    then = await rows(old)
    assert all(then.values())
    await upgrade(old)
    assert await rows(old) == then


async def test_down_to_the_released_version_and_up_again(old, before):
    """Whatever the steps between do, they do it to data."""
    database = Database(old)
    released = await database_version(database)
    await migrations.upgrade(database)
    await migrations.move(database, released)
    await migrations.upgrade(database)
    await database.close()
    async with Served(old) as client:
        question, given = QUESTIONS["everything"]
        now = await client.data(question, **given(before["given"]))
        assert rounded(now) == rounded(expected(before)["everything"])


async def database_version(database):
    async with database.read() as connection:
        return await connection.scalar(text("SELECT version_num FROM alembic_version"))
