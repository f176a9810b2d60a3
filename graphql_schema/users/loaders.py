"""Users by id and in pages."""

from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.auth import queries as auth
from app.auth.viewer import Means
from app.database.paging import Page, Slice
from app.errors import Forbidden
from app.users import queries
from app.users.queries import UserFilter
from graphql_schema.connections import USERS, Connection, Edge, edges
from graphql_schema.context import Context, Loader
from graphql_schema.users.types import PersonalInformation, User


class UserLoader(Loader[UUID, None, User | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, User | None]:
        return {
            key: User.of(row) for key, row in (await queries.by_ids(connection, self.rights, keys)).items()
        }

    def missing(self) -> None:
        return None


class PersonalInformationLoader(Loader[UUID, None, PersonalInformation | None]):
    """For administrators whose name can be noted: what is read for all who follow the same is nobody's reading."""

    async def _load_batch(self, keys: list[tuple[UUID, None]]) -> list[PersonalInformation | None]:
        viewer = self.context.viewer
        if not viewer.administrator or viewer.means is Means.NONE:
            raise Forbidden("personalInformation is shown to administrators alone, and in no subscription.")
        rows = await self.services.users.personal_information(
            self.rights, [key for key, _ in keys], actor=viewer.name
        )
        return [PersonalInformation.of(rows[key]) if key in rows else None for key, _ in keys]


class IdentityLoader(Loader[UUID, None, Any | None]):
    """Where users sign in, and who they are there: for themselves and administrators."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: None
    ) -> dict[UUID, Any | None]:
        return dict(await auth.identities(connection, keys))

    def missing(self) -> None:
        return None

    def load(self, key: UUID, arguments: None) -> Awaitable[Any | None]:
        if not self.rights.administrator and key != self.context.viewer.user_id:
            raise Forbidden("ssoProvider and ssoId are shown to the user and to administrators alone.")
        return super().load(key, arguments)


class UserPages(Loader[None, tuple[UserFilter, Page], Slice[Edge[User]]]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[None], arguments: tuple[UserFilter, Page]
    ) -> dict[None, Slice[Edge[User]]]:
        return {None: edges(USERS, await queries.page(connection, self.rights, *arguments), User.of)}


class UserCounts(Loader[None, UserFilter, int]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[None], arguments: UserFilter
    ) -> dict[None, int]:
        return {None: await queries.count(connection, self.rights, arguments)}


def users_of(context: Context, wanted: UserFilter, page: Page) -> Connection[User]:
    async def load() -> Slice[Edge[User]]:
        found = await context.loader(UserPages).load(None, (wanted, page))
        known = context.loader(UserLoader)
        for edge in found.rows:
            known.prime(edge.node.key, None, edge.node)
        return found

    return Connection(
        paged=USERS,
        load=load,
        count=lambda: context.loader(UserCounts).load(None, wanted),
    )
