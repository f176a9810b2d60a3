"""What the command line names, each thing as what it is."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from app.errors import BadUserInput
from app.signals.importers import options, slack, sql
from app.signals.importers.import_source import Options, Source
from app.signals.importers.lines import Lines, Unreadable

_STDIN = "standard input"


def sources(paths: Sequence[Path], query: str | None, dsn: str | None, given: Options) -> list[Source]:
    """The files, or the query's rows. Raises BadUserInput and Unreadable."""
    if (query is None) == (not paths):
        raise BadUserInput("coherence import takes files, or a query with --from-sql.")
    if query is None:
        if paths.count(Path("-")) > 1:
            raise BadUserInput("Standard input (-) can be read once.")
        return [source(path, given) for path in paths]
    if not dsn:
        raise BadUserInput("--from-sql: name the database, by COHERENCE_IMPORT_URL or --dsn.")
    return [sql.source(dsn, query, given)]


def source(path: Path, given: Options) -> Source:
    """A file, or a Slack export, known by its content. Raises BadUserInput and Unreadable.

    Standard input and pipes can be read once, and are kept in a temporary file until all of it is stored.
    """
    if str(path) == "-":
        return _kept(sys.stdin.buffer, _STDIN, given)
    if path.is_fifo() or path.is_char_device():
        try:
            with path.open("rb") as pipe:
                return _kept(cast(BinaryIO, pipe), str(path), given)
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    return _source(path, given, None)


def _kept(stream: BinaryIO, name: str, given: Options) -> Source:
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115 - it lives as long as the source does
    shutil.copyfileobj(stream, file)
    file.flush()
    found = _source(Path(file.name), given, name)
    return replace(found, path=Path("stdin"), opened=partial(_opened, file, found))


def _opened(file: object, found: Source) -> AbstractContextManager[Lines]:  # noqa: ARG001 - removed with its last user
    return found.opened()


def _source(path: Path, given: Options, name: str | None) -> Source:
    is_export = slack.may_be_export(path)
    if given.format == "slack" and not is_export and path.is_file():
        is_export = not options.is_slack(path)
    if given.format in {None, "slack"} and is_export:
        return slack.source(path, given, name=name)
    return options.source(path, given, name=name)
