"""The `coherence` command."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError

from app.database import migrations
from app.database.embedded import EmbeddedPostgresError
from app.database.engine import Database
from app.database.migrations import SchemaMismatch
from app.database.start import running
from app.demo import fill
from app.errors import Refused
from app.observability import logging
from app.services import Services
from app.settings import Settings
from app.users import encryption
from app.users.encryption import KeyProblem

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    """Expected failures end with one sentence, not with a traceback."""
    try:
        cli()
    except ValidationError as error:
        for fault in error.errors():
            print(fault["msg"].removeprefix("Value error, "), file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except (EmbeddedPostgresError, KeyProblem, SchemaMismatch, Refused) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A database for one command."""
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def ready(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """URL of a database with this program's tables and key, that key, and whether the tables are new."""
    with running(settings) as url:
        key = encryption.load(settings)
        fresh = asyncio.run(_prepare(settings, url, key))
        yield url, key, fresh


async def _prepare(settings: Settings, url: str, key: str) -> bool:
    fresh = False
    async with opened(url) as database:
        if settings.database_url is None:
            fresh = await migrations.upgrade(database)
        else:
            await migrations.require_current(database)
        async with database.write() as connection:
            await encryption.check(connection, key)
    return fresh


class Server(uvicorn.Server):
    """Says where to click once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            place = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            print(f"\n  Coherence listens on {place}\n  GraphiQL: {place}/graphql\n")  # noqa: T201


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (PORT).")] = None,
) -> None:
    """Serve the API. Brings the embedded database's tables up to date; an external one's must be so already."""
    from app.asgi import create_app

    given = {name: value for name, value in (("HOST", host), ("PORT", port)) if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]
    logging.configure(settings.log_level)
    with ready(settings) as (url, key, fresh):
        if fresh and settings.demo:
            asyncio.run(_demo(settings, url, key))
        config = uvicorn.Config(
            create_app(settings, url, key),
            host=settings.host,
            port=settings.port,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        Server(config).run()


@cli.command()
def demo() -> None:
    """Add the demo: a dozen conversations of known character."""
    settings = Settings()
    with ready(settings) as (url, key, _):
        asyncio.run(_demo(settings, url, key))


async def _demo(settings: Settings, url: str, key: str) -> None:
    async with opened(url) as database:
        await fill(Services.of(settings, database, key), datetime.now(UTC))


@cli.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Version to go to: head, base or a number.")] = "head",
) -> None:
    """Bring the database's tables to this program's version, or to an earlier one."""
    settings = Settings()
    with running(settings) as url:
        asyncio.run(_migrate(url, revision))


async def _migrate(url: str, revision: str) -> None:
    async with opened(url) as database:
        await migrations.move(database, revision)


@cli.command()
def rotate_key(
    new_key: Annotated[
        str | None, typer.Option(envvar="NEW_PGCRYPTO_KEY", help="Better given by the environment.")
    ] = None,
) -> None:
    """Encrypt all personal data with another key, in one transaction. PGCRYPTO_KEY is the key until now.

    Beside the embedded database the key file is rewritten too, with a new key where none is given.
    """
    settings = Settings()
    if new_key is None and (settings.database_url or settings.pgcrypto_key):
        raise KeyProblem("NEW_PGCRYPTO_KEY is not set: make one with `openssl rand -base64 32`.")
    with ready(settings) as (url, key, _):
        users = asyncio.run(_rotate(url, key, new_key, settings))
    print(f"Personal data of {users} users is encrypted with the new key.")  # noqa: T201


async def _rotate(url: str, old: str, new: str | None, settings: Settings) -> int:
    async with opened(url) as database, database.write() as connection:
        with encryption.new_key(settings, new) as key:
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
