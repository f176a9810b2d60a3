"""Variables that look like settings and are none: a misspelt one would have no effect, without a word."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from app.settings import Settings

_PREFIX: Final = "COHERENCE_"
_OF_TESTS: Final = "COHERENCE_TEST_"


def unknown_settings(names: Iterable[str] | None = None) -> Iterator[str]:
    """Yield a sentence about each of `names` that begins as our settings do and is none.

    Where left out they are those of the environment and of `.env` in the working folder.
    """
    if names is None:
        file = Path(".env")
        names = [*os.environ, *(dotenv_values(file, interpolate=False) if file.is_file() else ())]
    known = sorted(str(field.alias) for field in Settings.model_fields.values())
    for name in dict.fromkeys(names):
        upper = name.upper()  # settings are read in any case
        if upper.startswith(_PREFIX) and not upper.startswith(_OF_TESTS) and upper not in known:
            near = get_close_matches(upper, known, 1, cutoff=0.8)
            yield f"{name} is no setting and has no effect" + (f": is it {near[0]}?" if near else ".")
