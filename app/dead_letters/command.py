"""`coherence dead-letters` on the terminal."""

import base64
import json
import sys
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Any

import typer

from app.checks import name
from app.database.base import AnyRow
from app.database.engine import Database
from app.dead_letters import queries
from app.dead_letters.payloads import SOURCE, message_reader
from app.dead_letters.service import DeadLetters, Writer
from app.errors import BadUserInput
from app.instant import write_instant
from app.ready import run
from app.settings import Settings
from app.terminal import Command, shown

cli = typer.Typer(no_args_is_help=True)

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]…")]
All = Annotated[bool, typer.Option("--all", help="All that there are.")]

_SOME_REFUSED = 2


@cli.command("list", cls=Command)
def list_letters(
    as_json: Annotated[bool, typer.Option("--json", help="With their payloads.")] = False,
    source: Annotated[
        str | None, typer.Option(help="Only those whose source begins so, such as kafka:events/.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The oldest ones.")] = 100,
) -> None:
    """Write what could not be stored, and why, oldest first."""

    async def read(database: Database) -> Sequence[AnyRow]:
        async with database.read(newest=True) as connection:
            return await queries.page(connection, source, limit + 1)

    rows = run(Settings(), read)
    if as_json:
        print(json.dumps([_as_json(row) for row in rows[:limit]], indent=2))  # noqa: T201
    else:
        for row in rows[:limit]:
            print(_line(row))  # noqa: T201
    if len(rows) > limit:
        print(f"There are more than {limit}: set --limit.", file=sys.stderr)  # noqa: T201


@cli.command(cls=Command)
def retry(
    ids: Ids = None,
    all_letters: All = False,
    create_conversations: Annotated[bool, typer.Option(help="Open those that are not there yet.")] = True,
    map: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option(
            metavar="FIELD=NAME", help="The name that a field is read from, such as rawContent=body."
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="signalSource of those that have none.")] = SOURCE,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what has names that are not read.")
    ] = False,
) -> None:
    """Store them as signals now. Ends with 2 where some are refused again, and stay, with the new reason; and where
    names in them were not read, unless there is a --map. Messages without a value are removed.
    """
    chosen = _chosen(ids, all_letters=all_letters)
    name("--source", source)
    writer = Writer(
        Settings().rules, create_conversations, message_reader(map or (), source=source, strict=strict)
    )
    stored, refused = run(Settings(), lambda database: DeadLetters(database).retry(chosen, writer))
    print(f"{stored} stored, {refused} refused again.")  # noqa: T201
    if writer.unread:
        print(shown(f"{str(writer.unread).capitalize()}."), file=sys.stderr)  # noqa: T201
        refused = refused or not map
    raise typer.Exit(_SOME_REFUSED if refused else 0)


@cli.command(cls=Command)
def discard(ids: Ids = None, all_letters: All = False) -> None:
    """Remove them for good."""
    chosen = _chosen(ids, all_letters=all_letters)
    print(f"{run(Settings(), lambda database: DeadLetters(database).discard(chosen))} discarded.")  # noqa: T201


def _chosen(ids: Sequence[int] | None, *, all_letters: bool) -> Sequence[int] | None:
    """None for all."""
    if bool(ids) == all_letters:
        raise BadUserInput("Name dead letters by their ids, or all by --all: `coherence dead-letters list`.")
    if any(not 0 < key < 2**63 for key in ids or ()):
        raise BadUserInput("An id is a whole number above 0.")
    return ids or None


def _line(row: AnyRow) -> str:
    about = f" ({row.conversation})" if row.conversation else ""
    received = write_instant(row.received_at.astimezone(UTC))
    tried = "once" if row.attempts == 1 else f"{row.attempts} times"
    return shown(f"{row.id} {received} {row.source}{about}, tried {tried}: {row.reason}")


def _as_json(row: AnyRow) -> dict[str, Any]:
    try:
        payload = {"payload": row.payload.decode()}
    except UnicodeDecodeError:
        payload = {"payloadBase64": base64.b64encode(row.payload).decode()}
    return {
        "id": row.id,
        "source": row.source,
        "receivedAt": write_instant(row.received_at.astimezone(UTC)),
        "reason": row.reason,
        "field": row.field,
        "conversation": row.conversation,
        "attempts": row.attempts,
    } | payload
