"""What the coach answers from: numbered passages of a conversation, and which part of one a statement rests on."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import log
from typing import Any, Final

MAX_CITATIONS: Final = 500
"""Of an answer: marks after them are text."""

_WORD = re.compile(r"\w{2,}")
# Each character is of one token, so that no text takes longer than it is long.
_TOKEN = re.compile(r"[^.!?\n]+|[.!?]+|\n")
_MARK = re.compile(r"\[(\d{1,5})\]")
_STATEMENT = 1_000
"""Characters before a mark that it may stand for."""

type Rarity = Mapping[str, float]
"""How much a word counts for."""


@dataclass(frozen=True, slots=True)
class Source:
    kind: str
    """`Message` or `Signal`."""
    key: Any
    """The row's."""
    time: datetime
    speaker: str
    text: str
    start: int = 0
    """Where in the row's text it begins."""

    @property
    def place(self) -> Any:
        """Of no other passage."""
        return self.kind, self.key, self.start


type NameOf = Callable[[str, Any], str]
"""What a source is called outside: made of its kind and key."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of a source."""

    number: int
    """The source's, from 1 on."""
    start: int
    end: int
    text: str


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def parts(sources: Sequence[Source]) -> Iterator[Part]:
    for number, source in enumerate(sources, 1):
        for start, end in _sentences(source.text):
            yield Part(number, start, end, source.text[start:end])


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where they begin and end: with a line, or with a full stop (or several) that a blank or the end follows."""
    begin = 0
    for found in _TOKEN.finditer(text):
        end, mark = found.end(), found[0][0]
        if mark == "\n":
            yield from _stripped(text, begin, found.start())
            begin = end
        elif mark in ".!?" and (end == len(text) or text[end].isspace()):
            yield from _stripped(text, begin, end)
            begin = end
    yield from _stripped(text, begin, len(text))


def _stripped(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Without blanks around it, unless nothing but stops is left."""
    said = text[begin:end]
    start = begin + len(said) - len(said.lstrip())
    if said.strip(" \t\r\f\v.!?"):
        yield start, start + len(said.strip())


def nearest(question: str, among: Iterable[Part], rarity: Rarity | None = None) -> list[tuple[float, Part]]:
    """The parts that share words with the question, best first: a word counts for more the rarer it is.

    The score is the sum of log(1 + n / n(word)) over the question's words in the part, by the square root of its length.
    `rarity` has these logarithms where more than the parts has been counted.
    """
    candidates = [(part, set(words(part.text))) for part in among]
    known = Counter(word for _, own in candidates for word in own)

    def weight(word: str) -> float:
        counted = None if rarity is None else rarity.get(word)
        return log(1 + len(candidates) / known[word]) if counted is None else counted

    wanted = set(words(question))
    scored = (
        (sum(map(weight, wanted & own)) / len(own) ** 0.5, part) for part, own in candidates if wanted & own
    )
    return sorted(scored, key=lambda pair: -pair[0])


def citations(answer: str, sources: Sequence[Source], name_of: NameOf) -> list[dict[str, Any]]:
    """One for each `[n]` in the answer that names a source.

    `at` is where in the answer the mark stands; `quote`, from `start` to `end` of the source's text, is the sentence of
    it that shares most words with the sentence before the mark.
    """

    @cache
    def rests_on(said: str, number: int) -> Part:
        return _nearest_part(said, sources[number - 1])

    found: list[dict[str, Any]] = []
    for mark, said in _statements(answer):
        number = int(mark[1])
        if not 1 <= number <= len(sources):
            continue
        if len(found) == MAX_CITATIONS:
            break
        source, best = sources[number - 1], rests_on(said, number)
        found.append(
            {
                "number": number,
                "at": mark.start(),
                "type": source.kind,
                "id": name_of(source.kind, source.key),
                "start": source.start + best.start,
                "end": source.start + best.end,
                "quote": best.text,
            }
        )
    return found


def _statements(answer: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each mark, with the sentence before it: the end of that, where it is long."""
    said = _MARK.sub("", answer)
    sentences = list(_sentences(said))
    starts = [start for start, _ in sentences]
    taken = 0
    for mark in _MARK.finditer(answer):
        place = mark.start() - taken
        taken += len(mark[0])
        number = bisect_left(starts, place) - 1
        if number < 0:
            yield mark, ""
            continue
        start, end = sentences[number]
        end = min(end, place)
        yield mark, said[max(start, end - _STATEMENT) : end]


def _nearest_part(said: str, source: Source) -> Part:
    own = list(parts([source]))
    ranked = nearest(said, own)
    if ranked:
        return ranked[0][1]
    return own[0] if own else Part(1, 0, len(source.text), source.text)
