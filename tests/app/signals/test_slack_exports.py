"""Slack exports as other programs make them, and words that bots write elsewhere than into a message's text."""

import json
import struct
import zipfile

import pytest

from app.errors import BadUserInput, Refused
from app.signals.importers.options import options
from app.signals.importers.sources import source
from tests.app.signals.importing import load, preview, rejected, texts, written
from tests.app.signals.test_slack import EXPORT, MADE, T, folder, message, stored, zipped

SMALL = {"users.json": EXPORT["users.json"], "channels.json": EXPORT["channels.json"]}


def export(*messages, **files):
    return SMALL | {"general/2026-01-01.json": list(messages)} | files


def said(**given):
    return message(f"{T}1", "", None, bot_id="B1", **given)


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "ask "},
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": " in "},
                {"type": "channel", "channel_id": "C2"},
                {"type": "emoji", "name": "tada"},
                {"type": "link", "url": "https://x.example", "text": "here"},
            ],
        },
        {
            "type": "rich_text_list",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "one more"}]},
            ],
        },
    ],
}

WORDS = [
    ({"attachments": [{"fallback": "disk full", "title": "Disk"}]}, "Disk\ndisk full"),
    (
        {
            "attachments": [
                {"fallback": "all of it", "pretext": "Alarm", "title": "CPU", "text": "CPU at 90 %"}
            ]
        },
        "Alarm\nCPU at 90 %",
    ),
    (
        {"attachments": [{"fields": [{"title": "host", "value": "web-1"}]}, {"text": "two &amp; more"}]},
        "host: web-1\ntwo & more",
    ),
    (
        {
            "attachments": [
                {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1> *up*"}}]}
            ]
        },
        "@ann *up*",
    ),
    (
        {
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "a <b> c"}},
                {"type": "divider"},
                {
                    "type": "section",
                    "fields": [{"type": "mrkdwn", "text": "x"}, {"type": "mrkdwn", "text": "y"}],
                },
                {
                    "type": "context",
                    "elements": [{"type": "image", "alt_text": "icon"}, {"type": "mrkdwn", "text": "z"}],
                },
                {"type": "markdown", "text": "# done"},
                {"type": "image", "title": {"type": "plain_text", "text": "chart"}, "alt_text": "a chart"},
            ]
        },
        "a <b> c\nx\ny\nicon\nz\n# done\nchart\na chart",
    ),
    ({"blocks": [RICH]}, "ask @ann in #random:tada:here (https://x.example)\none\none more"),
    ({"comment": {"user": "U2", "comment": "nice"}}, "nice"),
    ({"blocks": None, "attachments": None, "files": None, "reactions": None, "edited": None}, ""),
    ({"edited": {}, "reactions": [None], "attachments": [None, {}]}, ""),
]


@pytest.mark.parametrize(("given", "words"), WORDS)
async def test_words_are_found_where_bots_write_them(database, pg, tmp_path, given, words):
    outcome = await load(database, folder(tmp_path / "export", export(said(**given))))
    assert outcome.rejected == 0
    assert await texts(pg) == [words]


async def test_words_beside_a_text_are_kept(database, pg, tmp_path):
    shared = said() | {"text": "look:", "attachments": [{"text": "the news"}, {"text": "look:"}]}
    await load(database, folder(tmp_path / "export", export(shared)))
    [row] = await stored(pg)
    assert (row["raw_content"], row["payload"]["attachments"]) == ("look:", ["the news"])


async def test_words_that_are_not_read_are_told(database, tmp_path):
    path = folder(tmp_path / "export", export(said(blocks=[{"type": "call"}])))
    assert str((await load(database, path)).unread) == "not read: 'words in call' (1)"
    outcome = await load(database, path, strict=True, restart=True)
    assert (outcome.imported, outcome.rejected) == (0, 1)


async def test_who_commented_a_file_or_shared_it_is_known(database, pg, tmp_path):
    comment = {
        "type": "message",
        "subtype": "file_comment",
        "text": "x",
        "ts": f"{T}1",
        "comment": {"user": "U2"},
    }
    shared = {
        "type": "message",
        "subtype": "file_share",
        "text": "y",
        "ts": f"{T}2",
        "file": {"user": "U1", "name": "a"},
    }
    hook = {"type": "message", "text": "z", "ts": f"{T}3", "username": "hook"}
    await load(database, folder(tmp_path / "export", export(comment, shared, hook)))
    rows = await stored(pg)
    assert [(row["user_id"], row["agent_id"]) for row in rows] == [
        ("bob", None),
        ("ann", None),
        (None, "hook"),
    ]
    assert rows[0]["payload"]["displayName"] == "Bob Bee"
    assert rows[1]["payload"]["files"] == [{"name": "a"}]


@MADE
async def test_a_channels_files_may_have_any_name(database, pg, tmp_path, made):
    files = {
        "general/general.json": [message(f"{T}2", "in the folder")],
        "random.json": [message(f"{T}3", "at the top")],
        "general/canvas.json": [{"title": "no message"}],
        "general/notes.txt": "x",
        "deep/er/2026-01-01.json": [],
        "huddle_transcripts.json": [{}],
        ".hidden": "",
        "__MACOSX/general/2026-01-01.json": [],
    }
    path = made(tmp_path / "export", export(message(f"{T}1", "by a day")) | files)
    read = source(path, options(()))
    not_read = {"deep/er/2026-01-01.json": 1, "general/canvas.json": 1, "general/notes.txt": 1}
    assert (await preview(database, read)).unread.counts() == not_read
    assert (await load(database, path)).unread.counts() == not_read
    assert [(row["key"], row["raw_content"]) for row in await stored(pg)] == [
        ("slack:general", "by a day"),
        ("slack:general", "in the folder"),
        ("slack:random", "at the top"),
    ]
    with pytest.raises(BadUserInput, match=r"'general/notes\.txt'.*: no messages are read from it"):
        source(path, options((), strict=True))


@MADE
@pytest.mark.parametrize("empty", ["null", "{}", "[]"])
async def test_lists_may_be_empty_in_several_ways(database, pg, tmp_path, made, empty):
    lists = dict.fromkeys(("users.json", "channels.json", "groups.json", "mpims.json", "dms.json"), empty)
    path = made(
        tmp_path / "export", export(message(f"{T}1", "x")) | lists | {"general/2026-01-02.json": empty}
    )
    assert ((await load(database, path)).rejected, await texts(pg)) == (0, ["x"])


@MADE
async def test_an_export_may_lie_in_a_folder(database, pg, tmp_path, made):
    inner = {f"My export/{name}": content for name, content in export(message(f"{T}1", "x")).items()}
    await load(database, made(tmp_path / "one", inner))
    assert await texts(pg) == ["x"]
    two = inner | {name.replace("My", "Your"): content for name, content in inner.items()}
    with pytest.raises(Refused, match=r"several Slack exports \(My export, Your export\)"):
        source(made(tmp_path / "two", two), options(()))


async def test_names_of_a_zip_are_utf8_flag_or_not(database, pg, tmp_path):
    files = export(message(f"{T}1", "x"))
    files["cafe\u0301/2026-01-01.json"] = files.pop("general/2026-01-01.json")
    files["channels.json"] = [{"id": "C1", "name": "caf\u00e9"}]
    path = zipped(tmp_path / "a.zip", files)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # Slack sets no flag
        at = data.find(mark)
        while at >= 0:
            flags = struct.unpack_from("<H", data, at + place)[0]
            struct.pack_into("<H", data, at + place, flags & ~0x800)
            at = data.find(mark, at + 4)
    path.write_bytes(data)
    with zipfile.ZipFile(path) as unflagged:
        assert not any("\u0301" in name for name in unflagged.namelist())
    await load(database, path)
    await load(database, folder(tmp_path / "export", files))
    assert {(row["key"], row["title"]) for row in await stored(pg)} == {("slack:caf\u00e9", "#caf\u00e9")}


async def test_backslashes_of_windows_zips_are_slashes(database, pg, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in export(message(f"{T}1", "x")).items():
            info = zipfile.ZipInfo()
            info.filename = name.replace("/", "\\")
            file.writestr(info, json.dumps(content))
    await load(database, path)
    assert await texts(pg) == ["x"]


async def test_a_message_that_occurs_twice_is_stored_once(database, pg, tmp_path):
    twice, edited = message(f"{T}1", "x"), message(f"{T}2", "old")
    newer = edited | {"text": "new", "edited": {"user": "U1", "ts": "1767225700.000001"}}
    path = folder(tmp_path / "export", export(twice, edited, **{"general/2026-01-02.json": [twice, newer]}))
    outcome = await load(database, path)
    assert (outcome.imported, outcome.skipped) == (2, {"repeated": 2})
    assert await texts(pg) == ["x", "new"]


LINES = [
    message(f"{T}1", "hi <@U1>", thread_ts=f"{T}1"),
    message(f"{T}2", "reply", thread_ts=f"{T}1"),
    message(f"{T}1", "hi <@U1>", thread_ts=f"{T}1"),
    message(f"{T}3", "has joined", subtype="channel_join"),
    "{",
    message(f"{T}4", "", None, bot_id="B1", attachments=[{"text": "built"}]),
]


async def test_messages_may_be_lines(database, pg, tmp_path):
    path = written(tmp_path / "messages.jsonl", *LINES)
    with pytest.raises(BadUserInput, match="name their conversation by --conversation"):
        source(path, options(()))
    outcome = await load(database, path, conversation="standup", create_conversations=False)
    assert (outcome.imported, outcome.rejected, bool(outcome.unread)) == (3, 1, False)
    assert outcome.skipped == {"repeated": 1, "channel_join": 1}
    assert rejected(path)[0]["reason"].startswith("line 5: The line is not JSON: ")
    rows = await stored(pg)
    assert {(row["key"], row["title"], row["signal_source"]) for row in rows} == {
        ("standup", "standup", "Slack")
    }
    assert [row["raw_content"] for row in rows] == ["hi @U1", "reply", "built"]
    again = await load(database, path, conversation="standup", create_conversations=False)
    assert again.nothing_new


async def test_lines_of_messages_may_name_their_channels(database, pg, tmp_path):
    rows = [message(f"{T}1", channel, channel=channel) for channel in ("C1", "C2")]
    await load(database, written(tmp_path / "a.jsonl", *rows))
    assert [row["key"] for row in await stored(pg)] == ["slack:C1", "slack:C2"]


@pytest.mark.parametrize("given", [{"conversation": "x"}, {"timezone": "UTC"}, {"delimiter": ";"}])
def test_an_export_takes_no_options_of_files(tmp_path, given):
    with pytest.raises(BadUserInput, match="is a Slack export: it takes no --"):
        source(folder(tmp_path / "export", export()), options((), **given))
