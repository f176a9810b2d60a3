"""The `coherence` command."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from pydantic import ValidationError

from app import serving
from app.auth import command as auth
from app.conversations import service as conversations
from app.database import migrations
from app.database.embedded import EmbeddedPostgresError
from app.database.engine import Database
from app.database.migrations import SchemaMismatch
from app.database.start import running
from app.dead_letters import command as dead_letters
from app.demo import fill
from app.errors import Refused
from app.observability import logging
from app.ready import opened, ready, run
from app.secrets import SecretsProblem
from app.services import Services
from app.settings import Settings
from app.settings.unknown import unknown_settings
from app.signals.consumers import command as consumers
from app.signals.importers.cli import import_signals
from app.terminal import Command, take_any_text
from app.upkeep import upkeep
from app.users import encryption
from app.users.encryption import KeyProblem
from app.vectors import command as vectors
from app.version import VERSION

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # the other modes break lines where the source does
)
rolling = typer.Typer(no_args_is_help=True)
cli.add_typer(rolling, name="rolling", help="The metrics that pulls have kept.")
cli.add_typer(auth.keys, name="keys", help="API keys of machines and programs.")
cli.add_typer(auth.users, name="users", help="Users and their roles.")
cli.add_typer(consumers.cli, name="consume", help="Store signals as they come.")
cli.add_typer(vectors.cli, name="vectors", help="Vectors of signals, and their index.")
cli.add_typer(dead_letters.cli, name="dead-letters", help="What came and could not be stored.")

log = structlog.get_logger()


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"coherence {VERSION}")  # noqa: T201
        raise typer.Exit


@cli.callback()
def options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does it all
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    """A GraphQL analytics server for conversation signals."""
    if context.invoked_subcommand != "serve":  # whose log says so
        for warning in unknown_settings():
            print(f"Warning: {warning}", file=sys.stderr)  # noqa: T201


def main() -> None:
    """Expected failures end with one sentence, not with a traceback; SIGTERM still closes what is open."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    take_any_text()
    try:
        cli()
    except ValidationError as error:
        for fault in error.errors():
            place = "".join(f"{name}: " for name in fault["loc"])
            print(place + fault["msg"].removeprefix("Value error, "), file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except (EmbeddedPostgresError, KeyProblem, SchemaMismatch, SecretsProblem, Refused) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PORT).")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that answer requests (COHERENCE_WORKERS).")
    ] = None,
) -> None:
    """Serve the API. Brings the embedded database's tables up to date; an external one's must be so already."""
    options = {"HOST": host, "PORT": port, "COHERENCE_WORKERS": workers}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    settings = Settings(**given)
    logging.configure(settings.log_level)
    for warning in unknown_settings():
        log.warning(warning)
    if settings.database_url is None and not (settings.data_dir / "postgres").exists():
        _say(f"Making a PostgreSQL in {settings.data_dir}, with its tables …")
    with ready(settings) as (url, key, fresh):
        if fresh and settings.demo:
            _say("Adding a demo: a dozen conversations (DEMO=0 leaves it out) …")
            asyncio.run(_demo(settings, url, key))
        serving.serve(settings, url, key)


def _say(step: str) -> None:
    print(f"  {step}", flush=True)  # noqa: T201


@cli.command()
def demo() -> None:
    """Add the demo: a dozen conversations of known character."""
    settings = Settings()
    with ready(settings) as (url, key, _):
        asyncio.run(_demo(settings, url, key))


async def _demo(settings: Settings, url: str, key: str) -> None:
    async with opened(settings, url) as database:
        await fill(Services.of(settings, database, key), datetime.now(UTC))


@cli.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Version to go to: head, base or a number.")] = "head",
) -> None:
    """Bring the database's tables to this program's version, or to an earlier one."""
    settings = Settings()
    with running(settings) as url:
        asyncio.run(_migrate(settings, url, revision))


async def _migrate(settings: Settings, url: str, revision: str) -> None:
    async with opened(settings, url) as database:
        await migrations.move(database, revision)


@cli.command()
def convert() -> None:
    """Make of the stored signals what the database server can do: on TimescaleDB a hypertable, and continuous
    aggregates on its community edition. In place, in one transaction, without losing a row.
    """
    settings = Settings()
    with running(settings) as url:
        for step in asyncio.run(_convert(url, settings)) or ["nothing to convert"]:
            print(step[0].upper() + step[1:] + ".")  # noqa: T201


async def _convert(url: str, settings: Settings) -> list[str]:
    async with opened(settings, url) as database:
        done = await migrations.convert(database)
        if done:
            await upkeep(database, settings, datetime.now(UTC))
        return done


cli.command("import", cls=Command)(import_signals)
cli.command(cls=Command)(vectors.embed)


@cli.command()
def classify() -> None:
    """Classify the stored signals by the table of keywords (COHERENCE_KEYWORDS): those that have no class yet, and
    all of them where another table has. A running server does the same by and by.
    """
    settings = Settings()
    with ready(settings) as (url, key, _):
        count = asyncio.run(_classify(settings, url, key))
    print(f"{count} signals classified.")  # noqa: T201


async def _classify(settings: Settings, url: str, key: str) -> int:
    async with opened(settings, url) as database:
        return await Services.of(settings, database, key).arrivals.reclassify()


@cli.command("export")
def export_signals(
    file: Annotated[
        Path | None, typer.Argument(help="Gzip where it ends in .gz; standard output where left out.")
    ] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="jsonl or csv; by the file's name where left out.")
    ] = None,
    conversation: Annotated[
        list[str] | None, typer.Option(help="Its contextWindowId or id; may be repeated.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help="A signalSource; may be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="First instant, such as 2026-01-31T12:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="The instant before which it ends.")] = None,
) -> None:
    """Write signals, oldest first, as `coherence import` reads them."""
    from app.auth.viewer import PROGRAM
    from app.signals import export
    from graphql_schema.nodes import conversation_reference

    references = [conversation_reference(name, "--conversation") for name in conversation or ()]
    wanted = export.wanted(references, source or (), since, until)
    kind = export.format_of(file, format)
    settings = Settings()

    async def job(database: Database) -> int:
        with export.output(file) as lines:
            return await export.export(database, PROGRAM, wanted, lines, kind, actor=auth.ACTOR)

    count = run(settings, job)
    print(f"{count} signals written.", file=sys.stderr)  # noqa: T201


@cli.command(cls=Command)
def pull(
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="SECONDS", help="Pull again and again, so long after the last."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="First instant; from the last row stored on where left out.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="The instant before which it ends; now.")] = None,
    window: Annotated[str, typer.Option(metavar="DURATION", help="Of the metrics.")] = "1h",
) -> None:
    """Store what the service DARSHAN_BASE_URL has that is new, and measure the conversations it is about.

    Ends with 0 where every row is stored, with 2 where some are refused, with 1 where the service or the database
    cannot be read to the end. With --every it goes on until it is ended.
    """
    from app.upstream import command

    wanted, duration = command.asked(since, until, window, every)
    settings = Settings()

    async def job(database: Database) -> int:
        logging.configure(settings.log_level)  # not before the tables are made, which Alembic tells of
        return await command.pull(database, settings, wanted, duration, every)

    raise typer.Exit(run(settings, job))


@rolling.command("show")
def show_rolling(
    as_json: Annotated[bool, typer.Option("--json", help="As the API answers CoherenceMetrics.")] = False,
    limit: Annotated[int | None, typer.Option(min=0, help="Only so many rows, the last ones.")] = None,
) -> None:
    """Write the rows that PERSISTENCE has kept, oldest first."""
    from app.upstream import command

    command.show(Settings(), limit, as_json=as_json)


@cli.command()
def purge(
    days: Annotated[
        int | None, typer.Option(min=0, help="In place of COHERENCE_PURGE_AFTER_DAYS.", show_default=False)
    ] = None,
) -> None:
    """Remove conversations for good that have been DELETED for some days, with all that is in them."""
    settings = Settings()
    after = settings.purge_after if days is None else days
    count = run(settings, lambda database: conversations.purge(database, after))
    print(f"{count} conversations are removed.")  # noqa: T201


@cli.command()
def rotate_key(
    new_key: Annotated[
        str | None, typer.Option(envvar="NEW_PGCRYPTO_KEY", help="Better given by the environment.")
    ] = None,
) -> None:
    """Encrypt all personal data with another key, in one transaction. PGCRYPTO_KEY is the key until now.

    Beside the embedded database the key file is rewritten too, with a new key where none is given, and running servers
    take that up. Servers that were given PGCRYPTO_KEY have to be started again with the new one.
    """
    settings = Settings()
    if not new_key and (settings.database_url or settings.pgcrypto_key):
        raise KeyProblem("NEW_PGCRYPTO_KEY is not set: make one with `openssl rand -base64 32`.")
    with ready(settings) as (url, key, _):
        users = asyncio.run(_rotate(url, key, new_key, settings))
    print(f"Personal data of {users} users is encrypted with the new key.")  # noqa: T201
    file = encryption.key_file(settings)
    if file is None:
        print(  # noqa: T201
            "Start every server again with the new PGCRYPTO_KEY: until then those that run answer UNAVAILABLE where "
            "personal data and share tokens are concerned, and 503 at /health."
        )
    else:
        print(f"The new key is in {file}; servers that run take it up by themselves.")  # noqa: T201


async def _rotate(url: str, old: str, new: str | None, settings: Settings) -> int:
    async with opened(settings, url) as database:
        with encryption.new_key(settings, new) as key:  # takes the old one's place after the commit
            async with database.write() as connection:
                return await encryption.rotate(connection, old, key)


@cli.command()
def schema(
    output: Annotated[
        Path | None, typer.Argument(help="File to write; standard output where left out.")
    ] = None,
) -> None:
    """Write the served schema in GraphQL's own language."""
    from graphql_schema.schema import build_schema

    text = build_schema().as_str() + "\n"
    if output is None:
        print(text, end="")  # noqa: T201
    else:
        output.write_text(text)
