"""The coach without a language model: the passages that speak of what is asked, and nothing added."""

from collections.abc import Iterable, Iterator, Sequence

from app.coach.sources import Part, Rarity, Source, nearest, parts, words

MOST_PASSAGES = 3
LEAST_SHARE = 0.5
"""Of the best passage's score, that a further one has to have."""
QUESTION_SHARE = 0.5
"""Of its score that a question keeps: it seldom answers one."""

HEAD = "No language model is set up; these are the passages of the conversation that are nearest to the question:"
NOTHING = "No language model is set up, and nothing that is stored of the conversation shares a word with the question."


def extract(question: str, sources: Sequence[Source], rarity: Rarity | None = None) -> Iterator[str]:
    """The answer, passage by passage."""
    ranked = _ranked(question, sources, rarity)
    if not ranked:
        yield NOTHING
        return
    yield HEAD
    for part in _distinct(part for score, part in ranked if score >= LEAST_SHARE * ranked[0][0]):
        yield f"\n\n“{part.text.strip()}” [{part.number}]"


def _ranked(question: str, sources: Sequence[Source], rarity: Rarity | None) -> list[tuple[float, Part]]:
    """Without those that say nothing beyond the question's words: the question asked again, for one."""
    asked = set(words(question))
    ranked = [
        (score * QUESTION_SHARE if part.text.endswith("?") else score, part)
        for score, part in nearest(question, parts(sources), rarity)
        if not asked.issuperset(words(part.text))
    ]
    return sorted(ranked, key=lambda pair: -pair[0])


def _distinct(ranked: Iterable[Part]) -> list[Part]:
    found: dict[str, Part] = {}
    for part in ranked:
        if len(found) == MOST_PASSAGES:
            break
        found.setdefault(part.text.strip().casefold(), part)
    return list(found.values())
