"""How well and how fast texts are classified, beside the same keywords without weights.

Of the labelled files macro-F1 (the mean of the classes' F1) of the baseline, of a second baseline for which the words
of VADER's lexicon are keywords as well, and of the classifier. The keywords were written with an eye on the tuning
half of goemotions only; the other half says what that is worth. The speed is that of one core on real chat.

    python -m bench.classification ../shared/data [--keywords FILE]
"""

import argparse
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson

from app.signals.classify import KEYWORDS, Baseline, Classification, Classifier

type Labelled = tuple[str, str]
type Classify = Callable[[str | None], Classification]

FOUR = [kind.value for kind in Classification]
THREE = ["positive", "neutral", "negative"]
POLARITY = {
    Classification.POSITIVE: "positive",
    Classification.NEUTRAL: "neutral",
    Classification.STRESSED: "negative",
    Classification.UNCERTAIN: "neutral",
}


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as file:
        yield from map(orjson.loads, file)


def goemotions(folder: Path, half: int) -> list[Labelled]:
    """Text and class of the rows whose id hashes to the half: 0 is for tuning, 1 for judging."""
    return [
        (row["text"], row["label4"].upper())
        for row in rows(folder / "labelled_goemotions.jsonl.gz")
        if row["label4"] and sha256(row["id"].encode()).digest()[0] % 2 == half
    ]


def f1(pairs: Iterable[tuple[str, str]], labels: Sequence[str]) -> dict[str, float]:
    """F1 of each label, 0 to 1, by pairs of answer and truth."""
    counted = Counter(pairs)
    answers, truths = Counter[str](), Counter[str]()
    for (answer, truth), n in counted.items():
        answers[answer] += n
        truths[truth] += n
    return {label: 2 * counted[label, label] / max(answers[label] + truths[label], 1) for label in labels}


def macro(scores: dict[str, float]) -> float:
    return sum(scores.values()) / len(scores)


def report(name: str, labelled: list[Labelled], labels: list[str], methods: dict[str, Classify]) -> None:
    scores = {
        method: f1(
            (
                (classify(text).value if labels == FOUR else POLARITY[classify(text)], truth)
                for text, truth in labelled
            ),
            labels,
        )
        for method, classify in methods.items()
    }
    base, with_lexicon, ours = map(macro, scores.values())
    print(
        f"\n{name}: {len(labelled)} rows, {ours / base:.2f} x baseline, {ours / with_lexicon:.2f} x with lexicon"
    )
    for method, of_labels in scores.items():
        detail = ", ".join(f"{label.lower()} {score:.3f}" for label, score in of_labels.items())
        print(f"  {method:<22} macro-F1 {macro(of_labels):.4f}  ({detail})")


def speed(texts: list[str], classify: Classify, rounds: int) -> float:
    """Seconds a text, the median round."""
    times = []
    for _ in range(rounds):
        began = perf_counter()
        for text in texts:
            classify(text)
        times.append(perf_counter() - began)
    return median(times) / len(texts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keywords", type=Path, default=KEYWORDS)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours = Classifier.of(options.keywords)
    methods: dict[str, Classify] = {
        "baseline": Baseline.of(options.keywords),
        "baseline with lexicon": Baseline.of(options.keywords, lexicon_too=True),
        "ours": ours,
    }
    report("goemotions, tuning half", goemotions(options.folder, 0), FOUR, methods)
    report("goemotions, other half", goemotions(options.folder, 1), FOUR, methods)
    for name in ("vader_tweets", "senti4sd", "premo"):
        labelled = [
            (row["text"], row["polarity"])
            for row in rows(options.folder / f"labelled_{name}.jsonl.gz")
            if row["polarity"] in THREE
        ]
        report(name, labelled, THREE, methods)
    texts = [row["text"] for row in rows(options.folder / "chat_irc.jsonl.gz") if row["text"]]
    seconds = speed(texts, ours, options.rounds)
    length = sum(map(len, texts)) / len(texts)
    print(
        f"\nchat_irc: {len(texts)} texts of {length:.0f} characters: {1 / seconds:,.0f}/s, {seconds * 1e6:.2f} us each"
    )
    seconds = speed(["happy ? not sure " * 20_000] * 500, ours, options.rounds)
    print(f"a text of 340 000 characters, each word a keyword: {seconds * 1e6:.0f} us")


if __name__ == "__main__":
    main()
