"""A plan answers a request with its own variables, whatever another one of the same document had."""

from itertools import product

import pytest

from graphql_schema.connections import SIGNALS
from graphql_schema.plans import Plans
from tests.graphql_schema.plans.test_same import answered
from tests.people import people

__all__ = ["people"]

BELOW = "fragment Below on Conversation { signals(first: 1, after: $c) { totalCount edges { node { id } } } }"
PAIR = 'a: conversation(by: {contextWindowId: "a2"}) { ...Below } b: conversation(by: {contextWindowId: "b1"}) { ...Below }'
FOUND = "{ edges { node { contextWindowId } } }"

TWO_ROLES = {
    "a filter": f"query($c: String) {{ {PAIR} x: conversations(filter: {{search: $c}}) {FOUND} }} {BELOW}",
    "a filter of two uses, under three parents": f"""query($c: String) {{ {PAIR} ...More
        x: conversations(filter: {{search: $c}}) {FOUND} y: conversations(filter: {{agentId: $c}}) {FOUND} }}
        fragment More on Query {{ n: conversation(by: {{contextWindowId: "n1"}}) {{ ...Below }} }} {BELOW}""",
    "a default": f"""query($c: String = null) {{ {PAIR} x: conversations(filter: {{search: $c}}) {FOUND} }} {BELOW}""",
    "a list": f"""query($c: String!) {{ {PAIR}
        x: coherence(sources: [$c]) {{ totalSignalCount }} }} {BELOW}""",
    "a list below": f"""query($c: String!) {{ {PAIR}
        x: conversations {{ edges {{ node {{ signals(filter: {{sources: ["learner", $c]}}) {{ totalCount }} }} }} }} }} {BELOW}""",
    "a name": f"""query($c: String!) {{ {PAIR}
        x: conversation(by: {{contextWindowId: $c}}) {{ id title }} y: conversations(filter: {{search: $c}}) {FOUND} }} {BELOW}""",
    "a fragment that is not spread here": f"""query One($c: String) {{ {PAIR} x: conversations(filter: {{search: $c}}) {FOUND} }}
        query Two($c: String) {{ conversations(filter: {{search: $c}}) {FOUND} }} {BELOW}""",
    "what is left out": f"""query($c: String, $no: Boolean!) {{ {PAIR}
        x: conversations(filter: {{search: $c}}) {FOUND} z: users @include(if: $no) {{ totalCount }}
        y: conversation(by: {{contextWindowId: "n1"}}) @skip(if: $no) {{ ...Below }} }} {BELOW}""",
    "the same field twice": f"""query($c: String) {{ {PAIR} {PAIR} x: conversations(filter: {{search: $c}}) {FOUND}
        x: conversations(filter: {{search: $c}}) {FOUND} }} {BELOW}""",
}


@pytest.fixture
async def cursors(people):
    """Two of signals, each of which is found in a title and is a source, and the name of a conversation."""
    pg, found = people.pg, []
    for number, name in enumerate(("a1", "b1")):
        (row,) = await pg.fetch(
            "SELECT s.time, s.id FROM signals s JOIN conversations c ON c.id = s.conversation_id"
            " WHERE c.context_window_id = $1 ORDER BY s.time, s.id LIMIT 1",
            name,
        )
        cursor = SIGNALS.cursor(tuple(row))
        await pg.execute(
            "WITH made AS (INSERT INTO conversations (context_window_id, title, agent_id) VALUES ($1, $1, $1) RETURNING id)"
            " INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
            " SELECT timestamptz '2026-02-01' + n * interval '1 day', id, $1, 0.5 FROM made, generate_series(1, $2) n",
            cursor,
            number + 1,
        )
        found.append(cursor)
    return found


async def compare(people, operation, requests, name=None, viewer="administrator"):
    """The answers to requests that follow one another, each the executor's."""
    plans, answers = Plans(), []
    for variables in requests:
        planned = await answered(people, viewer, operation, variables, plans, name)
        assert planned == await answered(people, viewer, operation, variables, None, name)
        answers.append(planned)
    return answers


@pytest.mark.parametrize("role", TWO_ROLES)
async def test_a_cursor_in_another_role_as_well_is_each_requests_own(people, cursors, role):
    operation = TWO_ROLES[role]
    more = [{"no": no} for no in (True, False)] if "$no" in operation else [{}]
    requests = [{"c": cursor} | other for cursor, other in product((*cursors, cursors[0]), more)]
    name = "One" if "query One" in operation else None
    answers = await compare(people, operation, requests, name)
    assert all(not dict(answer)["errors"] for answer in answers)
    assert answers[0] != answers[len(more)]
    if "default" in role:
        await compare(people, operation, [{}, {"c": cursors[0]}, {}, {"c": None}, {"c": cursors[1]}, {}])


async def test_an_id_in_another_role_as_well_is_each_requests_own(people):
    whose = "fragment Whose on Query { conversations(filter: {userId: $id}) { totalCount } }"
    owns = "u: user(by: {id: $id}) { username } n: node(id: $id) { id }"
    operation = f"query($id: ID!) {{ {owns} {owns} ...Whose ...Whose }} {whose}"
    answers = await compare(people, operation, [{"id": people.id(name)} for name in ("ann", "bob", "ann")])
    assert answers[0] != answers[1]


@pytest.mark.parametrize(
    ("operation", "requests"),
    [
        (
            "query($n: Int, $f: Float) { signals(first: $n, filter: {minScore: $f}) { totalCount edges { cursor } } }",
            [{"n": 1}, {"n": 1.0}, {"n": "1"}, {"n": True}, {"n": 2}, {}, {"n": None}, {"n": 1, "f": 0}, {"n": 1, "f": 0.6},
             {"n": 1, "f": -0.0}, {"n": 1, "f": "0"}],
        ),
        (
            "query($n: Int = 1) { signals(first: $n) { edges { cursor } } }",
            [{}, {"n": 2}, {}, {"n": None}, {"n": 1}],
        ),
        (
            "query($by: UserBy!) { user(by: $by) { username } }",
            [{"by": {"username": "ann"}}, {"by": {"username": "bob"}}, {"by": {"username": None}}, {"by": {}}],
        ),
        (
            """query($o: ConversationOrder = {field: STARTED_AT, direction: DESC}) {
              conversations(orderBy: $o) { edges { node { contextWindowId } } } }""",
            [{}, {"o": None}, {"o": {"field": "STARTED_AT"}}, {"o": {"field": "STARTED_AT", "direction": "DESC"}}],
        ),
        (
            """query($f: SignalFilter, $x: [String!]) { a: signals(filter: $f) { totalCount }
              coherence(sources: $x) { totalSignalCount } }""",
            [{}, {"f": {}}, {"f": None}, {"f": {"sources": ["a1"]}}, {"f": {"sources": "a1"}}, {"f": {"sources": None}},
             {"x": "a1"}, {"x": ["a1"]}, {"x": ["a1", "b1"]}, {"x": ["b1", "a1"]}, {"x": []}, {"x": None}, {"x": ["a1,b1"]}],
        ),
        (
            "query($w: Duration!, $s: DateTime) { coherence(window: $w, range: {start: $s}) { windowSec totalSignalCount } }",
            [{"w": "1h"}, {"w": "60m"}, {"w": "PT1H"}, {"w": 1}, {"w": "1h", "s": "2026-01-01T00:02:00Z"},
             {"w": "1h", "s": "2026-01-01T01:02:00+01:00"}, {"w": "1h", "s": None}],
        ),
    ],
)  # fmt: skip
async def test_variables_that_look_alike_are_told_apart(people, operation, requests):
    await compare(people, operation, [*requests, *requests[::-1]])


async def test_operations_of_one_document_have_plans_of_their_own(people):
    operation = """query A($c: String!) { conversation(by: {contextWindowId: $c}) { title } }
        query B($c: String!) { conversations(filter: {search: $c}) { edges { node { title } } } }"""
    plans = Plans()
    for name in ("A", "B", "A", "B"):
        for key in ("a1", "b1"):
            planned = await answered(people, "administrator", operation, {"c": key}, plans, name)
            assert planned == await answered(people, "administrator", operation, {"c": key}, None, name)


async def test_a_warm_plan_answers_nobody_with_anothers_rights(people):
    operation = """query($c: String!) { conversation(by: {contextWindowId: $c}) { title signals { totalCount } }
        conversations(filter: {search: $c}) { edges { node { contextWindowId } } } }"""
    plans = Plans()
    for _ in range(2):
        for viewer in people.viewers:
            for key in ("a1", "b1", "n1"):
                planned = await answered(people, viewer, operation, {"c": key}, plans)
                assert planned == await answered(people, viewer, operation, {"c": key}, None), viewer


@pytest.mark.parametrize("more", [[], [{"contextWindowId": "a1"}], [1], {"a": 1}, "x", 2**70])
async def test_a_variable_that_is_not_declared_makes_no_difference(client, more):
    for query in ("{ users { totalCount } }", "query($n: Int) { users(first: $n) { totalCount } }"):
        for _ in range(2):
            assert await client.data(query, more=more) == {"users": {"totalCount": 0}}
