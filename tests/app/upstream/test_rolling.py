"""The rolling store, of both kinds."""

import fcntl
import math
import multiprocessing
import resource
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from app.errors import BadUserInput, Unavailable
from app.upstream.rolling import COLUMNS, Rolled, store_of

ROW = Rolled(
    context_window_id='darshan:a, "b"\x0b=1',
    timestamp="2026-01-31T12:00:00Z",
    window_sec=3_600,
    n=7,
    coherence_mean=100 / 3,
    volatility_index=math.pi / 100,
    predicted_drift_risk="HIGH",
    start_ts="2026-01-31T11:00:00Z",
    end_ts="2026-01-31T12:00:00Z",
    source="rollup+raw",
    as_of="2026-01-31T12:00:00.000001Z",
    materialized_through="2026-01-31T12:00:00Z",
    method="mean; risk",
    engine_version="0.1.0",
    latency_ms=1e-7 / 3,
)
EMPTY = replace(
    ROW, n=0, coherence_mean=None, volatility_index=None, predicted_drift_risk=None, materialized_through=None
)
KINDS = pytest.mark.parametrize("kind", ["csv", "sqlite"])


@KINDS
def test_what_is_appended_is_read_back(kind, tmp_path):
    store = store_of(kind, tmp_path / "new" / "folder")
    assert store.read() == []
    assert not store.path.parent.exists()
    store.append([ROW, EMPTY])
    store.append([replace(ROW, n=9)])
    assert store.path.name == {"csv": "rolling_store.csv", "sqlite": "rolling_store.db"}[kind]
    rows = [ROW, EMPTY, replace(ROW, n=9)]
    assert store.read() == rows
    for limit in range(5):
        assert store.read(limit) == rows[max(0, 3 - limit) :]


def append(kind, folder, name):
    store = store_of(kind, folder)
    for number in range(30):
        store.append([replace(ROW, context_window_id=name, n=number, window_sec=half) for half in (1, 2)])


@KINDS
def test_processes_append_at_once(kind, tmp_path):
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=append, args=(kind, tmp_path, f"p{number}")) for number in range(3)]
    for process in processes:
        process.start()
    store = store_of(kind, tmp_path)
    while any(process.is_alive() for process in processes):
        assert len(store.read()) % 2 == 0  # never a part of what was appended together
    for process in processes:
        process.join()
        assert process.exitcode == 0
    rows = store.read()
    for number in range(3):
        own = [(row.n, row.window_sec) for row in rows if row.context_window_id == f"p{number}"]
        assert own == [(count, half) for count in range(30) for half in (1, 2)]
    assert len(rows) == 180


def test_a_torn_line_is_not_read_and_the_next_writer_removes_it(tmp_path):
    store = store_of("csv", tmp_path)
    store.append([ROW, EMPTY])
    whole = store.path.read_bytes()
    begin = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for cut in range(begin, len(whole)):
        store.path.write_bytes(whole[:cut])
        assert store.read() == [ROW]
    store.append([EMPTY])
    assert store.path.read_bytes() == whole
    store.path.write_bytes(whole[:5])  # amid the header
    assert store.read() == []
    store.append([ROW, EMPTY])
    assert store.path.read_bytes() == whole
    store.path.write_bytes(whole + b"x" * 200_000)
    store.append([ROW])
    assert store.read() == [ROW, EMPTY, ROW]


def test_what_another_is_still_writing_is_not_taken_for_torn(tmp_path):
    store = store_of("csv", tmp_path)
    store.append([ROW])
    whole = store.path.read_bytes()
    line = whole[whole.index(b"\n") + 1 :]
    other = threading.Thread(target=store.append, args=([EMPTY],))
    with store.path.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line[:50])
        other.start()
        other.join(0.2)
        assert other.is_alive()
        file.write(line[50:])
    other.join()
    assert store.read() == [ROW, ROW, EMPTY]


def test_rows_that_the_disk_takes_a_part_of_are_not_kept(tmp_path):
    store = store_of("csv", tmp_path)
    store.append([ROW])
    whole = store.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)  # stands in for a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 300, limits[1]))
    try:
        with pytest.raises(Unavailable, match="No space left"):
            store.append([ROW] * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.path.read_bytes() == whole


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    store = store_of("csv", tmp_path)
    store.path.write_text("a,b\n1,2\n")
    for use in (store.read, lambda: store.append([ROW])):
        with pytest.raises(BadUserInput, match=r"rolling_store\.csv has other columns"):
            use()
    assert store.path.read_text() == "a,b\n1,2\n"
    store.path.unlink()
    store.append([ROW, ROW])
    good = store.path.read_text()
    for line in ("1,2", good.splitlines()[1].replace("3600", "an hour"), '"'):
        store.path.write_text(good + line + "\n")
        with pytest.raises(BadUserInput, match="line 4 is none"):
            store.read()
    store = store_of("sqlite", tmp_path)
    store.path.write_text("no database" * 100)
    for use in (store.read, lambda: store.append([ROW])):
        with pytest.raises(Unavailable, match=r"rolling_store\.db cannot be"):
            use()


def test_the_table_can_be_queried_by_its_names(tmp_path):
    store = store_of("sqlite", tmp_path)
    with closing(sqlite3.connect(store.path)) as connection:
        assert store.read() == []
        store.append([EMPTY])
        found = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM rolling_metrics").fetchall()
    assert [Rolled(*row) for row in found] == [EMPTY]


def test_none_is_no_store(tmp_path):
    assert store_of("none", tmp_path) is None
