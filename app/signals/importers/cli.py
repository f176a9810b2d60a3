"""The words of `coherence import`."""

from pathlib import Path
from typing import Annotated

import typer

from app.database.engine import Database
from app.errors import BadUserInput
from app.ready import run
from app.settings import Settings


def import_signals(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE…]",
            help="Plain or gzip, a Slack export (a zip or folder), or - for standard input.",
        ),
    ] = None,
    from_sql: Annotated[
        str | None, typer.Option(metavar="QUERY", help="In place of files, a query on another PostgreSQL.")
    ] = None,
    dsn: Annotated[
        str | None,
        typer.Option(help="That PostgreSQL. Better given by COHERENCE_IMPORT_URL: it has a password."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="jsonl, csv or slack; by the file's name and content where left out.")
    ] = None,
    map: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN", help="The column that a field is read from, such as rawContent=text."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="signalSource where the file has none.")] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="NAME", help="contextWindowId where the file has none.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of times without an offset, such as Europe/Berlin.")
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(help="Between a table's fields: a character, or tab. By its head where left out."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what has names, files or words that are not read.")
    ] = False,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="vader|COLUMN|NUMBER",
            help="signalScore: of the text (its first 10 000 characters), a column's, or one for all.",
        ),
    ] = None,
    create_conversations: Annotated[
        bool,
        typer.Option(
            "--create-conversations",
            help="Open those that are not there yet. Slack's and events' always are.",
        ),
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Lines a transaction.")] = 5_000,
    restart: Annotated[
        bool, typer.Option("--restart", help="Read from the beginning what has been imported already.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show what would be stored; store nothing.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="LINES", help="Only so many of each file, in a dry run.")
    ] = None,
) -> None:
    """Store signals: all of a file's, or go on where the same command was interrupted.

    Lines that cannot be stored go to FILE.rejected.jsonl. Ends with 0 where all is stored, with 2 where lines were
    rejected or something in them is not read (but columns beside those of a --map), with 1 where the import could not
    run or not to its end. A dry run ends as the import would.
    """
    from app.signals.importers import command, options
    from app.signals.importers.sources import sources

    if limit is not None and not dry_run:
        raise BadUserInput("--limit is for --dry-run: an import stores everything.")
    settings = Settings()
    given = options.options(
        map or (),
        format=format,
        source=source,
        score=score,
        create_conversations=create_conversations,
        conversation=conversation,
        timezone=timezone,
        delimiter=delimiter,
        strict=strict,
    )
    if dsn is None and settings.import_url is not None:
        dsn = settings.import_url.get_secret_value()
    read = sources(files or (), from_sql, dsn, given)

    async def job(database: Database) -> int:
        if dry_run:
            return await command.preview_sources(
                database, read, rules=settings.rules, batch_size=batch, restart=restart, limit=limit
            )
        return await command.import_sources(
            database, read, rules=settings.rules, batch_size=batch, restart=restart
        )

    raise typer.Exit(run(settings, job))
