"""The schema: its domains put together."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext, PreExecutionError

from app.errors import BadUserInput
from app.settings import Settings
from graphql_schema.anomalies.loaders import AnomalyLoader
from graphql_schema.anomalies.queries import AnomalyQueries
from graphql_schema.anomalies.subscriptions import AnomalySubscriptions
from graphql_schema.auth.mutations import AuthMutations
from graphql_schema.auth.queries import AuthQueries
from graphql_schema.batches import Batches, Reader, read_fast
from graphql_schema.coherence.queries import CoherenceQueries
from graphql_schema.coherence.subscriptions import CoherenceSubscriptions
from graphql_schema.context import Context, Info
from graphql_schema.conversations.loaders import ConversationLoader
from graphql_schema.conversations.mutations import ConversationMutations
from graphql_schema.conversations.queries import ConversationQueries
from graphql_schema.conversations.subscriptions import ConversationSubscriptions
from graphql_schema.documents import Documents, trusted
from graphql_schema.door import Door
from graphql_schema.errors import described
from graphql_schema.executor import Executor
from graphql_schema.limits import limits
from graphql_schema.messages.loaders import MessageLoader
from graphql_schema.messages.mutations import MessageMutations
from graphql_schema.messages.queries import MessageQueries
from graphql_schema.messages.subscriptions import MessageSubscriptions
from graphql_schema.nodes import Node, parse
from graphql_schema.operations import Carried, FreshContext, OperationLog
from graphql_schema.plans import Plans
from graphql_schema.scalars import SCALARS
from graphql_schema.signals.inputs import SignalInput
from graphql_schema.signals.loaders import SignalLoader
from graphql_schema.signals.mutations import SignalMutations
from graphql_schema.signals.queries import SignalQueries
from graphql_schema.signals.subscriptions import SignalSubscriptions
from graphql_schema.status.queries import StatusQueries
from graphql_schema.streams import Followed, Streams
from graphql_schema.users.loaders import UserLoader
from graphql_schema.users.mutations import UserMutations
from graphql_schema.users.queries import UserQueries
from graphql_schema.validation import validation
from graphql_schema.vectors.queries import VectorQueries

MOST_NODES = 1_000

_LOADERS: dict[str, Any] = {
    "User": UserLoader,
    "Conversation": ConversationLoader,
    "Signal": SignalLoader,
    "Anomaly": AnomalyLoader,
    "Message": MessageLoader,
}


async def _node(context: Context, global_id: str, field: str) -> Node | None:
    type_name, key = parse(global_id, field)
    if type_name not in _LOADERS:
        return None
    return await context.loader(_LOADERS[type_name]).load(key, None)  # type: ignore[no-any-return]


async def _node_or_fault(context: Context, global_id: str) -> Node | BadUserInput | None:
    try:
        return await _node(context, global_id, "ids")
    except BadUserInput as fault:
        return fault


@strawberry.type
class NodeQueries:
    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await _node(info.context, id, "id")

    @strawberry.field(
        description="At most 1 000, in the order of `ids`; null for what is not there, and, with an error at its place, "
        "for what is no id."
    )
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise BadUserInput(f"ids has {len(ids)} items; it takes up to {MOST_NODES}.", field="ids")
        # The executor raises an exception that stands in a list where the item would be.
        found: list[Any] = await asyncio.gather(
            *(_node_or_fault(info.context, global_id) for global_id in ids)
        )
        return found


@strawberry.type(
    description="Fields but `nodes` and `status` are nullable at the root, so that one that fails leaves the others of "
    "its document: null, with an error. An id that is none is null in `nodes`, with an error at its place."
)
class Query(
    NodeQueries,
    StatusQueries,
    UserQueries,
    ConversationQueries,
    SignalQueries,
    CoherenceQueries,
    AnomalyQueries,
    MessageQueries,
    AuthQueries,
    VectorQueries,
): ...


@strawberry.type
class Mutation(UserMutations, ConversationMutations, SignalMutations, MessageMutations, AuthMutations): ...


@strawberry.type
class Subscription(
    CoherenceSubscriptions,
    SignalSubscriptions,
    MessageSubscriptions,
    ConversationSubscriptions,
    AnomalySubscriptions,
): ...


class Schema(strawberry.Schema):
    documents: Documents
    streams: Streams
    readers: Sequence[Reader]
    """Of lists that are read from the request's text."""
    plans: Plans | None
    """None where every operation is executed."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Codes for the client and details for the log, in place: every result passes here."""
        if execution_context is not None:
            document = execution_context.graphql_document
            request_id = getattr(execution_context.context, "request_id", None)
            errors[:] = [described(error, document, request_id) for error in errors]

    async def stream(self, *arguments: Any, **more: Any) -> Any:
        """Subscriptions go on with what all who follow the same share (graphql_schema/streams.py)."""
        request_id = getattr(more.get("context_value"), "request_id", None)
        return self._to_its_end(self._stream_on(await super().stream(*arguments, **more)), request_id)

    @staticmethod
    async def _to_its_end(results: AsyncGenerator[Any], request_id: str | None) -> AsyncIterator[Any]:
        """A failure that nobody expected is told like any other."""
        async with aclosing(results):
            try:
                async for result in results:
                    yield result
            except Exception as error:  # noqa: BLE001 - whatever it is
                fault = described(GraphQLError(str(error), original_error=error), None, request_id)
                yield PreExecutionError(None, [fault])

    async def _stream_on(self, results: Any) -> AsyncGenerator[Any]:
        shared: AsyncGenerator[Any] | None = None
        async with aclosing(results):
            async for result in results:
                if isinstance(result.data, Followed):
                    shared = self.streams.follow(result.data)
                else:
                    yield result
        if shared is not None:
            del result, results  # what has begun it is kept for every subscriber, otherwise
            async with aclosing(shared):
                async for result in shared:
                    yield result


def build_schema(settings: Settings | None = None) -> Schema:
    """The served schema, with the limits of `settings`."""
    settings = settings or Settings()
    documents = Documents(settings)
    extensions: list[type[SchemaExtension]] = [
        FreshContext,
        OperationLog,
        Door,
        trusted(settings, documents),
        Carried,
        limits(settings),
        validation(),
        Batches,
    ]
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=extensions,
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    for kind in schema._schema.type_map.values():  # noqa: SLF001 - Strawberry does not tell GraphQL of them
        if isinstance(kind, GraphQLInputObjectType):
            kind.is_one_of = kind.extensions["strawberry-definition"].is_one_of
    schema.readers = [read_fast(schema, SignalInput)]
    schema.plans = Plans() if settings.plans else None
    schema.documents = documents
    schema.streams = Streams(settings.max_followed, max(settings.pool_size // 2, 1))
    return schema
