"""A row of the upstream as a signal."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.checks import fault_of_text
from app.errors import BadUserInput
from app.instant import parse_instant
from app.signals.importers.record import Record

SOURCE = "darshan"
PREFIX = f"{SOURCE}:"
"""Before the name of a row's `signal`, its conversation."""


class Summary(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a row may hold."""

    timestamp: str
    coherence_score: float
    agent_states: Any = UNSET
    event_count: Annotated[int, Meta(ge=0)] | UnsetType | None = UNSET
    signal: str | None = None


def signal_of(row: Any) -> Record:
    """The signal that `row` is. BadUserInput says what is wrong with it."""
    try:
        summary = msgspec.convert(row, Summary)
        instant = parse_instant(summary.timestamp)
    except (ValueError, OverflowError) as error:  # of which msgspec's is one
        raise BadUserInput(str(error).rstrip(".") + ".") from None
    score = summary.coherence_score
    if not 0 <= score <= 100:
        raise BadUserInput(f"coherenceScore is {score}; it takes a number from 0 to 100.")
    name = SOURCE if summary.signal is None else summary.signal
    if not name or "\n" in name or "\r" in name:
        raise BadUserInput("signal is empty or holds a line break; it takes a name.")
    if fault := fault_of_text(name):
        raise BadUserInput(f"signal {fault}.")
    rest = {"agentStates": summary.agent_states, "eventCount": summary.event_count}
    return Record(
        context_window_id=PREFIX + name,
        timestamp=instant,
        raw_content=None,
        signal_source=SOURCE,
        signal_score=score / 100,
        signal_vector=None,
        emotional_tone=None,
        escalate_flag=0,
        agent_id=None,
        user_id=None,
        payload={field: value for field, value in rest.items() if value is not UNSET},
        relationship_context=None,
        diagnostic_notes=None,
    )
