"""`coherence import --dry-run`."""

import pytest

from app.signals.importers.options import options
from app.signals.importers.preview import show
from app.signals.importers.sources import source
from tests.app.signals.importing import load, preview, run, signal, written
from tests.app.signals.test_import_command import CHAT, CHAT_OPTIONS, coherence
from tests.app.signals.test_slack import BROKEN, folder

ROWS = [
    *(signal(f"good {number}", contextWindowId=f"c{number % 3}") for number in range(12)),
    signal("x", contextWindowId="gone"),
    signal("x", signalScore=2),
    signal("x", signalScore=3.5),
    signal("x", rawContent=5),
    "{",
    {"signal_type": "chat", "user_id": "ann", "timestamp": "2026-02-01T00:00:00Z"},
    signal("x", contextWindowId="user:ann", timestamp="2025-01-01T00:00:00Z"),
    {"signal_type": "chat"},
]


async def counts(pg):
    tables = ("signals", "conversations", "import_progress", "signal_rollup_1h")
    return [await pg.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


@pytest.fixture
async def hidden(pg):
    await pg.execute(
        "INSERT INTO conversations (context_window_id, status) VALUES ('gone', 'DELETED'), ('c0', 'ACTIVE')"
    )


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("create", [True, False])
async def test_it_tells_what_the_import_then_does_and_stores_nothing(database, pg, tmp_path, create):
    path = written(tmp_path / "a.jsonl", *ROWS)
    read = source(path, options((), create_conversations=create))
    before = await counts(pg)
    found = await preview(database, read)
    assert await counts(pg) == before
    assert list(tmp_path.iterdir()) == [path]
    outcome = await run(database, read)
    assert (found.valid, found.rejected) == (outcome.imported, outcome.rejected)
    opened = await pg.fetch(
        "SELECT context_window_id FROM conversations WHERE context_window_id NOT IN ('gone', 'c0')"
    )
    assert (
        found.opened == {row[0] for row in opened} == ({"c1", "c2", "user:ann"} if create else {"user:ann"})
    )
    span = await pg.fetchrow("SELECT min(time), max(time) FROM signals")
    assert (found.earliest, found.latest) == tuple(span)
    sources = await pg.fetch("SELECT signal_source, count(*) FROM signals GROUP BY 1")
    assert found.sources == dict(map(tuple, sources))
    stored = await pg.fetch("SELECT raw_content FROM signals ORDER BY id LIMIT 10")
    assert [record.raw_content for record, _ in found.first] == [row[0] for row in stored]
    found = await preview(database, read)
    assert (found.valid, found.rejected) == (0, outcome.rejected)
    found = await preview(database, read, restart=True)
    assert (found.valid, found.rejected) == (outcome.imported, outcome.rejected)


@pytest.mark.usefixtures("hidden")
async def test_reasons_are_counted_by_field_and_fault(database, tmp_path):
    path = written(tmp_path / "a.jsonl", *ROWS)
    found = await preview(database, source(path, options((), create_conversations=True)))
    reasons = {
        (field, reason.fault): (reason.count, reason.line) for (field, _), reason in found.reasons.items()
    }
    assert reasons == {
        ("contextWindowId", "contextWindowId names no conversation."): (1, 13),
        ("signalScore", "signalScore is 2.0; it takes a number from 0 to 1."): (2, 14),
        ("rawContent", "rawContent is 5; it takes a string."): (1, 16),
        ("", "The line is not JSON: Expecting property name enclosed in double quotes at character 3."): (
            1,
            17,
        ),
        ("context_window_id", "context_window_id and user_id are missing; it takes one of them."): (1, 20),
    }


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize(("limit", "valid", "rejected"), [(1, 1, 0), (12, 12, 0), (14, 12, 2), (99, 14, 6)])
async def test_it_may_look_at_the_first_lines_alone(database, tmp_path, limit, valid, rejected):
    read = source(written(tmp_path / "a.jsonl", *ROWS), options((), create_conversations=True))
    found = await preview(database, read, limit=limit)
    assert (found.valid, found.rejected) == (valid, rejected)


async def test_it_goes_on_where_the_import_would(database, tmp_path):
    path = written(tmp_path / "a.jsonl", signal("1"))
    await load(database, path)
    written(path, signal("1"), signal("2"))
    found = await preview(database, source(path, options((), create_conversations=True)))
    assert (found.start.line, found.valid, found.opened) == (1, 1, set())


async def test_exports_have_previews_too(database, pg, tmp_path):
    read = source(folder(tmp_path / "export", BROKEN), options(()))
    found = await preview(database, read)
    assert await counts(pg) == [0, 0, 0, 0]
    outcome = await run(database, read)
    assert (found.valid, found.rejected, found.skipped) == (
        outcome.imported,
        outcome.rejected,
        outcome.skipped,
    )
    assert len(found.opened) == await pg.fetchval("SELECT count(*) FROM conversations")


async def test_what_is_shown_has_no_power_over_a_terminal(database, tmp_path, capsys):
    path = written(tmp_path / "a.jsonl", signal("\x1b[31m[red]x[/red]" + "y" * 99), "{")
    show("a\x1b[0m", await preview(database, source(path, options((), create_conversations=True))))
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]x[/red]yyy" in said
    assert "y" * 60 not in said


async def test_the_command_ends_as_the_import_would(url, pg, tmp_path):
    given = {"COHERENCE_DATABASE_URL": url}
    good, bad = written(tmp_path / "a.jsonl", signal("1")), written(tmp_path / "b.jsonl", signal("2"), "{")
    for path, status in ((good, 0), (bad, 2), (tmp_path / "none", 1)):
        done = coherence("import", path, "--create-conversations", "--dry-run", **given)
        assert done.returncode == status
    assert await counts(pg) == [0, 0, 0, 0]
    done = coherence("import", good, bad, "--create-conversations", "--dry-run", "--limit", "1", **given)
    assert (
        done.returncode,
        done.stdout.count("valid: 1"),
        done.stdout.count("2026-01-01T00:00:00.000000Z"),
    ) == (
        0,
        2,
        6,
    )
    assert coherence("import", good, "--limit", "1", **given).returncode == 1


@pytest.mark.skipif(not CHAT.exists(), reason="the real chat is not on this machine")
async def test_a_real_chat_is_looked_at(url, pg):
    words = [word for word in CHAT_OPTIONS if word not in {"--score", "vader"}]
    done = coherence("import", CHAT, *words, "--dry-run", "--limit", "3000", COHERENCE_DATABASE_URL=url)
    assert (done.returncode, "valid: 3000" in done.stdout, "sources: irc 3000" in done.stdout) == (
        0,
        True,
        True,
    )
    assert await counts(pg) == [0, 0, 0, 0]


async def test_it_tells_how_many_are_given_the_time_of_the_import(database, tmp_path, capsys):
    path = written(tmp_path / "a.jsonl", signal("x"), {"contextWindowId": "c"})
    found = await preview(database, source(path, options((), create_conversations=True)))
    assert (found.valid, found.without_time) == (2, 1)
    show("a", found)
    assert "without a time, and so given that of the import: 1" in capsys.readouterr().out
