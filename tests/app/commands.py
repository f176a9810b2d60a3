"""The `coherence` command, run to its end by a process that need not import the program first.

Importing it takes seconds, running it a tenth of one: a process that has imported it is forked for every command.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.reduction import DupFd
from pathlib import Path
from tempfile import TemporaryFile

import coverage
import pytest

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app.cli", "app.asgi", __name__])


def coherence(
    *arguments: object, environment: Mapping[str, str], folder: Path | None = None, timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """What the command says and ends with. Nothing is in its environment but what is given."""
    words = ["coherence", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            patch.delenv(name, raising=False)  # each command is measured, and what forks it is not
        forkserver.ensure_running()
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        files = DupFd(output.fileno()), DupFd(errors.fileno())
        process = FORKS.Process(target=_run, args=(words, dict(environment), folder or Path.cwd(), *files))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, timeout)
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(words, process.exitcode, output.read(), errors.read())


def _run(words: list[str], environment: dict[str, str], folder: Path, *files: DupFd) -> None:
    for number, file in enumerate(files, start=1):
        os.dup2(file.detach(), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    measured = coverage.process_startup()
    try:
        from app.cli import main

        main()
    finally:
        if measured:
            measured.stop()
            measured.save()
