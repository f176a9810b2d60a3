"""A length of time in whole seconds, as people write it: `5m`, `1h30m`, `5 minutes`, `PT5M`."""

import re
from typing import Self

LONGEST = 366 * 86_400
"""366 days, in seconds."""

_UNITS = (
    (604_800, "w|weeks?"),
    (86_400, "d|days?"),
    (3_600, "h|hrs?|hours?"),
    (60, "m|mins?|minutes?"),
    (1, "s|secs?|seconds?"),
)
# Blanks belong to the number that they precede: they can be matched in one way alone.
_WORDS = re.compile(
    "".join(rf"(?:\s*([0-9]{{1,10}})\s*(?:{names}))?" for _, names in _UNITS), re.IGNORECASE | re.ASCII
)
_ISO = re.compile(
    r"P(?:([0-9]{1,10})W)?(?:([0-9]{1,10})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,10})H)?(?:([0-9]{1,10})M)?(?:([0-9]{1,10})S)?)?"
)
_EXPECTED = "write whole seconds from 1s to 366d such as 30s, 5m, 1h30m, 7d, 5 minutes or PT5M"


class Duration(int):
    """Seconds, 1 to 31 622 400."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """The duration that `text` names; ValueError says what is wrong and what would be right."""
        if not isinstance(text, str):
            raise ValueError(f"Duration is a string, not {text!r}: {_EXPECTED}.")
        shown = repr(text[:40])
        match = _WORDS.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
        if match is None or not any(match.groups()):
            raise ValueError(f"Duration {shown} cannot be read: {_EXPECTED}.")
        seconds = sum(
            int(count) * unit for count, (unit, _) in zip(match.groups(), _UNITS, strict=True) if count
        )
        if not 1 <= seconds <= LONGEST:
            raise ValueError(f"Duration {shown} is out of range: {_EXPECTED}.")
        return cls(seconds)

    def __str__(self) -> str:
        """The short form, in the largest units up to days: `1d`, `1m30s`."""
        rest, parts = int(self), []
        for unit, letter in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
            count, rest = divmod(rest, unit)
            if count:
                parts.append(f"{count}{letter}")
        return "".join(parts)
