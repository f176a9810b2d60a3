"""The `coherence` command as a user runs it."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import asyncpg
import pytest
import typer

from app.cli import cli
from tests.app.commands import coherence
from tests.app.serving import Serving, server_of
from tests.conftest import ENVIRONMENT


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where PostgreSQL's own user may go too, when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="coherence-cli-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {**ENVIRONMENT, "COHERENCE_DATA_DIR": str(folder / "data"), **environment}
        return coherence(*arguments, environment=given, folder=folder)

    return run


COUNT = "{ conversations { totalCount } }"


def test_the_first_start_fills_the_demo_and_later_ones_leave_data_alone(folder):
    first = Serving(folder)
    assert first.ask(COUNT)["conversations"]["totalCount"] == 12
    node = first.ask('{ conversation(by: {contextWindowId: "demo-steady-1"}) { id } }')["conversation"]
    first.ask(f'mutation {{ deleteConversation(id: "{node["id"]}") {{ deletedId }} }}')
    first.end()
    assert server_of(folder) is None
    second = Serving(folder)
    assert second.ask(COUNT)["conversations"]["totalCount"] == 11
    second.end(signal.SIGINT)
    assert server_of(folder) is None


def test_two_servers_share_a_folder_and_the_last_one_stops_postgresql(folder):
    one, other = Serving(folder, DEMO="0"), Serving(folder, DEMO="0")
    one.ask('mutation { createConversation(input: {contextWindowId: "shared"}) { id } }')
    one.end()
    assert other.ask(COUNT)["conversations"]["totalCount"] == 1
    other.end()
    assert server_of(folder) is None


def test_what_was_acknowledged_survives_kill_9_of_everything(folder):
    server = Serving(folder, DEMO="0")
    server.ask('mutation { createConversation(input: {contextWindowId: "kept"}) { id } }')
    postmaster = server_of(folder)
    server.end(signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    while server_of(folder) == postmaster and Path(f"/proc/{postmaster}").exists():
        if Path(f"/proc/{postmaster}/stat").read_text().split()[2] == "Z":
            break  # nobody is there to reap it
        time.sleep(0.05)
    again = Serving(folder)
    assert again.ask(COUNT)["conversations"]["totalCount"] == 1
    again.end()


def test_an_external_database_is_migrated_on_demand_alone(run, server):
    name = "external"
    address = _with_database(server, name)
    given = {"COHERENCE_DATABASE_URL": address, "PGCRYPTO_KEY": "k1", "PORT": "0"}
    refused = run("serve", **given)
    assert refused.returncode == 1
    assert "coherence migrate" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert run("migrate", **given).returncode == 0
    assert run("migrate", "0001", **given).returncode == 0
    assert "version 0001" in run("serve", **given).stderr
    assert run("migrate", "base", **given).returncode == 0
    assert run("migrate", "nonsense", **given).returncode == 1


def test_an_external_database_needs_its_own_key(folder, run, server):
    address = _with_database(server, "keyed")
    given = {"COHERENCE_DATABASE_URL": address}
    assert "PGCRYPTO_KEY" in run("rotate-key", **given, NEW_PGCRYPTO_KEY="k2").stderr
    given["PGCRYPTO_KEY"] = "k1"
    run("migrate", **given)
    first = Serving(folder, **given)
    first.ask('mutation { createUser(input: {username: "ada", email: "ada@example.org"}) { id } }')
    first.end()
    wrong = run("serve", **given | {"PGCRYPTO_KEY": "k2"})
    assert wrong.returncode == 1
    assert "not the key" in wrong.stderr
    rotated = run("rotate-key", **given, NEW_PGCRYPTO_KEY="k2")
    assert rotated.returncode == 0, rotated.stderr
    assert "1 users" in rotated.stdout
    assert "not the key" in run("serve", **given).stderr
    second = Serving(folder, **given | {"PGCRYPTO_KEY": "k2"})
    email = second.ask("{ users { edges { node { personalInformation { email } } } } }")
    second.end()
    assert email["users"]["edges"][0]["node"]["personalInformation"]["email"] == "ada@example.org"


def test_the_embedded_key_file_is_rotated_with_the_data(folder, run):
    server = Serving(folder, DEMO="0")
    server.ask('mutation { createUser(input: {username: "ada", email: "ada@example.org"}) { id } }')
    server.end()
    file = folder / "data" / "pgcrypto.key"
    before = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("rotate-key").returncode == 0
    assert file.read_text() != before
    assert file.stat().st_mode & 0o777 == 0o600
    again = Serving(folder)
    email = again.ask('{ user(by: {username: "ada"}) { personalInformation { email } } }')
    again.end()
    assert email["user"]["personalInformation"]["email"] == "ada@example.org"


def test_the_schema_is_written(run):
    committed = Path(__file__).parents[2] / "graphql_schema" / "schema.graphql"
    assert run("schema").stdout == committed.read_text()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [("HOST", "0.0.0.0", "COHERENCE_TRUST_NETWORK"), ("DEFAULT_WINDOWS", "1h,5 parsecs", "5 parsecs")],  # noqa: S104
)
def test_a_wrong_setting_is_refused_in_one_sentence(run, variable, value, says):
    refused = run("serve", **{variable: value})
    assert refused.returncode == 1
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


def _with_database(server: str, name: str) -> str:
    """URL, as users write it, of a new and empty database."""
    from sqlalchemy import make_url

    url = make_url(server)

    async def create() -> None:
        connection = await asyncpg.connect(
            host=url.query["host"], user=url.username, database=url.database, port=5432
        )
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return f"postgresql://coherence@/{name}?host={url.query['host']}"


def test_classify_uses_the_table_that_is_configured(run: Run, folder: Path) -> None:
    table = folder / "keywords.toml"
    table.write_text('threshold = 1.0\n[[STRESSED]]\ngroup = "all"\nweight = 9.0\nkeywords = ["the"]\n')
    run("demo")
    first = run("classify")
    assert int(first.stdout.split()[0]) > 1_000
    assert run("classify").stdout == "0 signals classified.\n"
    assert run("classify", COHERENCE_KEYWORDS=str(table)).stdout == first.stdout


def test_purge_says_how_many_conversations_are_removed(run):
    assert run("purge", "--days", "-1").returncode == 2
    assert run("purge", DEMO="0").stdout == "0 conversations are removed.\n"


def test_version_is_told_without_a_database(run):
    told = run("--version")
    assert (told.returncode, told.stdout) == (0, f"coherence {version('coherence')}\n")


def test_help_breaks_no_line_where_the_source_does(run):
    told = run("--help", TERMINAL_WIDTH="400").stdout
    commands = told[told.index("Commands") :].splitlines()[1:-1]
    names = [line.strip("│ ").split()[0] for line in commands if line.strip("│ ─╰╯")]
    assert names == list(typer.main.get_command(cli).commands)
    pull = run("pull", "--help", TERMINAL_WIDTH="400").stdout.splitlines()
    assert any("Ends with 0" in line and "until it is ended" in line for line in pull)
