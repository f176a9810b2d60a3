"""What a producer is told of a signal that had been stored before."""

from typing import Final, cast

from graphql import FieldNode, GraphQLError, GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from app.auth.viewer import Scope
from app.errors import Forbidden
from graphql_schema.context import Info
from graphql_schema.signals.types import Signal

ANYONES: Final = frozenset({"id", "__typename"})
"""Fields of a duplicate for those who may store signals and may not read them: it may be somebody else's."""


def note_duplicate(info: Info, signal: Signal) -> None:
    """Have `extensions.duplicates` tell of it. Forbidden, at the first field of the kind, where more than its id is
    selected by who may not read.
    """
    context = info.context
    context.duplicates.append(str(info.path.key))
    if Scope.READ in context.viewer.scopes:
        return
    for key, node in _selected(info).items():
        if node.name.value not in ANYONES:
            raise GraphQLError(
                f"The signal had been stored before: of it {node.name.value} needs the scope {Scope.READ.value}.",
                nodes=node,
                path=[*info.path.as_list(), key],
                extensions={"code": Forbidden.code, "duplicate": True, "signalId": signal.id},
            )


def _selected(info: Info) -> dict[str, FieldNode]:
    """By their response keys, in order."""
    raw = info._raw_info  # noqa: SLF001 - its only door
    fields = collect_subfields(
        raw.schema,
        {name: FragmentDetails(fragment) for name, fragment in raw.fragments.items()},
        raw.variable_values,
        raw.operation,
        cast(GraphQLObjectType, get_named_type(raw.return_type)),
        [FieldDetails(node, None) for node in raw.field_nodes],
    )
    return {key: details[0].node for key, details in fields.grouped_field_set.items()}
