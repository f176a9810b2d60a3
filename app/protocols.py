"""Connections that do not keep what is not taken: uvicorn's own, made to let go of peers that are stalled or gone."""

import asyncio
import socket
import sys
from collections.abc import Callable
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GOING_AWAY = 1001
LINGER = 30
"""Seconds that a client may go on sending a request that has been answered, on a connection that closes with it."""

_OFFER = frozenset({b"upgrade", b"http2-settings"})
"""Headers, and options of a connection, by which a client offers HTTP/2."""


class _LetsGo:
    """Aborts a connection that has taken nothing of what was sent for `stalled` seconds.

    To close it would not do: what waits to be sent would have to be sent first.
    """

    stalled: float
    gone: float
    """Seconds that sent bytes may go without being acknowledged: of a peer that has vanished nothing is ever heard."""
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _patience: asyncio.TimerHandle | None = None
    _left = 0
    """Bytes that were still to be taken when it was last looked."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        plug = transport.get_extra_info("socket")
        if (
            plug is not None
            and plug.family in {socket.AF_INET, socket.AF_INET6}
            and hasattr(socket, "TCP_USER_TIMEOUT")
        ):
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self.gone * 1_000))

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        if self._patience is None:
            self._wait()

    def _wait(self) -> None:
        self._left = self._waiting()
        self._patience = self.loop.call_later(self.stalled, self._look)

    def _look(self) -> None:
        """Whoever is slow takes something: it may be much that waits."""
        if self._waiting() < self._left:
            self._wait()
        else:
            self.transport.abort()

    def _waiting(self) -> int:
        """Bytes that the other side has not taken: the system holds megabytes of them before it takes more of us."""
        held = ioctl(self.transport.get_extra_info("socket"), TIOCOUTQ, bytes(4))
        return self.transport.get_write_buffer_size() + int.from_bytes(held, sys.byteorder)

    def resume_writing(self) -> None:
        self._be_patient()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        self._be_patient()
        super().connection_lost(exc)  # type: ignore[misc]

    def _be_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _WebSocket(_LetsGo, WebSocketsSansIOProtocol):
    def shutdown(self) -> None:
        """Says that the server goes away, where uvicorn says that it starts anew."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
            self.conn.send_close(GOING_AWAY)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()


class _Together:
    """A transport that keeps a response's head until its body comes: one system call in place of two.

    The head of a stream, whose length it does not tell, goes at once.
    """

    def __init__(self, transport: asyncio.Transport, lingers: Callable[[], bool]) -> None:
        """`lingers` says whether the other side is still sending: it is heard out then, once it has been answered."""
        self.transport = transport
        self.lingers = lingers
        self.lingering = False
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            self.transport.writelines((head, data))
        elif data.startswith(b"HTTP/1.1 ") and b"\r\ncontent-length: " in data:
            self._head = data
        else:
            self.transport.write(data)

    def let_go(self) -> None:
        if self._head:
            self.write(b"")

    def is_closing(self) -> bool:
        return self.lingering or self.transport.is_closing()

    def close(self) -> None:
        self.let_go()
        if self.lingers() and not self.lingering and self.transport.can_write_eof():
            self.lingering = True
            self.transport.write_eof()
            self.transport.resume_reading()
        else:
            self.transport.close()


class _HTTP(_LetsGo, HttpToolsProtocol):
    _lingering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._together = _Together(transport, self._is_in_the_middle)
        self.transport = cast(asyncio.Transport, self._together)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        super().connection_lost(exc)

    def _is_in_the_middle(self) -> bool:
        """Whether a request that has been answered is still coming, and will end: closing now would be a reset, and the
        answer lost.
        """
        cycle = self.cycle
        if cycle is None or not cycle.response_complete or not cycle.more_body:
            return False
        return any(name == b"content-length" for name, _ in cycle.scope["headers"])

    def data_received(self, data: bytes) -> None:
        if self._together.lingering:
            return
        while data:
            self._unset_keepalive_if_required()
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                    return
                if not self._is_offer():
                    return
                data = self._without_offer() + data[upgrade.args[0] :]
                self._begin_anew()
            except httptools.HttpParserError:
                message = "Invalid HTTP request received."
                self.logger.warning(message)
                self.send_400_response(message)
                return
            else:
                return

    def _without_offer(self) -> bytes:
        """The head that has been read, without what offers another protocol than HTTP/1.1: it may be ignored
        (RFC 9110 7.8), and the parser would leave out the body.
        """
        lines = [
            b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        ]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(option for option in options if option.lower() not in _OFFER)  # noqa: PLW2901
            if value and name not in _OFFER:
                lines.append(b"%s: %s" % (name, value))
        return b"\r\n".join((*lines, b"", b""))

    def _begin_anew(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def on_headers_complete(self) -> None:
        if not self._is_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_offer():
            super().on_message_complete()

    def _is_offer(self) -> bool:
        """Whether the request is read anew, without the other protocol that it offers."""
        tunnel = self.parser.get_method() == b"CONNECT"
        return bool(self.parser.should_upgrade() and not self._should_upgrade() and not tunnel)

    def on_response_complete(self) -> None:
        self._together.let_go()
        super().on_response_complete()
        if self._together.lingering and self._lingering is None:
            self._lingering = self.loop.call_later(LINGER, self._together.transport.close)

    def handle_websocket_upgrade(self) -> None:
        self.transport = self._together.transport
        super().handle_websocket_upgrade()


def protocols(stalled: float, gone: float) -> tuple[type[asyncio.Protocol], type[asyncio.Protocol]]:
    """For HTTP and for WebSockets."""
    seconds = {"stalled": stalled, "gone": gone}
    return type("HTTP", (_HTTP,), seconds), type("WebSocket", (_WebSocket,), seconds)
