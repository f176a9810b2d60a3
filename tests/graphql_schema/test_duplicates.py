"""What is told of a signal that had been stored before, and to whom."""

import json

import pytest

from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from tests.graphql_schema.plans.test_same import Counting
from tests.people import people

__all__ = ["people"]

FIRST = {"contextWindowId": "a1", "idempotencyKey": "7", "rawContent": "ann's own words", "signalScore": 0.5}
AGAIN = {"contextWindowId": "a1", "idempotencyKey": "7"}


def store(selected):
    return f"mutation($s: SignalInput!) {{ stored: createSignal(input: $s) {{ {selected} }} }}"


@pytest.fixture(params=["planned", "executed"])
def schema(request, people):
    people.schema.plans = Counting() if request.param == "planned" else None
    return people.schema


async def answered(people, schema, name, query, **variables):
    context = Context(people.services, "test", people.viewers[name], as_json=True)
    result = await schema.execute(query, variables, context)
    return result.data, [error.formatted for error in result.errors or ()], result.extensions


@pytest.fixture
async def first(people, schema):
    """The id of the first delivery's signal."""
    data, _, extensions = await answered(people, schema, "administrator", store("id"), s=FIRST)
    assert "duplicates" not in extensions
    return data["stored"]["id"]


@pytest.mark.parametrize("name", ["administrator", "ann", "key:admin"])
async def test_readers_get_all_of_it(people, schema, first, name):
    data, errors, extensions = await answered(people, schema, name, store("id rawContent"), s=AGAIN)
    assert not errors
    assert data == {"stored": {"id": first, "rawContent": "ann's own words"}}
    assert extensions["duplicates"] == ["stored"]


async def test_who_may_not_read_gets_its_id(people, schema, first):
    for selected in ("id", "__typename id", "again: id", "id ...F } } fragment F on Signal { ... { id "):
        data, errors, extensions = await answered(people, schema, "key:ingest", store(selected), s=AGAIN)
        assert not errors
        assert first in data["stored"].values()
        assert extensions["duplicates"] == ["stored"]


@pytest.mark.parametrize(
    ("selected", "path"),
    [
        ("id text: rawContent payload", "text"),
        ("payload id", "payload"),
        ("id receivedAt", "receivedAt"),
        ("id classification", "classification"),
        ("id signalVector", "signalVector"),
        ("id ...F } } fragment F on Signal { ... { kind: __typename userId ", "userId"),
        ("id rawContent @skip(if: true) diagnosticNotes", "diagnosticNotes"),
    ],
)
async def test_more_is_forbidden_at_the_first_such_field(people, schema, first, selected, path):
    data, errors, extensions = await answered(people, schema, "key:ingest", store(selected), s=AGAIN)
    assert data is None
    (error,) = errors
    assert error["path"] == ["stored", path]
    assert error["extensions"] == {"code": "FORBIDDEN", "duplicate": True, "signalId": first}
    assert "ann's own words" not in error["message"]
    assert extensions["duplicates"] == ["stored"]


async def test_what_is_new_is_the_senders_own(people, schema):
    for number in range(2):
        signal = FIRST | {"idempotencyKey": f"new-{number}"}
        data, errors, extensions = await answered(
            people, schema, "key:ingest", store("id rawContent"), s=signal
        )
        assert not errors
        assert data["stored"]["rawContent"] == "ann's own words"
        assert "duplicates" not in extensions


async def test_each_field_of_a_document_is_told_by_its_key(people, schema, first):
    query = """mutation($s: SignalInput!, $n: SignalInput!) {
      a: createSignal(input: $s) { id } b: createSignal(input: $n) { id } createSignal(input: $s) { id }
    }"""
    data, errors, extensions = await answered(
        people, schema, "key:ingest", query, s=AGAIN, n={"contextWindowId": "a1"}
    )
    assert not errors
    assert data["a"]["id"] == data["createSignal"]["id"] == first
    assert extensions["duplicates"] == ["a", "createSignal"]


async def test_a_batch_answers_as_ever(people, schema, first):
    query = "mutation($s: [SignalInput!]!) { createSignals(signals: $s) { results { success duplicate signalId } } }"
    result, errors, _ = await answered(people, schema, "key:ingest", query, s=[AGAIN])
    assert not errors
    expected = {"success": True, "duplicate": True, "signalId": first}
    assert json.loads(to_json(result)) == {"createSignals": {"results": [expected]}}
