"""What a resolver finds in `info.context`."""

import asyncio
from collections.abc import Awaitable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from app.auth.viewer import Rights, Viewer
from app.errors import Refused
from app.rates import payer
from app.realtime import queries
from app.services import Services

READING: Final = "reading"
"""Whether nothing but an answer comes of a request, and so nothing is lost where nobody waits for it."""


ATTEMPT: Final = "attempt"
"""Where a request keeps what has become of its operation before the executor gets it."""

BATCH_ROWS: Final = "batch_rows"
"""Rows that the operations of one request can return together, where it is a list of them."""


class Asked(NamedTuple):
    """An operation as it came: equal ones are answered alike."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


@dataclass(slots=True)
class Attempt:
    """How far an operation has come, so that nothing of it is done twice: charged, planned, stored."""

    charged: bool = False
    """Whether its cost has been charged."""
    refused: Refused | None = None
    """Why its cost could not be."""
    signals: int = 0
    """How many signals it has been charged for that are not stored yet."""
    planned: bool = False
    """Whether a plan of it has been run. If that has not answered, no other one will."""
    failure: Exception | None = None
    """What the plan has ended with."""
    sent: bool = False
    """Whether the plan has sent its first statement that stores something. Then nothing is sent again: what has become
    of it is looked up, or told as unknown.
    """
    stored: Any = None
    """What has been stored then, as far as that is known."""

    def check(self) -> None:
        """Raise what has ended the plan, unless the executor may begin anew."""
        if self.failure is not None and (self.sent or isinstance(self.failure, Refused)):
            raise self.failure


@dataclass(slots=True)
class Context:
    """One operation's. `loaders` are its own: what one operation has read is never shown to another."""

    services: Services
    request_id: str
    viewer: Viewer
    address: str = ""
    """The client's."""
    connection_params: dict[str, object] | None = None
    now: datetime | None = None
    """The database's time, once it is known."""
    as_json: bool = False
    """Whether nobody but the client reads what is answered: it may be made as JSON then (graphql_schema/plans/)."""
    streams: bool = True
    """Whether the transport carries more than one answer, as subscriptions need it."""
    asked: Asked | None = None
    """The operation as it came, once it may be executed."""
    attempt: Attempt = field(default_factory=Attempt)
    """The operation's."""
    request: dict[str, Any] = field(default_factory=dict)
    """What the transport knows of the request that brought it; READING is set once it may be left off."""
    cost: Mapping[str, int] = field(default_factory=dict)
    """What `extensions.cost` says; `rows` is what it is charged."""
    newest: bool = False
    """Whether reads have to see what has just been written, and so may not go to a replica."""
    loaders: dict[type, Any] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    """Long lists among the operation's variables, read beforehand (graphql_schema/batches.py)."""
    duplicates: list[str] = field(default_factory=list)
    """Response keys of fields whose signal had been stored before."""
    reading: set[asyncio.Task[Any]] = field(default_factory=set)
    """What reads for several fields at once. It outlasts any one of them, and ends with the operation."""
    arrivals: asyncio.Task[int] | None = None
    """Dealing with what had arrived when a query first asked for it."""
    clock: asyncio.Task[datetime] | None = None
    """Reading the time."""

    @property
    def rights(self) -> Rights:
        """What all reads of the operation are for."""
        return self.viewer.rights

    @property
    def payer(self) -> str:
        """Who is charged for it."""
        return payer(self.viewer, self.address)

    async def charge(self, rows: int) -> None:
        """Charge the operation's cost, once however often it is begun. RateLimited where so many rows are not left;
        nothing is free.
        """
        attempt = self.attempt
        if not attempt.charged:
            attempt.charged = True
            try:
                await self.services.rates.cost.charge(self.payer, max(rows, 1))
            except Refused as refused:
                attempt.refused = refused
        if attempt.refused is not None:
            raise attempt.refused

    async def charge_signals(self, count: int) -> None:
        """Charge for signals that are about to be stored, but for those that have been charged and were not stored.
        RateLimited where so many are not left.
        """
        paid = min(self.attempt.signals, count)
        if count > paid:
            await self.services.rates.signals.charge(self.payer, count - paid)
        self.attempt.signals = 0

    def add_to_batch(self, rows: int) -> int:
        """Return the rows that the operations of this one's request can return together so far, by it as well."""
        if BATCH_ROWS in self.request:
            self.request[BATCH_ROWS] += rows
        return int(self.request.get(BATCH_ROWS, rows))

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to read from."""
        return self.services.database.read(newest=self.newest)

    async def time(self) -> datetime:
        """Return the database's time: what says "now" says the same in all of an answer."""
        if self.now is None:
            if self.clock is None:
                self.clock = asyncio.create_task(self._read_time())
            self.now = await asyncio.shield(self.clock)
        return self.now

    async def _read_time(self) -> datetime:
        async with self.read() as connection:
            return await queries.clock(connection)

    async def arrivals_dealt_with(self) -> None:
        """Has classes and anomalies be known of all that was stored when the operation first asked for them."""
        if self.arrivals is None or self.newest:
            self.arrivals = asyncio.create_task(self.services.arrivals.work_off())
        await asyncio.shield(self.arrivals)

    def loader[L: "Loader[Any, Any, Any]"](self, kind: type[L]) -> L:
        """The operation's one loader of this class."""
        loader = self.loaders.get(kind)
        if loader is None:
            loader = self.loaders[kind] = kind(self)
        return loader


type Info = StrawberryInfo[Context, None]


class Loader[K: Hashable, A: Hashable, V]:
    """Loads (key, arguments) in batches: one connection a batch, one statement per distinct arguments.

    A batch never waits for another loader while it holds its connection.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.services = context.services
        self.rights = context.rights
        self._loader: DataLoader[tuple[K, A], V] = DataLoader(self._load_batch)

    async def read(self, connection: AsyncConnection, keys: Sequence[K], arguments: A) -> dict[K, V]:
        """Values by key; a key that is missing gets `missing()`."""
        raise NotImplementedError

    def missing(self) -> V:
        raise NotImplementedError

    def load(self, key: K, arguments: A) -> Awaitable[V]:
        """Several fields may wait for the same: where one is given up, as another beside it has failed, the others get
        it all the same.
        """
        return asyncio.shield(self._loader.load((key, arguments)))

    def prime(self, key: K, arguments: A, value: V) -> None:
        """Tells a value that was read some other way."""
        self._loader.prime((key, arguments), value)

    async def _load_batch(self, keys: list[tuple[K, A]]) -> list[V]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        reading = self.context.reading
        reading.add(task)
        task.add_done_callback(reading.discard)
        groups: dict[A, list[K]] = {}
        for key, arguments in keys:
            groups.setdefault(arguments, []).append(key)
        values: dict[tuple[K, A], V] = {}
        async with self.context.read() as connection:
            for arguments, members in groups.items():
                found = await self.read(connection, members, arguments)
                values.update(((key, arguments), value) for key, value in found.items())
        return [values[key] if key in values else self.missing() for key in keys]
