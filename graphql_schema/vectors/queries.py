"""Search by meaning."""

from time import perf_counter

import strawberry

from app.conversations import queries as conversations
from app.conversations.service import no_such_conversation
from graphql_schema.context import Info
from graphql_schema.inputs import known
from graphql_schema.vectors.loaders import AsOfLoader, signals_of
from graphql_schema.vectors.types import SimilarSignal


@strawberry.type
class VectorQueries:
    @strawberry.field(description="Signals whose meaning is nearest to the text; `first` is 0 to 100.")
    async def search_signals(
        self, info: Info, text: str, first: int = 10, context_window_id: str | None = strawberry.UNSET
    ) -> list[SimilarSignal] | None:
        began = perf_counter()
        as_of = await info.context.loader(AsOfLoader).load(None, None)  # before the index is asked
        context, key, conversation = info.context, known(context_window_id), None
        if key is not None:
            async with context.read() as connection:
                conversation = await conversations.id_of(connection, context.rights, key)
            if conversation is None:
                raise no_such_conversation("contextWindowId")
        matches = await context.services.vectors.search(
            context.rights, text, first, conversation, newest=context.newest
        )
        return await signals_of(context, matches, began, as_of)
