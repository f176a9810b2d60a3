# ruff: noqa: ASYNC110, ASYNC220, ASYNC240 - what is tested is another process
import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.app import commands

COMMAND = [sys.executable, "-c", "from app.cli import main; main()"]
REPOSITORY = Path(__file__).parents[3]
CHAT = REPOSITORY.parent / "shared" / "data" / "chat_irc.jsonl.gz"
CHAT_OPTIONS = [
    "--map",
    "contextWindowId=conversation_id",
    "--map",
    "timestamp=ts",
    "--map",
    "userId=user",
    "--map",
    "rawContent=text",
    "--source",
    "irc",
    "--score",
    "vader",
    "--create-conversations",
]


def environment(**given):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(REPOSITORY), "PGCRYPTO_KEY": "the tests' own key", "DEMO": "0"} | given


def coherence(*arguments, **given):
    """What the command says and ends with."""
    return commands.coherence(*arguments, environment=environment(**given))


def signals(path, count, bad=0):
    """A file of `count` lines, of which every `bad`th is none."""
    lines = [
        "{"
        if bad and number % bad == 0
        else json.dumps({"contextWindowId": f"c{number % 7}", "rawContent": str(number)})
        for number in range(1, count + 1)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def rejected(path):
    file = path.with_name(f"{path.name}.rejected.jsonl")
    return [json.loads(line)["line"] for line in file.read_text().splitlines()]


async def test_the_exit_status_says_what_became_of_the_lines(url, pg, tmp_path):
    to = {"COHERENCE_DATABASE_URL": url}
    good, bad = signals(tmp_path / "good.jsonl", 10), signals(tmp_path / "bad.jsonl", 10, bad=5)
    done = coherence("import", good, "--create-conversations", **to)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{good}: 10 signals stored in ")
    done = coherence("import", good, bad, "--create-conversations", **to)
    assert done.returncode == 2
    first, second = done.stdout.splitlines()
    assert first == f"{good}: nothing new after line 10."
    assert second.startswith(f"{bad}: 8 signals stored in ")
    assert second.endswith(f"; 2 lines rejected, see {bad}.rejected.jsonl.")
    assert rejected(bad) == [5, 10]
    assert (
        coherence("import", bad, "--create-conversations", **to).returncode == 2
    )  # nothing new, and still not all
    for wrong in ([tmp_path / "none"], [good, "--map", "x=y"], [good, "--what"]):
        done = coherence("import", *wrong, **to)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    assert (
        coherence("import", good, COHERENCE_DATABASE_URL="postgresql:///none?host=/nowhere").returncode == 1
    )
    assert await pg.fetchval("SELECT count(*) FROM signals") == 18


async def test_a_killed_import_loses_nothing_and_doubles_nothing(url, pg, tmp_path):
    count = 20_000
    path = signals(tmp_path / "a.jsonl", count, bad=50)
    command = ["import", str(path), "--create-conversations", "--batch", "100"]
    progress = "SELECT line FROM import_progress"
    line = 0
    for _ in range(3):
        with subprocess.Popen([*COMMAND, *command], env=environment(COHERENCE_DATABASE_URL=url)) as process:
            while (await pg.fetchval(progress) or 0) < line + 2_000:
                assert process.poll() is None
                await asyncio.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        while (
            await pg.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") > 1
        ):
            await asyncio.sleep(0.01)  # until the server has noticed
        line = await pg.fetchval(progress)
        assert line < count
        assert await pg.fetchval("SELECT count(*) FROM signals") == line - line // 50
        assert set(range(50, line + 1, 50)) <= set(rejected(path))
    done = coherence(*command, COHERENCE_DATABASE_URL=url)
    assert (done.returncode, f", from line {line + 1} on" in done.stdout) == (2, True)
    stored = [int(row[0]) for row in await pg.fetch("SELECT raw_content FROM signals ORDER BY id")]
    assert stored == [number for number in range(1, count + 1) if number % 50]
    assert rejected(path) == list(range(50, count + 1, 50))


async def test_workers_end_with_an_import_that_is_killed(url, pg, tmp_path):
    path = signals(tmp_path / "a.jsonl", 200_000)
    command = [*COMMAND, "import", path, "--create-conversations", "--batch", "100", "--score", "vader"]
    with subprocess.Popen(command, env=environment(COHERENCE_DATABASE_URL=url)) as process:
        while not await pg.fetchval("SELECT line FROM import_progress"):
            assert process.poll() is None
            await asyncio.sleep(0.01)
        workers = children(process.pid)
        assert len(workers) >= 1
        process.kill()
    deadline = time.monotonic() + 10
    while any(
        Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes()
        for worker in workers
    ):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def children(process):
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return text.split()


@contextmanager
def served(data_dir):
    """Address of a server on its own embedded database."""
    given = environment(COHERENCE_DATA_DIR=str(data_dir), PORT="0")
    with subprocess.Popen([*COMMAND, "serve"], env=given, stdout=subprocess.PIPE, text=True) as process:
        said = next(line for line in process.stdout if "Coherence listens on" in line)
        try:
            yield said.split()[-1]
        finally:
            process.terminate()


def test_it_works_beside_a_running_server_and_without_one(tmp_path):
    path, data = signals(tmp_path / "a.jsonl", 100), {"COHERENCE_DATA_DIR": str(tmp_path / "data")}
    query = {"query": "{ conversations(first: 100) { edges { node { signalCount } } } }"}
    with served(tmp_path / "data") as address:
        assert coherence("import", path, "--create-conversations", **data).returncode == 0
        edges = httpx2.post(f"{address}/graphql", json=query).json()["data"]["conversations"]["edges"]
        assert (len(edges), sum(edge["node"]["signalCount"] for edge in edges)) == (7, 100)
    with path.open("a") as file:
        file.write('{"contextWindowId": "c0", "rawContent": "101"}\n')
    done = coherence("import", path, "--create-conversations", **data)
    assert (done.returncode, "1 signals stored" in done.stdout) == (0, True)
    done = coherence("export", "--format", "jsonl", **data)
    found = sorted(int(json.loads(line)["rawContent"]) for line in done.stdout.splitlines())
    assert (done.returncode, found, done.stderr) == (0, list(range(1, 102)), "101 signals written.\n")


@pytest.mark.skipif(not CHAT.exists(), reason="the real chat is not on this machine")
async def test_a_real_chat_is_stored_whole(url, pg, tmp_path):
    path = tmp_path / CHAT.name
    path.symlink_to(CHAT)
    done = coherence("import", path, *CHAT_OPTIONS, COHERENCE_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")
    with gzip.open(CHAT, "rt") as file:
        rows = [json.loads(line) for line in file]
    found = await pg.fetch(
        "SELECT context_window_id, count(*), count(signals.user_id), count(*) FILTER (WHERE raw_content = '')"
        " FROM signals JOIN conversations ON conversations.id = conversation_id GROUP BY 1"
    )
    assert {row[0]: row[1] for row in found} == Counter(row["conversation_id"] for row in rows)
    assert sum(row[2] for row in found) == sum(row["user"] is not None for row in rows)
    assert sum(row[3] for row in found) == sum(not row["text"] for row in rows)
    assert await pg.fetchval("SELECT count(*) FROM signals WHERE signal_score <> 0.5") > len(rows) / 4
    assert await pg.fetchval("SELECT sum(n) FROM signal_rollup_1h") == len(rows)
