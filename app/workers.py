"""`coherence serve --workers N`: processes that accept from one socket.

Their parent has the database, the socket and the memory they count in. It starts them, replaces those that end, ends
them when it is ended, and serves nothing itself. It waits for what happens and looks at nothing from time to time.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, Self

from app import serving
from app.observability import logging as logs
from app.observability.statistics import ROW_BYTES, Statistics
from app.settings import Settings

logger = logging.getLogger(__name__)

_CONTEXT = get_context("spawn")
_ENDING = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker is told: through a pipe, so that neither command line nor environment shows the key."""

    settings: Settings
    url: str = field(repr=False)
    key: str = field(repr=False)
    sockets: list[socket.socket]
    memory: Any
    started: float


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    accepts: Connection
    """Says so, once; ends without a word where the worker does."""
    began: float

    @classmethod
    def start(cls, task: _Task, number: int) -> Self:
        accepts, says = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_work, args=(task, number, says), daemon=True)
        process.start()
        says.close()
        return cls(process, accepts, time.monotonic())


def supervise(settings: Settings, url: str, key: str) -> None:
    """Serves until a signal's handler raises. SystemExit where the workers do not even start."""
    listening = serving.config(_nothing, settings).bind_socket()
    memory = _CONTEXT.RawArray("c", ROW_BYTES * settings.workers)
    task = _Task(settings, url, key, [listening], memory, time.monotonic())
    resource_tracker.ensure_running()  # it would let signals through below
    workers: list[_Worker] = []
    try:
        with _undisturbed():
            workers += [_Worker.start(task, number) for number in range(settings.workers)]
        _until_all_accept(workers)
        serving.tell(listening)
        while True:
            _replace(task, workers)
    finally:
        with _undisturbed():
            _end(workers)
            listening.close()


async def _nothing(*_: object) -> None:
    """The parent's own application."""


def _until_all_accept(workers: list[_Worker]) -> None:
    for worker in workers:
        try:
            worker.accepts.recv()
        except EOFError:
            worker.process.join()
            sys.exit(max(worker.process.exitcode or 1, 1))


def _replace(task: _Task, workers: list[_Worker]) -> None:
    """Waits until one ends, and starts another one in its place."""
    wait([worker.process.sentinel for worker in workers])
    for number, worker in enumerate(workers):
        if worker.process.exitcode is None:
            continue
        logger.warning(
            "worker %d (process %d) has ended with %d; another one takes its place",
            number,
            worker.process.pid,
            worker.process.exitcode,
        )
        worker.accepts.close()
        time.sleep(
            max(worker.began + 1 - time.monotonic(), 0)
        )  # whatever ends them, it does not keep us busy
        with _undisturbed():
            workers[number] = _Worker.start(task, number)


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + serving.PATIENCE + 5
    for worker in workers:
        worker.process.join(max(deadline - time.monotonic(), 0))
        if worker.process.exitcode is None:
            worker.process.kill()
            worker.process.join()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets SIGTERM and Ctrl-C wait until the end of the block; also for a worker that it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(task: _Task, number: int, says: Connection) -> None:
    """In the worker. Its number is the row that it counts in, and the first one does upkeep for all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets Ctrl-C too, and ends its workers
    Thread(target=_end_with_parent, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    from app.asgi import create_app

    logs.configure(task.settings.log_level)
    settings = task.settings
    if number > 0:
        settings = settings.model_copy(update={"upkeep_seconds": 0, "arrivals_seconds": 0})
    statistics = Statistics(task.memory, number, task.started)
    app = create_app(settings, task.url, task.key, statistics)
    serving.Server(serving.config(app, settings), lambda _: says.send(True)).run(task.sockets)


def _end_with_parent() -> None:
    """A parent that has been killed can end nobody."""
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
