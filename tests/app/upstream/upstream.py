"""An upstream on loopback that misbehaves as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "a-key-that-nobody-may-see"
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def row(minute: float, score: float = 80, **more: Any) -> dict[str, Any]:
    time = (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    return {"timestamp": time, "coherenceScore": score, "agentStates": {"a": "calm"}, "eventCount": 3, **more}


class Server(ThreadingHTTPServer):
    """`answer` is given the query and the number of the request, from 1, and a way to reply."""

    daemon_threads = True

    def __init__(self, answer: "Callable[[dict[str, str], int], Reply]") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def queries(self) -> list[dict[str, str]]:
        return [query for _, query, _ in self.requests]


class Reply:
    """`body` is sent as JSON where it is no bytes; of `cut` bytes only so many are sent, and then the line breaks."""

    def __init__(self, body: Any = (), status: int = 200, cut: int | None = None, **headers: str) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.cut, self.headers = status, cut, headers


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.server.lock:
            self.server.requests.append((parts.path, query, dict(self.headers)))
            number = len(self.server.requests)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            reply = Reply({"error": "no"}, 401)
        else:
            reply = self.server.answer(query, number)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut])
        self.close_connection = reply.cut is not None

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answer: Callable[[dict[str, str], int], Reply]) -> Iterator[Server]:
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def book(rows: list[Any], size: int = 2) -> Callable[[dict[str, str], int], Reply]:
    """An upstream that behaves: `rows` in pages of `size`."""

    def answer(query: dict[str, str], _: int) -> Reply:
        page = int(query["page"])
        more = page + 1 if page * size < len(rows) else None
        return Reply({"items": rows[(page - 1) * size : page * size], "nextPage": more})

    return answer
