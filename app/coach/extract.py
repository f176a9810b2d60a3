"""The coach without a language model: the passages that speak of what is asked, and nothing added."""

from collections.abc import Iterable, Iterator, Sequence

from app.coach.sources import Part, Source, nearest, parts

MOST_PASSAGES = 3
LEAST_SHARE = 0.5
"""Of the best passage's score, that a further one has to have."""

HEAD = "No language model is set up; these are the passages of the conversation that are nearest to the question:"
NOTHING = "No language model is set up, and nothing that is stored of the conversation shares a word with the question."


def extract(question: str, sources: Sequence[Source]) -> Iterator[str]:
    """The answer, passage by passage."""
    ranked = nearest(question, parts(sources))
    if not ranked:
        yield NOTHING
        return
    yield HEAD
    for part in _distinct(part for score, part in ranked if score >= LEAST_SHARE * ranked[0][0]):
        yield f"\n\n“{part.text.strip()}” [{part.number}]"


def _distinct(ranked: Iterable[Part]) -> list[Part]:
    found: dict[str, Part] = {}
    for part in ranked:
        if len(found) == MOST_PASSAGES:
            break
        found.setdefault(part.text.strip().casefold(), part)
    return list(found.values())
