"""The one door: no operation runs, on whichever transport it came, that its viewer's scopes do not allow."""

from collections.abc import Iterator, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_operation_ast,
    parse,
    visit,
)
from strawberry.extensions import SchemaExtension

from app.auth.viewer import NOBODY, Means, Scope, Viewer
from app.errors import Forbidden, Refused, Unauthenticated
from app.settings import Settings
from app.users.models import Role
from graphql_schema.errors import of_refused

SHARED: Final = "conversation(by: {shareToken})"
"""What the field is called here where its argument, written out, can be nothing but a token."""
ANYONES: Final = frozenset({"viewer", SHARED})
"""Queries for those who have not signed in, too."""

NEEDS: Final[Mapping[str, Scope]] = {"createSignal": Scope.INGEST, "createSignals": Scope.INGEST}
"""Mutations that need less than the scope of everything. One that nobody thought of needs that."""

_ALL: Final = frozenset(Role)
_EDUCATORS: Final = frozenset({Role.EDUCATOR})
OWN: Final[Mapping[str, frozenset[Role]]] = {
    "revokeApiKey": _ALL,
    "revokeSession": _ALL,
    "createConversation": _EDUCATORS,
    "updateConversation": _EDUCATORS,
    "deleteConversation": _EDUCATORS,
    "shareConversation": _EDUCATORS,
    "deleteSignals": _EDUCATORS,
    "createMessage": _EDUCATORS,
    "rateMessage": _EDUCATORS,
    "askCoach": _EDUCATORS,
    "coachAnswer": _EDUCATORS,
}
"""Mutations of one's own, for those of the roles with a session; they look by themselves whose it is."""

WRITING: Final = frozenset({"coachAnswer"})
"""Subscriptions that store something, and need what a mutation needs."""

EMBEDDING: Final = frozenset({"searchSignals"})
"""Queries that have a vector made of a text, which another service may ask money for."""

_STORED: Final = frozenset({"Mutation", "Signal", "CreateSignalsPayload", "BatchItemResult", "ItemError"})
"""Types that tell someone who stores signals of them, and of nothing else."""


_INTROSPECTION: Final = frozenset({"__schema", "__type"})


def sees_schema(viewer: Viewer, settings: Settings) -> bool:
    """Whether the schema is shown to them, apart from what else they may ask for."""
    return viewer.administrator or settings.introspection == "readers"


def check(
    viewer: Viewer, schema: GraphQLSchema, document: DocumentNode, name: str | None, settings: Settings
) -> None:
    """Unauthenticated or Forbidden where `viewer` may not have that operation of the document run."""
    operation = get_operation_ast(document, name)
    fields = _root_fields(document, operation) if operation else frozenset()
    if viewer == NOBODY:
        if not fields - {"__typename"} or not fields <= ANYONES | {"__typename"}:
            raise Unauthenticated("Sign in, or send an API key: nobody is signed in.")
    elif fields & _INTROSPECTION and not sees_schema(viewer, settings):
        raise Forbidden("The schema is shown to administrators alone.")
    elif operation is not None:
        missing = _needed(viewer, operation, fields) - viewer.scopes
        if not missing and Scope.READ not in viewer.scopes and _types(schema, document) - _STORED:
            missing = {Scope.READ}
        if missing == {Scope.ADMIN} and viewer.means is Means.SESSION and (own := fields & OWN.keys()):
            raise Forbidden(
                f"{min(own)} is for educators, in conversations of their own, and for administrators; your role is "
                f"{viewer.role.value if viewer.role else 'none'}."
            )
        if missing:
            names = " and ".join(sorted(scope.value for scope in missing))
            raise Forbidden(f"This needs the scope {names}, which {_whose(viewer)} does not have.")


def changes(text: str, name: str | None, settings: Settings) -> str | None:
    """Return what of an operation stores or costs something, for people: a mutation, or the name of such a field. None
    where nothing does, or where the text is none that would run.
    """
    try:
        document = parse(text, max_tokens=settings.max_tokens)
    except (GraphQLError, RecursionError):
        return None
    operation = get_operation_ast(document, name)
    if operation is None:
        return None
    if operation.operation is OperationType.MUTATION:
        return "A mutation"
    costly = WRITING | (EMBEDDING if settings.embedder == "openai" else frozenset())
    return next(iter(_root_fields(document, operation) & costly), None)


def _whose(viewer: Viewer) -> str:
    return "this API key" if viewer.means is Means.KEY else "your role"


def _needed(viewer: Viewer, operation: OperationDefinitionNode, fields: frozenset[str]) -> set[Scope]:
    if operation.operation is not OperationType.MUTATION and not fields & WRITING:
        return {Scope.READ}
    own = {name for name, roles in OWN.items() if viewer.role in roles and viewer.means is Means.SESSION}
    return {NEEDS.get(name, Scope.ADMIN) for name in fields - own - {"__typename"}}


def _root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """By name, through all fragments. A directive that may leave one out leaves none out here."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    names: set[str] = set()
    waiting: list[SelectionSetNode] = [operation.selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                names.add(SHARED if _is_shared(node) else node.name.value)
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and (fragment := fragments.pop(node.name.value, None)):
                waiting.append(fragment.selection_set)
    return frozenset(names)


def _is_shared(node: FieldNode) -> bool:
    (by, *more) = node.arguments or (None,)
    return (
        node.name.value == "conversation"
        and by is not None
        and not more
        and isinstance(by.value, ObjectValueNode)
        and [field.name.value for field in by.value.fields] == ["shareToken"]
    )


def _types(schema: GraphQLSchema, document: DocumentNode) -> set[str]:
    """Of all that is selected anywhere in the document."""
    info = TypeInfo(schema)
    found: set[str] = set()

    class Types(Visitor):
        def enter_field(self, *_: object) -> None:
            parent = info.get_parent_type()
            found.add(parent.name if parent else "")

    visit(document, TypeInfoVisitor(info, Types()))
    return found


class Door(SchemaExtension):
    """Before limits and validation: who may not ask learns nothing of the schema from a refusal either."""

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        assert execution.graphql_document is not None  # noqa: S101 - it has been parsed
        try:
            check(
                execution.context.viewer,
                execution.schema._schema,  # noqa: SLF001 - its only door
                execution.graphql_document,
                execution.operation_name,
                execution.context.services.settings,
            )
        except Refused as refused:
            execution.pre_execution_errors = [of_refused(refused)]
        yield
