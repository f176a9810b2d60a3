"""The pool of connections to PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from itertools import count
from typing import Any, cast

import asyncpg
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.database.base import to_json
from app.database.direct import CUSTOM, Direct, Prepared
from app.database.replica import OPTION
from app.errors import Refused, TooSlow, Unavailable
from app.realtime.changes import Changes

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
_DEADLOCK = "40P01"
_SERIALIZATION = "40001"
_CANCELED = "57014"

_CHANGES = "changes"
# Of pgvector: how much of its index a search looks at, and that it looks further where conditions leave too few.
_HNSW = {"hnsw.ef_search": "100", "hnsw.iterative_scan": "strict_order"}
_GONE = "The database cannot be reached at the moment; try again."
_SHORT = "The database has no room or memory left for this at the moment; try again later."
_SHORT_OF = ("53", "58")
"""Classes of PostgreSQL's codes: insufficient resources, a full disk above all, and errors of the system below it."""
_TOO_SLOW = "The database has taken too long over this; ask for less at once."


def asyncpg_url(url: str) -> URL:
    """`url` (postgres://, postgresql://, with libpq's `sslmode`) as SQLAlchemy's asyncpg dialect takes it."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError(f"COHERENCE_DATABASE_URL names {parsed.drivername}; it takes postgresql://…")
    query = dict(parsed.query)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername="postgresql+asyncpg", query=query)


class Database:
    """Connections for one job each: `read()` for one statement or a few that need not agree, `write()` for a
    transaction. Nobody keeps one while waiting for something else that needs one (a loader, above all).

    Reads have a pool of their own, where every statement is planned for its arguments: a plan for any arguments
    takes a list of ids for a few, and what takes 10 ms takes 80 from its sixth time on. Writes must not: a foreign
    key is checked by such a statement a row.
    """

    def __init__(
        self, url: str, *, replica_url: str | None = None, pool_size: int = 10, read_timeout: float = 0
    ) -> None:
        """`read_timeout`: seconds that one statement of `read` may take; 0: any time."""
        self.tell: Callable[[Changes], None] | None = None
        """Called with what a transaction has changed, after its commit."""
        self.engine = _engine(url, pool_size)
        self._steps = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._snapshots = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._apart = _engine(url, 1).execution_options(isolation_level="AUTOCOMMIT")
        limited = _HNSW | {"statement_timeout": f"{read_timeout * 1_000:.0f}"}
        reads = _engine(replica_url or url, pool_size, **limited, plan_cache_mode=CUSTOM)
        self._reads = reads.execution_options(
            isolation_level="AUTOCOMMIT", **{OPTION: replica_url is not None}
        )
        _, options = reads.dialect.create_connect_args(reads.url)
        few = max(pool_size // 2, 1)  # of single statements, which are soon over
        self._fast_reads = Direct({**options, **_session(limited)}, few)
        _, options = self.engine.dialect.create_connect_args(self.engine.url)
        self._fast_writes = Direct({**options, **_session({})}, few)

    @asynccontextmanager
    async def read(self, *, newest: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements each see a committed state: where there is a replica, its own, unless it has
        to be the newest. Unavailable where there is none.
        """
        with _unavailable():
            async with _connected(self._steps if newest else self._reads) as connection:
                yield connection

    async def fast_read(self, statement: Prepared, given: Mapping[str, Any]) -> Any:
        """The one row of a statement, read where `read` does. Unavailable where there is no connection."""
        return await self._fast(self._fast_reads, statement, given)

    async def fast_write(self, statement: Prepared, given: Mapping[str, Any]) -> Any:
        """The first row, or None, of a statement that is a transaction. Unavailable where there is no connection, or
        no more: it may have been committed all the same.
        """
        return await self._fast(self._fast_writes, statement, given)

    @staticmethod
    async def _fast(direct: Direct, statement: Prepared, given: Mapping[str, Any]) -> Any:
        with _unavailable():
            try:
                return await direct.row(statement, given)
            except (OSError, TimeoutError, asyncpg.exceptions.InternalClientError) as error:
                raise Unavailable(_GONE) from error

    @asynccontextmanager
    async def steps(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements are each a transaction of its own, for work in steps."""
        with _unavailable():
            async with _connected(self._steps) as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see one committed state, the newest."""
        with _unavailable():
            async with _connected(self._snapshots) as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncConnection]:
        """A connection beside the pools, for one who keeps it; it is closed afterwards."""
        with _unavailable():
            async with _connected(self._apart) as connection:
                try:
                    yield connection
                finally:
                    await connection.invalidate()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end of the block and rolled back where it raises."""
        made = Changes()
        with _unavailable():
            async with _connected(self.engine) as connection, connection.begin():
                connection.info[_CHANGES] = made
                yield connection
        if made and self.tell is not None:
            self.tell(made)

    async def answers(self) -> bool:
        """Whether the database, and its replica, answer within two seconds."""
        try:
            for newest in (True, False):
                async with asyncio.timeout(2), self.read(newest=newest) as connection:
                    await connection.exec_driver_sql("SELECT 1")
        except (TimeoutError, Refused, DBAPIError):
            return False
        return True

    async def close(self) -> None:
        await self.engine.dispose()
        await self._reads.dispose()
        await self._fast_reads.close()
        await self._fast_writes.close()
        await self._apart.dispose()


def _engine(url: str, pool_size: int, **session: str) -> AsyncEngine:
    engine = create_async_engine(
        asyncpg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        json_serializer=to_json,
        hide_parameters=True,
        connect_args=_session(session),
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _session(settings: dict[str, str]) -> dict[str, Any]:
    """What asyncpg is to open connections with."""
    return {"server_settings": {"application_name": "coherence", "timezone": "UTC"} | settings}


def _refuse_closed(connection: Any, *_: object) -> None:
    """Has the pool open another one in place of a connection that the server has closed.

    The driver knows by itself: to ask the server each time would take three round trips.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.connect())
        except OSError as error:  # refused at all addresses, no such host or socket, no route, too late
            raise Unavailable(_GONE) from error
        yield connection


def changes_of(connection: AsyncConnection) -> Changes:
    """Where a transaction (`Database.write`) notes what those are told who wait for it."""
    return cast(Changes, connection.info[_CHANGES])


async def driver(connection: AsyncConnection) -> asyncpg.Connection:
    """Asyncpg's own connection, inside the same transaction: for statements on whole columns."""
    pg = cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)
    # SQLAlchemy sends BEGIN no sooner than with a statement of its own.
    if not pg.is_in_transaction():  # type: ignore[no-untyped-call]
        await connection.exec_driver_sql("SELECT 1")
    return pg


def repeated_after_deadlock[**P, T](
    transaction: Callable[P, Awaitable[T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Runs a function that is one transaction again where PostgreSQL has ended it to resolve a deadlock.

    Our own locks never wait in a circle. TimescaleDB's can: a new chunk waits for all who write conversations.
    """

    @wraps(transaction)
    async def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in count(1):
            try:
                return await transaction(*args, **kwargs)
            except DBAPIError as error:
                if attempt == MOST_ATTEMPTS or getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                    raise
                cause = getattr(error.orig, "__cause__", None)
            except asyncpg.DeadlockDetectedError as error:  # of a statement that went round SQLAlchemy
                if attempt == MOST_ATTEMPTS:
                    raise
                cause = error
            logger.info("a transaction is repeated after a deadlock: %s", getattr(cause, "detail", None))
        raise AssertionError

    return again


class _unavailable:  # noqa: N801 - reads as the context manager it is
    """Turns the database's absence into `Unavailable`, and its being too slow into `TooSlow`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if sqlstate(error) == _CANCELED:
            raise TooSlow(_TOO_SLOW) from error
        if is_unavailable(error):
            if _is_short(error):
                logger.warning("the database is short of something: %s", type(_cause(error)).__name__)
            raise Unavailable(reason_of(error)) from error


def _cause(error: BaseException | None) -> BaseException | None:
    """The driver's own, whichever way the statement went."""
    return getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error


def _is_short(error: BaseException | None) -> bool:
    """Whether `error` says that the database is there, and has no room, memory or connection for this."""
    return (sqlstate(error) or "").startswith(_SHORT_OF)


def reason_of(error: BaseException | None) -> str:
    """What to tell a client of an error that `is_unavailable`."""
    return _SHORT if _is_short(error) else _GONE


def is_unavailable(error: BaseException | None) -> bool:
    """Whether `error` says that the database is gone, starting, stopping, or out of connections, room or memory."""
    if _is_short(error):
        return True
    if isinstance(error, DBAPIError):
        return (
            error.connection_invalidated
            or is_unavailable(getattr(error.orig, "__cause__", None))
            or (
                isinstance(error, InterfaceError | OperationalError)
                and not isinstance(getattr(error.orig, "__cause__", None), asyncpg.exceptions.PostgresError)
            )
        )
    return isinstance(
        error,
        PoolTimeout
        | ConnectionError
        | asyncpg.exceptions.PostgresConnectionError
        | asyncpg.exceptions.CannotConnectNowError
        | asyncpg.exceptions.AdminShutdownError
        | asyncpg.exceptions.CrashShutdownError
        | asyncpg.exceptions.InterfaceError,
    )


def sqlstate(error: BaseException | None) -> str | None:
    """PostgreSQL's own code of the failure, whichever way the statement went."""
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return code if isinstance(code, str) else None


def is_transient(error: BaseException | None) -> bool:
    """Whether the same transaction may well succeed in a moment."""
    return (
        isinstance(error, Unavailable)
        or is_unavailable(error)
        or sqlstate(error) in {_DEADLOCK, _SERIALIZATION}
    )
