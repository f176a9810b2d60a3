"""scripts/audit_dependencies.py, with the real tools, against an advisory service on loopback and against none."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "audit_dependencies.py"


class Advisories(BaseHTTPRequestHandler):
    """Knows of one vulnerability in Starlette and one in React, of every version."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/osv":
            answer: object = {}
            if json.loads(body)["package"]["name"] == "starlette":
                answer = {"vulns": [{"id": "GHSA-of-starlette", "aliases": ["CVE-1"], "affected": []}]}
        else:
            answer = {
                "react": [
                    {
                        "id": 1,
                        "url": "https://example.org/advisories/GHSA-of-react",
                        "title": "Too much reaction",
                        "severity": "high",
                        "vulnerable_versions": "*",
                    }
                ]
            }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_GET(self) -> None:  # npm asks for what else it could install
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def audited(place: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "npm_config_registry": place,
    }
    return subprocess.run(
        [sys.executable, SCRIPT, "--osv-url", f"{place}/osv"],
        capture_output=True, text=True, env=environment, timeout=100, check=False,
    )  # fmt: skip


def test_a_known_vulnerability_fails(service, tmp_path):
    run = audited(service, tmp_path)
    assert run.returncode == 1, run.stderr
    python, *npm = run.stdout.splitlines()
    assert python.startswith("starlette ")
    assert python.endswith("has a known vulnerability: CVE-1, GHSA-of-starlette: fixed in no version")
    assert set(npm) == {"react * has a known vulnerability: GHSA-of-react: Too much reaction"}
    assert len(npm) == 2  # of the pages, and of the tests' clients


def test_without_a_service_nothing_fails_and_nothing_waits(tmp_path):
    began = monotonic()
    run = audited("http://127.0.0.1:9", tmp_path)
    assert (run.returncode, run.stdout.count("not audited")) == (0, 4), run.stdout
    assert monotonic() - began < 30
