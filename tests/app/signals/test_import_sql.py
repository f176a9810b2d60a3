import json
from uuid import uuid4

import asyncpg
import pytest

from app.errors import BadUserInput, Conflict
from app.signals.importers import sql
from app.signals.importers.lines import Unreadable
from app.signals.importers.options import options
from app.signals.importers.rejected import RejectedFile
from app.signals.importers.sources import sources
from tests.app.signals.importing import run, texts
from tests.app.signals.test_import_command import coherence
from tests.conftest import at, dsn, execute

TABLE = """
CREATE TABLE chat (
    id bigint PRIMARY KEY, talk uuid, at timestamptz, naive timestamp, said text, mood numeric, flag boolean,
    extra jsonb, tags text[]
)
"""
FILL = """
INSERT INTO chat SELECT n, '00000000-0000-0000-0000-000000000001', '2026-01-01 00:00:00.123456+00', '2026-01-01',
    'text ' || n, 0.25, n % 2 = 1, jsonb_build_object('n', n), ARRAY['x'] FROM generate_series(1, $1::bigint) n
"""
MAPS = ("contextWindowId=talk", "timestamp=at", "rawContent=said", "userId=id")
QUERY = "SELECT * FROM chat ORDER BY id"


@pytest.fixture
async def other(server):
    """URL of another database, with a table of chats."""
    name = f"other_{uuid4().hex}"
    await execute(server, f"CREATE DATABASE {name}")
    await execute(at(server, name), TABLE)
    yield at(server, name)
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def chat(other):
    connection = await asyncpg.connect(**dsn(other))
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(other, query=QUERY, maps=MAPS, **given):
    [found] = sources((), query, other, options(maps, **({"create_conversations": True} | given)))
    return found


def rejected(source):
    return [json.loads(line) for line in RejectedFile(source.path).path.read_text().splitlines()]


async def test_rows_come_with_their_types(database, pg, other, chat):
    await chat.execute(FILL, 2)
    maps = (*MAPS, "signalScore=mood", "escalateFlag=flag", "payload=extra", "diagnosticNotes=tags")
    outcome = await run(database, read(other, maps=maps, source="db"))
    assert (outcome.imported, outcome.rejected) == (2, 0)
    row = await pg.fetchrow(
        "SELECT context_window_id, time::text, s.user_id, raw_content, signal_source, signal_score, escalate_flag,"
        " payload::text, diagnostic_notes FROM signals s JOIN conversations c ON c.id = conversation_id ORDER BY s.id"
    )
    assert tuple(row) == (
        "00000000-0000-0000-0000-000000000001",
        "2026-01-01 00:00:00.123456+00",
        "1",
        "text 1",
        "db",
        0.25,
        1,
        '{"n": 1}',
        "['x']",
    )


async def test_all_that_is_not_mapped_may_be_of_any_type(database, other):
    query = (
        "SELECT 'c' AS \"contextWindowId\", 1.5::numeric AS payload, 'x'::bytea, ROW(1, now()), now()::date AS day,"
        " '{\"a\":\n1}'::json AS j, NULL::jsonb AS nothing, true AS yes, now() AS t ORDER BY 1"
    )
    assert (await run(database, read(other, query, maps=()))).imported == 1


async def test_rows_may_be_events(database, pg, other):
    query = (
        "SELECT 'chat' AS signal_type, n AS user_id, 0.25 AS score FROM generate_series(1, 2) n ORDER BY n"
    )
    await run(database, read(other, query, maps=(), create_conversations=False))
    found = await pg.fetch("SELECT context_window_id FROM conversations ORDER BY 1")
    assert [row[0] for row in found] == ["user:1", "user:2"]


async def test_bad_rows_are_rejected_with_their_number(database, other, chat):
    await chat.execute(FILL, 3)
    await chat.execute("UPDATE chat SET mood = 2 WHERE id = 2; UPDATE chat SET mood = 'NaN' WHERE id = 3")
    source = read(other, maps=(*MAPS, "signalScore=mood"))
    outcome = await run(database, source)
    assert (outcome.imported, outcome.rejected) == (1, 2)
    found = rejected(source)
    assert [(row["line"], row["reason"]) for row in found] == [
        (2, "signalScore is 2.0; it takes a number from 0 to 1."),
        (3, "The line holds the number nan, which JSON does not know."),
    ]
    assert json.loads(found[0]["text"])["said"] == "text 2"


async def test_a_query_goes_on_after_the_rows_that_are_stored(database, pg, other, chat):
    await chat.execute(FILL, 250)
    assert (await run(database, read(other), batch=100)).imported == 250
    assert (await run(database, read(other))).nothing_new
    await chat.execute("INSERT INTO chat (id, talk, said) SELECT 251, talk, 'text 251' FROM chat LIMIT 1")
    outcome = await run(database, read(other))
    assert (outcome.start.line, outcome.imported) == (250, 1)
    assert await texts(pg) == [f"text {number}" for number in range(1, 252)]


async def test_a_query_that_fails_half_way_keeps_what_came_before(database, pg, other, chat):
    await chat.execute(FILL, 1_000)
    rows = "SELECT * FROM chat WHERE id <= 850 OR id = 900 ORDER BY id"
    query = f"SELECT *, 1 / (id - 900) FROM ({rows}) chat"
    with pytest.raises(Unreadable, match=r"cannot be read beyond row 800: division by zero"):
        await run(database, read(other, query), batch=100)
    assert len(await texts(pg)) == 800
    await chat.execute("DELETE FROM chat WHERE id = 900")
    assert (await run(database, read(other, query), batch=100)).imported == 50
    assert await texts(pg) == [f"text {number}" for number in range(1, 851)]


async def test_an_order_that_has_changed_is_refused(database, pg, other, chat):
    await chat.execute(FILL, 3)
    await run(database, read(other))
    await chat.execute("DELETE FROM chat WHERE id = 1")
    with pytest.raises(Conflict, match="in another order"):
        await run(database, read(other))
    assert (await run(database, read(other), restart=True)).imported == 2
    assert (await run(database, read(other))).nothing_new
    assert len(await texts(pg)) == 5


async def test_no_more_than_some_rows_are_in_memory(other, chat, monkeypatch):
    await chat.execute(FILL, 500)
    monkeypatch.setattr(sql, "_AT_A_TIME", 10)
    query = "SELECT *, CASE WHEN id > 50 THEN 1 / (id - id) END FROM (SELECT * FROM chat ORDER BY id) chat"
    with read(other, query).opened() as lines:
        assert len([next(lines) for _ in range(50)]) == 50
        with pytest.raises(Unreadable, match="beyond row 50"):
            next(lines)


@pytest.mark.parametrize(
    ("query", "maps", "says"),
    [
        ("SELECT * FROM chat", MAPS, "end the query with ORDER BY"),
        ("SELECT * FROM nothing ORDER BY 1", MAPS, 'relation "nothing" does not exist'),
        ("SELEC 1 ORDER BY 1", MAPS, "syntax error"),
        ("SELECT 1; DROP TABLE chat; SELECT 1 ORDER BY 1", MAPS, "multiple commands"),
        (
            "SELECT * FROM chat ORDER BY id",
            ("contextWindowId=room",),
            "The query has no column room .* it has id, talk,",
        ),
        ("SELECT * FROM chat ORDER BY id", (), "has no column contextWindowId"),
        (
            "SELECT id, id FROM chat ORDER BY 1",
            ("contextWindowId=id",),
            "several columns of the same name: id",
        ),
        (
            "SELECT * FROM chat ORDER BY id",
            (*MAPS[:1], "timestamp=naive"),
            "Column naive is a timestamp without time zone",
        ),
        ("UPDATE chat SET id = 1 -- ORDER BY", MAPS, "returns no rows"),
    ],
)
def test_wrong_queries_are_refused(other, query, maps, says):
    with pytest.raises(BadUserInput, match=says):
        read(other, query, maps)


async def test_a_query_cannot_write(database, other, chat):
    await chat.execute(FILL, 1)
    query = "WITH gone AS (DELETE FROM chat RETURNING *) SELECT * FROM gone ORDER BY id"
    with pytest.raises(Unreadable, match="read-only transaction"):
        await run(database, read(other, query))
    assert await chat.fetchval("SELECT count(*) FROM chat") == 1


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("postgresql://u:hidden@127.0.0.1:1/d", "cannot be reached"),
        ("mysql://u:hidden@127.0.0.1/d", "is not understood"),
        ("postgresql://u:hidden@h:port/d", "is not understood"),
        ("hidden", "is not understood"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(place, says):
    with pytest.raises((Unreadable, BadUserInput), match=says) as refused:
        read(place)
    assert "hidden" not in str(refused.value)


def test_the_command_takes_files_or_a_query(other, tmp_path):
    for files, query, place in (((), None, None), ((tmp_path,), QUERY, other), ((), QUERY, None)):
        with pytest.raises(BadUserInput, match="--from-sql"):
            sources(files, query, place, options(()))
    with pytest.raises(BadUserInput, match="a query has no format"):
        read(other, format="csv")


async def test_the_command_reads_a_query(url, pg, other, chat):
    await chat.execute(FILL, 3)
    words = ["import", "--from-sql", QUERY, "--create-conversations"]
    words += [word for mapped in MAPS for word in ("--map", mapped)]
    given = {"COHERENCE_DATABASE_URL": url, "COHERENCE_IMPORT_URL": other}
    done = coherence(*words, "--dry-run", **given)
    assert (done.returncode, "valid: 3" in done.stdout) == (0, True)
    assert await texts(pg) == []
    done = coherence(*words, **given)
    assert (done.returncode, done.stderr, "3 signals stored" in done.stdout) == (0, "", True)
    assert await texts(pg) == ["text 1", "text 2", "text 3"]
