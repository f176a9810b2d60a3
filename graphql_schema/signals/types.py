"""Signals and their pages."""

from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.charts.classifications import path
from app.coherence import ENGINE_VERSION
from app.database.paging import Key
from app.errors import NotFound
from app.services import Services
from app.signals.buckets import CalendarUnit
from app.signals.classify import LONGEST, Classification
from app.signals.queries import SignalFilter
from app.signals.summary import Summary
from app.vectors.service import check
from graphql_schema.calculation import Calculation, CalculationInputs, CalculationMeta
from graphql_schema.context import Info
from graphql_schema.nodes import Node, signal_id

if TYPE_CHECKING:
    from graphql_schema.conversations.types import Conversation
    from graphql_schema.messages.types import Message
    from graphql_schema.vectors.types import SimilarSignal

strawberry.enum(CalendarUnit)
strawberry.enum(Classification)


@strawberry.type(description="How the classes of signals are told: by which words, with which weights.")
class ClassificationMeta:
    method: str
    detector: str = strawberry.field(description="The lexicon that stands beside the table of keywords.")
    keywords: str = strawberry.field(description="Name of the file that the table of keywords is read from.")
    digest: str = strawberry.field(
        description="SHA-256 of the table and the lexicon's version: where it differs, classes may."
    )
    keyword_count: int = strawberry.field(description="Words and phrases that count, the lexicon's included.")
    threshold: float = strawberry.field(
        description="Weight that a class has to have more than, else NEUTRAL."
    )
    max_characters: int = strawberry.field(description="Of a text, from its beginning, that count.")
    engine_version: str

    @classmethod
    def of(cls, services: Services) -> Self:
        classifier = services.classifier
        return cls(
            method="weighted keywords and lexicon; the class of most weight wins, a negation before a word turns it",
            detector=classifier.lexicon,
            keywords=services.settings.keywords.name,
            digest=classifier.digest,
            keyword_count=classifier.size,
            threshold=classifier.threshold,
            max_characters=LONGEST,
            engine_version=ENGINE_VERSION,
        )


@strawberry.type
class Signal(Node):
    place: strawberry.Private[Key]
    conversation_key: strawberry.Private[UUID]
    own_vector: strawberry.Private[str | None]

    id: strawberry.ID
    timestamp: datetime
    received_at: datetime
    context_window_id: str
    user_id: str | None = strawberry.field(
        description="The producer's own key of a person; never checked against users."
    )
    agent_id: str | None
    signal_source: str
    signal_score: float = strawberry.field(description="0 to 1: coherence strength.")
    emotional_tone: float | None = strawberry.field(description="0 to 1: emotional intensity.")
    escalate_flag: int = strawberry.field(description="0 or 1.")
    raw_content: str | None
    payload: JSON
    relationship_context: str | None
    diagnostic_notes: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the columns of app/signals/queries.py."""
        return cls(
            place=(row.time, row.id),
            conversation_key=row.conversation_id,
            own_vector=row.signal_vector,
            id=signal_id(row.time, row.id),
            timestamp=row.time,
            received_at=row.received_at,
            context_window_id=row.context_window_id,
            user_id=row.user_id,
            agent_id=row.agent_id,
            signal_source=row.signal_source,
            signal_score=row.signal_score,
            emotional_tone=row.emotional_tone,
            escalate_flag=row.escalate_flag,
            raw_content=row.raw_content,
            payload=row.payload,
            relationship_context=row.relationship_context,
            diagnostic_notes=row.diagnostic_notes,
        )

    @strawberry.field(description="What its text sounds like; NEUTRAL without one.")
    def classification(self, info: Info) -> Classification:
        return info.context.services.classifier(self.raw_content)

    @strawberry.field(description="How classes are told here: equal of all signals.")
    def classification_meta(self, info: Info) -> ClassificationMeta:
        return ClassificationMeta.of(info.context.services)

    @strawberry.field(description="The message that this is the record of.")
    async def message(
        self, info: Info
    ) -> Annotated["Message", strawberry.lazy("graphql_schema.messages.types")] | None:
        from graphql_schema.messages.loaders import RecordedMessages

        return await info.context.loader(RecordedMessages).load(self.place, None)

    @strawberry.field
    async def conversation(
        self, info: Info
    ) -> Annotated["Conversation", strawberry.lazy("graphql_schema.conversations.types")]:
        from graphql_schema.conversations.loaders import ConversationLoader

        conversation = await info.context.loader(ConversationLoader).load(self.conversation_key, None)
        if conversation is None:  # deleted since the signal was read
            raise NotFound("The signal's conversation is gone.")
        return conversation

    @strawberry.field(
        description="Identifier of the embedding in the vector index: the producer's own, else that of the one made here, "
        "null while there is none."
    )
    async def signal_vector(self, info: Info) -> str | None:
        if self.own_vector is not None:
            return self.own_vector
        from graphql_schema.vectors.loaders import VectorIdLoader

        return await info.context.loader(VectorIdLoader).load(self.place, None)

    @strawberry.field(
        description="Nearest signals by embedding, nearest first; none while it has none itself. `first` is 0 to 100."
    )
    async def similar(
        self, info: Info, first: int = 10
    ) -> list[Annotated["SimilarSignal", strawberry.lazy("graphql_schema.vectors.types")]]:
        from graphql_schema.vectors.loaders import AsOfLoader, SimilarLoader, signals_of

        check(first)
        began = perf_counter()
        as_of = await info.context.loader(AsOfLoader).load(None, None)  # before the index is asked
        matches = await info.context.loader(SimilarLoader).load(self.place, first)
        return await signals_of(info.context, matches, began, as_of)


@strawberry.type(
    description="One row of the time-bucketed aggregation: by bucket, source, agent (null last)."
)
class SignalBucket:
    bucket: datetime
    signal_source: str
    agent_id: str | None
    avg_signal_score: float | None = strawberry.field(description="Null in a filled gap.")
    avg_emotional_tone: float | None
    total_count: int
    inputs: CalculationInputs
    meta: CalculationMeta


@strawberry.type
class SourceCount:
    source: str
    count: int


@strawberry.type
class ClassificationCount:
    classification: Classification
    count: int


@strawberry.type
class SignalSummary:
    total_count: int
    classifications: list[ClassificationCount] = strawberry.field(
        description="All four, in the enum's order, zero included."
    )
    sources: list[SourceCount] = strawberry.field(description="By count down, then name.")
    chart_url: str = strawberry.field(
        description="Path of a bar chart of `classifications` on this server; `.png` and `.svg` are both served."
    )
    inputs: CalculationInputs
    meta: CalculationMeta

    @classmethod
    def of(cls, summary: Summary, user: UUID | None, wanted: SignalFilter, calculation: Calculation) -> Self:
        """`user` and `wanted` are whose and which signals it is of."""
        inputs, meta = calculation
        return cls(
            inputs=inputs,
            meta=meta,
            total_count=summary.total,
            classifications=[
                ClassificationCount(classification=kind, count=n)
                for kind, n in summary.classifications.items()
            ],
            sources=[SourceCount(source=source, count=n) for source, n in summary.sources.items()],
            chart_url=path(user, wanted),
        )


@strawberry.type(
    description="How signals moved between sources in one conversation: a step from one source to the next."
)
class LineageStep:
    from_source: str
    to_source: str
    count: int
    mean_score_change: float = strawberry.field(description="Mean of (score after - score before).")
    inputs: CalculationInputs
    meta: CalculationMeta
