"""What a batch of 50 000 signals costs others: how long small requests wait while it is stored, and the server's memory.

`coherence serve` on an empty database. One client asks for one conversation over and over, another sends the batch
and reads all its results: once a good one, and once one whose last item is of a wrong type. Medians of the rounds'
longest waits, and the server's resident memory before and at its peak, in multiples of the body.

    python -m bench.large_batch [--signals 50000] [--rounds 3]
"""

import argparse
import asyncio
import random
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from bench import servers
from bench.data import Bench
from bench.ingest import CONVERSATIONS, MUTATION, request, rows
from bench.load import Client, Wrong, post

SMALL = post("/graphql", b'{"query": "{ conversation(by: {contextWindowId: \\"conversation-1\\"}) { id } }"}')
CREATE = """
INSERT INTO conversations (context_window_id) SELECT 'conversation-' || n FROM generate_series(0, $1) n
"""


def resident(pid: int, name: str) -> float:
    """VmRSS or VmHWM of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) / 1_000


async def longest_wait(address: str, body: bytes | None, *, refused: bool) -> float:
    """Milliseconds of the slowest small request while `body` is dealt with, or for a second without one."""
    client, other = await Client.open(address), await Client.open(address)
    sending = asyncio.create_task(asyncio.sleep(1) if body is None else other.send(body))
    slowest = 0.0
    while not sending.done():
        began = perf_counter()
        await client.send(SMALL)
        slowest = max(slowest, perf_counter() - began)
        await asyncio.sleep(0.001)
    answer = await sending
    if answer is not None and (b'"errors"' in answer[:200]) != refused:
        raise Wrong(f"{answer[:300]!r}")
    client.close()
    other.close()
    return slowest * 1_000


async def measure(bench: Bench, address: str, pid: int, given: argparse.Namespace) -> None:
    async with bench.connection() as pg:
        await pg.execute(CREATE, CONVERSATIONS - 1)
    good = request(rows(given.signals, random.Random(7)), MUTATION, "timestamp")
    head, _, last = good.rpartition(b'"signalScore":')
    bad = head + b'"signalScore":"x"' + last[last.index(b",") :]
    length = good.split(b"Content-Length: ")[1].split(b"\r\n")[0]
    bad = bad.replace(length, b"%d" % (int(length) + len(bad) - len(good)), 1)
    await longest_wait(address, None, refused=False)  # warms up
    megabytes, before = int(length) / 1e6, resident(pid, "VmRSS")
    for name, body, refused in (("nothing", None, False), ("good", good, False), ("refused", bad, True)):
        waits = [await longest_wait(address, body, refused=refused) for _ in range(given.rounds)]
        peak = resident(pid, "VmHWM") - before
        print(
            f"{name}: longest wait {median(waits):.0f} ms (of all {max(waits):.0f});"
            f" peak {peak:.0f} MB above the start, {peak / megabytes:.1f} times the body of {megabytes:.1f} MB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--signals", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coherence-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with servers.coherence(Bench(folder, "", 1)) as address:
            socket = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[4]
            bench = Bench(folder, f"postgresql://coherence@/coherence?host={socket}", 1)
            found = subprocess.run(["pgrep", "-nf", "coherence serve"], capture_output=True, check=True)
            uvloop.run(measure(bench, address, int(found.stdout), given))


if __name__ == "__main__":
    main()
