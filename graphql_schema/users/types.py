"""Users."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from app.coherence.sources.moments import Pool
from app.duration import Duration
from app.signals.queries import SignalFilter
from app.users.models import Role
from graphql_schema.anomalies.loaders import anomalies_of_user
from graphql_schema.anomalies.types import Anomaly
from graphql_schema.coherence.loaders import coherence_of
from graphql_schema.coherence.types import Coherence
from graphql_schema.connections import ANOMALIES, Connection
from graphql_schema.context import Info
from graphql_schema.conversations.inputs import ConversationFilter, ConversationOrder, filter_of, order_of
from graphql_schema.conversations.loaders import conversations_of, paged_by
from graphql_schema.conversations.types import Conversation
from graphql_schema.inputs import TimeRange, known, range_of
from graphql_schema.nodes import Node, user_id
from graphql_schema.signals.loaders import summary_of
from graphql_schema.signals.types import SignalSummary

strawberry.enum(Role)


@strawberry.type
class PersonalInformation:
    email: str | None
    phone: str | None
    address: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(email=row.email, phone=row.phone, address=row.address)


@strawberry.type
class User(Node):
    key: strawberry.Private[UUID]

    id: strawberry.ID
    username: str
    name: str | None
    role: Role
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` has the columns of app/users/queries.py."""
        return cls(
            key=row.id,
            id=user_id(row.id),
            username=row.username,
            name=row.name,
            role=Role(row.role),
            is_active=row.is_active,
            created_at=row.created_at,
            last_login_at=row.last_login_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="Decrypted on read for administrators alone; FORBIDDEN for everyone else.")
    async def personal_information(self, info: Info) -> PersonalInformation | None:
        from graphql_schema.users.loaders import PersonalInformationLoader

        return await info.context.loader(PersonalInformationLoader).load(self.key, None)

    @strawberry.field(
        description="Where they sign in: `google`, `clever` or `oidc`; null for who never has. For themselves and "
        "administrators; FORBIDDEN for everyone else, as is ssoId."
    )
    async def sso_provider(self, info: Info) -> str | None:
        from graphql_schema.users.loaders import IdentityLoader

        found = await info.context.loader(IdentityLoader).load(self.key, None)
        return None if found is None else found.provider

    @strawberry.field(description="Who they are there.")
    async def sso_id(self, info: Info) -> str | None:
        from graphql_schema.users.loaders import IdentityLoader

        found = await info.context.loader(IdentityLoader).load(self.key, None)
        return None if found is None else found.subject

    @strawberry.field
    def conversations(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        filter: ConversationFilter | None = strawberry.UNSET,
        order_by: ConversationOrder | None = strawberry.UNSET,
    ) -> Connection[Conversation]:
        order = order_of(known(order_by))
        page = paged_by(order).page(first, after, last, before)
        return conversations_of(info.context, self.key, filter_of(known(filter)), order, page)

    @strawberry.field(description="Over the signals of all the user's conversations, as one stream.")
    async def coherence(
        self,
        info: Info,
        window: Duration = Duration(300),  # noqa: B008 - immutable
        step: Duration | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
        sources: list[str] | None = strawberry.UNSET,
    ) -> Coherence:
        return await coherence_of(info.context, Pool.USER, self.key, window, step, time_range, sources)

    @strawberry.field
    async def signal_summary(
        self,
        info: Info,
        agent_id: str | None = strawberry.UNSET,
        time_range: Annotated[TimeRange | None, strawberry.argument(name="range")] = strawberry.UNSET,
    ) -> SignalSummary:
        wanted = SignalFilter(range=range_of(time_range), agent_id=known(agent_id))
        return await summary_of(info.context, self.key, wanted)

    @strawberry.field(
        description="Those of the user's conversations, and those whose `userId` is the username."
    )
    def anomalies(
        self,
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[Anomaly]:
        page = ANOMALIES.page(first, after, last, before)
        return anomalies_of_user(info.context, self.key, page)
