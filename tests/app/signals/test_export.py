import csv
import gzip
import io
import json
import string
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.conversations.models import ConversationStatus
from app.errors import BadUserInput
from app.signals.export import Wanted, export, format_of, output, wanted
from app.signals.importers.options import options, source
from app.signals.importers.record import Record
from app.signals.importers.run import Importer
from app.signals.ingest import Signals
from app.signals.rules import Rules

characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
texts = (
    st.none()
    | st.text(characters)
    | st.sampled_from(["", "null", "\r", "\n", "\r\n", '"', ",", 'a,\n"b\r', "\ufeff", "😀"])
)
names = st.none() | st.text(characters, min_size=1, max_size=20)
fractions = st.floats(0, 1)
numbers = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(characters),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
records = st.builds(
    Record,
    st.text(characters, min_size=1, max_size=20),
    st.timedeltas(timedelta(), timedelta(days=20_000)).map(
        lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since
    ),
    texts,
    st.text(characters, min_size=1, max_size=20),
    fractions,
    names,
    st.none() | fractions,
    st.sampled_from([0, 1]),
    names,
    names,
    st.none() | values,
    texts,
    texts,
)

# Everything but what belongs to the place where it is stored.
STORED = """
SELECT context_window_id, time, raw_content, signal_source, signal_score, signal_vector, emotional_tone,
    escalate_flag, signals.agent_id, signals.user_id, payload, relationship_context, diagnostic_notes
FROM signals JOIN conversations ON conversations.id = conversation_id
"""


def record(text="x", key="c", when=datetime(2026, 1, 1, tzinfo=UTC), origin="s", payload=None):
    return Record(key, when, text, origin, 0.5, None, None, 0, None, None, payload, None, None)


async def store(database, *signals):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    await Signals(database, Rules(timedelta())).ingest(
        PROGRAM, signals, now, all_or_nothing=True, create_conversations=True
    )


async def exported(database, what=Wanted(), kind="jsonl"):  # noqa: B008 - immutable
    file = io.BytesIO()
    count = await export(database, PROGRAM, what, file, kind)
    return count, file.getvalue()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv.gz"])
@given(signals=st.lists(records, min_size=1, max_size=5))
@example(signals=[record("😀\r\n" * 300_000)])
@settings(max_examples=60)
async def test_what_is_exported_is_imported_as_it_was(database, pg, tmp_path, name, signals):
    await pg.execute("DELETE FROM conversations")
    await store(database, *signals)
    before = sorted(await pg.fetch(STORED), key=repr)
    assert len(before) == len(signals)
    path = tmp_path / f"{uuid4()}{name}"
    with output(path) as file:
        assert await export(database, PROGRAM, Wanted(), file, format_of(path, None)) == len(signals)
    await pg.execute("DELETE FROM conversations")
    outcome = await Importer(database, Rules(timedelta()), None).run(
        source(path, options((), create_conversations=True)), lambda *_: None
    )
    assert (outcome.imported, outcome.rejected) == (len(signals), 0)
    assert sorted(await pg.fetch(STORED), key=repr) == before
    path.unlink()


async def test_lines_have_the_contracts_fields_in_the_order_of_time(database):
    later = datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    await store(database, record("b", when=later), record("a", payload={"n": [1, None]}))
    count, text = await exported(database)
    first, second = map(json.loads, text.splitlines())
    assert (count, first["rawContent"], second["timestamp"]) == (2, "a", "2026-01-01T00:00:00.000005Z")
    assert first == {
        "contextWindowId": "c",
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "rawContent": "a",
        "signalSource": "s",
        "signalScore": 0.5,
        "signalVector": None,
        "emotionalTone": None,
        "escalateFlag": 0,
        "agentId": None,
        "userId": None,
        "payload": {"n": [1, None]},
        "relationshipContext": None,
        "diagnosticNotes": None,
    }


async def test_tables_tell_null_from_the_empty_string(database):
    await store(database, record(None), record(""), record('"\n'))
    _, text = await exported(database, kind="csv")
    assert b'"c","2026-01-01T00:00:00.000000Z",,"s"' in text
    assert b'"c","2026-01-01T00:00:00.000000Z","","s"' in text
    rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    assert [row["rawContent"] for row in rows] == ["", "", '"\n']


async def test_only_what_is_wanted_is_written(database, pg):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, letter in enumerate(string.ascii_lowercase[:6]):
        origin = "even" if number % 2 == 0 else "odd"
        await store(
            database,
            record(letter, "first" if number < 4 else "last", start + timedelta(days=number), origin),
        )

    async def found(*what):
        _, text = await exported(database, wanted(*what))
        return "".join(json.loads(line)["rawContent"] for line in text.splitlines())

    assert await found((), (), None, None) == "abcdef"
    assert await found(["last", "none"], (), None, None) == "ef"
    assert await found(["first", "last"], ["odd"], None, None) == "bdf"
    assert await found((), (), "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z") == "bc"
    await pg.execute(
        "UPDATE conversations SET status = $1 WHERE context_window_id = 'last'",
        ConversationStatus.DELETED.value,
    )
    assert await found((), (), None, None) == "abcd"


async def test_the_audit_log_tells_of_it_before_the_first_is_read(database, pg):
    class Full(io.RawIOBase):
        def write(self, _):
            raise OSError("disk full")

    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('ann@example.org')")
    what = wanted(["ann@example.org"], (), "2026-01-02T00:00:00Z", None)
    assert await export(database, PROGRAM, what, io.BytesIO(), "jsonl", actor="terminal") == 0
    with pytest.raises(OSError, match="disk full"):
        await export(database, PROGRAM, Wanted(), Full(), "csv")
    log = await pg.fetch("SELECT actor, action, subject, details::text FROM audit_log ORDER BY id")
    assert [tuple(row)[:3] for row in log] == [
        ("terminal", "signals exported", "signals"),
        ("program", "signals exported", "signals"),
    ]
    assert [json.loads(row["details"]) for row in log] == [
        {"conversations": 1, "sources": "all", "since": "2026-01-02T00:00:00.000000Z", "until": None},
        {"conversations": "all", "sources": "all", "since": None, "until": None},
    ]


@pytest.mark.parametrize(
    "what", [((), (), "yesterday", None), ((), (), "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")]
)
def test_wrong_instants_are_refused(what):
    with pytest.raises(BadUserInput):
        wanted(*what)


def test_the_format_is_said_or_seen_in_the_name(tmp_path):
    assert format_of(tmp_path / "a.CSV.gz", None) == "csv"
    assert format_of(tmp_path / "a.json", None) == format_of(None, None) == "jsonl"
    assert format_of(tmp_path / "a.csv", "jsonl") == "jsonl"
    with pytest.raises(BadUserInput, match="jsonl, csv"):
        format_of(None, "xml")


def test_a_file_appears_once_it_is_whole(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"old")

    def fail():
        with output(path) as file:
            file.write(b"half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert ([found.name for found in tmp_path.iterdir()], path.read_bytes()) == (["a.jsonl.gz"], b"old")
    with output(path) as file:
        file.write(b"new")
    assert gzip.decompress(path.read_bytes()) == b"new"
