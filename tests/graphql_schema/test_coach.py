"""Questions to the coach: with an endpoint that streams, stalls, errs and breaks off, and without one."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from app.coach.service import TASK
from app.services import Services
from app.settings import Settings
from graphql_schema.schema import build_schema
from tests.app.coach.endpoint import DONE, END, KEY, delta, saying, serving, usage
from tests.conftest import KEY as PERSONAL
from tests.conftest import QUIET
from tests.people import people

__all__ = ["people"]

ASK = """mutation($id: ID!, $question: String!) { askCoach(conversationId: $id, question: $question) {
  id role content citations inputTokens outputTokens costUsd signal { signalSource rawContent }
} }"""
FOLLOW = """subscription($id: ID!, $question: String!) { coachAnswer(conversationId: $id, question: $question) {
  text message { content role citations }
} }"""
SAY = """mutation($id: ID!, $role: MessageRole!, $content: String!) {
  createMessage(input: {conversationId: $id, role: $role, content: $content}) { id }
}"""
STORED = "SELECT role, content FROM messages ORDER BY id"
QUESTION = "When is the deadline?"


@asynccontextmanager
async def coached(people, answer, **given):
    """The people, asking a coach whose endpoint answers so."""
    with serving(answer) as server:
        settings = Settings(
            _env_file=None,
            **QUIET,
            COHERENCE_LLM_URL=f"{server.address}/",
            COHERENCE_LLM_MODEL="m-1",
            COHERENCE_LLM_KEY=KEY,
            **given,
        )
        before = people.services, people.schema
        people.services = Services.of(settings, people.services.database, PERSONAL)
        people.schema = build_schema(settings)
        try:
            yield server
        finally:
            await people.services.coach.close()
            people.services, people.schema = before


@pytest.fixture
async def said(people):
    for role, content in (("USER", "Good morning."), ("ASSISTANT", "The deadline is on Friday. Be early.")):
        await people.data("ann", SAY, id=people.id("a1"), role=role, content=content)
    await people.pg.execute(
        "UPDATE signals SET raw_content = 'Lunch is at noon.' WHERE raw_content LIKE 'text of%'"
    )


def ask(people, name="ann", question=QUESTION, of="a1"):
    return people.data(name, ASK, id=people.id(of), question=question)


async def stored(people):
    return [tuple(row) for row in await people.pg.fetch(STORED)]


async def follow(people, name="ann", question=QUESTION):
    async with people.following(name, FOLLOW, id=people.id("a1"), question=question) as results:
        if hasattr(results, "errors"):
            return [results]
        return [result async for result in results]


@pytest.mark.usefixtures("said")
async def test_without_an_endpoint_it_quotes_what_is_stored(people):
    answer = (await ask(people))["askCoach"]
    quote = "The deadline is on Friday."
    assert answer["content"].startswith("No language model is set up")
    assert f"“{quote}”" in answer["content"]
    assert (answer["role"], answer["inputTokens"], answer["costUsd"]) == ("ASSISTANT", None, None)
    assert answer["signal"] is None
    (citation,) = answer["citations"]
    assert answer["content"][citation["at"] :].startswith(f"[{citation['number']}]")
    assert (citation["quote"], citation["start"], citation["end"]) == (quote, 0, len(quote))
    node = "query($id: ID!) { node(id: $id) { ... on Message { content } } }"
    cited = await people.data("ann", node, id=citation["id"])
    assert cited["node"]["content"][citation["start"] : citation["end"]] == quote
    assert (await stored(people))[2:] == [("USER", QUESTION), ("ASSISTANT", answer["content"])]


@pytest.mark.usefixtures("said")
async def test_signals_are_cited_too(people):
    answer = (await ask(people, question="When is lunch?"))["askCoach"]
    citation = next(one for one in answer["citations"] if one["type"] == "Signal")
    assert citation["quote"] == "Lunch is at noon."
    assert citation["id"] == people.id("a1/signal")


async def test_another_conversations_words_are_not_among_the_sources(people):
    answer = (await ask(people, question="What is the text of b1?"))["askCoach"]
    assert "b1" not in answer["content"]
    assert "text of a1" in answer["content"]


@pytest.mark.usefixtures("said")
async def test_with_one_it_is_told_the_sources_and_its_words_are_stored(people):
    words = ["It is ", "on Friday ", "[3]", "."]
    prices = {"m-1": ("0.15", "0.60")}
    async with coached(
        people, saying(*words, asked=1_000, answered=50), COHERENCE_LLM_PRICES=prices
    ) as server:
        answer = (await ask(people))["askCoach"]
        ((path, headers, body),) = server.requests
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert (body["model"], body["stream"], body["stream_options"]) == ("m-1", True, {"include_usage": True})
    system, user = body["messages"]
    assert system == {"role": "system", "content": TASK}
    assert user["role"] == "user"
    assert "[2] user, 20" in user["content"]
    assert "The deadline is on Friday. Be early." in user["content"]
    assert user["content"].endswith(f"Question: {QUESTION}")
    assert answer["content"] == "It is on Friday [3]."
    assert answer["citations"][0]["quote"] == "The deadline is on Friday."
    assert (answer["inputTokens"], answer["outputTokens"]) == (1_000, 50)
    assert float(answer["costUsd"]) == pytest.approx((1_000 * 0.15 + 50 * 0.6) / 1e6)
    assert answer["costUsd"] == "0.00018"


@pytest.mark.usefixtures("said")
async def test_it_arrives_word_by_word_and_is_stored_at_the_end(people):
    async with coached(people, saying("It is ", "on Friday ", "[2].")):
        results = await follow(people)
    assert [result.errors for result in results] == [None] * 4
    chunks = [result.data["coachAnswer"] for result in results]
    assert [chunk["text"] for chunk in chunks] == ["It is ", "on Friday ", "[2].", ""]
    assert [chunk["message"] is None for chunk in chunks] == [True, True, True, False]
    assert chunks[-1]["message"]["content"] == "It is on Friday [2]."
    assert (await stored(people))[-1] == ("ASSISTANT", "It is on Friday [2].")


async def test_what_it_says_is_text_and_nothing_else(people):
    words = (
        '<script>alert(1)</script> {"tool": "deleteConversation"} \0 mutation { deleteUser(id: 1) { id } }'
    )
    async with coached(people, saying(words)):
        answer = (await ask(people))["askCoach"]
    assert answer["content"] == words.replace("\0", "")
    assert await people.pg.fetchval("SELECT count(*) FROM conversations") == 4


async def test_a_character_that_comes_in_two_pieces_is_one(people):
    async with coached(people, saying("It is \ud83d", "\ude00 on ", "\ude00Friday", "\ud83d")):
        *chunks, last = [result.data["coachAnswer"] for result in await follow(people)]
    told = "It is 😀 on \ufffdFriday\ufffd"
    assert "".join(chunk["text"] for chunk in chunks) == told
    assert last["message"]["content"] == told
    assert (await stored(people))[-1] == ("ASSISTANT", told)


def refusing(statuses, then=("Friday.",), **headers):
    def answer(handler, write, number):
        if number <= len(statuses):
            handler.refuse(statuses[number - 1], **headers)
        else:
            saying(*then)(handler, write, number)

    return answer


async def test_it_is_asked_again_where_that_may_help(people):
    async with coached(people, refusing([503, 429], Retry_After="0")) as server:
        assert (await ask(people))["askCoach"]["content"] == "Friday."
        assert len(server.requests) == 3


@pytest.mark.parametrize(("statuses", "asked"), [([503] * 5, 3), ([401], 1), ([400], 1), ([302], 1)])
async def test_what_stays_refused_is_unavailable_and_the_question_stays(people, statuses, asked):
    async with coached(people, refusing(statuses, Retry_After="0", Location="http://127.0.0.1:9/")) as server:
        body = await people.post("ann", ASK, id=people.id("a1"), question=QUESTION)
        assert len(server.requests) == asked
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert "nobody need know" not in str(body)
    assert KEY not in str(body)
    assert await stored(people) == [("USER", QUESTION)]


def cut_off(handler, write, _):
    handler.stream()
    write(delta("It is on"))
    handler.connection.close()


def ends_without_end(handler, write, _):
    handler.stream()
    write(delta("It is on"))
    write(END)


def says_nothing(handler, write, _):
    handler.stream()
    write(usage(10, 0))
    write(DONE)
    write(END)


def errs(handler, write, _):
    handler.stream()
    write(delta("It is on"))
    write(b'data: {"error": {"message": "overloaded"}}\n\n')
    write(END)


def no_json(handler, write, _):
    handler.stream()
    write(b"data: <html>\n\n")
    write(END)


def odd_json(handler, write, _):
    handler.stream()
    write(b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n')
    write(END)


def odd_numbers(count):
    def answer(handler, write, _):
        handler.stream()
        write(delta("It is on Friday."))
        write(b'data: {"choices": [], "usage": {"prompt_tokens": %b, "completion_tokens": 1}}\n\n' % count)
        write(DONE)
        write(END)

    return answer


def wrongly_packed(handler, write, _):
    handler.stream(Content_Encoding="gzip")
    write(delta("It is on Friday."))
    write(DONE)
    write(END)


def stalls(handler, write, _):
    handler.stream()
    write(delta("It is on"))
    time.sleep(1.5)
    write(DONE)


def never_ends(handler, write, _):
    handler.stream()
    for _ in range(200):
        write(delta("on and "))
        time.sleep(0.02)


@pytest.mark.parametrize(
    "answer",
    [
        cut_off,
        ends_without_end,
        says_nothing,
        errs,
        no_json,
        odd_json,
        odd_numbers(b"Infinity"),
        odd_numbers(b"-1"),
        odd_numbers(b"99999999999"),
        wrongly_packed,
        stalls,
        never_ends,
    ],
)
async def test_half_an_answer_is_none(people, answer):
    given = {"COHERENCE_LLM_STALLED_SECONDS": 0.4, "COHERENCE_LLM_SECONDS": 1}
    async with coached(people, answer, **given):
        *pieces, last = await follow(people)
    assert all(piece.errors is None for piece in pieces)
    assert last.errors[0].extensions["code"] == "UNAVAILABLE"
    assert "overloaded" not in last.errors[0].message
    assert await stored(people) == [("USER", QUESTION)]


async def test_an_endpoint_that_is_not_there_is_unavailable(people):
    async with coached(people, saying("x")) as server:
        server.server_close()
        assert await people.code("ann", ASK, id=people.id("a1"), question=QUESTION) == "UNAVAILABLE"


async def test_who_leaves_ends_it(people):
    async with coached(people, never_ends) as server:
        async with people.following("ann", FOLLOW, id=people.id("a1"), question=QUESTION) as results:
            first = await anext(results)
            assert first.data["coachAnswer"]["text"] == "on and "
        assert await asyncio.to_thread(server.ended.wait, 3)
        # 200 pieces would have taken four seconds.
    assert await stored(people) == [("USER", QUESTION)]


async def test_who_may_ask(people):
    variables = {"id": people.id("a1"), "question": QUESTION}
    for name, code in (("nobody", "UNAUTHENTICATED"), ("coach", "FORBIDDEN"), ("key:read", "FORBIDDEN")):
        assert await people.code(name, ASK, **variables) == code
        (refused,) = await follow(people, name)
        assert refused.errors[0].extensions["code"] == code
    assert await people.code("bob", ASK, **variables) == "NOT_FOUND"
    (refused,) = await follow(people, "bob")
    assert refused.errors[0].extensions["code"] == "NOT_FOUND"
    assert await stored(people) == []


@pytest.mark.parametrize("question", ["", " ", "a\0b", "x" * 1_000_001])
async def test_a_question_has_to_be_text(people, question):
    body = await people.post("ann", ASK, id=people.id("a1"), question=question)
    assert body["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "question"}
    assert await stored(people) == []
