"""A real OpenID provider on loopback, and a browser of few words that signs in there."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

FOLDER = Path(__file__).with_name("provider")
NODE = FOLDER.parents[1] / ".venv" / "bin" / "node"
NEEDED = pytest.mark.skipif(
    not (FOLDER / "node_modules").is_dir(), reason="npm ci has not run in tests/provider: make test"
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def settings(port: int) -> dict[str, Any]:
    """Of a server whose users sign in at the provider on that port."""
    return {
        "COHERENCE_AUTH": "required",
        "COHERENCE_OIDC_ISSUER": f"http://127.0.0.1:{port}",
        "COHERENCE_OIDC_CLIENT_ID": "coherence",
        "COHERENCE_OIDC_CLIENT_SECRET": "provider-secret",
    }


def start(port: int, *redirects: str, **environment: str) -> subprocess.Popen[str]:
    """The provider, which listens once it has written a line."""
    node = str(NODE) if NODE.exists() else shutil.which("node")
    process = subprocess.Popen(
        [str(node), FOLDER / "server.mjs", str(port), *redirects],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert "listening" in process.stdout.readline()
    return process


def end(process: subprocess.Popen[str]) -> None:
    """With what it has started: the venv's node is a program that starts Node."""
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()


@asynccontextmanager
async def provider(port: int, *redirects: str, **environment: str) -> AsyncIterator[None]:
    process = await asyncio.to_thread(start, port, *redirects, **environment)
    try:
        yield
    finally:
        await asyncio.to_thread(end, process)


async def follow(http: httpx2.AsyncClient, response: httpx2.Response, until: str) -> httpx2.Response:
    """Redirects, up to the one that leads to an address that begins with `until`."""
    while response.is_redirect:
        place = urljoin(str(response.url), response.headers["Location"])
        if place.startswith(until):
            break
        response = await http.get(place)
    return response


async def consented(http: httpx2.AsyncClient, response: httpx2.Response, name: str, until: str) -> str:
    """Says a name at the provider, and yes; the address that it sends the browser back to."""
    response = await follow(http, response, until)
    while not response.is_redirect:
        assert response.status_code == 200, response.text
        action = re.search(r'action="([^"]+)"', response.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', response.text)
        assert action, response.text
        assert prompt, response.text
        form = {"prompt": prompt[1], "login": name, "password": "any"}
        answer = await http.post(urljoin(str(response.url), action[1]), data=form)
        response = await follow(http, answer, until)
    return urljoin(str(response.url), response.headers["Location"])


async def sign_in(http: httpx2.AsyncClient, place: str, name: str, provider: str = "oidc") -> httpx2.Response:
    """The answer of the callback."""
    back = f"http://{place}/auth/callback/"
    start = await http.get(f"http://{place}/auth/login/{provider}")
    assert start.status_code == 302, start.text
    return await http.get(await consented(http, start, name, back))
