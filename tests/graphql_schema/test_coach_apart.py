"""The coach's questions and answers are about a conversation, and no part of it: nothing is counted by them, and nothing
is answered from them.
"""

import asyncio
import gzip
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from app.coach.sources import words
from tests.app.coach.endpoint import saying
from tests.graphql_schema.test_coach import ASK, FOLLOW, SAY, ask, coached
from tests.people import people

__all__ = ["people"]

CHATS = Path(__file__).parents[3] / "shared/data/chat_irc.jsonl.gz"
SIGNALS = """INSERT INTO signals (time, conversation_id, user_id, signal_source, signal_score, raw_content)
    SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::text[])"""
EVERYTHING = """query($id: ID!) {
  conversation(by: {id: $id}) {
    signalCount lastSignalAt
    signals(first: 100) { totalCount edges { node { id } } }
    coherence(window: "5m") { totalSignalCount coherenceScoreCurrent level signalSources { source count } }
  }
  status { lastIngestAt }
  signalSummary { totalCount }
  searchSignals(text: "deadline", first: 50) { signal { id } }
}"""
MESSAGES = """query($id: ID!) { conversation(by: {id: $id}) { messages(first: 50) { totalCount edges { node {
  role content citations signal { id }
} } } } }"""
FACTS = {
    "Which port does the staging server listen on?": "Staging listens on port 8471, behind the proxy.",
    "Who looks after the nightly backups?": "Backups are looked after by Oriel, nightly ones too.",
    "What is the code of the meeting room?": "The room's code is 5590; meeting there needs no key.",
}


async def tell(people, texts, of="a1"):
    for number, text in enumerate(texts):
        await people.data("ann", SAY, id=people.id(of), role=("USER", "ASSISTANT")[number % 2], content=text)


async def test_nothing_that_is_counted_knows_of_them(people):
    await tell(people, ["Good morning.", "The deadline is on Friday."])
    await people.services.arrivals.work_off()
    await people.services.vectors.embedding.work_off()
    before = await people.data("administrator", EVERYTHING, id=people.id("a1"))
    for number in range(3):
        await ask(people, question=f"When is the deadline, for the {number}th time?")
    await people.services.arrivals.work_off()
    await people.services.vectors.embedding.work_off()
    assert await people.data("administrator", EVERYTHING, id=people.id("a1")) == before
    messages = (await people.data("ann", MESSAGES, id=people.id("a1")))["conversation"]["messages"]
    assert messages["totalCount"] == 8
    recorded = [edge["node"]["signal"] is not None for edge in messages["edges"]]
    assert recorded == [True] * 2 + [False] * 6


async def test_they_are_told_of_as_they_come(people):
    added = "subscription($id: ID!) { messageAdded(conversationId: $id) { role content signal { id } } }"
    async with people.following("coach", added, id=people.id("a1")) as results:
        for number in range(2):
            first = asyncio.ensure_future(anext(results))
            await asyncio.sleep(0.1)
            await ask(people, question=f"Anything new, {number}?")
            await people.services.live.hub.look()
            told = [await asyncio.wait_for(first, 5), await asyncio.wait_for(anext(results), 5)]
            messages = [orjson.loads(orjson.dumps(result.data))["messageAdded"] for result in told]
            assert [one["role"] for one in messages] == ["USER", "ASSISTANT"]
            assert [one["signal"] for one in messages] == [None, None]


async def test_what_no_server_was_told_of_is_found_by_looking_again(people, pg):
    hub = people.services.live.hub
    with hub.conversation(people.conversations["a1"]) as watch:
        await hub.look()
        watch.take()
        await pg.execute(
            "INSERT INTO messages (conversation_id, role, content) VALUES ($1, 'USER', 'Anything new?')",
            people.conversations["a1"],
        )
        await hub.look()
        assert people.conversations["a1"] in watch.take().conversations
        await hub.look()
        assert not watch.take().conversations


@pytest.mark.parametrize("modelled", [False, True])
async def test_facts_asked_ten_times_are_found_each_time(people, modelled):
    await tell(
        people, [*FACTS.values(), *(f"Small talk number {number} about lunch." for number in range(60))]
    )
    if not modelled:
        for _ in range(10):
            for question, fact in FACTS.items():
                answer = (await ask(people, question=question))["askCoach"]
                first = next(iter(answer["citations"]))
                assert first["quote"] == fact
                assert question not in answer["content"]
        return
    async with coached(people, saying("Nobody knows.")) as server:
        for _ in range(10):
            for question in FACTS:
                await ask(people, question=question)
        told = [body["messages"][1]["content"].partition("\n\nQuestion: ") for _, _, body in server.requests]
    for number, (sources, _, question) in enumerate(told):
        assert question == list(FACTS)[number % 3]
        assert FACTS[question] in sources
        assert not any(asked in sources for asked in FACTS)
        assert "Nobody knows." not in sources


async def test_a_question_that_the_model_did_not_answer_is_no_source(people):
    await tell(people, ["Lunch is at noon."])

    def refuse(handler, _, __):
        handler.refuse(401)

    async with coached(people, refuse):
        for _ in range(3):
            code = await people.code("ann", ASK, id=people.id("a1"), question="When is lunch, and where?")
            assert code == "UNAVAILABLE"
    answer = (await ask(people, question="When is lunch today?"))["askCoach"]
    assert [one["quote"] for one in answer["citations"]] == ["Lunch is at noon."]


async def test_a_fact_far_within_a_long_text_is_found_where_it_stands(people, pg):
    long = (
        "Nothing to see in this sentence. " * 400
        + "The vault opens with 7719. "
        + "More of the same here. " * 200
    )
    await people.data("ann", SAY, id=people.id("a1"), role="USER", content=long)
    for _ in range(2):
        answer = (await ask(people, question="What does the vault open with? Which opens?"))["askCoach"]
        first = answer["citations"][0]
        assert first["quote"] == "The vault opens with 7719."
        assert long[first["start"] : first["end"]] == first["quote"]
    await pg.execute("SELECT set_config('coherence.ageing', 'on', false)")
    await pg.execute("DELETE FROM signals")
    answer = (await ask(people, question="What does the vault open with? Which opens?"))["askCoach"]
    assert answer["citations"][0]["quote"] == "The vault opens with 7719."


async def test_the_model_is_sent_no_more_than_the_setting_allows(people):
    await tell(people, [f"Remark {number}: {'budget plan ' * 60}" for number in range(30)])
    async with coached(people, saying("Fine."), COHERENCE_COACH_TOKENS=2_000) as server:
        await ask(people, question="What of the budget plan?")
        ((_, _, body),) = server.requests
    sources = body["messages"][1]["content"].partition("\n\nQuestion: ")[0]
    assert 4 * 1_000 < len(sources.encode()) <= 4 * 2_000


async def test_followed_or_asked_the_same_is_stored(people):
    async with people.following("ann", FOLLOW, id=people.id("a1"), question="Who is there?") as results:
        async for _ in results:
            pass
    rows = await people.pg.fetch("SELECT role, signal_time, signal_id FROM messages ORDER BY id")
    assert [tuple(row) for row in rows] == [("USER", None, None), ("ASSISTANT", None, None)]


@pytest.mark.skipif(not CHATS.exists(), reason="needs the real chats of ../shared/data")
async def test_what_was_said_early_among_thousands_of_real_messages_is_found(people, pg):
    with gzip.open(CHATS, "rt") as file:
        lines = [json.loads(line) for line in file]
    said = [line for line in lines if line["kind"] == "message" and line["channel"] == "#ubuntu"][:9_000]
    assert len(said) > 5_000
    rows = [
        (
            datetime.fromisoformat(line["ts"]),
            people.conversations["a1"],
            line["user"],
            "irc",
            0.5,
            line["text"],
        )
        for line in sorted(said, key=lambda line: line["ts"])
    ]
    await pg.execute(SIGNALS, *map(list, zip(*rows, strict=True)))
    known = Counter(word for row in rows for word in set(words(row[-1])))
    early = [row[-1] for row in rows[:300] if len(words(row[-1])) > 9 and not row[-1].endswith("?")]
    assert len(early) > 20
    for text in early[:20]:
        first, second, third = sorted(set(words(text)), key=lambda word: (known[word], word))[:3]
        question = f"Did anybody talk about {first} and {second}, or perhaps of {third}?"
        answer = (await ask(people, question=question))["askCoach"]
        assert any(citation["quote"] in text for citation in answer["citations"]), (question, text)
