"""Anomalies."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.anomalies.models import AnomalyKind
from graphql_schema.context import Info
from graphql_schema.nodes import Node, anomaly_id

if TYPE_CHECKING:
    from graphql_schema.conversations.types import Conversation

strawberry.enum(AnomalyKind)


@strawberry.type
class Anomaly(Node):
    conversation_key: strawberry.Private[UUID | None]

    id: strawberry.ID
    kind: AnomalyKind
    user_id: str | None
    started_at: datetime
    ended_at: datetime | None
    event_count: int
    details: JSON

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the columns of app/anomalies/queries.py."""
        return cls(
            conversation_key=row.conversation_id,
            id=anomaly_id(row.id),
            kind=AnomalyKind(row.kind),
            user_id=row.user_id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            event_count=row.event_count,
            details=row.details,
        )

    @strawberry.field
    async def conversation(
        self, info: Info
    ) -> Annotated["Conversation", strawberry.lazy("graphql_schema.conversations.types")] | None:
        from graphql_schema.conversations.loaders import ConversationLoader

        if self.conversation_key is None:
            return None
        return await info.context.loader(ConversationLoader).load(self.conversation_key, None)
