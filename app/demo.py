"""A small demo: conversations of known character, made anew from a fixed seed and ending now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from app.auth.viewer import PROGRAM
from app.services import Services
from app.signals.rules import NewSignal
from app.users.models import Role

SOURCES = ("Slack", "Axis", "Neo", "person")
HOURS = 24
SEED = 20_000_103

TEXTS = {
    "calm": (
        "Thanks, that answers it.",
        "Sounds good, let us go on with the plan.",
        "I have updated the summary.",
        "Agreed. Next topic?",
    ),
    "torn": (
        "That contradicts what you said before.",
        "I am not sure we mean the same thing.",
        "Wait, which version are we talking about?",
        "This is going in circles, please stop and check.",
    ),
}

PEOPLE = (
    ("ada", "Ada Okafor", Role.EDUCATOR),
    ("mateo", "Mateo Lindqvist", Role.EDUCATOR),
    ("priya", "Priya Raman", Role.COACH),
)


@dataclass(slots=True)
class DemoSignal:
    """A NewSignal."""

    context_window_id: str
    timestamp: datetime | None
    signal_source: str
    signal_score: float
    emotional_tone: float | None
    escalate_flag: int
    raw_content: str | None
    user_id: str | None
    agent_id: str | None
    signal_vector: str | None = None
    payload: Any = None
    relationship_context: str | None = None
    diagnostic_notes: str | None = None
    idempotency_key: str | None = None
    embedding: list[float] | None = None


def disagreement(character: str, when: float) -> float:
    """Spread of the scores, 0 (all alike) to 1 (all or nothing), at `when` from 0 (start) to 1 (now)."""
    match character:
        case "drifting":
            return when
        case "recovering":
            return 1 - when
        case "bursty":
            return 0.9 if int(when * 12) % 3 == 1 else 0.1
        case _:
            return 0.08


def moments(random: Generator, character: str) -> Iterator[float]:
    """When signals come, each from 0 to 1 in order; bursty conversations flood in a few seconds."""
    if character == "bursty":
        for start in np.sort(random.uniform(0, 0.98, 14)):
            yield from start + np.sort(random.uniform(0, 8 / (HOURS * 3_600), 25))
    else:
        yield from np.sort(random.uniform(0, 1, 420))


def signals(random: Generator, key: str, character: str, person: str, now: datetime) -> Iterator[NewSignal]:
    length = timedelta(hours=HOURS)
    for when in moments(random, character):
        spread = disagreement(character, when)
        swing = random.choice([-0.49, 0.49]) if random.random() < spread else 0.0
        score = float(np.clip(0.5 + 0.3 * (1 - spread) + swing * spread + random.normal(0, 0.04), 0, 1))
        torn = random.random() < spread
        yield DemoSignal(
            context_window_id=key,
            timestamp=now - length * (1 - float(when)),
            signal_source=str(random.choice(SOURCES, p=(0.4, 0.25, 0.2, 0.15))),
            signal_score=round(score, 4),
            emotional_tone=round(float(np.clip(0.3 + 0.5 * spread + random.normal(0, 0.1), 0, 1)), 4),
            escalate_flag=int(torn and random.random() < 0.1),
            raw_content=str(random.choice(TEXTS["torn" if torn else "calm"])),
            user_id=person,
            agent_id=f"agent-{character}",
            payload={"demo": True},
        )


async def fill(services: Services, now: datetime) -> None:
    """Three people, a dozen conversations, about 5 000 signals."""
    random = np.random.default_rng(SEED)
    people = [
        await services.users.create(
            username=f"demo-{name}", name=full, role=role, email=f"{name}@example.org"
        )
        for name, full, role in PEOPLE
    ]
    for character in ("steady", "drifting", "bursty", "recovering"):
        for number, person in enumerate(people, 1):
            key = f"demo-{character}-{number}"
            await services.conversations.create(
                PROGRAM,
                context_window_id=key,
                user_id=person.id,
                agent_id=f"agent-{character}",
                title=f"A {character} conversation",
                started_at=now - timedelta(hours=HOURS),
                context_metadata={"demo": True, "character": character},
            )
            batch = list(signals(random, key, character, person.username, now))
            await services.signals.ingest(PROGRAM, batch, now, all_or_nothing=True)
