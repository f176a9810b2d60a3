"""Conversations by id, and those of many users at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.conversations import queries
from app.conversations.queries import ConversationFilter, ConversationOrder
from app.conversations.service import no_such_conversation
from app.database.paging import Page, Slice
from graphql_schema.connections import Connection, Edge, Paged, edges
from graphql_schema.context import Context, Loader
from graphql_schema.conversations.types import Conversation
from graphql_schema.nodes import conversation_reference


class ConversationLoader(Loader[UUID, None, Conversation | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, Conversation | None]:
        found = await queries.by_ids(connection, self.rights, keys)
        return {key: Conversation.of(row) for key, row in found.items()}

    def missing(self) -> None:
        return None


async def find_key(context: Context, given: str, field: str) -> UUID | None:
    """Return the key of the conversation that an id or a contextWindowId names; None where there is none of that name.

    BadUserInput for another type's id. Rights are checked by what is done with the key.
    """
    reference = conversation_reference(given, field)
    if isinstance(reference, UUID):
        return reference
    async with context.read() as connection:
        return await queries.find(connection, reference, field)


async def require_key(context: Context, given: str, field: str) -> UUID:
    """Return the key that `find_key` finds; NotFound where there is none."""
    key = await find_key(context, given, field)
    if key is None:
        raise no_such_conversation(field)
    return key


class ShareLoader(Loader[UUID, None, tuple[bool, str | None]]):
    """Whether it is shared, and the token for who may share it."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, tuple[bool, str | None]]:
        found = await self.services.conversations.key.using(
            self.services.database, partial(queries.share_tokens, connection, self.rights, keys)
        )
        return {key: (True, token) for key, token in found.items()}

    def missing(self) -> tuple[bool, str | None]:
        return False, None


type PageArguments = tuple[ConversationFilter, ConversationOrder, Page]


class ConversationPages(Loader[UUID | None, PageArguments, Slice[Edge[Conversation]]]):
    """By user; None for those of all."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: PageArguments
    ) -> dict[UUID | None, Slice[Edge[Conversation]]]:
        paged = paged_by(arguments[1])
        found: dict[UUID | None, Slice[Edge[Conversation]]] = {}
        if None in keys:
            found[None] = edges(
                paged, await queries.page(connection, self.rights, *arguments), Conversation.of
            )
        if users := [key for key in keys if key is not None]:
            pages = await queries.pages_of_users(connection, self.rights, users, *arguments)
            found |= {user: edges(paged, page, Conversation.of) for user, page in pages.items()}
        return found


class ConversationCounts(Loader[UUID | None, ConversationFilter, int]):
    """By user; None for those of all."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: ConversationFilter
    ) -> dict[UUID | None, int]:
        found: dict[Any, int] = {}
        if None in keys:
            found[None] = await queries.count(connection, self.rights, arguments)
        if users := [key for key in keys if key is not None]:
            found |= await queries.counts_of_users(connection, self.rights, users, arguments)
        return found

    def missing(self) -> int:
        return 0


def paged_by(order: ConversationOrder) -> Paged:
    """A cursor of one order says nothing in another."""
    direction = "desc" if order.descending else "asc"
    return Paged(f"conversations-{order.field.value.lower()}-{direction}")


def conversations_of(
    context: Context, user: UUID | None, wanted: ConversationFilter, order: ConversationOrder, page: Page
) -> Connection[Conversation]:
    async def load() -> Slice[Edge[Conversation]]:
        found = await context.loader(ConversationPages).load(user, (wanted, order, page))
        known = context.loader(ConversationLoader)
        for edge in found.rows:  # hidden ones too: what is in them may ask for them
            known.prime(edge.node.key, None, edge.node)
        return found

    return Connection(
        paged=paged_by(order),
        load=load,
        count=lambda: context.loader(ConversationCounts).load(user, wanted),
    )


async def shared_by(context: Context, token: str) -> Conversation | None:
    """What is in it may ask for it, and for nothing else that the viewer may not read."""
    async with context.read() as connection:
        row = await queries.by_share_token(connection, token)
    if row is None:
        return None
    conversation = Conversation.of(row)
    context.loader(ConversationLoader).prime(conversation.key, None, conversation)
    return conversation
