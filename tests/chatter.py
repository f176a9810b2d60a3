"""Signals as chats have them: several of one source, and several sources, at one time and in one bucket; then years of
nothing.
"""

from datetime import UTC, datetime, timedelta
from random import Random

BEGUN = datetime(2004, 12, 24, 21, 14, tzinfo=UTC)
PAUSES = (
    *[timedelta(minutes=1)] * 6,
    timedelta(minutes=7),
    timedelta(hours=2),
    timedelta(days=3),
    timedelta(days=1_100),
)
SOURCES = ("message", "message", "message", "action", "system")
"""By how often they occur."""


def chatter(dice: Random, count: int) -> list[tuple[datetime, str, str | None, float]]:
    """Times, which tell minutes, sources, agents and scores, in order of time."""
    time, said = BEGUN, list[tuple[datetime, str, str | None, float]]()
    while len(said) < count:
        said += [
            (
                time,
                dice.choice(SOURCES),
                dice.choice((None, None, "bot")),
                dice.choice((0.5, round(dice.random(), 4))),
            )
            for _ in range(dice.choice((1, 1, 2, 3, 9)))
        ]
        time += dice.choice(PAUSES)
    return said[:count]
