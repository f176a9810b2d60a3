"""`coherence embed` and `coherence vectors` on the terminal."""

import sys
from collections.abc import Awaitable, Callable

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.database.engine import Database
from app.errors import Unavailable
from app.ready import run
from app.settings import Settings
from app.terminal import Command
from app.vectors import reconcile
from app.vectors.service import Vectors

cli = typer.Typer(no_args_is_help=True)

_DIFFERENT = 2


def embed() -> None:
    """Embed the stored signals that have no vector of the embedder that is set (COHERENCE_EMBEDDER). Run again after
    it was ended, it goes on with those that are left. A running server does so with what comes in.
    """

    async def job(vectors: Vectors) -> int:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("embedding", total=await vectors.embedding.left())
            return await vectors.embedding.missing(lambda count: progress.advance(task, count))

    print(f"{_run(job)} signals looked at.")  # noqa: T201


@cli.command(cls=Command)
def check() -> None:
    """Say how signals, embeddings and the index elsewhere (COHERENCE_VECTORS) differ. Ends with 2 where they do."""
    _tell(_run(lambda vectors: reconcile.differences(vectors.embedding)))


@cli.command(cls=Command)
def mend() -> None:
    """Mend what `check` says: delete what is too much, and send what is missing."""

    async def job(vectors: Vectors) -> reconcile.Differences:
        found = await reconcile.differences(vectors.embedding)
        await reconcile.mend(vectors.embedding, found)
        return await reconcile.differences(vectors.embedding)

    _tell(_run(job))


def _tell(found: reconcile.Differences) -> None:
    print(f"{len(found.orphans)} embeddings of signals that are no more.")  # noqa: T201
    print(f"{len(found.missing)} embeddings that the index does not have.")  # noqa: T201
    print(f"{len(found.strange)} vectors in the index without an embedding.")  # noqa: T201
    if found:
        sys.exit(_DIFFERENT)


def _run[T](job: Callable[[Vectors], Awaitable[T]]) -> T:
    settings = Settings()
    if settings.vectors == "off":
        raise Unavailable("There are no vectors here (COHERENCE_VECTORS=off).")

    async def with_vectors(database: Database) -> T:
        vectors = Vectors.of(settings, database)
        try:
            return await job(vectors)
        finally:
            await vectors.close()

    return run(settings, with_vectors)
