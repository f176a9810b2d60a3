"""What the coach answers from: numbered pieces of a conversation, and which part of one a statement rests on."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

_WORD = re.compile(r"\w{2,}")
_SENTENCE = re.compile(r"[^.!?\n]*[^.!?\s][^.!?\n]*[.!?]*")
_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Source:
    kind: str
    """`Message` or `Signal`."""
    key: Any
    """The row's."""
    time: datetime
    speaker: str
    text: str


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
    for found in _SENTENCE.finditer(text):
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        yield start, found.end()


def nearest(question: str, among: Iterable[Part]) -> list[tuple[float, Part]]:
    """The parts that share words with the question, best first: a word counts for more the rarer it is among them.

    The score is the sum of log(1 + n / n(word)) over the question's words in the part, by the square root of its length.
    """
    candidates = [(part, set(words(part.text))) for part in among]
    known = Counter(word for _, own in candidates for word in own)
    wanted = set(words(question))
    scored = (
        (sum(log(1 + len(candidates) / known[word]) for word in wanted & own) / len(own) ** 0.5, part)
        for part, own in candidates
        if wanted & own
    )
    return sorted(scored, key=lambda pair: -pair[0])


def citations(answer: str, sources: Sequence[Source], name_of: NameOf) -> list[dict[str, Any]]:
    """One for each `[n]` in the answer that names a source.

    `at` is where in the answer the mark stands; `quote`, from `start` to `end` of the source's text, is the sentence of
    it that shares most words with the sentence before the mark.
    """
    found = []
    for mark in _MARK.finditer(answer):
        number = int(mark[1])
        if not 1 <= number <= len(sources):
            continue
        source = sources[number - 1]
        best = _nearest_part(_said_before(answer, mark.start()), source)
        found.append(
            {
                "number": number,
                "at": mark.start(),
                "type": source.kind,
                "id": name_of(source.kind, source.key),
                "start": best.start,
                "end": best.end,
                "quote": best.text,
            }
        )
    return found


def _said_before(answer: str, place: int) -> str:
    said = _MARK.sub("", answer[:place]).rstrip()
    sentences = list(_sentences(said))
    return said[slice(*sentences[-1])] if sentences else ""


def _nearest_part(said: str, source: Source) -> Part:
    own = list(parts([source]))
    ranked = nearest(said, own)
    if ranked:
        return ranked[0][1]
    return own[0] if own else Part(1, 0, len(source.text), source.text)


def distinct(sources: Collection[Source]) -> list[Source]:
    """Each once, in the order of time."""
    known = {(source.kind, source.key): source for source in sources}
    return sorted(known.values(), key=lambda source: source.time)
