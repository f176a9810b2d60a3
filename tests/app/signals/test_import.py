import gzip
import json
from datetime import UTC, datetime

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from app.errors import BadUserInput
from app.signals.importers.options import options, source
from app.signals.importers.vader import scorer
from tests.app.signals.importing import load, rejected, signal, texts, written


async def test_every_field_comes_as_it_stands(database, pg, tmp_path):
    path = written(
        tmp_path / "a.jsonl",
        {
            "contextWindowId": "c",
            "timestamp": "2026-01-31T13:00:00.123456+01:00",
            "rawContent": "héllo 😀\nline",
            "signalSource": "Slack",
            "signalScore": 1,
            "signalVector": "v",
            "emotionalTone": 0.25,
            "escalateFlag": 1.0,
            "agentId": "a",
            "userId": "u",
            "payload": {"n": 123456789012345678901234567890, "list": [None, True, "\u00e9"]},
            "relationshipContext": "",
            "diagnosticNotes": "d",
            "somethingElse": [1],
        },
    )
    assert (await load(database, path)).imported == 1
    row = await pg.fetchrow(
        "SELECT s.*, context_window_id FROM signals s JOIN conversations c ON c.id = conversation_id"
    )
    assert row["time"] == datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)
    names = (
        "context_window_id",
        "raw_content",
        "signal_source",
        "signal_score",
        "signal_vector",
        "emotional_tone",
    )
    assert tuple(row[name] for name in names) == ("c", "héllo 😀\nline", "Slack", 1.0, "v", 0.25)
    names = ("escalate_flag", "agent_id", "user_id", "relationship_context", "diagnostic_notes")
    assert tuple(row[name] for name in names) == (1, "a", "u", "", "d")
    assert json.loads(row["payload"]) == {"n": 123456789012345678901234567890, "list": [None, True, "é"]}


async def test_columns_are_mapped_and_what_is_missing_has_a_default(database, pg, tmp_path):
    path = written(
        tmp_path / "a.jsonl",
        {"talk": "t", "said": "x", "rawContent": "no", "where": "here", "signalSource": None, "userId": 5},
        {"talk": "t", "said": None, "where": None, "signalSource": "own"},
    )
    maps = ("contextWindowId=talk", "rawContent=said", "agentId=talk", "userId=where")
    before = datetime.now(UTC)
    assert (await load(database, path, *maps, source="irc")).imported == 2
    rows = await pg.fetch("SELECT * FROM signals ORDER BY id")
    assert [
        (r["raw_content"], r["agent_id"], r["user_id"], r["signal_source"], r["signal_score"]) for r in rows
    ] == [
        ("x", "t", "here", "irc", 0.5),
        (None, "t", None, "own", 0.5),
    ]
    assert before <= rows[0]["time"] <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("score", "expected"), [(None, [0.9, 0.5]), ("0.25", [0.25, 0.25]), ("mood", [0.1, 0.5])]
)
async def test_scores_are_the_files_or_constant_or_another_columns(database, pg, tmp_path, score, expected):
    path = written(tmp_path / "a.jsonl", signal("x", signalScore=0.9, mood=0.1), signal("y"))
    await load(database, path, score=score)
    assert [row[0] for row in await pg.fetch("SELECT signal_score FROM signals ORDER BY id")] == expected


async def test_vader_scores_texts(database, pg, tmp_path):
    said = ["I love this, it is great!", "This is awful and I hate it.", "The door is open.", "", None]
    path = written(tmp_path / "a.jsonl", *(signal(text, signalScore=0.3) for text in said))
    with scorer() as workers:
        await load(database, path, score="vader", scored_by=workers, batch=2)
    vader = SentimentIntensityAnalyzer()
    expected = [(vader.polarity_scores(text)["compound"] + 1) / 2 if text else 0.5 for text in said]
    assert [row[0] for row in await pg.fetch("SELECT signal_score FROM signals ORDER BY id")] == expected
    assert expected[0] > 0.8
    assert expected[1] < 0.2


BAD = {
    "{x": "The line is not JSON: Expecting property name enclosed in double quotes at character 2.",
    "[1]": "The line is not a JSON object.",
    '{"signalScore": NaN, "contextWindowId": "c"}': "The line holds the number nan, which JSON does not know.",
    json.dumps(signal(5)): "rawContent is 5; it takes a string.",
    json.dumps(signal("x", signalScore="0.5")): 'signalScore is "0.5"; it takes a number.',
    json.dumps(signal("x", signalScore=True)): "signalScore is true; it takes a number.",
    json.dumps(signal("x", signalScore=1.5)): "signalScore is 1.5; it takes a number from 0 to 1.",
    json.dumps(signal("x", escalateFlag=0.5)): "escalateFlag is 0.5; it takes 0 or 1.",
    json.dumps(signal("x", escalateFlag="1")): 'escalateFlag is "1"; it takes a whole number.',
    json.dumps(signal("x", emotionalTone=-1)): "emotionalTone is -1.0; it takes a number from 0 to 1.",
    json.dumps(signal("x", contextWindowId=None)): "contextWindowId is missing.",
    json.dumps(signal("x", contextWindowId="")): "contextWindowId has 0 characters; it takes 1 to 255.",
    json.dumps(
        signal("x", timestamp="2026-01-01T00:00:00")
    ): "timestamp: DateTime '2026-01-01T00:00:00' has no offset",
    json.dumps(signal("x", timestamp=1)): "timestamp is 1; it takes a string.",
    json.dumps(signal("x", timestamp="2999-01-01T00:00:00Z")): "timestamp is ",
    json.dumps(signal("a\0b")): "rawContent holds a NUL character, which cannot be stored.",
    json.dumps(signal("\ud800")): "The line holds a lone surrogate, which is not a character.",
    json.dumps(signal("x", payload={"a": "\0"})): "payload holds a NUL character, which cannot be stored.",
    json.dumps(signal("x")).replace('"x"', '"x", "payload": 1e999'): "payload holds the number inf",
    json.dumps(signal("x")).replace(
        '"x"', '"x", "payload": ' + "[" * 70 + "]" * 70
    ): "payload is nested deeper than 64",
    json.dumps(signal("x")).replace(
        '"x"', '"x", "payload": ' + "[" * 9_999 + "]" * 9_999
    ): "The line is nested too deeply.",
}


async def test_bad_lines_are_named_and_the_others_stored(database, pg, tmp_path):
    good = [json.dumps(signal(f"good {number}")) for number in range(len(BAD))]
    path = written(tmp_path / "a.jsonl", *(line for pair in zip(good, BAD, strict=True) for line in pair), "")
    outcome = await load(database, path, batch=7)
    assert (outcome.imported, outcome.rejected) == (len(BAD), len(BAD))
    assert await texts(pg) == [f"good {number}" for number in range(len(BAD))]
    found = rejected(path)
    assert [row["line"] for row in found] == [2 * number + 2 for number in range(len(BAD))]
    assert [row["text"] for row in found] == [line[:1_000] for line in BAD]
    for row, reason in zip(found, BAD.values(), strict=True):
        assert row["reason"].startswith(reason)


async def test_text_that_is_not_utf8_is_rejected(database, pg, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"contextWindowId": "c", "rawContent": "caf\xe9"}\n{"contextWindowId": "c"}\n')
    table = tmp_path / "b.csv"
    table.write_bytes(b"contextWindowId,rawContent\nc,caf\xe9\nc,\n")
    for file, line in ((path, 1), (table, 2)):
        assert (await load(database, file)).imported == 1
        [row] = rejected(file)
        assert (row["line"], "UTF-8" in row["reason"]) == (line, True)
    assert await texts(pg) == [None, None]


async def test_unknown_conversations_are_rejected_unless_they_may_be_made(database, pg, tmp_path):
    await pg.execute(
        "INSERT INTO conversations (context_window_id, status) VALUES ('c', 'ACTIVE'), ('gone', 'DELETED')"
    )
    path = written(
        tmp_path / "a.jsonl",
        signal("x"),
        signal("y", contextWindowId="new"),
        signal("z", contextWindowId="gone"),
    )
    outcome = await load(database, path, create_conversations=False)
    assert (outcome.imported, outcome.rejected) == (1, 2)
    assert [(row["line"], row["reason"]) for row in rejected(path)] == [
        (2, "contextWindowId names no conversation."),
        (3, "contextWindowId names no conversation."),
    ]
    outcome = await load(database, path)
    assert (outcome.imported, outcome.rejected) == (2, 1)
    assert [row["line"] for row in rejected(path)] == [3]


async def test_tables_are_read_and_their_text_parsed(database, pg, tmp_path):
    path = tmp_path / "a.csv"
    rows = (
        "\ufeffcontextWindowId,timestamp,rawContent,signalScore,escalateFlag,userId,payload,other",
        'c,2026-01-01T00:00:00Z,plain,.5,1,u,"{""a"": [1]}",x',
        'c,,"two\r\nlines, ""quoted""",1e-1,0,,,',
        "",
        'c,,"",,,,,',
        "c,,none,0_1,,,,",
        "c,,short",
        'c,,"broken"x,,,,,',
        "c,,after,,,,,",
        "c,,none,,,,[,",
        "c,,none,nan,,,,",
    )
    path.write_text("\r\n".join(rows), newline="")
    outcome = await load(database, path, batch=2)
    assert (outcome.imported, outcome.rejected) == (4, 5)
    stored = await pg.fetch("SELECT * FROM signals ORDER BY id")
    assert [
        (r["raw_content"], r["signal_score"], r["escalate_flag"], r["user_id"], r["payload"]) for r in stored
    ] == [
        ("plain", 0.5, 1, "u", '{"a": [1]}'),
        ('two\r\nlines, "quoted"', 0.1, 0, None, "{}"),
        ("", 0.5, 0, None, "{}"),
        ("after", 0.5, 0, None, "{}"),
    ]
    assert [(row["line"], row["reason"]) for row in rejected(path)] == [
        (7, 'signalScore is "0_1"; it takes a number.'),
        (8, "The row has 3 fields; the head has 8."),
        (9, "The row is not CSV: ',' expected after '\"'."),
        (11, "payload is not JSON: Expecting value at character 2."),
        (12, "signalScore is nan; it takes a number from 0 to 1."),
    ]


async def test_gzip_is_known_by_its_content(database, pg, tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(signal(str(number))).encode() + b"\n" for number in range(30)]
    path.write_bytes(gzip.compress(b"".join(lines[:10])) + gzip.compress(b"".join(lines[10:])))
    assert (await load(database, path, batch=7)).imported == 30
    assert await texts(pg) == [str(number) for number in range(30)]


async def test_a_megabyte_of_text_fits(database, pg, tmp_path):
    text = "😀\n" * 250_000
    path = written(tmp_path / "a.jsonl", signal(text), signal("y"))
    await load(database, path)
    assert await texts(pg) == [text, "y"]


@pytest.mark.parametrize(
    ("maps", "given", "says"),
    [
        (["raw=text"], {}, "--map raw=text: .* contextWindowId, timestamp, rawContent, "),
        (["rawContent"], {}, "--map rawContent: write field=column"),
        (["rawContent=a", "rawContent=b"], {}, "--map rawContent=b: rawContent is read from a already"),
        (["rawContent=nope"], {}, "has no column nope to read rawContent from; it has id, text, mood. "),
        ([], {}, "has no column contextWindowId to read contextWindowId from; it has id, text, mood. "),
        (["contextWindowId=id"], {"score": "2"}, "--score 2: a constant lies from 0 to 1"),
        (["contextWindowId=id"], {"score": "nan"}, "--score nan: a constant lies from 0 to 1"),
        (["contextWindowId=id"], {"score": "nope"}, "--score nope: .* id, text, mood"),
        (["contextWindowId=id"], {"score": "text"}, None),
        (["contextWindowId=id"], {"score": "id"}, "Column id cannot be"),
        (["contextWindowId=id", "signalScore=mood"], {"score": "vader"}, "--score and --map signalScore"),
        (["contextWindowId=id"], {"format": "xml"}, "--format xml: it takes jsonl, csv"),
        (["contextWindowId=id"], {"source": ""}, "--source has 0 characters"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(tmp_path, maps, given, says):
    path = written(tmp_path / "a.jsonl", "not JSON", {"id": "c", "text": "x"}, {"id": "c", "mood": 0.5})
    if says is None:
        source(path, options(maps, **given))
    else:
        with pytest.raises(BadUserInput, match=says):
            source(path, options(maps, **given))


def test_a_table_with_two_columns_of_a_name_is_refused(tmp_path):
    path = written(tmp_path / "a.csv", "contextWindowId,text,text", "c,x,y")
    with pytest.raises(BadUserInput, match="several columns of the same name: text"):
        source(path, options(()))


def test_a_table_whose_head_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"contextWindowId,rawContent,caf\xe9\nc,x,y\n")
    with pytest.raises(BadUserInput, match="has no head: The row is not UTF-8"):
        source(path, options(()))


async def test_columns_of_a_table_may_lack_names(database, pg, tmp_path):
    path = written(tmp_path / "a.csv", ",contextWindowId,,rawContent", "1,c,,x")
    await load(database, path)
    assert await texts(pg) == ["x"]


async def test_an_empty_file_has_nothing(database, tmp_path):
    for name in ("a.jsonl", "a.csv"):
        (tmp_path / name).touch()
        assert (await load(database, tmp_path / name)).nothing_new
