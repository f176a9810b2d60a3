"""Finds out who is asking, and notices when that no longer holds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette import types as asgi
from starlette.datastructures import Headers

from app.auth import cookies, cross_site, keeping, queries, tokens
from app.auth.viewer import LOCAL, NOBODY, Means, Viewer
from app.background import beside
from app.database.engine import Database
from app.settings import Settings

logger = logging.getLogger(__name__)

RECHECK: Final = 1.0
"""Seconds that a key or session may have been revoked before that shows."""
KEEP: Final = 10.0
"""Seconds between two writes of when keys and sessions were last used."""
_MOST_KNOWN: Final = 10_000

type _Find = Callable[[AsyncConnection, bytes], Awaitable[Viewer | None]]


class Auth:
    """One a process. What it has found out it believes for a second."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.settings = settings
        self._database = database
        self._known: dict[bytes, tuple[Viewer, float]] = {}
        self._held: dict[Viewer, set[asyncio.Event]] = {}
        self._used: dict[UUID, tuple[Means, datetime]] = {}
        self._kept = monotonic()

    async def viewer_of(self, scope: asgi.Scope) -> Viewer:
        """Of a request, or of a WebSocket's handshake: by its key, or else by its session's cookie.

        Forbidden where a page of another site has sent that; Unavailable where the database cannot tell.
        """
        if self.settings.auth == "local":
            return LOCAL
        given = Headers(scope=scope).get("authorization")
        if given is not None:
            return await self.by_authorization(given)
        token = cookies.read(scope, self.settings)
        viewer = await self._found(token, queries.of_session) if token else NOBODY
        if viewer != NOBODY:
            cross_site.check_session(scope, self.settings)
        return viewer

    async def by_authorization(self, given: object) -> Viewer:
        """By what `Authorization` says, in a header or in a WebSocket's connection_init."""
        if self.settings.auth == "local":
            return LOCAL
        scheme, _, token = given.partition(" ") if isinstance(given, str) else ("", "", "")
        if scheme.lower() != "bearer" or not token.startswith(tokens.KEY):
            return NOBODY
        return await self._found(token, queries.of_key)

    async def _found(self, token: str, find: _Find) -> Viewer:
        if len(token) > tokens.LONGEST:
            return NOBODY
        token_hash = tokens.hash_of(token)
        viewer, since = self._known.get(token_hash, (NOBODY, 0.0))
        if viewer == NOBODY or monotonic() - since > RECHECK:
            async with self._database.read(newest=True) as connection:
                viewer = await find(connection, token_hash) or NOBODY
            self._known.pop(token_hash, None)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            if viewer != NOBODY:
                self._known[token_hash] = viewer, monotonic()
        if viewer.credential is not None:
            self._used[viewer.credential] = viewer.means, datetime.now(UTC)
        return viewer

    @contextmanager
    def hold(self, viewer: Viewer) -> Iterator[asyncio.Event]:
        """For what goes on for longer than a moment: an event that is set when it has to end, as the viewer's session
        or key has ended, or allows something else by now.
        """
        ended = asyncio.Event()
        if viewer.credential is None:
            yield ended
            return
        self._held.setdefault(viewer, set()).add(ended)
        try:
            yield ended
        finally:
            holders = self._held.get(viewer, set())
            holders.discard(ended)
            if not holders:
                self._held.pop(viewer, None)

    def end(self, credential: UUID) -> None:
        """What has been revoked here ends at once, here; elsewhere within a second or two."""
        for token_hash, (viewer, _) in list(self._known.items()):
            if viewer.credential == credential:
                del self._known[token_hash]
        for viewer, holders in self._held.items():
            if viewer.credential == credential:
                for ended in holders:
                    ended.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks after those who are there for as long as the block runs."""
        if self.settings.auth == "local":
            yield
            return
        try:
            async with beside(self._watch()):
                yield
        finally:
            await self._try(self._keep)

    async def _watch(self) -> None:
        pause = min(KEEP, self.settings.session_idle / 4)
        while True:
            await asyncio.sleep(RECHECK)
            await self._try(self._recheck)
            if monotonic() - self._kept > pause:
                await self._try(self._keep)

    @staticmethod
    async def _try(job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except Exception as error:  # noqa: BLE001 - whatever it was, one can try again
            logger.warning("sessions and keys could not be looked after: %r; it is tried again", error)

    async def _recheck(self) -> None:
        ids: dict[Means, list[UUID]] = {Means.KEY: [], Means.SESSION: []}
        for viewer in self._held:
            if viewer.credential is not None:
                ids[viewer.means].append(viewer.credential)
        if not any(ids.values()):
            return
        async with self._database.read(newest=True) as connection:
            current = await queries.current(connection, ids[Means.KEY], ids[Means.SESSION])
        for viewer in list(self._held):
            if viewer.credential is not None and current.get(viewer.credential) != viewer:
                for ended in self._held[viewer]:
                    ended.set()

    async def _keep(self) -> None:
        """Writes when keys and sessions were last used: of all that were, at once."""
        used, self._used = self._used, {}
        self._kept = monotonic()
        if used:
            idle = timedelta(seconds=self.settings.session_idle)
            await keeping.keep(self._database, used, idle)
