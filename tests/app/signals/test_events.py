import json

import pytest

from app.errors import BadUserInput
from app.signals.events import is_event, signal_of
from tests.app.signals.importing import load, rejected, written

EVENT = {"signal_type": "chat", "user_id": "ann", "timestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"signal_type": "chat"}, True),
        ({"signal_type": None}, True),
        ({"signal_type": "chat", "signalSource": "Slack"}, False),
        ({"signalSource": "Slack"}, False),
        ({}, False),
    ],
)
def test_events_are_known_by_their_type(members, expected):
    assert is_event(members) is expected


def test_every_member_of_an_event_has_its_field():
    event = EVENT | {
        "agent_id": "bot",
        "context_window_id": "c",
        "payload": {"n": [1]},
        "score": 1,
        "raw_content": "said",
        "other": 5,
    }
    assert signal_of(event) == {
        "contextWindowId": "c",
        "timestamp": "2026-01-01T00:00:00Z",
        "rawContent": "said",
        "signalSource": "chat",
        "signalScore": 1,
        "agentId": "bot",
        "userId": "ann",
        "payload": {"n": [1]},
    }


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        ({}, "contextWindowId", "user:ann"),
        ({"context_window_id": None}, "contextWindowId", "user:ann"),
        ({}, "signalScore", 0.5),
        ({"score": 0}, "signalScore", 0),
        ({"signal_score": 0.25}, "signalScore", 0.25),
        ({"score": 0.75, "signal_score": 0.25}, "signalScore", 0.75),
        ({"score": None, "signal_score": 0.25}, "signalScore", 0.25),
        ({"text": "t"}, "rawContent", "t"),
        ({"text": "t", "raw_content": ""}, "rawContent", ""),
        ({}, "rawContent", None),
        ({}, "agentId", None),
    ],
)
def test_what_is_left_out_has_a_default(given, field, expected):
    assert signal_of(EVENT | given)[field] == expected


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"user_id": None}, "context_window_id", "context_window_id and user_id are missing"),
        ({"signal_type": None}, "signal_type", "signal_type is missing"),
        ({"signal_type": 5}, "signal_type", "signal_type is 5; it takes a string"),
        ({"user_id": 5}, "user_id", "user_id is 5; it takes a string"),
        ({"score": "1"}, "score", 'score is "1"; it takes a number'),
        ({"score": True}, "score", "score is true; it takes a number"),
        ({"timestamp": True}, "timestamp", "timestamp is true; it takes a string or a Unix time"),
    ],
)
def test_what_is_wrong_is_named(given, field, says):
    with pytest.raises(BadUserInput, match=says) as refused:
        signal_of(EVENT | given)
    assert refused.value.field == field


STORED = """
SELECT context_window_id, signal_source, s.user_id, s.agent_id, signal_score, raw_content, payload::text
FROM signals s JOIN conversations c ON c.id = conversation_id ORDER BY s.id
"""


async def test_events_are_imported_and_open_their_conversations(database, pg, tmp_path):
    path = written(
        tmp_path / "a.jsonl",
        EVENT | {"payload": {"big": 10**30}, "text": "hi"},
        {"contextWindowId": "plain", "signalSource": "own", "rawContent": "x"},
        EVENT | {"context_window_id": "w", "agent_id": "b", "score": 0.25, "timestamp": None},
        EVENT | {"user_id": None},
        EVENT | {"score": 2},
        EVENT | {"timestamp": "2026-01-01T00:00:00"},
    )
    outcome = await load(database, path, create_conversations=False)
    assert (outcome.imported, outcome.rejected) == (2, 4)
    assert [tuple(row) for row in await pg.fetch(STORED)] == [
        ("user:ann", "chat", "ann", None, 0.5, "hi", json.dumps({"big": 10**30})),
        ("w", "chat", "ann", "b", 0.25, None, "{}"),
    ]
    reasons = [
        (row["line"], row["reason"].partition(";")[0].partition(": DateTime")[0]) for row in rejected(path)
    ]
    assert reasons == [
        (2, "contextWindowId names no conversation."),
        (4, "context_window_id and user_id are missing"),
        (5, "signalScore is 2"),
        (6, "timestamp"),
    ]


async def test_a_table_may_hold_events(database, pg, tmp_path):
    path = written(
        tmp_path / "a.csv",
        "signal_type,user_id,context_window_id,score,payload,text,mood",
        'chat,ann,,.25,"{""a"": 1}",hi,1',
        "chat,,w,,,,0",
        "chat,ann,,high,,,",
        "chat,ann,,,{,,",
        ",ann,,,,,",
    )
    outcome = await load(database, path, create_conversations=False)
    assert (outcome.imported, outcome.rejected) == (2, 3)
    assert [tuple(row) for row in await pg.fetch(STORED)] == [
        ("user:ann", "chat", "ann", None, 0.25, "hi", '{"a": 1}'),
        ("w", "chat", None, None, 0.5, None, "{}"),
    ]
    assert [row["reason"] for row in rejected(path)] == [
        'score is "high"; it takes a number.',
        "payload is not JSON: Expecting property name enclosed in double quotes at character 2.",
        "signal_type is missing.",
    ]


@pytest.mark.parametrize(("score", "expected"), [(None, 0.9), ("0.25", 0.25), ("mood", 0.1)])
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
async def test_the_options_say_where_an_events_score_is_from(database, pg, tmp_path, score, expected, ending):
    event = {"signal_type": "chat", "user_id": "ann", "score": 0.9, "mood": 0.1}
    rows = [event] if ending == "jsonl" else [",".join(event), ",".join(map(str, event.values()))]
    await load(database, written(tmp_path / f"a.{ending}", *rows), score=score)
    assert await pg.fetchval("SELECT signal_score FROM signals") == expected


async def test_columns_that_are_mapped_are_no_events(database, pg, tmp_path):
    path = written(tmp_path / "a.jsonl", EVENT | {"context_window_id": "w", "text": "no"})
    await load(database, path, "contextWindowId=context_window_id", "signalSource=signal_type")
    assert [tuple(row)[:6] for row in await pg.fetch(STORED)] == [("w", "chat", "ann", None, 0.5, "no")]
