"""Every argument and input field of the served schema, found by looking through it, gets values that hurt."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from graphql_schema.schema import build_schema

SCHEMA = build_schema()._schema
TEXTS = {"String", "ID", "JSON"}

NUL, SURROGATE = "nu\0l", "lone \ud800 surrogate"


@dataclass(frozen=True)
class Place:
    """An argument, or a field of an input object in it: `path` begins with the argument."""

    parent: str
    field: str
    path: tuple[str, ...]
    type: str
    listed: bool

    def __str__(self) -> str:
        return f"{self.parent}.{self.field}({'.'.join(self.path)}: {self.type})"


def _places() -> Iterator[Place]:
    for parent in ("Query", "Mutation", "User", "Conversation", "Signal"):
        for name, field in SCHEMA.type_map[parent].fields.items():
            for argument, definition in field.args.items():
                yield from _inside(parent, name, (argument,), definition)


def _inside(
    parent: str, field: str, path: tuple[str, ...], at: GraphQLArgument | GraphQLInputField
) -> Iterator[Place]:
    named = get_named_type(at.type)
    if isinstance(named, GraphQLInputObjectType):
        for name, inner in named.fields.items():
            yield from _inside(parent, field, (*path, name), inner)
    else:
        listed = isinstance(at.type.of_type if isinstance(at.type, GraphQLNonNull) else at.type, GraphQLList)
        yield Place(parent, field, path, named.name, listed)


PLACES = list(_places())
TEXT_PLACES = [place for place in PLACES if place.type in TEXTS]


@pytest.fixture
async def world(client):
    """Ids of a user, of the user's conversation, and of a signal and an answer in it."""
    made = await client.data(
        """mutation {
          user: createUser(input: {username: "ann"}) { id }
        }"""
    )
    user = made["user"]["id"]
    made = await client.data(
        """mutation($user: ID!) {
          conversation: createConversation(input: {contextWindowId: "c", userId: $user}) { id }
          signal: createSignal(input: {contextWindowId: "c"}) { id }
        }""",
        user=user,
    )
    ids = {"User": user, "Conversation": made["conversation"]["id"], "Signal": made["signal"]["id"]}
    answer = """mutation($id: ID!) {
      createMessage(input: {conversationId: $id, role: ASSISTANT, content: "an answer"}) { id }
    }"""
    said = await client.data(answer, id=ids["Conversation"])
    return ids | {"Message": said["createMessage"]["id"]}


def _value(at: GraphQLArgument | GraphQLInputField, world: dict[str, str], parent: str, name: str) -> Any:
    """Something valid for a required argument or field."""
    named = get_named_type(at.type)
    if isinstance(named, GraphQLInputObjectType):
        if named.is_one_of:
            value: Any = {}
        else:
            value = {
                field: _value(inner, world, parent, field)
                for field, inner in named.fields.items()
                if is_required_input_field(inner)
            }
    elif name in {"id", "ids"}:
        value = next((i for kind, i in world.items() if kind.lower() in parent.lower()), world["User"])
    elif named.name == "String":
        value = "c" if name == "contextWindowId" else f"new {name}"
    elif named.name == "ID":  # conversationId, userId
        value = next(i for kind, i in world.items() if name.lower().startswith(kind.lower()))
    elif named.name == "Boolean":
        value = True
    elif named.name == "Int":
        value = 1
    else:
        value = next(iter(named.values))  # an enum
    listed = isinstance(at.type.of_type if isinstance(at.type, GraphQLNonNull) else at.type, GraphQLList)
    return [value] if listed else value


def call(place: Place, value: Any, world: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """A document that gives `value` at `place`, and its variables."""
    field: GraphQLField = SCHEMA.type_map[place.parent].fields[place.field]
    variables: dict[str, Any] = {
        name: _value(argument, world, place.field, name)
        for name, argument in field.args.items()
        if is_required_argument(argument)
    }
    inner: Any = variables
    at: Any = field.args[place.path[0]]
    for depth, name in enumerate(place.path[:-1]):
        kind = get_named_type(at.type)
        inner.setdefault(name, _value(at, world, place.field, name))
        inner = inner[name][0] if isinstance(inner[name], list) else inner[name]
        at = kind.fields[place.path[depth + 1]]
    inner[place.path[-1]] = [value] if place.listed and not isinstance(value, list) else value

    declared = ", ".join(f"${name}: {field.args[name].type}" for name in variables)
    given = ", ".join(f"{name}: ${name}" for name in variables)
    selected = f"{place.field}({given}) {_selection(field)}"
    if place.parent in world:
        selected = f'node(id: "{world[place.parent]}") {{ ... on {place.parent} {{ {selected} }} }}'
    operation = "mutation" if place.parent == "Mutation" else "query"
    return f"{operation}({declared}) {{ {selected} }}", variables


def _selection(field: GraphQLField) -> str:
    named = get_named_type(field.type)
    if is_leaf_type(named):
        return ""
    if named.name.endswith("Connection"):
        return "{ totalCount edges { node { id } } pageInfo { hasNextPage } }"
    if named.name == "CreateSignalsPayload":
        return "{ results { success error { code field message } } }"
    leaves = [
        name
        for name, inner in getattr(named, "fields", {}).items()
        if is_leaf_type(get_named_type(inner.type)) and not inner.args
    ]
    assert isinstance(named, GraphQLObjectType) or leaves
    return f"{{ {' '.join(leaves)} }}"


def _faults(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Code and field of every error, those of items included."""
    faults = [(e["extensions"]["code"], e["extensions"].get("field")) for e in body.get("errors", ())]
    payload = (body.get("data") or {}).get("createSignals") or {"results": []}
    return faults + [(r["error"]["code"], r["error"]["field"]) for r in payload["results"] if r["error"]]


async def _post(client, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    response = await client.http.post(
        "/graphql",
        content=json.dumps({"query": document, "variables": variables}),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200, (document, response.text)
    return response.json()


def test_the_schema_has_places_to_look_at():
    assert len(TEXT_PLACES) > 70
    assert {str(place) for place in TEXT_PLACES} >= {
        "Query.users(filter.search: String)",
        "Query.conversation(by.contextWindowId: String)",
        "User.coherence(sources: String)",
        "Mutation.createSignals(signals.payload: JSON)",
    }


@pytest.mark.parametrize("text", [NUL, SURROGATE], ids=["NUL", "surrogate"])
async def test_text_that_cannot_be_stored_is_bad_user_input_naming_the_field(client, world, text):
    wrong = []
    for place in TEXT_PLACES:
        values = [text]
        if place.type == "JSON":
            values = [text, {"a": [text]}, {text: 1}]
        for value in values:
            faults = _faults(await _post(client, *call(place, value, world)))
            if not faults or set(faults) != {("BAD_USER_INPUT", place.path[-1])}:
                wrong.append((str(place), value, faults))
    assert not wrong


HOSTILE: dict[str, list[Any]] = {
    "String": ["", "x" * 10_000, "%", "\\", "'; DROP TABLE users; --", "\u202e\U0001f600", [], 5],
    "ID": ["", "x" * 10_000, "VXNlcjo=", "U2lnbmFsOjE6MQ==", "U2lnbmFsOjE6LTE=", "=", [], 5, -1],
    "JSON": ["", None, [], {}, 10**30, -1e300, [[[[]]]], {"": ""}, {"x" * 10_000: "x" * 10_000}],
    "Int": [2**31 - 1, 2**31, -1, 0, -(2**31), 10**30, 1.0, 1.5, True, "1"],
    "Float": [1e308, -1e308, -0.0, 5e-324, 10**30, 2**1100, True, "0.5", float("nan"), float("inf")],
    "Boolean": [0, "true", None],
    "DateTime": ["", "x" * 10_000, "9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", 5, []],
    "Duration": ["", "x" * 10_000, "1s", "366d", "1w" + " " * 5_000 + "x", 5, []],
}


async def test_no_value_of_any_argument_is_an_internal_error(client, world):
    """A hostile value is answered, or refused by name; deletions and creations of this test do no harm to it."""
    wrong = []
    for place in PLACES:
        for value in [*HOSTILE.get(place.type, ["NOPE", "", 5]), None]:
            faults = _faults(await _post(client, *call(place, value, world)))
            for code, field in faults:
                if code not in {"BAD_USER_INPUT", "NOT_FOUND", "CONFLICT"} or not field:
                    wrong.append((str(place), str(value)[:40], code, field))
    assert not wrong


async def test_lists_may_be_empty_or_hold_ten_thousand_items(client, world):
    for place in PLACES:
        if place.listed:
            for value in ([], ["c"] * 10_000):
                for code, field in _faults(await _post(client, *call(place, value, world))):
                    # Past fifty faults of an enum GraphQL says that there are too many, and of no field.
                    fields = {place.path[-1], None if len(value) > 50 else place.path[-1]}
                    assert code == "BAD_USER_INPUT", (str(place), len(value))
                    assert field in fields, (str(place), len(value))
