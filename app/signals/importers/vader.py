"""Scores of texts by VADER (Hutto & Gilbert, ICWSM 2014), on all processors."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context, parent_process
from typing import Any

LONGEST = 10_000
"""Characters of a text that are looked at: VADER takes time by their square, 0.2 s for so many."""

_CHUNK = 250


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()  # type: ignore[no-untyped-call]


def score(text: str | None) -> float:
    """(compound + 1) / 2: 0 is negative, 1 positive; 0.5 where there is no text."""
    if not text:
        return 0.5
    return float((_analyzer().polarity_scores(text[:LONGEST])["compound"] + 1) / 2)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


type Scorer = Callable[[Sequence[str | None]], Iterator[float]]
"""Has many texts scored, and returns at once: the scores come as they are asked for."""


@contextmanager
def scorer() -> Iterator[Scorer]:
    """Workers for as long as the block lasts. They are spawned: a fork would inherit locks and connections."""
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"), initializer=_end_with_parent, max_workers=os.cpu_count()
    ) as pool:
        yield lambda texts: pool.map(score, texts, chunksize=_CHUNK)
