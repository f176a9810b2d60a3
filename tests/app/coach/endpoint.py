"""A chat-completions endpoint on loopback that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a-key-that-nobody-may-see"

type Write = Callable[[bytes], None]
type Answer = Callable[["Handler", Write, int], None]
"""Given the request's handler, a way to write a piece of the stream, and the number of the request, from 1."""


class Handler(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append((self.path, dict(self.headers), body))
            number = len(self.server.requests)
        with suppress(BrokenPipeError, ConnectionResetError):
            self.server.answer(self, self._write, number)
        self.server.ended.set()
        self.close_connection = True

    def stream(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.flush()

    def refuse(self, status: int, **headers: str) -> None:
        body = b'{"error": "something that nobody need know"}'
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.lock = threading.Lock()
        self.ended = threading.Event()
        """Set when an answer has ended, or nobody listens to it any more."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


def delta(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


def usage(asked: int, answered: int) -> bytes:
    told = {"choices": [], "usage": {"prompt_tokens": asked, "completion_tokens": answered}}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
END = b""
"""Of the response."""


def saying(*words: str, asked: int = 100, answered: int = 7) -> Answer:
    """Streams the words, then how many tokens it took."""

    def answer(handler: Handler, write: Write, _: int) -> None:
        handler.stream()
        for word in words:
            write(delta(word))
        write(usage(asked, answered))
        write(DONE)
        write(END)

    return answer


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
