"""Which passages are nearest to a question, and which part of a source a statement rests on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.coach.extract import HEAD, NOTHING, extract
from app.coach.sources import MAX_CITATIONS, Source, citations, nearest, parts, words

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def sources(*texts):
    return [Source("Message", number, NOON, "ada", text) for number, text in enumerate(texts)]


def test_parts_are_sentences_and_their_places():
    (source,) = sources("  First one. And — a second?!\nA third without an end")
    assert [part.text for part in parts([source])] == [
        "First one.",
        "And — a second?!",
        "A third without an end",
    ]
    assert all(source.text[part.start : part.end] == part.text for part in parts([source]))


@given(st.text())
def test_any_text_is_cut_into_parts_of_itself(text):
    (source,) = sources(text)
    found = list(parts([source]))
    assert all(text[part.start : part.end] == part.text and part.text.strip() for part in found)
    assert set(words(text)) <= {word for part in found for word in words(part.text)} | set(words(text))
    assert sum(part.end - part.start for part in found) <= len(text)


def test_rare_words_count_for_more():
    told = sources("The build is red.", "The build is green.", "The build failed on the lockfile.")
    ranked = [part.number for _, part in nearest("Why is the lockfile at fault in the build?", parts(told))]
    assert ranked[0] == 3
    assert nearest("Zebra?", parts(told)) == []


def test_an_extract_quotes_and_cites():
    told = sources("Hello there. The deadline is on Friday.", "The deadline is on Friday.", "Lunch?")
    head, *passages = extract("When is the deadline?", told)
    assert head == HEAD
    assert passages == ["\n\n“The deadline is on Friday.” [1]"]
    assert list(extract("Zebra?", told)) == [NOTHING]
    assert list(extract("Anything?", [])) == [NOTHING]


def test_citations_name_the_part_that_the_statement_rests_on():
    told = sources("We met on Monday. The budget is 300 euros.", "Nobody knows.")
    answer = "It costs 300 euros of the budget [1]. Nobody else knows [2][9], [0] or [x]."
    found = citations(answer, told, lambda kind, key: f"{kind}/{key}")
    assert found == [
        {
            "number": 1,
            "at": answer.index("[1]"),
            "type": "Message",
            "id": "Message/0",
            "start": 18,
            "end": 42,
            "quote": "The budget is 300 euros.",
        },
        {
            "number": 2,
            "at": answer.index("[2]"),
            "type": "Message",
            "id": "Message/1",
            "start": 0,
            "end": 13,
            "quote": "Nobody knows.",
        },
    ]


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_answer_is_cited(answer, texts):
    told = sources(*texts)
    for citation in citations(answer + "[1][2]", told, lambda _, key: str(key)):
        text = told[citation["number"] - 1].text
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_part_ends_where_a_sentence_does_and_not_within_a_number_or_a_name():
    (source,) = sources("It costs 3.50 at shop.example. Ask... who?")
    assert [part.text for part in parts([source])] == ["It costs 3.50 at shop.example.", "Ask...", "who?"]


def test_the_question_asked_again_is_no_answer_and_other_questions_are_poor_ones():
    told = sources(
        "When is the essay due?", "The essay is due on 3 May.", "Does she know when the essay is due?"
    )
    _, *passages = extract("When is the essay due?", told)
    assert passages[0] == "\n\n“The essay is due on 3 May.” [2]"
    assert not any("[1]" in passage for passage in passages)


def test_rarity_is_that_of_all_passages_where_they_were_counted():
    told = sources("The plan is the plan.", "A deadline.")
    question = "What is the deadline of the plan?"
    assert [part.number for _, part in nearest(question, parts(told), {"deadline": 0.1, "plan": 9.0})] == [
        1,
        2,
    ]
    assert [part.number for _, part in nearest(question, parts(told), {"deadline": 9.0, "plan": 0.1})] == [
        2,
        1,
    ]


def test_places_are_those_in_the_whole_text():
    (whole,) = sources("x" * 900 + " The budget is 300 euros.")
    (passage,) = [Source("Message", 7, NOON, "ada", whole.text[900:], 900)]
    (citation,) = citations("300 euros [1].", [passage], lambda _, key: str(key))
    assert whole.text[citation["start"] : citation["end"]] == citation["quote"] == "The budget is 300 euros."


# Half a million characters each. What looks at a character more than a few times over does not end within the suite's time.
LONG = 500_000


@pytest.mark.parametrize("text", [" ", "\n", ".", ". ", "a", "a.", "?!", "[1]", "\t.x"])
def test_a_hostile_text_is_cut_in_one_pass(text):
    (source,) = sources(text * (LONG // len(text)))
    assert sum(part.end - part.start for part in parts([source])) <= LONG


@pytest.mark.parametrize("answer", ["a [1]", "[1]", " " * 40 + "[1]", "a. [1]", "word [1] "])
def test_an_answer_full_of_marks_is_cited_in_bounds(answer):
    told = sources("word " * 400, "word. " * 300)
    found = citations(answer * (LONG // len(answer)), told, lambda _, key: str(key))
    assert len(found) == MAX_CITATIONS
    assert found[-1]["at"] == (MAX_CITATIONS - 1) * len(answer) + answer.index("[1]")
