"""`coherence serve` with several workers: real processes, stopped and killed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.app.serving import COHERENCE, Serving, server_of
from tests.conftest import ENVIRONMENT

WORKERS = 3
QUIET = {"DEMO": "0", "COHERENCE_UPKEEP_SECONDS": "0", "COHERENCE_ARRIVALS_SECONDS": "0"}
STORE = """
mutation { createSignals(createConversations: true, signals: [
  {contextWindowId: "w", signalSource: "s", signalScore: 0.5}
  {contextWindowId: "w", signalSource: "s", signalScore: 0.6}
  {contextWindowId: "w", signalSource: "s", signalScore: 7}
]) { successfulCount } }
"""
STATUS = "{ status { requestCount errorRate p95LatencyMs lastIngestAt uptimeSeconds } }"
COUNT = '{ conversation(by: {contextWindowId: "w"}) { signalCount } }'


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="coherence-workers-"))
    (folder / "tmp").mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def serving(folder: Path) -> Iterator[Serving]:
    """One server for the tests below, which build on each other; the last one ends it."""
    serving = Serving(folder, "--workers", str(WORKERS), **QUIET, TMPDIR=str(folder / "tmp"))
    yield serving
    if serving.process.poll() is None:
        serving.end(signal.SIGKILL)


def workers(parent: int) -> list[psutil.Process]:
    """Those that live."""

    def lives(child: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess):  # or a zombie
            return "spawn_main" in " ".join(child.cmdline())
        return False

    return list(filter(lives, psutil.Process(parent).children()))


def until[T](look: Callable[[], T], seconds: float = 60) -> T:
    """What `look` finds once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@contextmanager
def alone(worker: psutil.Process, serving: Serving) -> Iterator[None]:
    """No other worker can answer."""
    others = [other for other in workers(serving.process.pid) if other != worker]
    for other in others:
        other.suspend()
    try:
        yield
    finally:
        for other in others:
            other.resume()


def metrics(serving: Serving) -> dict[str, float]:
    """By name and first label."""
    text = httpx2.get(f"{serving.address}/metrics", timeout=30).text
    return {
        ":".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def refuses(address: str) -> bool:
    """Whether nobody listens there."""
    place = urlsplit(address)
    with socket.socket() as client:
        return client.connect_ex((place.hostname, place.port)) != 0


def test_every_worker_tells_what_all_have_counted(serving):
    team = workers(serving.process.pid)
    assert len(team) == WORKERS
    asked = 0
    for number, worker in enumerate(team):
        with alone(worker, serving):
            for _ in range(number + 1):
                assert serving.ask(STORE)["createSignals"]["successfulCount"] == 2
                asked += 1
    batches = asked
    told = []
    for worker in team:
        with alone(worker, serving):
            found = metrics(serving)
            status = serving.ask(STATUS)["status"]
        assert found["coherence_signals_total:accepted"] == 2 * batches
        assert found["coherence_signals_total:refused"] == batches
        assert found["coherence_signals_total:duplicate"] == 0
        assert found["coherence_ingest_batch_seconds_count"] == batches
        assert found["coherence_requests_total"] == asked == status["requestCount"]
        assert found["coherence_errors_total"] == 0 == status["errorRate"]
        assert found["coherence_request_latency_seconds:0.95"] * 1_000 == pytest.approx(
            status["p95LatencyMs"], rel=1e-9
        )
        assert found["coherence_uptime_seconds"] == pytest.approx(status["uptimeSeconds"], abs=2)
        told.append({key: value for key, value in found.items() if "ingest" in key})
        asked += 1
    assert told[0] == told[1] == told[2]


def test_a_killed_worker_is_replaced_and_nothing_is_lost(serving):
    before, stored = metrics(serving), serving.ask(COUNT)["conversation"]["signalCount"]
    done, stop = [], Event()

    def store() -> None:
        while not stop.is_set():
            try:
                done.append(serving.ask(STORE)["createSignals"]["successfulCount"])
            except httpx2.TransportError:
                continue

    with ThreadPoolExecutor() as pool:
        for _ in range(4):
            pool.submit(store)
        try:
            team = workers(serving.process.pid)
            for victim in team[:2]:
                so_far = len(done)
                until(lambda so_far=so_far: len(done) > so_far + 4)
                victim.kill()
                until(lambda victim=victim: len(set(workers(serving.process.pid)) - {victim}) == WORKERS)
                now = metrics(serving)
                fallen = [
                    key for key in before if key.endswith(("_total", "_count")) and now[key] < before[key]
                ]
                assert not fallen
                before = now
        finally:
            stop.set()
    assert set(done) == {2}
    grown = serving.ask(COUNT)["conversation"]["signalCount"] - stored
    after = metrics(serving)["coherence_signals_total:accepted"] - stored
    assert sum(done) <= after <= grown
    new = [worker for worker in workers(serving.process.pid) if worker not in team]
    until(lambda: all(worker.net_connections("tcp") for worker in new))  # they listen
    for worker in new:
        with alone(worker, serving):
            assert metrics(serving)["coherence_signals_total:accepted"] == after + stored


def test_sigterm_leaves_nothing(serving, folder):
    family = psutil.Process(serving.process.pid).children()
    began = time.monotonic()
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(60) == 0
    assert time.monotonic() - began < 10
    gone, alive = psutil.wait_procs(family, 5)
    assert not alive
    assert len(gone) == WORKERS + 1  # Python's own tracker of resources
    assert refuses(serving.address)
    assert "listens" not in serving.process.stdout.read()  # it was said once
    serving.process.stdout.close()
    assert server_of(folder) is None
    assert list((folder / "tmp").iterdir()) == []


def test_workers_do_not_outlive_a_killed_parent_and_ctrl_c_ends_all(folder):
    first = Serving(folder, COHERENCE_WORKERS="2", **QUIET)
    stored, family = first.ask(COUNT), psutil.Process(first.process.pid).children()
    first.end(signal.SIGKILL)
    assert not psutil.wait_procs(family, 10)[1]
    assert refuses(first.address)
    port = str(urlsplit(first.address).port)
    second = Serving(folder, "--port", port, COHERENCE_WORKERS="2", **QUIET)
    assert second.ask(COUNT) == stored
    family = psutil.Process(second.process.pid).children()
    for process in [psutil.Process(second.process.pid), *family]:
        process.send_signal(signal.SIGINT)  # as a terminal does
    assert second.process.wait(60) == 0
    second.process.stdout.close()
    assert not psutil.wait_procs(family, 5)[1]
    assert server_of(folder) is None


def test_workers_that_do_not_start_end_the_server(folder):
    with subprocess.Popen(
        [COHERENCE, "serve", "--workers", "2"],
        cwd=folder,
        env={**ENVIRONMENT, **QUIET, "COHERENCE_DATA_DIR": str(folder / "data"), "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        family = until(lambda: workers(process.pid))
        os.kill(family[0].pid, signal.SIGKILL)
        assert process.wait(60) == 1
        assert process.stdout.read() == ""
    assert server_of(folder) is None
