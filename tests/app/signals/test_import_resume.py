"""An import that goes on: after a crash, in a file that grows, in another one."""

import gzip
import hashlib
import json

import pytest

from app.errors import Conflict
from app.signals.importers import queries
from app.signals.importers.lines import Unreadable
from app.signals.importers.options import options, source
from tests.app.signals.importing import load, rejected, signal, texts, written


async def test_a_damaged_file_gives_what_comes_before_and_goes_on_once_it_is_whole(database, pg, tmp_path):
    said = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() * 3 for number in range(20_000)]
    whole = gzip.compress("".join(json.dumps(signal(text)) + "\n" for text in said).encode(), mtime=0)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="cannot be read beyond line"):
        await load(database, path, batch=100)
    stored = len(await texts(pg))
    assert 100 < stored < len(said) - 100
    path.write_bytes(whole)
    assert (await load(database, path, batch=100)).imported == len(said) - stored
    assert await texts(pg) == said


@pytest.mark.parametrize("ending", ["\n", ""])
async def test_a_file_that_grows_is_gone_on_with(database, pg, tmp_path, ending):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(signal(str(number))) for number in range(3)) + ending)
    assert (await load(database, path)).imported == 3
    assert (await load(database, path)).nothing_new
    for size in (4, 5_000, 5_001):  # across the 64 KiB that tell files apart
        path.write_text("\n".join(json.dumps(signal(str(number))) for number in range(size)) + ending)
        assert (await load(database, path)).start.line > 0
        assert await texts(pg) == [str(number) for number in range(size)]
    assert await pg.fetchval("SELECT count(*) FROM import_progress") == 1


async def test_a_table_that_grows_is_gone_on_with(database, pg, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('contextWindowId,rawContent\nc,"1\n2"\n')
    await load(database, path)
    with path.open("a") as file:
        file.write('c,"3\n4"\n')
    assert (await load(database, path)).imported == 1
    assert await texts(pg) == ["1\n2", "3\n4"]


async def test_a_line_that_is_still_being_written_is_read_again(database, pg, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(signal("1")) + "\n" + json.dumps(signal("2"))[:-9])
    for _ in range(2):
        outcome = await load(database, path)
        assert (outcome.rejected, [row["line"] for row in rejected(path)]) == (1, [2])
    path.write_text(json.dumps(signal("1")) + "\n" + json.dumps(signal("2")) + "\n")
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected, rejected(path)) == (1, 0, [])
    assert await texts(pg) == ["1", "2"]


async def test_another_file_in_the_same_place_is_another_import(database, pg, tmp_path):
    path = written(tmp_path / "a.csv", "contextWindowId,rawContent", "c,1", "c,2")
    await load(database, path)
    written(path, "contextWindowId,rawContent", "c,3", "c,4", "c,5")  # the head is the same
    assert (await load(database, path)).imported == 3
    assert await texts(pg) == ["1", "2", "3", "4", "5"]


async def test_another_way_of_reading_is_another_import(database, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("1"))
    await load(database, path)
    assert (await load(database, path, format="jsonl")).nothing_new
    assert (await load(database, path, source="other")).imported == 1


async def test_restart_begins_anew(database, pg, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("1"), "{")
    await load(database, path)
    outcome = await load(database, path, restart=True)
    assert (outcome.imported, outcome.rejected) == (1, 1)
    assert (await texts(pg), len(rejected(path))) == (["1", "1"], 1)
    assert (await load(database, path)).nothing_new


async def test_what_a_crash_left_in_the_rejected_file_is_cut_off(database, tmp_path):
    path = written(tmp_path / "a.jsonl", "{1", signal("x"))
    await load(database, path)
    with (tmp_path / "a.jsonl.rejected.jsonl").open("a") as file:
        file.write('{"line": 3, "reason": "never committed", "text": ""}\n{"line": 4, "rea')
    with path.open("a") as file:
        file.write(json.dumps(signal("y")) + "\n{2\n")
    await load(database, path)
    assert [(row["line"], row["text"]) for row in rejected(path)] == [(1, "{1"), (4, "{2")]


async def test_a_batch_is_committed_with_its_progress_or_not_at_all(database, pg, tmp_path, monkeypatch):
    path = written(tmp_path / "a.jsonl", *(signal(str(number)) for number in range(30)))
    advance = queries.advance

    async def fail_at_the_third(connection, where, old, new):
        await advance(connection, where, old, new)
        if new.line == 30:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "advance", fail_at_the_third)
        with pytest.raises(RuntimeError, match="killed"):
            await load(database, path, batch=10)
    assert len(await texts(pg)) == 20 == await pg.fetchval("SELECT line FROM import_progress")
    assert (await load(database, path, batch=10)).imported == 10
    assert await texts(pg) == [str(number) for number in range(30)]


async def test_two_imports_of_a_file_at_a_time_are_one_too_many(database, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("x"))
    read = source(path, options((), create_conversations=True))
    async with database.read() as connection, queries.locked(connection, str(path), read.identity):
        with pytest.raises(Conflict, match="by another process"):
            await load(database, path)
    assert (await load(database, path)).imported == 1


async def test_a_link_is_the_file_it_leads_to(database, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("x"), "{")
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    await load(database, link)
    assert (len(rejected(link)), rejected(path)) == (1, [])
    assert (await load(database, path)).nothing_new
