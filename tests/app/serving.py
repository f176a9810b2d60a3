"""`coherence serve` as a user starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.conftest import ENVIRONMENT

COHERENCE = Path(sys.executable).with_name("coherence")


class Serving:
    """`coherence serve` on a port of its own."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [COHERENCE, "serve", *arguments],
            cwd=folder,
            env={
                **ENVIRONMENT,
                "COHERENCE_DATA_DIR": str(folder / "data"),
                "PORT": "0",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = next(
            line.split()[-1] for line in self.process.stdout if line.startswith("  Coherence listens")
        )

    def ask(self, query: str) -> dict:
        return httpx2.post(f"{self.address}/graphql", json={"query": query}, timeout=30).json()["data"]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(30)
        self.process.stdout.close()


def server_of(folder: Path) -> int | None:
    """Process number of the folder's PostgreSQL, where it runs."""
    try:
        number = int((folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(number, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return number
