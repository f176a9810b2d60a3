"""What a text sounds like, by weighted keywords and the words of the VADER lexicon (Hutto & Gilbert, ICWSM 2014).

The keywords and their weights are in keywords.toml, beside this file, which also says how they count. A text is its
words in order; an index finds the keywords that begin with a word, so the time taken is linear in the words.
"""

import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

LONGEST: Final = 2_000
"""Characters of a text that count, so that one long text never holds up others."""

KEYWORDS: Final = Path(__file__).with_name("keywords.toml")
"""The table that is used where no other is named."""


class Classification(Enum):
    POSITIVE = "POSITIVE"
    NEUTRAL = "NEUTRAL"
    STRESSED = "STRESSED"
    UNCERTAIN = "UNCERTAIN"


_CLASSES: Final = tuple(Classification)
_POSITIVE, _NEUTRAL, _STRESSED, _UNCERTAIN = range(4)
_NEGATION: Final = 4
"""Stands in the index for a word that is of no class, but changes those that follow."""

_NEGATED: Final = 0.74
"""What a POSITIVE keyword under a negation keeps of its weight, as STRESSED; VADER's number."""

type _Keywords = dict[tuple[str, ...], tuple[int, float]]
"""By its words: the number of a keyword's class (or _NEGATION), and its weight."""

type _Hit = tuple[int, int, float]
"""How many words, the number of the class (or _NEGATION), and the weight."""

type _Index = dict[str, tuple[_Hit | None, dict[str, list[tuple[list[str], _Hit]]]]]
"""By the first word: the keyword that is this word alone, and the phrases by their second word, the longest first.

Many phrases begin with "i"; the second word leaves few to compare.
"""

# A word with its inner apostrophes ("\b" leaves a closing quote off), the last "?" of a run, an emoticon of the common
# shapes, or an emoji. A mouth that is a letter ends there (not ":discuss"), and "://" belongs to an address.
_find_words: Final = re.compile(
    r"\w[\w']*\b"
    r"|\?(?!\?)"
    r"|[:;=]['-]?[()\[\]/\\|*@$](?![\w/])|[:;=]-?[dpo3](?!\w)|<3"
    r"|[\u2600-\u27bf\U0001f300-\U0001faff]"
).findall


def words_of(text: str) -> list[str]:
    """The words of the first 2 000 characters, in lower case, with straight apostrophes."""
    return _find_words(text[:LONGEST].lower().replace("\u2019", "'"))


@cache
def lexicon() -> Mapping[str, float]:
    """Valences of VADER's single words, emoticons of the common shapes and emoji: -4 to 4, 0 is neither.

    An emoji's is the sum of its description's words, and may lie beyond.
    """
    folder = files("vaderSentiment")
    valences: dict[str, float] = {}
    for line in (folder / "vader_lexicon.txt").read_text("utf-8").splitlines():
        entry, valence, *_ = line.split("\t")
        # Not those that a text's words cannot equal, such as "(-:<".
        if words_of(entry) == [entry.lower()]:
            valences[entry.lower()] = float(valence)
    emoji: dict[str, float] = {}
    for line in (folder / "emoji_utf8_lexicon.txt").read_text("utf-8").splitlines():
        # VADER reads an emoji as its description: "face with tears of joy".
        character, description = line.split("\t")
        character = character.removesuffix("\ufe0f")
        if words_of(character) == [character]:
            emoji[character] = sum(valences.get(word, 0) for word in words_of(description))
    return valences | emoji


@dataclass(frozen=True, slots=True)
class _Table:
    keywords: _Keywords
    threshold: float
    negations: Collection[str]
    reach: int


@dataclass(frozen=True, slots=True)
class Classifier:
    """Classes of texts by a table of keywords and the lexicon. It never changes, so threads may share it."""

    _index: _Index
    _known: frozenset[str]
    """One word of each keyword, the longest as the rarest: a text without any is NEUTRAL, and soon done."""
    _threshold: float
    _reach: int
    digest: str
    """Of all that decides about a class: what another table has classified is told by it."""

    @classmethod
    def of(cls, path: Path = KEYWORDS) -> Self:
        """By the table in a file like keywords.toml.

        OSError if it cannot be read; ValueError, which names the file, the entry and its fault, if it is no such table.
        """
        table = _read(path)
        keywords = _with_lexicon(table.keywords)
        known = frozenset(
            max(reversed(words), key=len) for words, (kind, _) in keywords.items() if kind != _NEUTRAL
        )
        # Instead of the lexicon's entry for such a word: "no" by itself is not unpleasant.
        keywords |= {(word,): (_NEGATION, 0) for word in table.negations}
        decisive = f"{LONGEST} {version('vaderSentiment')}".encode() + path.read_bytes()
        return cls(_indexed(keywords), known, table.threshold, table.reach, sha256(decisive).hexdigest())

    @property
    def threshold(self) -> float:
        return self._threshold

    @property
    def size(self) -> int:
        """How many words and phrases count."""
        return sum((hit is not None) + sum(map(len, more.values())) for hit, more in self._index.values())

    @property
    def lexicon(self) -> str:
        """The lexicon's name and version."""
        return f"vaderSentiment {version('vaderSentiment')}"

    def __call__(self, text: str | None) -> Classification:
        """The class of most weight, among them NEUTRAL with the table's threshold; NEUTRAL for a tie or no text."""
        if not text:
            return Classification.NEUTRAL
        words = words_of(text)
        if self._known.isdisjoint(words):
            return Classification.NEUTRAL
        scores = [0.0, self._threshold, 0.0, 0.0]
        find = self._index.get
        free = 0  # the first word that no phrase has taken
        negated = -1  # the last word in reach of a negation
        for at, word in enumerate(words):
            if (entry := find(word)) is None or at < free:
                continue
            hit, phrases = entry
            if at + 1 < len(words) and words[at + 1] in phrases:  # a call for each word would be slow
                hit = _longest(phrases, words, at) or hit
            if hit is None:
                continue
            length, kind, weight = hit
            free = at + length
            if kind == _NEGATION:
                negated = at + self._reach
            elif at > negated:
                scores[kind] += weight
            elif kind == _POSITIVE:
                scores[_STRESSED] += weight * _NEGATED
        return _first(scores)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What `Classifier` is measured by: the same keywords without weights, lexicon, threshold or negation."""

    _index: _Index

    @classmethod
    def of(cls, path: Path = KEYWORDS, *, lexicon_too: bool = False) -> Self:
        """With `lexicon_too`, the words of the lexicon are keywords as well. Errors as those of `Classifier.of`."""
        keywords = _read(path).keywords
        return cls(_indexed(_with_lexicon(keywords) if lexicon_too else keywords))

    def __call__(self, text: str | None) -> Classification:
        """The class of most hits; NEUTRAL for a tie or none."""
        hits = [0.0] * 4
        words = words_of(text or "")
        free = 0
        for at, word in enumerate(words):
            if at >= free and word in self._index:
                single, phrases = self._index[word]
                if hit := _longest(phrases, words, at) or single:
                    free = at + hit[0]
                    hits[hit[1]] += 1
        return _first(hits)


def _first(scores: list[float]) -> Classification:
    most = max(scores)
    return Classification.NEUTRAL if scores.count(most) > 1 else _CLASSES[scores.index(most)]


def _with_lexicon(keywords: _Keywords) -> _Keywords:
    """And the words of the lexicon, where the table does not say otherwise; their valence is their weight."""
    return {
        (word,): (_POSITIVE if valence > 0 else _STRESSED, abs(valence))
        for word, valence in lexicon().items()
        if valence
    } | keywords


def _indexed(keywords: _Keywords) -> _Index:
    index: _Index = {}
    for words in sorted(keywords, key=len, reverse=True):
        single, phrases = index.get(words[0], (None, {}))
        hit = (len(words), *keywords[words])
        if len(words) == 1:
            single = hit
        else:
            phrases.setdefault(words[1], []).append((list(words), hit))
        index[words[0]] = single, phrases
    return index


def _longest(phrases: Mapping[str, list[tuple[list[str], _Hit]]], words: list[str], at: int) -> _Hit | None:
    """The longest of the phrases that the words from `at` begin with."""
    second = words[at + 1] if at + 1 < len(words) else ""
    for phrase, hit in phrases.get(second, ()):
        if words[at : at + hit[0]] == phrase:
            return hit
    return None


@cache
def classifier(path: Path) -> Classifier:
    """`Classifier.of(path)`, read once."""
    return Classifier.of(path)


def _read(path: Path) -> _Table:
    text = path.read_bytes()
    try:
        return _table(tomllib.loads(text.decode()))
    except ValueError as e:
        raise ValueError(f"{path}: {e}") from e


def _table(table: dict[str, Any]) -> _Table:
    kinds = [kind.value for kind in Classification]
    for key in table:
        if key not in {*kinds, "threshold", "negation"}:
            raise ValueError(f"{key!r} is none of the classes {', '.join(kinds)}, threshold and negation")
    keywords: _Keywords = {}
    for number, kind in enumerate(kinds):
        for where, words, weight in _entries(kind, table.get(kind, [])):
            if words in keywords:
                raise ValueError(f"{where} is a duplicate; it is in {kinds[keywords[words][0]]} already")
            keywords[words] = number, weight
    negation = _keys("negation", table.get("negation", {"words": [], "reach": 1}), {"words", "reach"})
    reach = negation["reach"]
    if type(reach) is not int or reach < 1:
        raise ValueError(f"negation, reach {reach!r} is not a whole number above 0")
    negations = set[str]()
    for where, words in _phrases("negation", negation["words"]):
        if len(words) > 1:
            raise ValueError(f"{where} is not one word")
        if words in keywords:
            raise ValueError(f"{where} is a duplicate; it is in {kinds[keywords[words][0]]} already")
        negations.add(words[0])
    return _Table(keywords, _positive("threshold", table.get("threshold")), negations, reach)


def _entries(kind: str, groups: Any) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Where each keyword of a class stands, its words and its weight."""
    if not isinstance(groups, list):
        raise ValueError(f"{kind} is not a list of groups, [[{kind}]]")
    for number, group in enumerate(groups, 1):
        _keys(f"{kind}, group {number}", group, {"group", "weight", "keywords"})
        name = f"{kind}, group {group['group']!r}"
        weight = _positive(f"{name}, weight", group["weight"])
        for where, words in _phrases(name, group["keywords"]):
            yield where, words, weight


def _keys(where: str, value: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise ValueError(f"{where} has not exactly the keys {', '.join(sorted(keys))}")
    return value


def _positive(where: str, value: Any) -> float:
    if type(value) not in {int, float} or not 0 < value < math.inf:
        raise ValueError(f"{where} {value!r} is not a finite number above 0")
    return float(value)


def _phrases(where: str, phrases: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(phrases, list):
        raise ValueError(f"{where}: its keywords are not a list")
    for phrase in phrases:
        entry = f"{where}, {phrase!r}"
        if not isinstance(phrase, str):
            raise ValueError(f"{entry} is not a string")
        words = words_of(phrase)
        if not words:
            raise ValueError(f"{entry} is empty: it has no word")
        yield entry, tuple(words)
