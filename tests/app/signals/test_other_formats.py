"""Files that are not what they seem: read as what they are, or refused once, by what they are."""

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from app.errors import BadUserInput, Refused
from app.signals.importers.options import options
from app.signals.importers.sources import source
from tests.app.signals.importing import load, preview, rejected, run, signal, texts, written
from tests.app.signals.test_import_command import COMMAND, coherence, environment

ROWS = [signal(f"row {number}", userId="René") for number in range(3)]
LINES = "".join(f"{json.dumps(row)}\n" for row in ROWS)


def tarred():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        file.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return packed.getvalue()


def zipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("tables/a.csv", "contextWindowId\nc\n")
    return packed.getvalue()


OTHER = {
    "a JSON array": b"\n" + json.dumps(ROWS, indent=1).encode(),
    "a JSON array;": json.dumps(ROWS).encode(),
    "no JSONL: none of its first 6 lines is a JSON object": json.dumps(ROWS[0], indent=1).encode(),
    "zstd": b"\x28\xb5\x2f\xfd\x04\x00" + bytes(20),
    "bzip2": bz2.compress(LINES.encode()),
    "xz": lzma.compress(LINES.encode()),
    "gzip": gzip.compress(gzip.compress(LINES.encode())),
    "UTF-16": LINES.encode("utf-16"),
    "UTF-16;": LINES.encode("utf-16-le"),
    "a tar archive": tarred(),
    "a mailbox (mbox)": b"From ann@example.org Sat Jan 31 12:00:00 2026\nSubject: x\n\nhello\n",
    "HTML": b"<!DOCTYPE html>\n<p>x",
    "no JSONL: none of its first 1 lines is a JSON object": b"[12:00] <ann> hello\n",
    "no JSONL: none of its first 2 lines is a JSON object": b"contextWindowId,rawContent\nc,x\n",
}


@pytest.mark.parametrize("what", OTHER)
async def test_another_format_is_refused_once_and_named(tmp_path, what):
    path = tmp_path / "a.jsonl"
    path.write_bytes(OTHER[what])
    with pytest.raises(Refused, match=f"is {what.rstrip(';')}[;:. ]".replace("(", r"\(").replace(")", r"\)")):
        source(path, options(()))
    assert list(tmp_path.iterdir()) == [path]


def test_a_zip_that_is_no_export_says_what_it_holds(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped())
    with pytest.raises(Refused, match=r"is no Slack export: .* It holds tables/a\.csv"):
        source(tmp_path / "a.zip", options(()))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("after", ["", " "])
async def test_a_table_is_read_whatever_is_between_its_fields(database, pg, tmp_path, delimiter, after):
    rows = (["contextWindowId", "time", "text"], ["c", "2026-01-01T00:00:00Z", f'"a{delimiter} b"'])
    path = tmp_path / "a.csv"
    path.write_text("\r\n".join((delimiter + after).join(row) for row in rows), encoding="utf-8-sig")
    assert (await load(database, path)).imported == 1
    assert await texts(pg) == [f"a{delimiter} b"]


async def test_the_delimiter_may_be_said(database, pg, tmp_path):
    path = written(tmp_path / "a.txt", "contextWindowId^text", "c^x")
    await load(database, path, delimiter="^")
    path = written(tmp_path / "b.txt", "contextWindowId\ttext", "c\ty")
    await load(database, path, delimiter="tab")
    assert await texts(pg) == ["x", "y"]
    for wrong in (";;", '"', "é"):
        with pytest.raises(BadUserInput, match=r"--delimiter .*: it takes one character"):
            options((), delimiter=wrong)


async def test_a_quote_that_is_not_closed_costs_its_own_row_alone(database, pg, tmp_path):
    rows = [
        "contextWindowId,text",
        "c,a",
        'c,"open',
        *(f"c,row {number}" for number in range(500)),
        'c,"quoted"',
    ]
    path = written(tmp_path / "a.csv", *rows, 'c,"open', "c,last")
    outcome = await load(database, path, batch=7)
    assert (outcome.imported, outcome.rejected) == (503, 2)
    assert [row["line"] for row in rejected(path)] == [3, 505]
    assert (await texts(pg))[-2:] == ["quoted", "last"]
    assert (await load(database, path)).nothing_new


async def test_an_import_amid_rows_that_are_read_anew_goes_on(database, pg, tmp_path):
    path = written(
        tmp_path / "a.csv", "contextWindowId,text", 'c,"open', *(f"c,row {number}" for number in range(10))
    )
    read = source(path, options((), create_conversations=True))
    await run(database, read, batch=4)
    assert len(await texts(pg)) == 10
    assert (await preview(database, read)).valid == 0


def test_lines_that_end_in_a_carriage_return_alone_are_no_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"contextWindowId,text\rc,x\r")
    with pytest.raises(BadUserInput, match="has no head: The row is not CSV: new-line character"):
        source(path, options(()))


async def test_windows_and_empty_lines_are_lines(database, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\r\n \r\n" + LINES.replace("\n", "\r\n").encode("utf-8-sig"))
    assert (await load(database, path)).imported == 3


async def test_a_mark_before_any_line_is_passed_over(database, tmp_path):
    """As in files that were put together of several."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(f"{json.dumps(row)}\n".encode("utf-8-sig") for row in ROWS))
    assert (await load(database, path)).imported == 3


async def test_lines_come_from_standard_input(url, pg):
    to = environment(COHERENCE_DATABASE_URL=url)

    def piped(*words, sent):
        return subprocess.run(
            [*COMMAND, "import", "-", *words], input=sent, env=to, capture_output=True, check=False
        )

    done = piped("--create-conversations", sent=gzip.compress(LINES.encode()))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"standard input: 3 signals stored in ")
    # The same again is not stored again.
    assert (
        b"nothing new after line 3"
        in piped("--create-conversations", sent=gzip.compress(LINES.encode())).stdout
    )
    done = piped(
        "--conversation", "table", "--create-conversations", "--format", "csv", sent=b"text;mood\nx;y\n"
    )
    assert (done.returncode, done.stderr) == (2, b"standard input: not read: 'mood' (1).\n")
    assert await pg.fetchval("SELECT context_window_id FROM conversations ORDER BY id DESC LIMIT 1") in {
        "c",
        "table",
    }
    assert await pg.fetchval("SELECT count(*) FROM signals") == 4


async def test_a_pipe_is_read(database, pg, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=(LINES,))
    writing.start()
    outcome = await load(database, pipe)
    writing.join()
    assert outcome.imported == 3
    assert len(await texts(pg)) == 3


def test_a_terminal_that_lacks_letters_has_them_replaced(url, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("日本 " * 30))
    given = environment(COHERENCE_DATABASE_URL=url, PYTHONIOENCODING="latin-1")
    words = [*COMMAND, "import", path, "--dry-run", "--create-conversations"]
    done = subprocess.run(words, env=given, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"??" in done.stdout


def test_a_name_that_is_not_utf8_is_no_fault(url, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl"))
    path.write_text("{\n" + LINES)
    done = coherence("import", path, "--create-conversations", COHERENCE_DATABASE_URL=url)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
