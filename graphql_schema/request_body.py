"""The body of a GraphQL request as it is received: bounded, and unpacked where it comes as gzip."""

import asyncio
import json
from collections.abc import AsyncIterator

from cross_web import HTTPException
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from app.errors import BadUserInput
from app.signals import ndjson


def receiver(scope: Scope, receive: Receive, limit: int) -> Receive:
    """Return a `receive` for the body as it was before it was packed.

    It raises HTTPException for a body that is, or says that it is, larger than `limit` bytes, packed or unpacked, or that
    is packed in another way than by gzip.
    """
    headers = Headers(scope=scope)
    encoding = headers.get("content-encoding", "").strip().lower()
    received = bounded(receive, limit, headers.get("content-length", ""))
    if encoding in {"", "identity"}:
        return received
    if encoding in {"gzip", "x-gzip"}:
        return bounded(unpacked(received), limit)
    raise HTTPException(415, f"Content-Encoding is {encoding[:60]!r}; it takes gzip.")


def bounded(receive: Receive, limit: int, content_length: str = "") -> Receive:
    """Return `receive`, which refuses a body that is, or says that it is, larger than `limit` bytes."""
    said = content_length.isascii() and content_length.isdigit()
    size = int(content_length[:30]) if said else 0
    received = size if size > limit else 0

    async def receive_bounded() -> Message:
        nonlocal received
        if received <= limit:
            message = await receive()
            received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, f"The request's body is larger than {limit} bytes.")
        return message

    return receive_bounded


def unpacked(receive: Receive) -> Receive:
    """Return `receive` for a body that comes as gzip."""

    async def chunks() -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            yield message.get("body", b"")
            more = message.get("more_body", False)

    pieces = ndjson.unzipped(chunks())

    async def receive_unpacked() -> Message:
        await asyncio.sleep(0)  # a large body is unpacked while others have their turn
        try:
            piece = await anext(pieces, None)
        except BadUserInput as fault:
            raise HTTPException(400, fault.message) from None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    return receive_unpacked


def decode_slowly(data: str | bytes) -> object:
    """Decode JSON that msgspec refuses: what Python's own reader takes besides (a byte order mark, lone surrogates), or
    JSONDecodeError with the fault in its words.
    """
    try:
        return json.loads(data.removeprefix("\ufeff") if isinstance(data, str) else data)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("it is nested too deeply", "", 0) from None
    except UnicodeDecodeError:
        raise json.JSONDecodeError("it is not UTF-8", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("it holds a number of thousands of digits", "", 0) from None
