"""`POST /ingest`: NDJSON of any length, stored batch by batch while it comes, with a report that is streamed back.

Each line of the report is a JSON object: `{"line": 7, "error": …}` for a line that is refused, `{"through": 1000}`
once everything up to there is committed, and in the end the counts. What is not committed by then, because the
connection broke or the last line has an `error`, is to be sent again.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.auth.viewer import Rights
from app.errors import BadRequest, BadUserInput, RateLimited, Refused, UnsupportedMediaType
from app.observability.statistics import Statistics
from app.rates import Rate, address_of, payer
from app.refusals import error_of, internal_error, internal_failure, refusal
from app.signals import ndjson
from app.signals.importers import sniff
from app.signals.importers.jsonl import Reader
from app.signals.importers.lines import LONGEST
from app.signals.importers.names import Unread
from app.signals.importers.record import Record, opening
from app.signals.ingest import Signals

log = structlog.get_logger()

_PARAMETERS: Final = ("createConversations", "strict")

BATCH: Final = 1_000
_LARGEST: Final = 4_000_000
"""A batch ends where its lines have that many bytes, however few they are."""
_PAUSE: Final = 0.2
"""Seconds without a byte after which what has come is stored."""
_IN_MEMORY: Final = 1_000_000
"""Bytes of the report that wait in memory for a client that does not read yet; the others wait on disk."""


@dataclass(slots=True)
class Report:
    """What has been told so far, for the client to read whenever it does: storing never waits for it."""

    file: tempfile.SpooledTemporaryFile[bytes] = field(
        default_factory=lambda: tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the request
    )
    read: int = 0
    written: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def tell(self, said: Mapping[str, Any]) -> None:
        line = orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
        self.file.seek(self.written)
        self.file.write(line)
        self.written += len(line)
        self.more.set()

    def end(self) -> None:
        self.ended = True
        self.more.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            if self.read < self.written:
                self.file.seek(self.read)
                piece = self.file.read(min(self.written - self.read, 65_536))
                self.read += len(piece)
                yield piece
            elif self.ended:
                return
            else:
                self.more.clear()
                await self.more.wait()


@dataclass(slots=True)
class Stream:
    """One request's."""

    rights: Rights
    signals: Signals
    statistics: Statistics
    create_conversations: bool
    strict: bool
    rate: Rate
    payer: str
    report: Report = field(default_factory=Report)
    line: int = 0
    accepted: int = 0
    refused: int = 0
    duplicates: int = 0
    unread: Unread = field(default_factory=Unread)
    _begun: bool = False
    _batch: list[tuple[int, Record]] = field(default_factory=list)
    _size: int = 0
    _unreadable: list[tuple[int, Refused]] = field(default_factory=list)
    """Lines that could not be read since the last batch."""
    _read: Reader = field(init=False)
    _most: int = field(init=False)
    """Lines of a batch: never more than are allowed at once."""

    def __post_init__(self) -> None:
        self._read = ndjson.READ[self.strict]
        self._most = min(BATCH, self.rate.limit.amount) if self.rate.limit else BATCH

    async def store(self, chunks: AsyncIterator[bytes]) -> None:
        """All of it. Raises Refused where it cannot go on."""
        lines = ndjson.Lines(LONGEST)
        coming: asyncio.Future[bytes] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(chunks))
                done, _ = await asyncio.wait({coming}, timeout=_PAUSE)
                if not done:
                    await self._flush()
                    continue
                chunk, coming = await coming, None
                for line in lines.cut(chunk):
                    await self._take(line)
        except StopAsyncIteration:
            coming = None
        finally:
            if coming is not None:
                coming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration, ClientDisconnect, Refused):
                    await coming
        for line in lines.end():
            await self._take(line)
        await self._flush()

    async def _take(self, line: bytes | None) -> None:
        self.line += 1
        if line is None:
            self._unreadable.append((self.line, BadUserInput(f"The line is longer than {LONGEST} bytes.")))
        elif line.strip():
            if not self._begun:
                self._begin(line)
            try:
                read = self._read(line, datetime.now(UTC), self.unread)
            except BadUserInput as fault:
                self._unreadable.append((self.line, fault))
            else:
                self._batch.append((self.line, read))
            self._size += len(line)
        if len(self._batch) + len(self._unreadable) >= self._most or self._size >= _LARGEST:
            await self._flush()

    def _begin(self, line: bytes) -> None:
        """Raises BadUserInput where the body is no lines: one refusal for all of it."""
        self._begun = True
        if (found := sniff.binary(line) or sniff.document(line)) is not None:
            hint = ", or gzip with Content-Encoding: gzip" if found == "gzip" else ""
            raise BadUserInput(f"The body is {found}; it takes UTF-8 with a JSON object a line{hint}.")

    async def _flush(self) -> None:
        """Stores what has come; an empty batch counts the lines that could not be read."""
        if not self._batch and not self._unreadable:
            return
        batch, unreadable = self._batch, self._unreadable
        self._batch, self._size, self._unreadable = [], 0, []
        count = len(batch) + len(unreadable)
        await self.rate.charge(self.payer, count)
        faults, duplicates = unreadable, 0
        with self.statistics.batch(count) as counted:
            counted.refused = len(unreadable)
            if batch:
                ingested = await self._ingest([signal for _, signal in batch])
                faults += [
                    (line, result)
                    for (line, _), result in zip(batch, ingested.results, strict=True)
                    if isinstance(result, Refused)
                ]
                duplicates = len(ingested.duplicates)
                counted.refused = len(faults)
                counted.duplicates = duplicates
        for line, fault in sorted(faults, key=lambda each: each[0]):
            self._refuse(line, fault)
        self.accepted += count - len(faults)
        self.duplicates += duplicates
        self.report.tell({"through": self.line})

    async def _ingest(self, records: list[Record]) -> Any:
        """Waits for its turn where many others store as well, as long as it waits for the database."""
        deadline = monotonic() + self.signals.patience
        while True:
            try:
                return await self.signals.ingest(
                    self.rights,
                    records,
                    datetime.now(UTC),
                    create_conversations=self.create_conversations,
                    opening=opening(records),
                )
            except RateLimited:
                if not self.report.written or monotonic() > deadline:
                    raise
                await asyncio.sleep(_PAUSE)

    def _refuse(self, line: int, fault: Refused) -> None:
        self.refused += 1
        self.report.tell({"line": line, "error": error_of(fault)})

    def counts(self) -> dict[str, Any]:
        unread = {"unread": self.unread.counts()} if self.unread else {}
        return {
            "lines": self.line,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "refused": self.refused,
            **unread,
        }


class Ingest:
    """The view at /ingest."""

    def __init__(self, signals: Signals, statistics: Statistics, rate: Rate) -> None:
        self._signals = signals
        self._statistics = statistics
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            stream, chunks = self._stream(request)
        except (BadUserInput, UnsupportedMediaType) as fault:
            await refusal(fault)(scope, receive, send)
            return
        storing = asyncio.create_task(self._run(stream, chunks, request.state.request_id))
        sending = asyncio.create_task(self._answer(stream.report, storing, scope, receive, send))
        try:
            await asyncio.gather(storing, sending)
        except ClientDisconnect:  # what it was told of is stored
            pass
        finally:
            storing.cancel()
            sending.cancel()
            await asyncio.gather(storing, sending, return_exceptions=True)
            stream.report.file.close()

    def _stream(self, request: Request) -> tuple[Stream, AsyncIterator[bytes]]:
        for name in request.query_params:
            if name not in _PARAMETERS:
                raise BadUserInput(
                    f"{name[:60]!a} is no parameter; there are {' and '.join(_PARAMETERS)}.", field=name[:60]
                )
        create, strict = (_flag(request, name) for name in _PARAMETERS)
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip"}:
            raise UnsupportedMediaType(f"Content-Encoding is {encoding[:60]!r}; it takes gzip.")
        chunks = _whole(request)
        viewer = request.state.viewer
        stream = Stream(
            viewer.rights,
            self._signals,
            self._statistics,
            create,
            strict,
            self._rate,
            payer(viewer, address_of(request.scope)),
        )
        return stream, chunks if encoding == "identity" else ndjson.unzipped(chunks)

    async def _run(self, stream: Stream, chunks: AsyncIterator[bytes], request_id: str) -> Response | None:
        """How the request is answered where nothing has been told of it yet that would be a report."""
        try:
            await stream.store(chunks)
        except Refused as error:
            answer, told = refusal(error), error_of(error)
        except ClientDisconnect:
            raise
        except Exception as error:
            self._statistics.request_failed()
            log.exception("ingest failed", request_id=request_id, exc_info=error)
            answer, told = internal_failure(request_id), internal_error(request_id)
        else:
            stream.report.tell(stream.counts())
            return None
        finally:
            stream.report.end()  # once this turn is over
        if not stream.report.written:
            return answer
        stream.report.tell({"error": told, **stream.counts()})
        return None

    @staticmethod
    async def _answer(
        report: Report, storing: asyncio.Task[Response | None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Begins with the first that is to be told: until then a fault of all is a status."""
        await report.more.wait()
        if not report.written and (answer := await storing):
            await answer(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/x-ndjson"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in report.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _whole(request: Request) -> AsyncIterator[bytes]:
    """The body. Raises BadRequest where nothing comes of one that has a length: something before this server lost it."""
    empty = True
    async for chunk in request.stream():
        empty = empty and not chunk
        yield chunk
    if empty and request.headers.get("content-length", "0").strip("0"):
        raise BadRequest("The request says that it has a body, and none has come: send it again.")


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "false")
    if value not in {"true", "false"}:
        raise BadUserInput(f"{name} is {value[:40]!r}; it takes true or false.", field=name)
    return value == "true"
