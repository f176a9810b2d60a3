"""Whatever the schema allows one to ask: where it is planned, the answer is the executor's."""

import pytest
from graphql import FieldNode, NameNode, Visitor, parse, print_ast, visit
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from graphql_schema.schema import build_schema
from tests.graphql_schema.plans.test_same import VIEWERS, Counting, answered, differences, rows
from tests.people import people

__all__ = ["people", "rows"]

ROOTS = ["user", "users", "conversation", "conversations", "signals", "coherence"]
UNLIKE = {"latencyMs", "asOf", "materializedThrough"}
"""Never twice the same."""
UNPLANNED = {
    "metrics", "forecast", "anomalies", "lineage", "similar", "classification", "semanticDrift", "message", "signal",
    "signalVector", "shareEnabled", "shareToken", "personalInformation", "signalSummary", "signalBuckets", "feedback",
    "messageBuckets", "coaches",
}  # fmt: skip
"""Left out, so that most of what is left is planned."""


class LeftOut(Visitor):
    def leave_field(self, node, *_):
        left_out = node.name.value in UNLIKE | UNPLANNED
        return FieldNode(name=NameNode(value="__typename")) if left_out else None


def generated(count, seed):
    found = []
    scalars = {
        "DateTime": st.sampled_from(["2026-01-01T00:00:02Z", "2026-06-01T00:00:00+02:00"]).map(nodes.String),
        "Duration": st.sampled_from(["1s", "5m", "1h"]).map(nodes.String),
        "JSON": st.booleans().map(nodes.Boolean),
    }

    @with_seed(seed)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(queries(build_schema().as_str(), fields=ROOTS, custom_scalars=scalars))
    def collect(query):
        found.append(print_ast(visit(parse(query), LeftOut())))

    collect()
    return found


async def compare(people, count, seed):
    """How many were planned."""
    planned = 0
    for number, query in enumerate(generated(count, seed)):
        name, plans = VIEWERS[number % len(VIEWERS)], Counting()
        answer = await answered(people, name, query, {}, plans)
        if plans.planned:
            planned += 1
            executed = await answered(people, name, query, {}, None)
            assert answer == executed, (list(differences(answer, executed))[:3], name, query)
    return planned


async def test_generated_queries_have_the_same_answer(rows):
    assert await compare(rows, 200, 1) > 15


@pytest.mark.many
@pytest.mark.parametrize("seed", range(2, 12))
async def test_many_more_have(rows, seed):
    assert await compare(rows, 1_000, seed) > 100
