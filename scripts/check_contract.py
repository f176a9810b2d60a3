"""Which promises of the public contract the committed schema does not keep: none may be broken.

python scripts/check_contract.py

The contract is graphql_schema/contract.graphql. A newer draft of it beside the repository (../shared) may promise more:
that is printed, and fails nothing.
"""

import sys
from pathlib import Path

from graphql import GraphQLSchema, InputObjectTypeDefinitionNode, build_schema, parse, print_ast
from graphql.utilities import BreakingChange, find_breaking_changes, find_dangerous_changes

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "graphql_schema" / "contract.graphql"
SCHEMA = ROOT / "graphql_schema" / "schema.graphql"
DRAFT = ROOT.parent / "shared" / "design" / "contract.graphql"


def broken(contract: str, schema: str) -> list[str]:
    """Return the promises of `contract` that `schema` does not keep, both in SDL: one sentence each."""
    promised, served = build_schema(contract), build_schema(schema)
    found = [
        sentence
        for change in find_breaking_changes(promised, served)
        for sentence in _lost(change, promised) or [change.description]
    ]
    found += [
        change.description
        for change in find_dangerous_changes(promised, served)
        if change.type.name == "ARG_DEFAULT_VALUE_CHANGE"
    ]
    promised_inputs, served_inputs = _inputs(contract), _inputs(schema)
    for name in promised_inputs.keys() & served_inputs.keys():
        found += _input_changes(name, promised_inputs[name], served_inputs[name])
    found += [
        f"Query.{name} is non-null."
        for name, field in promised.query_type.fields.items()
        if name in served.query_type.fields and str(served.query_type.fields[name].type) == f"{field.type}!"
    ]
    if "id" in getattr(served.type_map.get("DeletePayload"), "fields", {}):
        found.append("DeletePayload.id is still there.")
    return found


def _lost(change: BreakingChange, promised: GraphQLSchema) -> list[str]:
    """Return a sentence for each field or value of a type that is missing as a whole."""
    if change.type.name != "TYPE_REMOVED":
        return []
    name = change.description.split(" ", 1)[0]
    lost = promised.type_map.get(name)
    return [f"Field {name}.{field} was removed." for field in getattr(lost, "fields", ())] + [
        f"{value} was removed from enum type {name}." for value in getattr(lost, "values", ())
    ]


def _inputs(sdl: str) -> dict[str, tuple[bool, dict[str, str]]]:
    """Return the input types by name: whether one is @oneOf, and its fields' default values as written."""
    return {
        node.name.value: (
            any(directive.name.value == "oneOf" for directive in node.directives or ()),
            {
                field.name.value: print_ast(field.default_value)
                for field in node.fields or ()
                if field.default_value
            },
        )
        for node in parse(sdl).definitions
        if isinstance(node, InputObjectTypeDefinitionNode)
    }


def _input_changes(
    name: str, promised: tuple[bool, dict[str, str]], served: tuple[bool, dict[str, str]]
) -> list[str]:
    (one_of, defaults), (served_one_of, served_defaults) = promised, served
    found = [f"{name} {'lost' if one_of else 'gained'} @oneOf."] if one_of != served_one_of else []
    return found + [
        f"{name}.{field} has the default {served_defaults.get(field, 'none')}, not {default}."
        for field, default in defaults.items()
        if served_defaults.get(field) != default
    ]


def main() -> int:
    schema = SCHEMA.read_text()
    found = broken(CONTRACT.read_text(), schema)
    print("\n".join(found) or "The contract is kept.")
    ahead = broken(DRAFT.read_text(), schema) if DRAFT.exists() else []
    for sentence in ahead:
        if sentence not in found:
            print(f"The draft beside the repository promises more: {sentence}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
