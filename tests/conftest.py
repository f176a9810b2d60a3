"""A real PostgreSQL for the whole run, and a database of its own for every test that asks for one."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from app.asgi import create_app
from app.database import migrations
from app.database.embedded import EmbeddedPostgres
from app.database.engine import Database
from app.services import Services
from app.settings import Settings
from app.users import encryption
from tests import lanes
from tests.as_everyone import OPTION, asked_as_everyone

__all__ = ["asked_as_everyone"]

KEY = "the tests' own key"
TEMPLATE = f"template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""Of this process: with TimescaleDB several share a server."""

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")
}
"""Of a program that a test starts: nothing of the machine's settings."""
QUIET: dict[str, Any] = {
    "COHERENCE_UPKEEP_SECONDS": 0,
    "COHERENCE_ARRIVALS_SECONDS": 0,
    "COHERENCE_LOOK_AGAIN_SECONDS": 3_600,
}
"""Nothing happens but what a test asks for."""
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Databases by the hundred are made and dropped: on a busy disk each takes half a second.
MEMORY = Path("/dev/shm")  # noqa: S108 - names in it are chosen by tempfile
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30:
    tempfile.tempdir = str(MEMORY)

settings.register_profile(
    "coherence", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("coherence")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lanes.mark(items, Path(__file__).parent)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION, action="store_true", help="have every planned query answered as everyone both ways"
    )


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server, with the migrated database TEMPLATE."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-tests-"))
    try:
        with EmbeddedPostgres(folder, QUICK) as url:
            asyncio.run(_make_template(url))
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def timescale() -> Iterator[str]:
    """URL of a database on a server with TimescaleDB, of either edition, that has the migrated TEMPLATE."""
    url = os.environ.get("COHERENCE_TEST_TIMESCALE_URL")
    if not url:
        pytest.skip("needs TimescaleDB: COHERENCE_TEST_TIMESCALE_URL names no server")
    asyncio.run(execute(url, f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))
    asyncio.run(_make_template(url))
    # Its scheduler must not be in what is copied.
    asyncio.run(execute(url, f"ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false"))
    end = f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'"
    asyncio.run(execute(url, end))
    yield url
    asyncio.run(execute(url, f"DROP DATABASE {TEMPLATE} WITH (FORCE)"))


EDITIONS = pytest.mark.parametrize("edition", ["plain", "timescale"])
"""Marks a test, or as `pytestmark` a file, that runs on PostgreSQL with and without TimescaleDB."""


@pytest.fixture
def edition() -> str:
    return "plain"


@pytest.fixture
def place(edition: str, request: pytest.FixtureRequest) -> str:
    """URL of the server that the test's own database is on."""
    url: str = request.getfixturevalue("timescale" if edition == "timescale" else "server")
    return url


async def _make_template(url: str) -> None:
    await execute(url, f"CREATE DATABASE {TEMPLATE}")
    database = Database(at(url, TEMPLATE))
    await migrations.upgrade(database)
    async with database.write() as connection:
        await encryption.check(connection, KEY)
    await database.close()


def at(url: str, name: str) -> str:
    """`url` with another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def dsn(url: str) -> dict[str, Any]:
    """What asyncpg connects with."""
    parsed = make_url(url)
    return {
        "host": parsed.query.get("host", parsed.host),
        "port": parsed.port,
        "user": parsed.username,
        "password": parsed.password,
        "database": parsed.database,
    }


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(**dsn(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def url(place: str) -> AsyncIterator[str]:
    """An empty, migrated database."""
    name = f"test_{uuid4().hex}"
    await execute(place, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    yield at(place, name)
    await execute(place, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pg(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection of the test's own, beside the program's."""
    connection = await asyncpg.connect(**dsn(url))
    yield connection
    await connection.close()


@pytest.fixture
def config() -> Settings:
    """The defaults, whatever the environment says."""
    return Settings(_env_file=None, **QUIET)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
def services(config: Settings, database: Database) -> Services:
    return Services.of(config, database, KEY)


@dataclass
class Client:
    """GraphQL over HTTP, to the application in this process."""

    http: httpx2.AsyncClient

    async def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        return response.json()

    async def data(self, query: str, **variables: Any) -> Any:
        """The data of a response without errors."""
        body = await self.post(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """The one error of a response."""
        body = await self.post(query, **variables)
        assert len(body.get("errors", [])) == 1, body
        return body["errors"][0]


@pytest.fixture
async def client(url: str, config: Settings) -> AsyncIterator[Client]:
    app = create_app(config, url, KEY)
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as http,
    ):
        yield Client(http)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation is planned (graphql_schema/plans/): all go through resolvers and loaders."""
    monkeypatch.setattr("graphql_schema.plans.Plans.plan_of", lambda *_: None)


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """Address of `coherence serve`, as a user starts it: embedded PostgreSQL, demo and all."""
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-served-"))
    environment = {**ENVIRONMENT, "PORT": "0", "COHERENCE_DATA_DIR": str(folder)}
    with subprocess.Popen(
        [Path(sys.executable).with_name("coherence"), "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        text=True,
    ) as process:
        try:
            found = (re.search(r"http://\S+:\d+", line) for line in process.stdout)
            yield next(match[0] for match in found if match)
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def reader(server: str) -> AsyncIterator[Client]:
    """A client of an empty database that all tests share: for requests that write nothing."""
    await execute(server, f"CREATE DATABASE reader TEMPLATE {TEMPLATE} STRATEGY file_copy")
    app = create_app(Settings(_env_file=None, **QUIET), at(server, "reader"), KEY)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8002") as http,
    ):
        yield Client(http)
