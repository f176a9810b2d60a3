"""Logs: one JSON object a line on standard error. No personal data, no variables, no query text."""

import asyncio
import atexit
import json
import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer

_DETAIL = re.compile(r"\n(?:DETAIL|CONTEXT):.*", re.DOTALL)


def _without_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Takes out what PostgreSQL adds to its messages: the values of the row at fault."""
    for fault in event.get("exception", ()):
        if isinstance(fault, dict):
            fault["exc_value"] = _DETAIL.sub("", str(fault["exc_value"]))
    return event


def _rendered(event: Any, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(event, default=default).decode()
    except TypeError:  # a whole number of more than 64 bits, a lone surrogate
        return json.dumps(event, default=default)


class Lines:
    """A stream to which the lines of one turn of the event loop are written together, by one system call, and after
    what they tell of has been sent.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._turn: asyncio.AbstractEventLoop | None = None
        """Whose next turn writes them; it may end before."""
        atexit.register(self.write_out)

    def write(self, line: str) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # in a thread, or before the loop or after it
            self._stream.write(line)
            return
        self._lines.append(line)
        if self._turn is not loop:
            self._turn = loop
            loop.call_soon(self.write_out)

    def flush(self) -> None:
        """Each line is on its way."""

    def write_out(self) -> None:
        """What is still to be written."""
        lines, self._lines, self._turn = self._lines, [], None
        with suppress(OSError, ValueError):  # nobody takes them: to log that would fail again, for ever
            self._stream.write("".join(lines))
            self._stream.flush()


def configure(level: str = "info") -> Lines:
    """Sends the program's logs, and those of its libraries, through one renderer, to what is returned."""
    lines = Lines(sys.stderr)
    stream = cast(TextIO, lines)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        _without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(_rendered)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(_rendered),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("uvicorn.access").disabled = True  # RequestLog says more
    if level == "info":
        # A line for each migration of a new database, and for each step of a start: the banner says it all.
        for name in ("alembic", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.WARNING)
    return lines
