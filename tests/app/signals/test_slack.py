import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import BadUserInput
from app.signals.importers import archive, queries
from app.signals.importers.lines import Unreadable
from app.signals.importers.options import options
from app.signals.importers.sources import source
from tests.app.signals.importing import load, rejected

USERS = [
    {"id": "U1", "name": "ann", "profile": {"display_name": "Ann A.", "real_name": "Ann Ant"}},
    {"id": "U2", "name": "bob", "profile": {"display_name": "", "real_name": "Bob Bee"}},
    {"id": "U3", "name": "helper", "is_bot": True, "profile": {}},
]


def message(ts, text, user="U1", **given):
    return {"type": "message", "ts": ts, "text": text, "user": user} | given


T = "1767225600.00000"  # 2026-01-01T00:00:00
PARENT = message(f"{T}2", "Who\ncomes?", thread_ts=f"{T}2", reply_count=2)
EXPORT = {
    "users.json": USERS,
    "channels.json": [{"id": "C1", "name": "general"}, {"id": "C2", "name": "random"}],
    "groups.json": [{"id": "G1", "name": "secret"}],
    "mpims.json": [{"id": "M1", "name": "mpdm-ann--bob-1", "members": ["U1", "U2"]}],
    "dms.json": [{"id": "D1", "members": ["U1", "U2", "U9"]}],
    "integration_logs.json": [],
    "general/2026-01-01.json": [
        message(f"{T}1", "<@U2> &lt;3 <#C2>"),
        PARENT,
        message(f"{T}3", "me", "U2", thread_ts=f"{T}2"),
        message(f"{T}4", "alone", thread_ts=f"{T}4"),
        message(f"{T}5", "<@U1> has joined", subtype="channel_join"),
        message(f"{T}6", "was", edited={"user": "U1", "ts": "1767225700.000001"}),
        message(f"{T}7", "old"),
        message(f"{T}8", "gone"),
        message(f"{T}9", "beep", None, subtype="bot_message", username="deploy", bot_id="B1"),
    ],
    "general/2026-01-02.json": [
        message("1767312000.000001", "late", thread_ts=f"{T}2", user="U9"),
        {
            "type": "message",
            "subtype": "message_changed",
            "ts": "1767312000.000002",
            "message": message(f"{T}7", "new"),
        },
        {"type": "message", "subtype": "message_deleted", "ts": "1767312000.000003", "deleted_ts": f"{T}8"},
        message(
            "1767312000.123456",
            "file",
            "U3",
            files=[{"id": "F1", "name": "a.txt", "size": 3, "url_private": "https://files/?t=secret"}],
            reactions=[{"name": "+1", "count": 2, "users": ["U1", "U9"]}],
        ),
        message("1767312001.000000", "by way of", bot_id="B2", bot_profile={"name": "app"}),
        {
            "type": "message",
            "subtype": "message_changed",
            "ts": "1767312002.000000",
            "message": message("1600000000.000001", "before the export"),
        },
    ],
    "secret/2026-01-01.json": [message(f"{T}1", "psst")],
    "mpdm-ann--bob-1/2026-01-01.json": [message(f"{T}1", "we")],
    "D1/2026-01-01.json": [message(f"{T}1", "you")],
}


def folder(path, export):
    for name, content in export.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def zipped(path, export):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in export.items():
            file.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return path


MADE = pytest.mark.parametrize("made", [folder, zipped])

STORED = """
SELECT context_window_id AS key, title, time, s.user_id, s.agent_id, signal_source, raw_content, payload::jsonb
FROM signals s JOIN conversations c ON c.id = conversation_id ORDER BY s.id
"""


async def stored(pg):
    return [dict(row) | {"payload": json.loads(row["payload"])} for row in await pg.fetch(STORED)]


@MADE
async def test_an_export_is_stored(database, pg, tmp_path, made):
    outcome = await load(database, made(tmp_path / "export", EXPORT), create_conversations=False)
    rows = await stored(pg)
    assert (outcome.imported, outcome.rejected) == (14, 0)
    assert outcome.skipped == {"channel_join": 1, "message_deleted": 1}
    thread = f"slack:general:{T}2"
    assert [(row["key"], row["user_id"], row["agent_id"], row["raw_content"]) for row in rows] == [
        ("slack:D1", "ann", None, "you"),
        ("slack:general", "ann", None, "@bob <3 #random"),
        (thread, "ann", None, "Who\ncomes?"),
        (thread, "bob", None, "me"),
        ("slack:general", "ann", None, "alone"),
        ("slack:general", "ann", None, "was"),
        ("slack:general", "ann", None, "new"),
        ("slack:general", None, "deploy", "beep"),
        (thread, "U9", None, "late"),
        ("slack:general", None, "helper", "file"),
        ("slack:general", "ann", "app", "by way of"),
        ("slack:general", "ann", None, "before the export"),
        ("slack:mpdm-ann--bob-1", "ann", None, "we"),
        ("slack:secret", "ann", None, "psst"),
    ]
    assert {row["signal_source"] for row in rows} == {"Slack"}
    assert {row["key"]: row["title"] for row in rows} == {
        "slack:D1": "ann, bob, U9",
        "slack:general": "#general",
        thread: "#general: Who comes?",
        "slack:mpdm-ann--bob-1": "ann, bob",
        "slack:secret": "#secret",
    }
    assert rows[9]["time"] == datetime(2026, 1, 2, 0, 0, 0, 123456, UTC)
    assert rows[2]["payload"] == {
        "channel": "general",
        "ts": f"{T}2",
        "threadTs": f"{T}2",
        "displayName": "Ann A.",
    }
    assert rows[3]["payload"]["displayName"] == "Bob Bee"
    assert rows[5]["payload"]["edited"] == "2026-01-01T00:01:40.000001Z"
    assert rows[6]["payload"]["edited"] == "2026-01-02T00:00:00.000002Z"
    assert rows[9]["payload"] == {
        "channel": "general",
        "ts": "1767312000.123456",
        "displayName": "helper",
        "files": [{"id": "F1", "name": "a.txt", "size": 3}],
        "reactions": [{"name": "+1", "count": 2, "users": ["ann", "U9"]}],
    }


BROKEN = EXPORT | {
    "general/2026-01-03.json": "[{",
    "general/2026-01-04.json": {"not": "a list"},
    "general/2026-01-05.json": [
        5,
        message("yesterday", "x"),
        message(1_767_225_600.5, "x"),
        message("99999999999.000000", "x"),
        message(f"{T}1", ["x"]),
        message(f"{T}1", "nul\0"),
        message(f"{T}1", "x", edited={"ts": "then"}),
        message(f"{T}1", "good"),
    ],
    "general/2026-01-06.json": "[" * 200_000,
    "general/2026-01-07.json": "",
}


@MADE
async def test_what_is_broken_is_named_and_the_rest_stored(database, pg, tmp_path, made):
    path = made(tmp_path / "export", BROKEN)
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (15, 11)
    assert "good" in [row["raw_content"] for row in await stored(pg)]
    found = [row["reason"] for row in rejected(path)]
    expected = [
        "general/2026-01-03.json: The file is not JSON: ",
        "general/2026-01-04.json: The file is not a list.",
        "general/2026-01-05.json: A message is not an object.",
        "general/2026-01-05.json: ts is 'yesterday'; it takes seconds with six decimals",
        "general/2026-01-05.json: ts is '1767225600.5'",
        "timestamp is ",
        "general/2026-01-05.json: text is not a string.",
        "rawContent holds a NUL character",
        "general/2026-01-05.json: edited.ts is 'then'",
        "general/2026-01-06.json: The file is not JSON: ",
        "general/2026-01-07.json: The file is not JSON: ",
    ]
    assert [reason[: len(start)] for reason, start in zip(found, expected, strict=True)] == expected
    assert '"general/2026-01-05.json"' in rejected(path)[7]["text"]


@pytest.mark.parametrize(
    "name", ["/etc/2026-01-01.json", "../2026-01-01.json", "a/../../b.json", "..\\b.json"]
)
async def test_a_zip_with_names_that_lead_out_of_it_is_refused(database, pg, tmp_path, name):
    with pytest.raises(Unreadable, match="leads out of it"):
        await load(database, zipped(tmp_path / "a.zip", EXPORT | {name: []}))
    assert await stored(pg) == []


async def test_links_in_a_folder_are_passed_over(database, pg, tmp_path):
    path = folder(tmp_path / "export", EXPORT)
    other = folder(tmp_path / "other", {"x/2026-01-01.json": [message(f"{T}1", "stolen")]})
    (path / "linked").symlink_to(other / "x")
    (path / "general" / "2026-01-09.json").symlink_to(other / "x" / "2026-01-01.json")
    await load(database, path)
    assert "stolen" not in [row["raw_content"] for row in await stored(pg)]


@MADE
async def test_a_file_that_is_too_large_is_rejected(database, tmp_path, monkeypatch, made):
    monkeypatch.setattr(archive, "LONGEST", 10_000)
    path = made(tmp_path / "export", EXPORT | {"general/2026-01-03.json": "[" + " " * 20_000 + "]"})
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (14, 1)
    assert rejected(path)[0]["reason"] == "general/2026-01-03.json: The file is longer than 10000 bytes."


async def test_a_bomb_is_not_unpacked_whatever_size_it_claims(database, tmp_path):
    path = zipped(tmp_path / "a.zip", EXPORT | {"general/2026-01-03.json": " " * 60_000_000})
    data = path.read_bytes()
    assert len(data) < 100_000
    path.write_bytes(data.replace((60_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little")))
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (14, 1)


async def test_a_damaged_member_is_rejected(database, tmp_path):
    path = tmp_path / "a.zip"
    zipped(path, EXPORT | {"zoo/2026-01-03.json": json.dumps([message(f"{T}1", "damage me")])})
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("zoo/2026-01-03.json").header_offset + 30 + len("zoo/2026-01-03.json")
    data = bytearray(path.read_bytes())
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (14, 1)
    assert rejected(path)[0]["reason"].startswith("zoo/2026-01-03.json: The file cannot be read: ")


@pytest.mark.parametrize("name", ["users.json", "channels.json"])
def test_what_is_no_export_is_refused(tmp_path, name):
    export = {key: content for key, content in EXPORT.items() if key != name}
    for path in (folder(tmp_path / "export", export), zipped(tmp_path / "a.zip", export)):
        with pytest.raises(Unreadable, match=f"is no Slack export: it has no {name}"):
            source(path, options(()))
    file = tmp_path / "a.jsonl"
    file.write_text("{}")
    with pytest.raises(Unreadable, match="cannot be read: File is not a zip file"):
        source(file, options((), format="slack"))


@pytest.mark.parametrize(("maps", "given"), [(["userId=x"], {}), ([], {"score": "mood"})])
def test_an_export_has_no_columns(tmp_path, maps, given):
    with pytest.raises(BadUserInput, match="has no columns"):
        source(folder(tmp_path / "export", EXPORT), options(maps, **given))


async def test_without_its_users_nothing_is_read(database, tmp_path):
    with pytest.raises(Unreadable, match=r"users\.json is not JSON"):
        await load(database, folder(tmp_path / "export", EXPORT | {"users.json": "["}))


async def test_options_of_files_hold_for_exports(database, pg, tmp_path):
    await load(database, folder(tmp_path / "export", EXPORT), source="chat", score="0.25")
    found = await pg.fetch("SELECT DISTINCT signal_source, signal_score FROM signals")
    assert [tuple(row) for row in found] == [("chat", 0.25)]


@MADE
async def test_an_import_that_was_interrupted_goes_on(database, pg, tmp_path, monkeypatch, made):
    path = made(tmp_path / "export", BROKEN)
    advance = queries.advance

    async def fail_at_the_third(connection, where, old, new):
        await advance(connection, where, old, new)
        if new.line == 12:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "advance", fail_at_the_third)
        with pytest.raises(RuntimeError, match="killed"):
            await load(database, path, batch=4)
    assert await pg.fetchval("SELECT line FROM import_progress") == 8
    assert (await load(database, path, batch=4)).start.line == 8
    texts = [row["raw_content"] for row in await stored(pg)]
    assert (len(texts), len(set(texts)), len(rejected(path))) == (15, 15, 11)
    assert (await load(database, path)).nothing_new


async def test_a_newer_export_in_the_same_place_is_another_import(database, tmp_path):
    await load(database, folder(tmp_path / "export", EXPORT))
    path = folder(tmp_path / "export", {"D1/2026-01-02.json": [message("1767312000.000001", "more")]})
    assert (await load(database, path)).imported == 15


async def test_an_export_may_be_the_working_folder(database, tmp_path, monkeypatch):
    monkeypatch.chdir(folder(tmp_path / "export", BROKEN))
    await load(database, Path())
    assert len(rejected(tmp_path / "export")) == 11
