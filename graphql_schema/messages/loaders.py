"""Messages of many conversations at once."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.paging import Page, Slice
from app.messages import queries
from app.signals.queries import SignalKey
from graphql_schema.connections import MESSAGES, Connection, Edge, edges
from graphql_schema.context import Context, Loader
from graphql_schema.messages.types import Message


class MessageLoader(Loader[int, None, Message | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[int], arguments: None
    ) -> dict[int, Message | None]:
        found = await queries.by_ids(connection, self.rights, keys)
        return {key: Message.of(row) for key, row in found.items()}

    def missing(self) -> None:
        return None


class RecordedMessages(Loader[SignalKey, None, Message | None]):
    """By the signals that they are recorded as."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[SignalKey], arguments: None
    ) -> dict[SignalKey, Message | None]:
        found = await queries.of_signals(connection, self.rights, keys)
        return {key: Message.of(row) for key, row in found.items()}

    def missing(self) -> None:
        return None


class MessagePages(Loader[UUID, Page, Slice[Edge[Message]]]):
    """By conversation."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: Page
    ) -> dict[UUID, Slice[Edge[Message]]]:
        pages = await queries.pages_of_conversations(connection, keys, arguments)
        return {key: edges(MESSAGES, page, Message.of) for key, page in pages.items()}


class MessageCounts(Loader[UUID, None, int]):
    """By conversation."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, int]:
        return await queries.counts_of_conversations(connection, keys)

    def missing(self) -> int:
        return 0


def messages_of(context: Context, conversation: UUID, page: Page) -> Connection[Message]:
    return Connection(
        paged=MESSAGES,
        load=lambda: context.loader(MessagePages).load(conversation, page),
        count=lambda: context.loader(MessageCounts).load(conversation, None),
    )
