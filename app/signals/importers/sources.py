"""What the command line names, each thing as what it is."""

from collections.abc import Sequence
from pathlib import Path

from app.errors import BadUserInput
from app.signals.importers import options, slack, sql
from app.signals.importers.options import Options, Source


def sources(files: Sequence[Path], query: str | None, dsn: str | None, given: Options) -> list[Source]:
    """The files, or the query's rows. Raises BadUserInput and Unreadable."""
    if (query is None) == (not files):
        raise BadUserInput("coherence import takes files, or a query with --from-sql.")
    if query is None:
        return [source(file, given) for file in files]
    if not dsn:
        raise BadUserInput("--from-sql: name the database, by COHERENCE_IMPORT_URL or --dsn.")
    return [sql.source(dsn, query, given)]


def source(path: Path, given: Options) -> Source:
    """A file, or a Slack export, known by its content. Raises BadUserInput and Unreadable."""
    if given.format == "slack" or (given.format is None and slack.may_be_export(path)):
        return slack.source(path, given)
    return options.source(path, given)
