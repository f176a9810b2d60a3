"""What is stored of what the upstream sends, and what is said of the rest."""

import asyncio
import json
from datetime import timedelta

import pytest

from app.duration import Duration
from app.errors import BadUserInput, Unavailable
from app.settings import Settings
from app.timerange import ALWAYS, TimeRange
from app.upstream import pull
from app.upstream.pull import Puller
from app.upstream.rows import signal_of
from tests.app.upstream.upstream import KEY, START, Reply, book, row, serving

NOW = START + timedelta(hours=2)
STORED = """
SELECT context_window_id AS name, signals.time, signal_score AS score, signal_source AS source, payload
FROM signals JOIN conversations ON conversations.id = conversation_id ORDER BY signals.id
"""


def puller(database, address, **given):
    settings = Settings(
        _env_file=None,
        **{
            "DARSHAN_BASE_URL": address,
            "DARSHAN_API_KEY": KEY,
            "MAX_RETRIES": 1,
            "RETRY_BACKOFF_S": 0.001,
            "DARSHAN_TIMEOUT_S": 5,
            "DARSHAN_OVERLAP_S": 600,
        }
        | given,
    )
    return Puller(database, settings, Duration(3_600))


async def times(pg):
    """Minutes of what is stored, in the order in which it was."""
    return [(found["time"] - START) / timedelta(minutes=1) for found in await pg.fetch(STORED)]


def counts(outcome):
    return outcome.stored, outcome.duplicates, len(outcome.refused), outcome.dropped


async def test_rows_become_signals(database, pg):
    rows = [
        row(0, 81.5),
        row(1, 0, signal="cats"),
        {"timestamp": "2026-01-31T14:02:00+02:00", "coherenceScore": 100},
    ]
    with serving(book(rows)) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert (outcome.pages, outcome.read, *counts(outcome)) == (2, 3, 3, 0, 0, 0)
    first, second, third = await pg.fetch(STORED)
    assert (first["name"], first["score"], first["source"]) == ("darshan:darshan", 0.815, "darshan")
    assert json.loads(first["payload"]) == {"agentStates": {"a": "calm"}, "eventCount": 3}
    assert (second["name"], second["score"]) == ("darshan:cats", 0)
    assert (third["score"], third["time"], third["payload"]) == (1, START + timedelta(minutes=2), "{}")


async def test_every_row_is_stored_once_in_whatever_order_and_however_often_it_is_sent(database, pg):
    rows = [row(minute) for minute in (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5)]
    with serving(book([*rows, *rows])) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
        assert counts(outcome) == (7, 15, 0, 0)
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
        assert counts(outcome) == (0, 22, 0, 0)
    assert await times(pg) == [1, 2, 3, 4, 5, 6, 9]


async def test_the_first_score_of_a_row_stays(database, pg):
    with serving(book([row(0, 50), row(0, 60)])) as server:
        await puller(database, server.address).pull(ALWAYS, NOW)
    with serving(book([row(0, 70)])) as server:
        assert counts(await puller(database, server.address).pull(ALWAYS, NOW)) == (0, 1, 0, 0)
    assert [found["score"] for found in await pg.fetch(STORED)] == [0.5]


async def test_a_signal_of_somebody_else_is_no_row_of_the_upstream(database, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('darshan:darshan')")
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
        " SELECT time, id, 'Neo', 1 FROM conversations, (VALUES ($1::timestamptz), ($2)) AS _ (time)",
        START,
        NOW,
    )
    with serving(book([row(0)])) as server:
        assert counts(await puller(database, server.address).pull(ALWAYS, NOW)) == (1, 0, 0, 0)
    assert server.queries()[0]["since"] == "1970-01-01T00:00:00.000000Z"


BAD = {
    "coherenceScore is 100.5": row(0, 100.5),
    "coherenceScore is -1": row(0, -1),
    "coherenceScore is nan": row(0, float("nan")),
    "Expected `float`, got `str` - at `$.coherenceScore`": row(0, "80"),
    "Expected `float`, got `bool` - at `$.coherenceScore`": row(0, True),
    "missing required field `coherenceScore`": {"timestamp": "2026-01-31T12:00:00Z"},
    "missing required field `timestamp`": {"coherenceScore": 1},
    "has no offset": row(0) | {"timestamp": "2026-01-31T12:00:00"},
    "not in the calendar": row(0) | {"timestamp": "2026-02-30T12:00:00Z"},
    "Expected `str`, got `int` - at `$.timestamp`": row(0) | {"timestamp": 1_769_860_800},
    "unknown field `more`": row(0, more=1),
    "Expected `int | null`, got `str` - at `$.eventCount`": row(0) | {"eventCount": "3"},
    "Expected `int` >= 0": row(0) | {"eventCount": -3},
    "Expected `str | null`, got `int` - at `$.signal`": row(0, signal=1),
    "signal is empty": row(0, signal=""),
    "holds a line break": row(0, signal="a\nb"),
    "Expected `object`, got `str`": "row",
    "Expected `object`, got `null`": None,
    "contextWindowId has 308 characters": row(0, signal="x" * 300),
    "signal holds a NUL character": row(0, signal="\0"),
    "signal holds a lone surrogate": row(0, signal="\ud800"),
    "payload holds a NUL character": row(0) | {"agentStates": ["\0"]},
    "ahead of the server's clock": row(130),
}


async def test_bad_rows_are_told_apart_and_the_others_are_stored(database, pg):
    rows = [each for bad in BAD.values() for each in (bad, row(1))]
    with serving(lambda *_: Reply({"items": rows, "next": None})) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert counts(outcome) == (1, len(BAD) - 1, len(BAD), 0)
    assert outcome.read == 2 * len(BAD)
    said = dict(outcome.refused)
    for number, reason in enumerate(BAD):
        assert reason in said[f"page 1, row {2 * number + 1}"], reason
    assert await times(pg) == [1]


@pytest.mark.parametrize("score", [10**400, "1e5", []])
def test_no_number_is_too_strange_to_be_refused(score):
    with pytest.raises(BadUserInput):
        signal_of(row(0, score))


async def test_rows_of_a_hidden_conversation_are_refused_unless_they_are_stored(database, pg):
    rows = [row(0, signal="x"), row(1, signal="y")]
    with serving(book(rows)) as server:
        await puller(database, server.address).pull(ALWAYS, NOW)
    await pg.execute("UPDATE conversations SET status = 'DELETED' WHERE context_window_id = 'darshan:x'")
    with serving(book([*rows, row(2, signal="x"), row(2, signal="y")])) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert counts(outcome) == (1, 2, 1, 0)
    assert outcome.refused[0][0] == "page 2, row 1"
    assert "contextWindowId" in outcome.refused[0][1]
    assert [measured.context_window_id for measured in outcome.measured] == ["darshan:y"]


async def test_the_next_pull_begins_at_the_last_row_less_the_overlap(database):
    with serving(book([row(30), row(20, signal="x")])) as server:
        await puller(database, server.address).pull(ALWAYS, NOW)
        await puller(database, server.address).pull(ALWAYS, NOW)
        await puller(database, server.address).pull(TimeRange(START, NOW - timedelta(hours=1)), NOW)
        with pytest.raises(BadUserInput, match="set another --since or --until"):
            await puller(database, server.address).pull(TimeRange(None, START), NOW)
    assert [(query["since"], query["until"]) for query in server.queries()] == [
        ("1970-01-01T00:00:00.000000Z", "2026-01-31T14:00:00.000000Z"),
        ("2026-01-31T12:20:00.000000Z", "2026-01-31T14:00:00.000000Z"),
        ("2026-01-31T12:00:00.000000Z", "2026-01-31T13:00:00.000000Z"),
    ]


async def test_a_range_that_is_asked_for_is_kept_to(database, pg):
    with serving(book([row(minute) for minute in range(5)])) as server:
        asked = TimeRange(START + timedelta(minutes=1), START + timedelta(minutes=3))
        outcome = await puller(database, server.address).pull(asked, NOW)
    assert (outcome.stored, outcome.outside) == (2, 3)
    assert await times(pg) == [1, 2]


def breaking(rows, last):
    """A behaving upstream that is gone after page `last`."""
    return lambda query, number: book(rows)(query, number) if int(query["page"]) <= last else Reply({}, 503)


async def test_what_came_oldest_first_is_kept_and_the_next_pull_goes_on(database, pg):
    rows = [row(20 * minute) for minute in range(6)]
    with serving(breaking(rows, 2)) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
        assert isinstance(outcome.failure, Unavailable)
        assert (outcome.read, *counts(outcome)) == (4, 4, 0, 0, 0)
        server.answer = book(rows[3:])
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert server.queries()[-1]["since"] == "2026-01-31T12:50:00.000000Z"
    assert (outcome.failure, *counts(outcome)) == (None, 2, 1, 0, 0)
    assert await times(pg) == [0, 20, 40, 60, 80, 100]


@pytest.mark.parametrize(
    "minutes", [(100, 80, 60, 40, 20, 0), (20, 0, 60, 40, 100, 80), (40, 40, 40, 40, 20, 0)]
)
async def test_what_came_in_another_order_is_not_kept_where_a_pull_breaks_off(database, pg, minutes):
    rows = [row(minute, signal=str(number)) for number, minute in enumerate(minutes)]
    with serving(breaking(rows, 2)) as server:
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
        assert (outcome.failure is None, *counts(outcome)) == (False, 0, 0, 0, 4)
        assert await times(pg) == []
        server.answer = book(rows)
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert counts(outcome) == (6, 0, 0, 0)
    assert await times(pg) == sorted(minutes)


async def test_a_pull_has_a_deadline(database):
    answer = book([row(minute) for minute in range(6)])
    given = {"MAX_RETRIES": 100, "RETRY_BACKOFF_S": 5, "DARSHAN_DEADLINE_S": 0.3}
    with serving(lambda query, number: answer(query, number) if number < 3 else Reply({}, 503)) as server:
        outcome = await puller(database, server.address, **given).pull(ALWAYS, NOW)
    assert "within 0.3 s (DARSHAN_DEADLINE_S)" in outcome.failure.message
    assert counts(outcome) == (4, 0, 0, 0)


async def test_pulls_at_once_store_each_row_once(database, pg, monkeypatch):
    monkeypatch.setattr(pull, "BATCH", 7)
    rows = [row(minute, signal=f"{minute % 3}") for minute in range(100)]
    with serving(book(rows, 50)) as server:
        outcomes = await asyncio.gather(
            *(puller(database, server.address).pull(ALWAYS, NOW) for _ in range(6))
        )
    assert sum(outcome.stored for outcome in outcomes) == 100
    assert sum(outcome.duplicates for outcome in outcomes) == 500
    assert sorted(await times(pg)) == list(range(100))


async def test_what_is_stored_when_a_pull_dies_has_no_gap(database, pg, monkeypatch):
    monkeypatch.setattr(pull, "BATCH", 10)
    rows = [row(minute) for minute in (*range(50, 100), *range(50))]
    stored = pull.queries.stored
    calls = 0

    async def dies(*arguments):
        nonlocal calls
        calls += 1
        if calls == 4:
            raise asyncio.CancelledError
        return await stored(*arguments)

    monkeypatch.setattr(pull.queries, "stored", dies)
    with serving(book(rows, 20)) as server:
        with pytest.raises(asyncio.CancelledError):
            await puller(database, server.address).pull(ALWAYS, NOW)
        assert await times(pg) == list(range(30))
        outcome = await puller(database, server.address).pull(ALWAYS, NOW)
    assert server.queries()[-1]["since"] == "2026-01-31T12:19:00.000000Z"
    assert counts(outcome) == (70, 30, 0, 0)
    assert await times(pg) == list(range(100))


async def test_a_file_stands_in_for_the_upstream(database, pg, tmp_path):
    path = tmp_path / "rows.json"
    for content in ([row(0), row(1, 60)], {"data": [row(0), row(2)], "next": "https://elsewhere.example/"}):
        path.write_text(json.dumps(content))
        outcome = await puller(database, None, MOCK_PATH=path).pull(ALWAYS, NOW)
    assert counts(outcome) == (1, 1, 0, 0)
    assert await times(pg) == [0, 1, 2]
    (measured,) = outcome.measured
    assert (measured.n, measured.timestamp) == (3, "2026-01-31T12:02:00.000001Z")


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), ("{", "not JSON"), ('{"rows": 1}', "neither a list")]
)
async def test_a_bad_file_is_named(database, tmp_path, content, says):
    path = tmp_path / "rows.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadUserInput, match=f"MOCK_PATH: {path}.*{says}"):
        await puller(database, None, MOCK_PATH=path).pull(ALWAYS, NOW)


async def test_without_an_address_it_says_what_to_set(database):
    with pytest.raises(BadUserInput, match="DARSHAN_BASE_URL is not set"):
        await puller(database, None).pull(ALWAYS, NOW)
