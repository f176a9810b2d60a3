"""Lists are completed by columns: nobody can tell from the answer, errors and nulls included."""

import asyncio

import pytest

from app.errors import NotFound
from graphql_schema.context import Context
from graphql_schema.executor import Executor
from tests.people import people

__all__ = ["people"]

SIGNALS = """{
  signals(first: 20) { edges { cursor node {
    __typename id timestamp payload signalScore classification key: contextWindowId
    conversation { title user { username } signals(first: 2) { edges { node { id classification } } } }
    message { content } similar(first: 1) { signal { id } } signalVector ...More
  } } pageInfo { endCursor } }
}
fragment More on Signal { more: classification @include(if: true) escalateFlag @skip(if: true) }"""
CONVERSATIONS = """{
  conversations { edges { node { id title signalCount user { id } metrics(at: "2026-01-01T00:05:00Z") { coherenceMean volatilityIndex }
    anomalies { edges { node { id userId conversation { title } } } } messages { edges { node { id citations conversation { id } } } } } } }
}"""


SKIPPED = """{
  signals { edges { cursor @skip(if: true) } } conversations { edges { node { id @include(if: false) } shared: node { shareEnabled } } }
}"""


async def answer(people, query, name):
    context = Context(people.services, "test", people.viewers[name])
    result = await people.schema.execute(query, {}, context)
    errors = sorted(
        (error.formatted for error in result.errors or ()), key=lambda error: error.get("path", [])
    )
    return result.data, errors


async def both(people, query, name, monkeypatch):
    by_columns = await answer(people, query, name)
    with monkeypatch.context() as patched:
        patched.delattr(Executor, "complete_list_value")
        one_by_one = await answer(people, query, name)
    assert by_columns == one_by_one
    return by_columns


@pytest.mark.parametrize("name", ["administrator", "ann", "coach", "key:read"])
@pytest.mark.parametrize("query", [SIGNALS, CONVERSATIONS, SKIPPED])
async def test_it_is_the_answer_of_one_by_one(people, query, name, monkeypatch):
    data, errors = await both(people, query, name, monkeypatch)
    assert data, errors
    assert not errors


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("name", ["message", "classification", "conversation"])
async def test_an_error_in_a_row_is_where_it_belongs(people, name, every, later, monkeypatch):
    """A nullable field's leaves null; another one's all of the root field."""
    field = people.schema._schema.type_map["Signal"].fields[name]
    resolve = field.resolve

    async def fails():
        await asyncio.sleep(0)
        raise NotFound("It is gone.")

    def failing(source, info, **given):
        if source.place[1] % every:
            return resolve(source, info, **given)
        if later:
            return fails()
        raise NotFound("It is gone.")

    monkeypatch.setattr(field, "resolve", failing)
    query = f"""{{ conversations {{ edges {{ node {{ title signals {{ edges {{ node {{
        id message {{ id }} classification {name} {"{ __typename }" if name != "classification" else ""}
    }} }} }} }} }} }} }}"""
    data, errors = await both(people, query, "administrator", monkeypatch)
    assert errors
    assert (data["conversations"] is None) is (name != "message")
