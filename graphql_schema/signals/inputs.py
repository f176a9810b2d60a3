"""What signals are written with and asked by."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from app.signals import queries
from app.signals.classify import Classification
from graphql_schema.inputs import NullWhereLeftOut, TimeRange, range_of


@strawberry.input
class SignalInput(NullWhereLeftOut):
    context_window_id: str = strawberry.field(description="The conversation's `contextWindowId`.")
    timestamp: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="Now, where left out. Beyond now + the allowed clock skew (a setting, 5 minutes) this item "
        "fails, not the request.",
    )
    raw_content: str | None = strawberry.UNSET
    signal_source: str = "unknown"
    signal_score: float = 0.5
    signal_vector: str | None = strawberry.UNSET
    emotional_tone: float | None = strawberry.UNSET
    escalate_flag: int = 0
    agent_id: str | None = strawberry.UNSET
    user_id: str | None = strawberry.UNSET
    payload: JSON | None = strawberry.UNSET
    relationship_context: str | None = strawberry.UNSET
    diagnostic_notes: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A second delivery with the same key and conversation answers with the first one's signal.",
    )
    embedding: list[float] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The producer's own, in place of one made of `rawContent`: as many numbers as the server's setting "
        "says, not all 0. Its length does not matter.",
    )


@strawberry.input
class SignalFilter(NullWhereLeftOut):
    range: TimeRange | None = strawberry.UNSET
    sources: list[str] | None = strawberry.UNSET
    agent_id: str | None = strawberry.UNSET
    user_id: str | None = strawberry.UNSET
    classification: Classification | None = strawberry.UNSET
    escalated: bool | None = strawberry.UNSET
    min_score: float | None = strawberry.field(
        default=strawberry.UNSET, description="Inclusive, as is maxScore."
    )
    max_score: float | None = strawberry.UNSET


def filter_of(given: SignalFilter | None) -> queries.SignalFilter:
    if not given:
        return queries.SignalFilter()
    return queries.SignalFilter(
        range=range_of(given.range),
        sources=queries.named_sources(given.sources),
        agent_id=given.agent_id,
        user_id=given.user_id,
        classification=given.classification,
        escalated=given.escalated,
        min_score=given.min_score,
        max_score=given.max_score,
    )
