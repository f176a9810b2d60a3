"""Which passages are nearest to a question, and which part of a source a statement rests on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.coach.extract import HEAD, NOTHING, extract
from app.coach.sources import Source, citations, distinct, nearest, parts, words

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


def test_sources_are_told_once_by_time():
    late = Source("Signal", 1, NOON.replace(hour=13), "bo", "x")
    early = Source("Message", 1, NOON, "ada", "y")
    assert distinct([late, early, late]) == [early, late]
