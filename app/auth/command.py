"""`coherence keys` and `coherence users` on the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from app.auth import keys as service
from app.auth import queries
from app.auth.roles import promote
from app.auth.viewer import PROGRAM, Scope
from app.database.base import AnyRow
from app.database.engine import Database
from app.duration import Duration
from app.errors import BadUserInput, NotFound
from app.instant import write_instant
from app.ready import run
from app.settings import Settings
from app.terminal import Command, shown
from app.users.models import Role
from app.users.queries import id_of

keys = typer.Typer(no_args_is_help=True)
users = typer.Typer(no_args_is_help=True)

ACTOR = "terminal"
"""Who reaches the database's credentials, for the audit log."""


@keys.command(cls=Command)
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="ingest, read or admin; may be repeated.", show_default=False)
    ],
    user: Annotated[
        str | None, typer.Option(help="Username of whose rights it has; a machine's where left out.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DURATION", help="From now on, such as 90d; never where left out.")
    ] = None,
) -> None:
    """Make a key, and write it: it is shown this once."""
    scopes = _scopes(scope)
    until = None if expires is None else datetime.now(UTC) + timedelta(seconds=_duration(expires))

    async def job(database: Database) -> str:
        user_id = None if user is None else await _user(database, user)
        _, token = await service.create(database, ACTOR, name, scopes, user_id, until)
        return token

    print(run(Settings(), job))  # noqa: T201


@keys.command("list", cls=Command)
def list_keys() -> None:
    """Write the keys there are, newest first, by what they begin with."""

    async def job(database: Database) -> Sequence[AnyRow]:
        async with database.read(newest=True) as connection:
            return await queries.keys(connection, None)

    for row in run(Settings(), job):
        print(_line(row))  # noqa: T201


@keys.command(cls=Command)
def revoke(key: Annotated[str, typer.Argument(help="Its id, or what it begins with.")]) -> None:
    """Have a key count no longer. What goes on with it on running servers ends within two seconds."""

    async def job(database: Database) -> str:
        async with database.read(newest=True) as connection:
            rows = await queries.keys(connection, None)
        found = [row for row in rows if key in {str(row.id), row.prefix}]
        if len(found) != 1:
            raise NotFound("No key, or more than one, is called so: `coherence keys list`.")
        return str((await service.revoke(database, ACTOR, found[0].id)).name)

    print(f"{shown(run(Settings(), job))} is revoked.")  # noqa: T201


@users.command("promote", cls=Command)
def promote_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The username.")],
    role: Annotated[str, typer.Option(help="EDUCATOR, COACH or ADMIN.", show_default=False)],
) -> None:
    """Give a user another role: the first administrator gets it so."""
    try:
        wanted = Role(role.upper())
    except ValueError:
        raise BadUserInput(f"--role is {role[:40]!r}; it takes EDUCATOR, COACH or ADMIN.") from None

    async def job(database: Database) -> None:
        await promote(database, ACTOR, await _user(database, name), wanted)

    run(Settings(), job)
    print(f"{shown(name)} is {wanted.value}.")  # noqa: T201


async def _user(database: Database, name: str) -> UUID:
    async with database.read(newest=True) as connection:
        found = await id_of(connection, PROGRAM, name)
    if found is None:
        raise NotFound(f"There is no user {shown(name[:60])!r}.")
    return found


def _scopes(words: Sequence[str]) -> set[Scope]:
    try:
        return {Scope(word.upper()) for word in words}
    except ValueError:
        raise BadUserInput("--scope takes ingest, read or admin.") from None


def _duration(text: str) -> Duration:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise BadUserInput(f"--expires: {error}") from None


def _line(row: AnyRow) -> str:
    if row.revoked_at is not None:
        state = "revoked"
    elif row.expires_at is None:
        state = "does not expire"
    else:
        state = f"expires {_time(row.expires_at)}"
    used = "never used" if row.last_used_at is None else f"used {_time(row.last_used_at)}"
    scopes = ",".join(row.scopes).lower()
    return shown(f"{row.id} {row.prefix}… {scopes}: {row.name} ({state}, {used})")


def _time(instant: datetime) -> str:
    return write_instant(instant.astimezone(UTC))
