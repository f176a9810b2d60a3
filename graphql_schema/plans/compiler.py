"""From selections to one SQL statement whose row is the text of the answer's data, and the time.

Each object becomes an expression that joins its fields' texts; each connection a scalar subquery over its page; each
other row a scalar subquery by its key. Rights, filters, orders and pages are those of app/<domain>/queries.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

import orjson
from graphql import GraphQLObjectType, ObjectValueNode, VariableNode, Visitor, visit
from graphql.execution.values import get_argument_values
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)
from strawberry.types.arguments import convert_arguments

from app import checks
from app.auth import queries as auth
from app.auth.models import ProviderIdentity
from app.auth.viewer import Rights
from app.checks import nfc
from app.coherence.sources.moments import Pool
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import Statement
from app.database.paging import Page
from app.messages import queries as messages
from app.messages.models import Message
from app.signals import queries as signals
from app.signals.models import Signal
from app.users import queries as users
from app.users.models import User
from graphql_schema.coherence.loaders import windows_of
from graphql_schema.connections import MESSAGES, SIGNALS, USERS
from graphql_schema.conversations import inputs as conversation_inputs
from graphql_schema.conversations.loaders import paged_by
from graphql_schema.inputs import known
from graphql_schema.nodes import conversation_reference, parse
from graphql_schema.plans import coherence, current
from graphql_schema.plans.fields import FIELDS
from graphql_schema.plans.pages import Found, Rows, count
from graphql_schema.plans.plan import (
    MARK,
    ConversationKey,
    ConversationName,
    Cursor,
    Hole,
    Key,
    Name,
    Parameter,
    Unplanned,
    parts_of,
)
from graphql_schema.plans.text import Piece, joined, maybe, plain, text
from graphql_schema.signals import inputs as signal_inputs
from graphql_schema.signals.types import ClassificationMeta
from graphql_schema.users import inputs as user_inputs

_SIGNAL_COLUMNS: Final = [
    column for column in signals.COLUMNS if column is not Conversation.context_window_id
]


class Compiler:
    """Of one operation, with its variables, for one viewer's rights."""

    def __init__(self, executor: Any, rights: Rights) -> None:
        self.executor = executor
        self.rights = rights
        self.parameters: dict[str, Parameter] = {}
        """Of the statement, by name."""
        self.given: set[int] = set()
        """Identities of the nodes, each one use of a variable, that give one its value."""
        self.holes: list[Hole] = []
        self.aliases = 0

    @property
    def free(self) -> frozenset[str]:
        """Variables whose value makes no difference but to parameters: each of their uses gives one its value."""
        given, parameters, others = self.given, set[str](), set[str]()

        class Uses(Visitor):
            def enter_variable(self, node: VariableNode, *_: object) -> None:
                (parameters if id(node) in given else others).add(node.name.value)

        operation = self.executor.operation
        fragments = [fragment.definition for fragment in self.executor.fragments.values()]
        for node in (*(operation.directives or ()), operation.selection_set, *fragments):
            visit(node, Uses())
        return frozenset(parameters - others)

    def data(self, root: GraphQLObjectType, fields: dict[str, Any]) -> Statement:
        """The whole answer's, of the grouped fields of Query."""

        def value(name: str, details: Any) -> list[Piece]:
            if name in _ROOTS:
                return _ROOTS[name](self, details, self._arguments(root, details))
            raise Unplanned(name)

        return select(joined(self.written(root.name, fields, value)), func.now())

    def user(self, details: Any, given: dict[str, Any]) -> list[Piece]:
        by = given["by"]
        if by.id is not None:
            return self._by_id("User", details, by.id.value)
        name = self._name(details, "username", by.username.value)
        return [self._one("User", users.called(self._users(true()), name), details)]

    def conversation(self, details: Any, given: dict[str, Any]) -> list[Piece]:
        by = given["by"]
        if by.share_token is not None:
            raise Unplanned("shareToken")
        if by.id is not None:
            chosen = self._reference(details, by.id.value)
        else:
            chosen = Conversation.context_window_id == self._name(
                details, "contextWindowId", nfc(by.context_window_id.value)
            )
        return [self._one("Conversation", self._conversations(chosen), details)]

    def node(self, details: Any, given: dict[str, Any]) -> list[Piece]:
        type_name, _ = parse(given["id"], "id")
        return self._by_id(type_name, details, given["id"])

    def _by_id(self, type_name: str, details: Any, global_id: str) -> list[Piece]:
        if type_name not in _BY_ID:
            raise Unplanned(f"a {type_name} by its id")
        find, columns = _BY_ID[type_name]
        parts = parts_of(type_name, global_id)
        variable = self._variable(details, _naming(details), global_id)
        if variable is not None:
            parts = tuple(
                self._parameter(Key(type_name, part, variable), column.type)
                for part, column in enumerate(columns)
            )
        chosen = and_(*(column == part for column, part in zip(columns, parts, strict=True)))
        return [self._one(type_name, find(self, chosen), details)]

    def _users(self, chosen: ColumnElement[bool]) -> Statement:
        return select(*users.COLUMNS).where(users.readable(self.rights), chosen)

    def _conversations(self, chosen: ColumnElement[bool]) -> Statement:
        return conversations.conversations().where(conversations.readable(self.rights), chosen)

    def _signals(self, chosen: ColumnElement[bool]) -> Statement:
        return signals.signals().where(conversations.readable(self.rights), chosen)

    def _messages(self, chosen: ColumnElement[bool]) -> Statement:
        return messages.readable(self.rights, *messages.COLUMNS).where(chosen)

    def _reference(self, details: Any, given: str) -> ColumnElement[bool]:
        """Which conversation an id or a contextWindowId names; one statement for both where that is a variable."""
        variable = self._variable(details, _naming(details), given)
        if variable is None:
            reference = conversation_reference(given, "id")
            column = Conversation.id if isinstance(reference, UUID) else Conversation.context_window_id
            return column == (reference if isinstance(reference, UUID) else checks.text("id", reference))
        return or_(
            Conversation.id == self._parameter(ConversationKey(variable), Conversation.id.type),
            Conversation.context_window_id == self._parameter(ConversationName(variable), Text()),
        )

    def _name(self, details: Any, field: str, given: str) -> Any:
        """What one row is called; where that is a variable, a parameter of the statement, which any name will do for."""
        name = checks.text(field, given)
        variable = self._variable(details, _naming(details), given)
        return name if variable is None else self._parameter(Name(field, variable), Text())

    def _page(self, rows: Rows, details: Any, given: dict[str, Any]) -> Page:
        """That is asked for; its cursors are parameters, where they are variables."""
        page = rows.paged.page(*(given.get(name) for name in ("first", "after", "last", "before")))
        for argument in details[0].node.arguments or ():
            field = argument.name.value
            if field not in {"after", "before"}:
                continue
            variable = self._variable(details, argument.value, known(given.get(field)))
            if variable is not None and getattr(page, field) is not None:
                value, id_ = (
                    self._parameter(Cursor(rows.paged, field, part, variable), column.type)
                    for part, column in enumerate((rows.order.value, rows.order.id))
                )
                page = replace(page, **cast(Any, {field: (value, id_)}))
        return page

    def _variable(self, details: Any, value: Any, given: Any) -> str | None:
        """The name of the variable that is this value of an argument, which any other value will do for."""
        if not isinstance(value, VariableNode) or details[0].fragment_variable_values:
            return None
        name = value.name.value
        if self.executor.variable_values.coerced.get(name) != given:
            return None
        self.given.add(id(value))
        return name

    def _parameter(self, parameter: Parameter, type_: Any) -> BindParameter[Any]:
        name = f"given{len(self.parameters)}"
        self.parameters[name] = parameter
        return bindparam(name, None, type_)

    def users(self, details: Any, given: dict[str, Any]) -> list[Piece]:
        wanted = user_inputs.filter_of(known(given.get("filter")))
        found = users.filtered(select(*users.COLUMNS), self.rights, wanted)
        return [self._connection(Rows("User", USERS, users.ORDER, found), details, given)]

    def conversations(self, details: Any, given: dict[str, Any], user: Any = None) -> list[Piece]:
        order = conversation_inputs.order_of(known(given.get("order_by")))
        if order.field is not conversations.ConversationOrderField.STARTED_AT:
            raise Unplanned("its sort value may be infinite")
        wanted = conversation_inputs.filter_of(known(given.get("filter")))
        found = conversations.filtered(conversations.conversations(), self.rights, wanted)
        if user is not None:
            found = found.where(Conversation.user_id == user.c.id).correlate(user)
        rows = Rows("Conversation", paged_by(order), order.by(), found, user)
        return [self._connection(rows, details, given)]

    def signals(self, details: Any, given: dict[str, Any], conversation: Any = None) -> list[Piece]:
        wanted = signal_inputs.filter_of(known(given.get("filter")))
        if wanted.classification is not None:
            raise Unplanned("classes have to be dealt with first")
        if conversation is None:
            found = signals.signals().where(conversations.readable(self.rights))
        else:
            name = conversation.c.context_window_id.label("context_window_id")
            found = select(*_SIGNAL_COLUMNS, name).where(Signal.conversation_id == conversation.c.id)
            found = found.select_from(Signal).correlate(conversation)
        rows = Rows("Signal", SIGNALS, signals.ORDER, signals.filtered(found, wanted), conversation)
        return [self._connection(rows, details, given)]

    def messages(self, details: Any, given: dict[str, Any], conversation: Any) -> list[Piece]:
        found = select(*messages.COLUMNS).where(Message.conversation_id == conversation.c.id)
        rows = Rows("Message", MESSAGES, messages.ORDER, found.correlate(conversation), conversation)
        return [self._connection(rows, details, given)]

    def _user_of(self, details: Any, conversation: Any) -> Piece:
        own = select(*users.COLUMNS).where(users.readable(self.rights), User.id == conversation.c.user_id)
        return self._one("User", own.correlate(conversation), details)

    def _identity_of(self, _: Any, user: Any, column: Any) -> Piece:
        """For administrators; whether it is one's own is known only of a row."""
        if not self.rights.administrator:
            raise Unplanned("whose identity it is")
        return maybe(text(auth.first_identity(column, user.c.id)))

    def _classification_meta(self, details: Any, _: Any) -> Piece:
        found = ClassificationMeta.of(self.executor.context_value.services)
        return orjson.dumps(coherence.constant(self, details, found)).decode()

    def _conversation_of(self, details: Any, row: Any) -> Piece:
        """Of what may be read because it may be."""
        own = conversations.conversations().where(Conversation.id == row.c.conversation_id)
        return self._one("Conversation", own.correlate(row), details)

    def coherence(
        self, details: Any, given: dict[str, Any], row: Any = None, *, pool: Pool = Pool.EVERYTHING
    ) -> list[Piece]:
        """A hole: numpy makes it, of all rows together."""
        windows = windows_of(
            given["window"], given.get("step"), given.get("time_range"), given.get("sources")
        )
        return self._hole(coherence.Hole(pool, windows, coherence.written(self, details)), row)

    def current(self, details: Any, given: dict[str, Any], row: Any) -> list[Piece]:
        return self._hole(current.Hole(given["window"], current.written(self, details)), row)

    def _hole(self, hole: Hole, row: Any) -> list[Piece]:
        self.holes.append(hole)
        key = "" if row is None else plain(row.c.id)
        return [f"{MARK}{len(self.holes) - 1}:", key, MARK]

    def _one(self, type_name: str, found: Statement, details: Any) -> Piece:
        row = found.subquery(self._alias())
        text = self._object(type_name, details, row)
        return maybe(select(text).select_from(row).scalar_subquery())

    def _object(self, type_name: str, details: Any, row: Any) -> ColumnElement[str]:
        type_ = self.executor.schema.get_type(type_name)

        def value(name: str, selected: Any) -> list[Piece]:
            if name in FIELDS[type_name]:
                return [FIELDS[type_name][name](row.c)]
            if (type_name, name) in _BELOW:
                return _BELOW[type_name, name](self, selected, self._arguments(type_, selected), row)
            if (type_name, name) in _OTHERS:
                return [_OTHERS[type_name, name](self, selected, row)]
            raise Unplanned(f"{type_name}.{name}")

        return joined(self.written(type_name, self.collected(type_name, details), value))

    def _connection(self, rows: Rows, details: Any, given: dict[str, Any]) -> ColumnElement[str]:
        page = self._page(rows, details, given)
        type_name = f"{rows.type_name}Connection"
        fields = self.collected(type_name, details)
        names = {self.name(selected) for selected in fields.values()}
        whole = "pageInfo" in names or page.after is not None or page.before is not None
        found = Found(rows, page, whole=whole, alias=self._alias())

        def value(name: str, selected: Any) -> list[Piece]:
            if name == "edges":
                edge = joined(self._edge(rows, selected, found))
                return ["[", func.coalesce(found.joined(edge), ""), "]"]
            if name == "pageInfo":
                info = self.collected("PageInfo", selected)
                return self.written("PageInfo", info, lambda name, _: [found.info(name)])
            if name == "totalCount":
                return [plain(count(rows))]
            raise Unplanned(name)

        answer = select(joined(self.written(type_name, fields, value)))
        if names & {"edges", "pageInfo"}:
            answer = answer.select_from(found.rows)
        if rows.parent is not None:
            answer = answer.correlate(rows.parent)
        return answer.scalar_subquery()

    def _edge(self, rows: Rows, details: Any, found: "Found") -> list[Piece]:
        def value(name: str, selected: Any) -> list[Piece]:
            if name == "cursor":
                return [found.cursor]
            if name == "node":
                return [self._object(rows.type_name, selected, found.rows)]
            raise Unplanned(name)

        type_name = f"{rows.type_name}Edge"
        return self.written(type_name, self.collected(type_name, details), value)

    def written(
        self, type_name: str, fields: dict[str, Any], value: Callable[[str, Any], Sequence[Piece]]
    ) -> list[Piece]:
        """An object of this type: `value` gives the pieces of each selected field but `__typename`."""
        pieces: list[Piece] = []
        for key, selected in fields.items():
            name = self.name(selected)
            written = [f'"{type_name}"'] if name == "__typename" else value(name, selected)
            pieces += [f'{"," if pieces else ""}"{key}":', *written]
        return ["{", *pieces, "}"]

    def collected(self, type_name: str, details: Any) -> dict[str, Any]:
        type_ = self.executor.schema.get_type(type_name)
        fields, deferred, *_ = self.executor.collect_subfields(type_, details)
        if deferred:
            raise Unplanned("@defer")
        return fields  # type: ignore[no-any-return]

    def _arguments(self, parent: GraphQLObjectType, details: Any) -> dict[str, Any]:
        """As the field's resolver gets them."""
        node, schema = details[0].node, self.executor.schema._strawberry_schema  # noqa: SLF001 - its only door
        field = parent.fields[node.name.value]
        given = get_argument_values(
            field, node, self.executor.variable_values, details[0].fragment_variable_values
        )
        return convert_arguments(
            given,
            field.extensions["strawberry-definition"].arguments,
            schema.schema_converter.scalar_registry,
            schema.config,
        )

    def _alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    @staticmethod
    def name(details: Any) -> str:
        return details[0].node.name.value  # type: ignore[no-any-return]


def _naming(details: Any) -> Any:
    """What names the one row that a field is of: its only argument, or the one of the fields of `by`."""
    value = details[0].node.arguments[0].value
    return value.fields[0].value if isinstance(value, ObjectValueNode) else value


type _Find = Callable[[Compiler, ColumnElement[bool]], Statement]

_BY_ID: Final[dict[str, tuple[_Find, tuple[Any, ...]]]] = {
    "User": (Compiler._users, (User.id,)),  # noqa: SLF001 - this module's own
    "Conversation": (Compiler._conversations, (Conversation.id,)),  # noqa: SLF001
    "Signal": (Compiler._signals, (Signal.time, Signal.id)),  # noqa: SLF001
    "Message": (Compiler._messages, (Message.id,)),  # noqa: SLF001
}
"""How a row is found, and the columns of what is in its id."""

type _Root = Callable[[Compiler, Any, dict[str, Any]], list[Piece]]

_ROOTS: Final[dict[str, _Root]] = {
    "user": Compiler.user,
    "conversation": Compiler.conversation,
    "users": Compiler.users,
    "conversations": Compiler.conversations,
    "signals": Compiler.signals,
    "coherence": Compiler.coherence,
    "node": Compiler.node,
}

_BELOW: Final[dict[tuple[str, str], Callable[..., list[Piece]]]] = {
    ("User", "conversations"): Compiler.conversations,
    ("Conversation", "signals"): Compiler.signals,
    ("Conversation", "messages"): Compiler.messages,
    ("User", "coherence"): partial(Compiler.coherence, pool=Pool.USER),
    ("Conversation", "coherence"): partial(Compiler.coherence, pool=Pool.CONVERSATION),
    ("Conversation", "current"): Compiler.current,
}

_OTHERS: Final[dict[tuple[str, str], Callable[[Compiler, Any, Any], Piece]]] = {
    ("Conversation", "user"): Compiler._user_of,  # noqa: SLF001 - this module's own
    ("User", "ssoProvider"): partial(Compiler._identity_of, column=ProviderIdentity.provider),  # noqa: SLF001
    ("User", "ssoId"): partial(Compiler._identity_of, column=ProviderIdentity.subject),  # noqa: SLF001
    ("Signal", "classificationMeta"): Compiler._classification_meta,  # noqa: SLF001
    ("Signal", "conversation"): Compiler._conversation_of,  # noqa: SLF001
    ("Message", "conversation"): Compiler._conversation_of,  # noqa: SLF001
}
