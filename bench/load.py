"""A load generator that costs little beside the servers it shares two cores with, and forgives nothing."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from urllib.parse import urlsplit

type Request = Callable[[], bytes]
"""Makes the next request, head and body."""
type Check = Callable[[bytes], bool]
"""Whether a response's body is what it should be."""


class Wrong(RuntimeError):
    """A response that is an error, or not the one that was measured for."""


def post(path: str, body: bytes) -> bytes:
    return _head("POST", path) + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def get(path: str) -> bytes:
    return _head("GET", path) + b"\r\n"


def _head(method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n".encode()


class Client(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    @classmethod
    async def open(cls, address: str) -> "Client":
        parts = urlsplit(address)
        _, client = await asyncio.get_running_loop().create_connection(cls, parts.hostname, parts.port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = bytearray()
        self.missing: int | None = None
        self.response: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.missing is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end]).lower()
            if not head.startswith(b"http/1.1 200 "):
                self._fail(f"{bytes(self.buffer[:500])!r}")
                return
            self.missing = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            del self.buffer[: end + 4]
        if len(self.buffer) >= self.missing and self.response is not None:
            body, self.buffer, self.missing = bytes(self.buffer), bytearray(), None
            self.response.set_result(body)

    def connection_lost(self, _: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _fail(self, why: str) -> None:
        if self.response is not None and not self.response.done():
            self.response.set_exception(Wrong(why))

    async def send(self, request: bytes) -> bytes:
        """The response's body."""
        self.response = asyncio.get_running_loop().create_future()
        self.transport.write(request)  # type: ignore[attr-defined]
        return await self.response

    def close(self) -> None:
        self.transport.close()


async def rate(
    address: str, request: Request, check: Check, seconds: float, clients: int
) -> tuple[float, int]:
    """Requests a second of so many clients, and how many there were.

    Nobody begins a request after `seconds`, and all that were begun are waited for and count, with their time:
    slow requests are not lost at the end.
    """
    # New ones each time: uvicorn closes those that have been idle for 5 s.
    connections = [await Client.open(address) for _ in range(clients)]
    began = perf_counter()

    async def one(client: Client) -> int:
        count = 0
        while perf_counter() - began < seconds:
            body = await client.send(request())
            if not check(body):
                raise Wrong(f"{len(body)} bytes: {body[:500]!r}")
            count += 1
        return count

    count = sum(await asyncio.gather(*map(one, connections)))
    took = perf_counter() - began
    for client in connections:
        client.close()
    return count / took, count
