"""Names of a line's members: which field each is read as, and what is told of the others."""

import json

import pytest

from app.errors import BadUserInput
from app.signals.importers.names import Names, Unread
from app.signals.importers.options import options
from app.signals.importers.sources import source
from tests.app.signals.importing import load, preview, rejected, texts, written
from tests.app.signals.test_import_command import coherence

SEED = {
    "context_window_id": "seed",
    "raw_content": "said",
    "signal_source": "radio",
    "signal_score": 0.75,
    "user_id": "ann",
    "agent_id": "bot",
    "emotional_tone": 0.5,
    "escalate_flag": 1,
    "timestamp": 1_700_000_000.25,
}
SHORT = {
    "conversation": "seed",
    "message": "said",
    "source": "radio",
    "score": 0.75,
    "user": "ann",
    "ts": "1700000000.25",
}
STORED = """
SELECT context_window_id, raw_content, signal_source, signal_score, s.user_id, extract(epoch FROM time)::float
FROM signals s JOIN conversations c ON c.id = conversation_id ORDER BY s.id
"""
SAID = ("seed", "said", "radio", 0.75, "ann", 1_700_000_000.25)


@pytest.mark.parametrize(
    ("names", "field", "read"),
    [
        (["contextWindowId", "conversation_id"], "contextWindowId", ["contextWindowId"]),
        (["context_window_id", "contextWindowId"], "contextWindowId", ["contextWindowId"]),
        (["conversationId", "Context_Window_ID"], "contextWindowId", ["Context_Window_ID"]),
        (["conversation_id", "conversation", "room"], "contextWindowId", ["conversation_id", "conversation"]),
        ([" Timestamp ", "time"], "timestamp", [" Timestamp "]),
        (["TIMESTAMP", "timestamp"], "timestamp", ["timestamp"]),
        (["CREATED_AT"], "timestamp", ["CREATED_AT"]),
        (["text", "content", "message"], "rawContent", ["text", "content", "message"]),
        (["SignalScore", "score"], "signalScore", ["SignalScore"]),
    ],
)
def test_the_contracts_name_comes_first_and_the_others_are_not_read(names, field, read):
    found = Names().resolve(tuple(names))
    assert list(found.columns[field]) == read
    assert list(found.unread) == [name for name in names if name not in read]


def test_a_mapped_name_is_read_in_place_of_all_others():
    found = Names({"rawContent": "body"}).resolve(("contextWindowId", " Body", "text", "rawContent", "user"))
    assert {field: list(names) for field, names in found.columns.items()} == {
        "rawContent": [" Body"],
        "contextWindowId": ["contextWindowId"],
        "userId": ["user"],
    }
    assert list(found.unread) == ["text", "rawContent"]


def test_a_name_that_is_mapped_to_one_field_is_no_other_fields():
    found = Names({"agentId": "user"}).resolve(("contextWindowId", "user"))
    assert "userId" not in found.columns
    assert not found.unread


def test_what_is_counted_is_bounded():
    unread = Unread()
    for number in range(1_000):
        unread.add([f"name {number}" * 20])
    counts = unread.counts()
    assert len(counts) == 101
    assert sum(counts.values()) == 1_000
    assert max(map(len, counts)) < 70


@pytest.mark.parametrize("ending", ["jsonl", "csv", "tsv"])
async def test_other_programs_names_are_read(database, pg, tmp_path, ending):
    for number, row in enumerate((SEED, SHORT)):
        between = "\t" if ending == "tsv" else ","
        rows = (
            [row]
            if ending == "jsonl"
            else [between.join(f" {name}" for name in row), between.join(map(str, row.values()))]
        )
        outcome = await load(database, written(tmp_path / f"{number}.{ending}", *rows))
        assert (outcome.imported, outcome.rejected, bool(outcome.unread)) == (1, 0, False)
    assert [tuple(row) for row in await pg.fetch(STORED)] == [SAID, SAID]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
async def test_two_names_of_a_field_that_differ_are_refused_by_both(database, pg, tmp_path, ending):
    lines = [
        {"conversation": "c", "text": text, "message": message}
        for text, message in (("a", "a"), ("b", None), ("c", "d"))
    ]
    rows = lines if ending == "jsonl" else ["conversation,text,message", "c,a,a", "c,b,", "c,c,d"]
    path = written(tmp_path / f"a.{ending}", *rows)
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (2, 1)
    assert await texts(pg) == ["a", "b"]
    [row] = rejected(path)
    assert (
        row["reason"]
        == "rawContent is \"c\" in 'text' and \"d\" in 'message': send one of them, or rawContent."
    )


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
async def test_names_that_nobody_reads_are_told(database, tmp_path, ending):
    rows = [
        {"contextWindowId": "c", "text": "x", "mood": "y"},
        {"contextWindowId": "c", "text": "x", "mood": "z"},
    ]
    rows = rows if ending == "jsonl" else ["contextWindowId,text,mood", "c,x,y", "c,x,z"]
    path = written(tmp_path / f"a.{ending}", *rows)
    read = source(path, options((), create_conversations=True))
    assert str((await preview(database, read)).unread) == "not read: 'mood' (2)"
    assert str((await load(database, path)).unread) == "not read: 'mood' (2)"


async def test_lines_of_all_kinds_may_follow_each_other(database, pg, tmp_path):
    """Whatever the line before has taught of those that follow."""
    kinds = [
        {"contextWindowId": "c", "rawContent": "own"},
        {"conversation": "c", "text": "other", "n": 1},
        {"signal_type": "chat", "context_window_id": "c", "text": "event"},
        {"contextWindowId": "c", "rawContent": 5},
    ]
    rows = [kinds[int(digit)] for digit in "001021203311223300"]
    outcome = await load(database, written(tmp_path / "a.jsonl", *rows))
    assert (outcome.rejected, outcome.unread.counts()) == (4, {"n": 4})
    said = ["own", "other", "event", ""]
    assert await texts(pg) == [said[int(digit)] for digit in "0010212011223" if digit != "3"] + ["own", "own"]


async def test_strict_refuses_names_that_nobody_reads(database, pg, tmp_path):
    path = written(
        tmp_path / "a.jsonl", {"contextWindowId": "c", "mood": 1}, {"contextWindowId": "c", "text": "x"}
    )
    outcome = await load(database, path, strict=True)
    assert (outcome.imported, outcome.rejected, await texts(pg)) == (1, 1, ["x"])
    assert rejected(path)[0]["reason"] == "'mood': no field is read from it, which --strict refuses."
    with pytest.raises(BadUserInput, match="'mood': no field is read from it"):
        source(written(tmp_path / "a.csv", "contextWindowId,mood", "c,1"), options((), strict=True))


def test_the_exit_status_tells_what_was_not_read(url, tmp_path):
    to = {"COHERENCE_DATABASE_URL": url}
    path = written(tmp_path / "a.csv", "contextWindowId,mood", "c,1")
    for more in ([], ["--dry-run"]):
        done = coherence("import", path, "--create-conversations", *more, "--restart", **to)
        assert (done.returncode, done.stderr) == (2, f"{path}: not read: 'mood' (1).\n")
        assert "not read: 'mood' (1)" in done.stdout
    # Who names columns has seen them: it is told, and no fault.
    done = coherence(
        "import",
        path,
        "--create-conversations",
        "--map",
        "contextWindowId=contextWindowId",
        "--restart",
        **to,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("; not read: 'mood' (1).\n")
    assert coherence("import", path, "--strict", **to).returncode == 1


async def test_an_embedding_is_read_and_checked(database, pg, tmp_path):
    good, short = [0.5] * 256, [0.5]
    path = written(
        tmp_path / "a.jsonl", *({"contextWindowId": "c", "embedding": each} for each in (good, short, "x"))
    )
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (1, 2)
    assert [row["reason"] for row in rejected(path)] == [
        "embedding has 1 numbers; it takes 256.",
        'embedding is "x"; it takes a list of numbers.',
    ]
    assert await pg.fetchval("SELECT count(*) FROM given_embeddings") == 1


TIMES = {
    "1700000000": 1_700_000_000,
    "1700000000.000100": 1_700_000_000.0001,
    '"1700000000.000100"': 1_700_000_000.0001,
    "1700000000.1234567": 1_700_000_000.123457,
    "1700000000123": 1_700_000_000.123,
    '"1700000000123.4567"': 1_700_000_000.123457,
    "1700000000123456": 1_700_000_000.123456,
    "1700000000123456789": 1_700_000_000.123457,
    "1.7e9": 1_700_000_000,
    '" 2023-11-14T22:13:20Z "': 1_700_000_000,
}


async def test_unix_times_are_read_by_their_size(database, pg, tmp_path):
    path = written(
        tmp_path / "a.jsonl", *(f'{{"contextWindowId": "c", "timestamp": {time}}}' for time in TIMES)
    )
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (len(TIMES), 0)
    stored = await pg.fetch("SELECT extract(epoch FROM time) AS at FROM signals ORDER BY id")
    assert [float(row["at"]) for row in stored] == list(TIMES.values())


async def test_what_is_rather_a_date_or_a_count_is_no_unix_time(database, tmp_path):
    times = [
        "20260131",
        "2026",
        '"20260131"',
        "0",
        "-1700000000",
        "true",
        '"1.7e9"',
        "1e30",
        '"99999999999999999999999"',
    ]
    path = written(
        tmp_path / "a.jsonl", *(f'{{"contextWindowId": "c", "timestamp": {time}}}' for time in times)
    )
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (0, len(times))
    assert all(row["reason"].startswith("timestamp") for row in rejected(path))


async def test_times_without_an_offset_are_of_the_zone_that_is_named(database, pg, tmp_path):
    times = ["2026-01-31 12:00:00", "2026-07-31T12:00:00.5", "2026-07-31T12:00:00Z", "2026-10-25T02:30:00"]
    path = written(tmp_path / "a.csv", "contextWindowId,time", *(f"c,{time}" for time in times))
    assert (await load(database, path)).rejected == 3
    await pg.execute("TRUNCATE signals CASCADE")
    assert (await load(database, path, timezone="Europe/Berlin")).rejected == 0
    stored = await pg.fetch(
        "SELECT to_char(time AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS.MS') FROM signals ORDER BY id"
    )
    assert [row[0] for row in stored] == [
        "01-31 11:00:00.000",
        "07-31 10:00:00.500",
        "07-31 12:00:00.000",
        "10-25 00:30:00.000",
    ]
    with pytest.raises(BadUserInput, match=r"--timezone: .*'Berlin' is no IANA time zone"):
        options((), timezone="Berlin")


def test_an_import_of_version_0_1_is_gone_on_with(tmp_path):
    """Who has imported a file before does not store it twice: what tells its reading from others is as it was."""
    path = written(tmp_path / "a.jsonl", {"contextWindowId": "c"})
    fields = [
        "contextWindowId",
        "timestamp",
        "rawContent",
        "signalSource",
        "signalScore",
        "signalVector",
        "emotionalTone",
        "escalateFlag",
        "agentId",
        "userId",
        "payload",
        "relationshipContext",
        "diagnosticNotes",
        "idempotencyKey",
    ]
    given = options((), source="irc", create_conversations=True)
    columns = sorted([field, field] for field in fields)
    assert json.loads(source(path, given).identity) == [
        str(path.resolve()),
        "jsonl",
        columns,
        "irc",
        None,
        True,
    ]
