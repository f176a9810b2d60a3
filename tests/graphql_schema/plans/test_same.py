"""Nobody can tell from the answer whether it was planned: the same values, keys, nulls, errors, paths and codes."""

import json
from random import Random
from uuid import UUID

import pytest

from app.auth.viewer import PROGRAM
from app.messages.models import MessageRole
from app.messages.service import NewMessage
from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from graphql_schema.nodes import message_id
from graphql_schema.plans import Plans
from tests.chatter import chatter
from tests.graphql_schema.plans.operations import Operations
from tests.people import people

__all__ = ["people"]

VIEWERS = ("administrator", "ann", "bob", "coach", "key:read", "nobody")
ODD = 'quote " backslash \\ slash / tab \t newline \n é 🦉 \u2028 </script> \x01'
LISTS = """{
  users { edges { cursor } } conversations { edges { cursor node { signals { edges { cursor } } } } }
  down: conversations(orderBy: {field: STARTED_AT, direction: DESC}) { edges { cursor } }
}"""


@pytest.fixture
async def rows(people):
    """Rows with everything that text and numbers can be."""
    pg = people.pg
    await pg.execute(
        """
        UPDATE conversations SET agent_id = $1, title = CASE context_window_id WHEN 'a1' THEN $1 END,
            started_at = timestamptz '2026-01-01' + interval '0.1 second', status = CASE context_window_id
                WHEN 'a2' THEN 'DELETED' ELSE 'ACTIVE' END,
            context_metadata = '{"z": 1, "a": [1.50, 1e-9, 123456789012345678901234567890, null, {"é": "🦉"}]}',
            coherence_score_trend = -1e-300, coherence_score_current = 1
        WHERE context_window_id <> 'b1'
        """,
        ODD,
    )
    await pg.execute("UPDATE users SET name = $1, is_active = false WHERE username = 'bob'", ODD)
    await pg.execute(
        """
        INSERT INTO signals (time, conversation_id, user_id, agent_id, signal_source, signal_score, emotional_tone,
            escalate_flag, raw_content, signal_vector, payload, relationship_context, diagnostic_notes)
        SELECT timestamptz '2026-01-01' + n * interval '1.000001 second', c.id, $1, $1, $1, n / 10.0, 1e-7 * n, 1, $1, $1,
            '{"a": {"b": [true, "x"]}}', $1, '' FROM conversations c, generate_series(1, 3) n
        """,
        ODD,
    )
    for place, name in enumerate(("a1", "a2", "b1")):
        said = chatter(Random(place), 60)
        await pg.execute(
            "INSERT INTO signals (time, conversation_id, signal_source, agent_id, signal_score)"
            " SELECT t, $1, s, a, x FROM unnest($2::timestamptz[], $3::text[], $4::text[], $5::float8[]) AS u (t, s, a, x)",
            people.conversations[name],
            *map(list, zip(*said, strict=True)),
        )
    for name in ("a1", "b1"):
        for role in MessageRole:
            said = NewMessage(
                people.conversations[name], role, ODD.replace("\x01", ""), [{"a": ODD.replace("\x01", "")}],
                ["math", "é"], 1, 2, "0.000100",
            )  # fmt: skip
            await people.services.messages.create(PROGRAM, said)
    await pg.execute("UPDATE messages SET feedback_score = -1 WHERE role = 'ASSISTANT'")
    return people


async def answered(people, name, operation, variables, plans, operation_name=None):
    people.schema.plans = plans
    context = Context(people.services, "test", people.viewers[name], as_json=True)
    result = await people.schema.execute(operation, dict(variables), context, operation_name=operation_name)
    # Where a plan fails the executor answers: it must not have.
    assert people.services.statistics.plan_failures == 0
    # Which of several fields is at fault first is chance.
    errors = sorted((error.formatted for error in result.errors or ()), key=to_json)
    body = {"data": result.data, "errors": errors}
    return json.loads(to_json(body), object_pairs_hook=lambda pairs: pairs)


class Counting(Plans):
    planned = 0

    def plan_of(self, executor, asked):
        found = super().plan_of(executor, asked)
        self.planned += found is not None
        return found


async def compare(people, seed, count):
    """How many requests were planned of so many operations, as everyone in turn. One plan may serve several requests."""
    first = await people.schema.execute(LISTS, {}, people.context("administrator"))
    cursors = [piece for piece in to_json(first.data).split('"') if len(piece) > 30]
    # So that a cursor finds something where it is a word, too.
    await people.pg.execute("UPDATE conversations SET title = $1 WHERE context_window_id = 'b1'", cursors[0])
    ids = [people.id(name) for name in (*people.users, *people.conversations, "a1/signal")]
    ids += [message_id(1), "x", people.id("ann").lower()]
    generated = Operations(Random(seed), ids, cursors)
    plans = Counting()
    for number in range(count):
        operation, requests = generated.operation()
        name = VIEWERS[number % len(VIEWERS)]
        for variables in requests:
            planned = await answered(people, name, operation, variables, plans)
            executed = await answered(people, name, operation, variables, None)
            assert planned == executed, (
                list(differences(planned, executed))[:3],
                name,
                operation,
                variables,
            )
    return plans.planned


async def test_generated_operations_have_the_same_answer(rows):
    assert await compare(rows, 1, 200) > 150


@pytest.mark.many
@pytest.mark.parametrize("seed", range(2, 12))
async def test_many_more_have(rows, seed):
    assert await compare(rows, seed, 1_000) > 750


OPERATIONS = [
    "{ users { edges { node { conversations { edges { node { signals { edges { node { id } } } } } } } } } }",
    "{ signals(first: 0) { edges { node { id } } pageInfo { hasNextPage startCursor } totalCount } }",
    '{ conversation(by: {contextWindowId: "a1"}) { messages(last: 1) { edges { node { content costUsd } } } } }',
    "{ __typename }",
    '{ user(by: {username: "ANN"}) { __typename name conversations(last: 1) { edges { cursor } } } }',
]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_it_is_planned_and_the_same_as_everyone(rows, operation):
    for name in VIEWERS[:-1]:
        plans = Counting()
        planned = await answered(rows, name, operation, {}, plans)
        assert plans.planned == 1
        assert planned == await answered(rows, name, operation, {}, None)


FAULTY = [
    ("query($id: ID) { user(by: {id: $id}) { id } }", {}),
    ("query($id: ID) { user(by: {id: $id}) { id } }", {"id": None}),
    ("query($by: UserBy!) { user(by: $by) { id } }", {"by": {"username": "ann"}}),
    ("query($first: Int!) { users(first: $first) { totalCount } }", {"first": -1}),
]


SERIES = "coherence%s { series { windowStart signalCount mean variance driftScore } }"
SERIES_OF = (
    "{ %s }",
    '{ conversation(by: {contextWindowId: "one source"}) { %s } }',
    "{ conversations { edges { node { %s } } } }",
)


@pytest.mark.parametrize("arguments", ['(window: "5m")', '(window: "1h")', '(window: "10m", step: "5m")'])
async def test_series_of_one_source_in_each_window(rows, arguments):
    """Rows that need not be summed came out as views of what PostgreSQL had sent, which orjson refuses."""
    await rows.pg.execute(
        """
        WITH one AS (INSERT INTO conversations (context_window_id) VALUES ('one source') RETURNING id)
        INSERT INTO signals (time, conversation_id, signal_source, signal_score)
        SELECT timestamptz '2025-03-01' + n * interval '1 hour', id, 'Slack', n / 4.0 FROM one, generate_series(0, 3) n
        """
    )
    for of in SERIES_OF:
        operation = of % (SERIES % arguments)
        plans = Counting()
        planned = await answered(rows, "administrator", operation, {}, plans)
        assert plans.planned == 1
        assert planned == await answered(rows, "administrator", operation, {}, None)
        assert ("errors", []) in planned


NOW = """{ conversations { edges { node { contextWindowId
  current { signalCount mean driftScore level since inputs { source } }
  week: current(window: "7d") { since level } odd: current(window: "421s") { since signalCount __typename }
  coherence(window: "1h", step: "20m") { driftMetrics { windowEnd complete } series { complete } }
} } } }"""


async def test_how_conversations_stand_now(rows):
    await rows.pg.execute(
        """
        INSERT INTO signals (time, conversation_id, signal_source, signal_score)
        SELECT now() - n * interval '11 minutes' + interval '1 minute', id, 'Slack', (n % 2) / 4.0
        FROM conversations, generate_series(0, 50) n WHERE context_window_id <> 'a1'
        """
    )
    for name in VIEWERS[:-1]:
        plans = Counting()
        planned = await answered(rows, name, NOW, {}, plans)
        assert plans.planned == 1
        assert planned == await answered(rows, name, NOW, {}, None)
    told = json.dumps(planned := await answered(rows, "administrator", NOW, {}, Plans()))
    assert ("errors", []) in planned
    assert told.count('["complete", false]') == 3 * 3  # an hour that has not ended, begun three times
    assert told.count('["level", "LOW"]') >= 2 * 3


@pytest.mark.parametrize(("operation", "variables"), FAULTY)
async def test_what_is_left_out_or_null_is_the_same(rows, operation, variables):
    planned = await answered(rows, "ann", operation, variables, Plans())
    assert planned == await answered(rows, "ann", operation, variables, None)


async def test_a_plan_serves_those_of_the_same_rights_only(rows):
    plans = Plans()
    query = "{ conversations { edges { node { contextWindowId } } } }"
    for name, keys in (
        ("ann", ["a1"]),
        ("bob", ["b1"]),
        ("ann", ["a1"]),
        ("administrator", ["a1", "b1", "n1"]),
    ):
        ((_, ((_, ((_, edges),)),)), _) = await answered(rows, name, query, {}, plans)
        assert sorted(node[0][1] for ((_, node),) in edges) == keys


async def test_one_plan_serves_all_keys_and_no_other_variables(rows):
    plans = Plans()
    query = """query($id: ID!, $first: Int) {
        user(by: {id: $id}) { id conversations(first: $first) { edges { node { id } } } }
    }"""
    both = """query($id: ID!) {
        user(by: {id: $id}) { id } conversations(filter: {userId: $id}) { edges { node { user { id } } } }
    }"""
    for operation in (query, both):
        for name in ("ann", "bob", "coach"):
            for first in (1, 2) if operation is query else (1,):
                variables = {"id": rows.id(name), "first": first}
                planned = await answered(rows, "administrator", operation, variables, plans)
                assert planned == await answered(rows, "administrator", operation, variables, None)
        assert len(plans._known) == (2 if operation is query else 5)
    for wrong in ("x", rows.id("a1")):
        planned = await answered(rows, "administrator", query, {"id": wrong, "first": 1}, plans)
        assert planned == await answered(rows, "administrator", query, {"id": wrong, "first": 1}, None)


NODE = """query($id: ID!) { node(id: $id) { __typename id
  ... on User { username } ... on Conversation { title user { id } signals(first: 1) { edges { node { id } } } }
  ... on Signal { timestamp payload conversation { title } } ... on Message { role citations conversation { id } }
} }"""


async def test_a_node_of_every_kind_has_a_plan_for_all_of_its_kind(rows):
    messages = await rows.pg.fetch("SELECT id FROM messages ORDER BY id")
    kinds = (
        [rows.id("ann"), rows.id("bob")],
        [rows.id("a1"), rows.id("b1")],
        [rows.id("a1/signal"), rows.id("b1/signal")],
        [message_id(row["id"]) for row in messages],
    )
    for ids in kinds:
        plans = Counting()
        for name in VIEWERS[:-1]:
            for key in ids:
                planned = await answered(rows, name, NODE, {"id": key}, plans)
                assert planned == await answered(rows, name, NODE, {"id": key}, None)
        assert plans.planned == len(ids) * len(VIEWERS[:-1])
        assert len(plans._known) == 4  # administrator, educators, coach and key


async def test_one_plan_serves_all_cursors(rows):
    plans = Plans()
    query = """query($after: String, $before: String) {
        signals(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasPreviousPage endCursor } }
        conversations(last: 1, before: $before) { edges { cursor node { signals(after: $after) { totalCount } } } }
    }"""

    async def page(after, before):
        given = {"after": after, "before": before}
        planned = await answered(rows, "administrator", query, given, plans)
        assert planned == await answered(rows, "administrator", query, given, None)
        return dict(planned)

    after = before = None
    for _ in range(3):
        (_, signals), (_, conversations) = (await page(after, before))["data"]
        after, before = (dict(found)["edges"][0][0][1] for found in (signals, conversations))
    await page(None, before)
    await page(after, None)
    assert len(plans._known) == 4
    for wrong in ("", rows.id("ann"), before):
        assert (await page(wrong, None))["errors"]
    assert len(plans._known) == 4


async def test_plans_are_bounded(rows, monkeypatch):
    from graphql_schema import plans as module

    monkeypatch.setattr(module, "MOST_PLANS", 5)
    plans = Plans()
    query = "query($id: ID!) { user(by: {id: $id}) { id } }"
    for number in range(20):
        key = rows.id("ann") if number % 2 else rows.id("bob")
        found = await answered(rows, "administrator", query, {"id": key, "more": number}, plans)
        assert dict(found)["data"][0][0] == "user"
    assert len(plans._known) <= 5


async def test_what_changes_between_two_answers_is_seen(rows):
    plans = Plans()
    query = '{ conversation(by: {contextWindowId: "a1"}) { title } }'
    before = await answered(rows, "ann", query, {}, plans)
    await rows.pg.execute("UPDATE conversations SET title = 'new' WHERE context_window_id = 'a1'")
    after = await answered(rows, "ann", query, {}, plans)
    assert before != after
    assert isinstance(rows.users["ann"], UUID)


def differences(left, right, path=""):
    if type(left) is not type(right):
        yield path, left, right
    elif isinstance(left, list) and len(left) == len(right):
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            yield from differences(a, b, f"{path}/{i}")
    elif left != right:
        yield path, str(left)[:300], str(right)[:300]
