"""Subscriptions: what happens is read, executed and encoded once, however many wait for it.

A subscription's resolver says what it follows, and no more. All who follow one topic share its events, and those of
them who ask the same of an event, and have the same rights, share its result. Work that nobody waits for is stopped.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing, suppress
from contextvars import Context as Variables
from copy import copy
from dataclasses import dataclass, replace
from inspect import isawaitable
from itertools import chain
from time import monotonic
from typing import Any, Protocol, Self, runtime_checkable
from uuid import uuid4

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    Node,
    Undefined,
    VariableNode,
    Visitor,
    located_error,
    print_ast,
    visit,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app.auth.viewer import Viewer
from app.errors import RateLimited, Unavailable
from app.observability.statistics import Statistics
from app.realtime.board import Board, Reader
from app.realtime.topics import Live
from app.services import Services
from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from graphql_schema.errors import described

logger = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds that a reading may be old when it is the first that a newcomer gets."""
PATIENCE = 2.0
"""Seconds in which what is due has to be delivered when the server ends."""
_WAIT = 1.0
"""Seconds before an event is executed again where the database was away."""


class Topic(Protocol):
    """Equal ones are followed as one."""

    @property
    def most(self) -> int:
        """Events, of different keys, that are kept for those who are slow."""

    @property
    def replays(self) -> bool:
        """Whether who begins to follow gets what happened last."""

    def events(self, live: Live) -> AsyncGenerator[tuple[Hashable, Any]]:
        """Root values, each with the key whose earlier ones it takes the place of."""


@runtime_checkable
class Renewable(Protocol):
    """A root value that tells of a time, which goes on."""

    async def renewed(self, live: Live) -> Self:
        """Return the same event as of now."""


@dataclass(frozen=True, slots=True)
class Following:
    """What the resolver of a subscription yields, once."""

    topics: Sequence[Topic]


@dataclass(frozen=True, slots=True)
class Followed:
    """What comes of it: the stream goes on with what happens there."""

    topics: Sequence[Topic]
    executor: Any
    """GraphQL's, of the operation."""


class _Shared[K, V]:
    """A board with the task that writes it. It ends with its last user, or has nothing more to write."""

    def __init__(self, shared: dict[K, Self], key: K, most: int) -> None:
        self.board: Board[V] = Board(most)
        self._users = 0
        self._shared = shared
        self._key = key
        shared[key] = self
        # Of no request: what belongs to the first who joins must not leak in.
        self._task = asyncio.create_task(self._run(), context=Variables())

    def join(self) -> Self:
        self._users += 1
        return self

    def leave(self) -> None:
        self._users -= 1
        if not self._users:
            self._part()
            self._task.cancel()

    def _part(self) -> None:
        """Who comes from now on begins anew."""
        if self._shared.get(self._key) is self:
            del self._shared[self._key]

    async def _run(self) -> None:
        try:
            await self.write()
        except Exception:
            logger.exception("what is followed has failed")
        finally:
            self._part()
            self.board.close()

    async def write(self) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Event:
    key: Hashable
    root: Any
    """The root value, or the exception that has ended the topic."""


class _Source(_Shared[Topic, _Event]):
    """The events of a topic."""

    def __init__(self, sources: "dict[Topic, _Source]", topic: Topic, live: Live) -> None:
        super().__init__(sources, topic, topic.most)
        self._topic = topic
        self.live = live

    async def write(self) -> None:
        try:
            async with aclosing(self._topic.events(self.live)) as events:
                async for key, root in events:
                    self.board.write(key, _Event(key, root))
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are to hear of it
            self.board.write(None, _Event(None, error))


type _GroupKey = tuple[Topic, Hashable]
type _Execute = Callable[[_Event], Awaitable[ExecutionResult]]


class _Group(_Shared[_GroupKey, ExecutionResult]):
    """The results of the events of a topic, for those who ask the same of them."""

    def __init__(
        self, groups: "dict[_GroupKey, _Group]", key: _GroupKey, source: _Source, execute: _Execute
    ) -> None:
        self.topic = key[0]
        super().__init__(groups, key, self.topic.most)
        self._source = source.join()
        self._execute = execute
        self._after = 0 if self.topic.replays else source.board.number
        self._last: _Event | None = None
        self._made = 0.0
        self._turn = asyncio.Lock()

    def leave(self) -> None:
        super().leave()
        if not self._users:
            self._source.leave()

    async def write(self) -> None:
        with Reader[_Event]() as reader:
            reader.follow(self._source.board, self._after)
            async for event in reader:
                async with self._turn:
                    self.board.write(event.key, await self._execute(event))
                    self._last, self._made = event, monotonic()

    async def freshen(self) -> None:
        """Has what newcomers get be fresh: time goes on where nothing happens."""
        async with self._turn:
            if self._last is not None and monotonic() - self._made > FRESH:
                if isinstance(self._last.root, Renewable):
                    self._last = replace(self._last, root=await self._last.root.renewed(self._source.live))
                self.board.rewrite(self._last.key, await self._execute(self._last))
                self._made = monotonic()


class Streams:
    """All that is followed on a server: `most` different results of topics at a time, at most.

    `at_once`: events that are executed at a time, so that others get at the database too.
    """

    def __init__(self, most: int, at_once: int) -> None:
        self._most = most
        self._sources: dict[Topic, _Source] = {}
        self._groups: dict[_GroupKey, _Group] = {}
        self._turns = asyncio.Semaphore(at_once)

    def __len__(self) -> int:
        return len(self._groups)

    async def settle(self, live: Live) -> None:
        """Until all who follow have got what was due to them, as far as that is possible."""
        live.hurry.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await live.hub.look()
                while not self._idle(live):  # noqa: ASYNC110 - once in a server's life
                    await asyncio.sleep(0.01)

    def _idle(self, live: Live) -> bool:
        shared = chain[Any](self._sources.values(), self._groups.values())
        return live.hub.idle and all(one.board.idle for one in shared)

    async def follow(self, followed: Followed) -> AsyncGenerator[ExecutionResult]:
        """Ends where all topics have ended."""
        try:
            groups = self._join(followed)
        except RateLimited as error:
            yield PreExecutionError(None, [_fault(error, followed.executor, None)])
            return
        statistics: Statistics = followed.executor.context_value.services.statistics
        statistics.follows(1, len(self))
        del followed  # it would be kept for every subscriber
        try:
            await asyncio.gather(*(group.freshen() for group in groups if group.topic.replays))
            with Reader[ExecutionResult]() as reader:
                for group in groups:
                    reader.follow(group.board, 0 if group.topic.replays else group.board.number)
                async for result in reader:
                    statistics.delivers()
                    yield result
        finally:
            for group in groups:
                group.leave()
            statistics.follows(-1, len(self))

    def _join(self, followed: Followed) -> list[_Group]:
        asked = _asked(followed.executor), followed.executor.context_value.viewer.rights
        keys = [(topic, asked) for topic in followed.topics]
        if len(self._groups.keys() | keys) > self._most:
            raise RateLimited(f"{self._most} different readings are followed already; try again later.")
        return [(self._groups.get(key) or self._group(key, followed.executor)).join() for key in keys]

    def _group(self, key: _GroupKey, executor: Any) -> _Group:
        topic, services = key[0], executor.context_value.services
        source = self._sources.get(topic) or _Source(self._sources, topic, services.live)
        return _Group(self._groups, key, source, self._executes(executor, services))

    def _executes(self, executor: Any, services: Services) -> _Execute:
        viewer = Viewer.with_rights(executor.context_value.viewer.rights)
        operation = copy(executor)
        operation.context_value = None  # of whoever came first

        async def execute(event: _Event) -> ExecutionResult:
            while True:
                context = Context(services, f"live-{uuid4()}", viewer, newest=True)
                async with self._turns:
                    # To its end, though nobody may wait any more: GraphQL begins what it would never await.
                    result = await asyncio.shield(_executed(operation, event.root, context))
                if not any(
                    (error.extensions or {}).get("code") == Unavailable.code for error in result.errors or ()
                ):
                    return result
                await asyncio.sleep(_WAIT)

        return execute


async def _executed(operation: Any, root: Any, context: Context) -> ExecutionResult:
    """Encoded, with what is its own only: loaders, the time, and the rights of those who share it."""
    if isinstance(root, Exception):
        return ExecutionResult(None, [_fault(root, operation, context.request_id)])
    executor = operation.build_per_event_executor(root)
    executor.context_value = context
    result = executor.execute_operation()
    if isawaitable(result):
        result = await result
    errors = [described(error, None, context.request_id) for error in result.errors or ()]
    data = None if result.data is None else orjson.Fragment(to_json(result.data))
    return ExecutionResult(data, errors or None)  # type: ignore[arg-type]


def _fault(error: Exception, executor: Any, request_id: str | None) -> GraphQLError:
    """Of the subscription's one field."""
    nodes = list(executor.operation.selection_set.selections)
    names = [(node.alias or node.name).value for node in nodes if isinstance(node, FieldNode)]
    return described(located_error(error, nodes, names[:1]), None, request_id)


def _asked(executor: Any) -> Hashable:
    """What the operation asks of every event: its selections, and the variables in them. The rest says of which."""
    roots = [_without_arguments(node) for node in executor.operation.selection_set.selections]
    fragments = [fragment.definition for fragment in executor.fragments.values()]
    names: set[str] = set()

    class Names(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    for node in (*roots, *fragments):
        visit(node, Names())
    variables = [
        definition
        for definition in executor.operation.variable_definitions or ()
        if definition.variable.name.value in names
    ]
    given = {
        name: source.value
        for name, source in executor.variable_values.sources.items()
        if name in names and source.value is not Undefined
    }
    return "".join(map(print_ast, (*variables, *roots, *fragments))), to_json(given)


def _without_arguments(node: Node) -> Node:
    if not isinstance(node, FieldNode):
        return node
    return FieldNode(
        alias=node.alias, name=node.name, directives=node.directives, selection_set=node.selection_set
    )
