"""Of real chats, too, nobody can tell whether an answer was planned, byte for byte; and the numbers are the definitions'."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from types import SimpleNamespace

import pytest
from graphql import get_named_type, is_leaf_type, is_object_type

from app.auth.viewer import LOCAL
from app.duration import Duration
from app.instant import write_instant
from graphql_schema.context import Context
from graphql_schema.encoding import to_json
from graphql_schema.nodes import conversation_id
from graphql_schema.plans.fields import FIELDS
from tests.app.coherence import oracle
from tests.graphql_schema.plans.operations import Operations
from tests.graphql_schema.plans.test_same import Counting
from tests.real import chats, needs_real_chats

__all__ = ["chats"]
pytestmark = [needs_real_chats, pytest.mark.real]

WINDOWS = {"30s": "10s", "5m": "1m", "7m": "1m", "1h": "15m", "1d": "6h", "7d": "1d"}
"""And the step of each that slides."""
RANGES = (
    "",
    'range: {start: "2008-01-01T00:00:00Z", end: "2013-01-01T00:00:00Z"}',
    'range: {start: "2007-03-04T05:06:07.000008Z", end: "2016-09-10T11:12:13.141516Z"}',
    'range: {start: "1970-01-01T00:00:00Z", end: "2004-01-01T00:00:00Z"}',
)
SOURCES = ("", '["message"]', '["action", "system"]', '["message", "assistant", "user", "nobody\'s"]')
CHAT = "irc:#ubuntu:2004-12-25-c"
SHAPES = {
    "everything": "%s",
    "user": 'user(by: {username: "ann"}) { username %s }',
    "conversation": f'conversation(by: {{contextWindowId: "{CHAT}"}}) {{ id %s }}',
    "others": """a: conversation(by: {contextWindowId: "irc:#rust:1"}) { %s }
        b: conversation(by: {contextWindowId: "irc:#ubuntu-meeting:1"}) { title: contextWindowId %s }""",
    "node": "node(id: $id) { __typename ... on Conversation { %s } }",
    "list": "conversations(first: 30) { edges { node { contextWindowId %s } } }",
    "lists": """users { edges { node { username %s conversations(last: 2) { edges { cursor node { %s
        signals(first: 2) { edges { node { timestamp conversation { %s } } } } } } } } } }""",
    "signals": "signals(last: 5) { edges { node { id conversation { user { %s } } } } }",
}
CONVERSATIONS = {"conversation", "others", "node", "list"}
"""Those of which it is the coherence of conversations."""
UNPLANNED = {"semanticDrift", "semanticMeta"}
MIDDLES = """
    SELECT conversation_id, percentile_disc(0.6) WITHIN GROUP (ORDER BY time) AS time FROM signals GROUP BY 1
"""
CLOCKS = re.compile(r'"(asOf|latencyMs|materializedThrough)":("[^"]*"|[-+.0-9eE]+)')


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The database's, which tells both ways of asking the same: a time amid the chats."""

    async def read(_):
        return clock.now

    clock = SimpleNamespace(now=datetime(2004, 12, 24, 22, 34, 56, 789, tzinfo=UTC))
    monkeypatch.setattr(Context, "time", read)
    return clock


def every(schema, type_name, but=UNPLANNED):
    """All that may be selected of the type without an argument."""
    chosen = []
    for name, field in schema.get_type(type_name).fields.items():
        inner = get_named_type(field.type)
        if name in but or field.args:
            continue
        if is_leaf_type(inner):
            chosen.append(name)
        elif is_object_type(inner):
            chosen.append(f"{name} {{ {' '.join(every(schema, inner.name, but))} }}")
    return [*chosen, "__typename"]


def selections(schema):
    """Of a Coherence: all at once, each field alone, and some together."""
    whole = every(schema, "Coherence")
    alone = [f"f{n}: {part}" for n, part in enumerate(whole)]
    for kind in ("driftMetrics", "series"):
        of = schema.get_type("Coherence").fields[kind].type
        for part in every(schema, get_named_type(of).name):
            alone.append(f"{kind}{len(alone)}: {kind} {{ {part} }}")
    return {"all": " ".join(whole), "alone": " ".join(alone), "reversed": " ".join(alone[::-3])}


def grid(schema):
    """Documents."""
    chosen = selections(schema)
    for (window, step), sliding, sources, between, shape, fields in product(
        WINDOWS.items(), (False, True), SOURCES, RANGES, SHAPES, chosen
    ):
        arguments = [f'window: "{window}"', between]
        arguments += [f'step: "{step}"'] * sliding
        arguments += [f"sources: {sources}"] if sources else []
        of = f"coherence({', '.join(filter(None, arguments))}) {{ {chosen[fields]} }}"
        if fields == "reversed":  # with the like of another window beside it
            of += f' again: coherence(window: "{window}") {{ level series {{ mean }} }}'
        if fields == "all" and shape in CONVERSATIONS:
            of += f' current(window: "{window}") {{ {" ".join(every(schema, "CurrentReading", UNPLANNED))} }}'
        head = "query($id: ID!)" if shape == "node" else "query"
        yield f"{head} {{ {SHAPES[shape].replace('%s', of)} }}"


async def told(chats, viewer, operation, variables, plans):
    """The response's text, but for what is never twice the same."""
    chats.schema.plans = plans
    context = Context(chats.services, "test", chats.viewers[viewer], as_json=True)
    result = await chats.schema.execute(operation, dict(variables), context)
    errors = sorted((error.formatted for error in result.errors or ()), key=to_json)
    return CLOCKS.sub(r'"\1":0', to_json({"data": result.data, "errors": errors}))


async def both(chats, operation, variables, plans, viewer="administrator"):
    """Whether it was planned, and the answer both ways."""
    before = plans.planned
    planned = await told(chats, viewer, operation, variables, plans)
    executed = await told(chats, viewer, operation, variables, None)
    if planned != executed:
        place = next(n for n, (a, b) in enumerate(zip(planned, executed, strict=False)) if a != b)
        near = slice(max(place - 200, 0), place + 100)
        pytest.fail(f"{viewer} {operation} {variables}\n{planned[near]}\n{executed[near]}")
    assert "INTERNAL_SERVER_ERROR" not in planned
    # Where a plan fails the executor answers: it must not have.
    assert chats.services.statistics.plan_failures == 0
    return plans.planned > before, planned


async def compare(chats, clock, documents):
    plans, keys = Counting(), list(chats.conversations.values())
    middles = {row["conversation_id"]: row["time"] for row in await chats.pg.fetch(MIDDLES)}
    viewers = ("administrator", "ann", "administrator", "bob")
    for number, operation in enumerate(documents):
        viewer = viewers[number % len(viewers)]
        key = keys[number % len(keys)] if "$id" in operation else chats.conversations[CHAT]
        given, clock.now = {"id": conversation_id(key)}, middles[key]
        planned, text = await both(chats, operation, given if "$id" in operation else {}, plans, viewer)
        assert planned or "QUERY_TOO_COMPLEX" in text or "BAD_USER_INPUT" in text


async def test_coherence_is_the_same(chats, clock):
    documents = list(grid(chats.schema._schema))
    await compare(chats, clock, Random(19).sample(documents, 60))


@pytest.mark.many
@pytest.mark.parametrize("part", range(12))
async def test_the_whole_grid_is_the_same(chats, clock, part):
    await compare(chats, clock, list(grid(chats.schema._schema))[part::12])


PAGES = {
    "forward": "first: 97, after: $cursor",
    "backward": "last: 97, before: $cursor",
    "of one source": 'first: 97, after: $cursor, filter: {sources: ["message"]}',
    "scored": "last: 97, before: $cursor, filter: {minScore: 0.5, maxScore: 0.9, escalated: false}",
    "a while": 'first: 97, after: $cursor, filter: {range: {start: "2004-12-24T21:20:00Z", end: "2004-12-24T23:00:00Z"}}',
    "of a user": 'first: 97, after: $cursor, filter: {userId: "crimsun"}',
}


@pytest.mark.parametrize("page", PAGES)
async def test_pages_of_signals_of_the_same_minute_are_the_same_and_whole(chats, page):
    plans, cursor, found = Counting(), None, []
    selected = f"{{ totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {
        ' '.join(FIELDS['Signal'])
    } conversation {{ id }} }} }} }}"
    query = f"""query($cursor: String) {{ conversation(by: {{contextWindowId: "{CHAT}"}}) {{
        {" ".join(FIELDS["Conversation"])} user {{ {" ".join(FIELDS["User"])} }} signals({PAGES[page]}) {selected} }} }}"""
    ahead = "first" in PAGES[page]
    for _ in range(20):
        planned, text = await both(chats, query, {"cursor": cursor}, plans)
        assert planned
        signals = json.loads(text)["data"]["conversation"]["signals"]
        nodes = [edge["node"] for edge in signals["edges"]]
        found = [*found, *nodes] if ahead else [*nodes, *found]
        cursor = signals["pageInfo"]["endCursor" if ahead else "startCursor"]
        if not signals["pageInfo"]["hasNextPage" if ahead else "hasPreviousPage"]:
            break
    rows = await chats.pg.fetch(
        "SELECT raw_content, signal_source, signal_score, user_id, time FROM signals WHERE conversation_id = $1"
        " ORDER BY time, id",
        chats.conversations[CHAT],
    )
    wanted = {
        "of one source": lambda row: row["signal_source"] == "message",
        "scored": lambda row: 0.5 <= row["signal_score"] <= 0.9,
        "a while": lambda row: "T21:20" <= write_instant(row["time"])[10:] < "T23:00",
        "of a user": lambda row: row["user_id"] == "crimsun",
    }.get(page, lambda _: True)
    assert [node["rawContent"] for node in found] == [row["raw_content"] for row in rows if wanted(row)]
    assert signals["totalCount"] == len(found) > 0


LISTS = [
    """query($cursor: String) { conversations(first: 50, after: $cursor) {
        totalCount pageInfo { endCursor } edges { cursor node {
            contextWindowId signalCount lastSignalAt user { name } signals(last: 1) { edges { node { rawContent } } } } } } }""",
    """query($cursor: String) { conversations(
        last: 50, before: $cursor, orderBy: {field: STARTED_AT, direction: DESC}, filter: {search: "UBUNTU"}
    ) { pageInfo { endCursor: startCursor } edges { node { id signals { totalCount } } } } }""",
    """query($cursor: String) { signals(first: 1000, after: $cursor, filter: {sources: ["action"]}) {
        pageInfo { endCursor hasNextPage } edges { node { rawContent conversation { contextWindowId } } } } }""",
    """query($cursor: String) { users(first: 1, after: $cursor) { pageInfo { endCursor } edges { node { username
        conversations(first: 30) { totalCount
            edges { node { status startedAt endedAt updatedAt contextMetadata } } } } } } }""",
]


@pytest.mark.parametrize("query", LISTS)
async def test_lists_are_the_same_page_by_page(chats, query):
    plans = Counting()
    for viewer in ("administrator", "ann", "bob"):
        cursor = None
        for _ in range(4):
            planned, text = await both(chats, query, {"cursor": cursor}, plans, viewer)
            assert planned
            (found,) = json.loads(text)["data"].values()
            cursor = found["pageInfo"]["endCursor"]


async def test_whatever_is_not_planned_is_the_same_as_well(chats):
    """Every field of each type, of those that the plans leave to the executor too."""
    schema, plans = chats.schema._schema, Counting()
    own = {name: " ".join(every(schema, name, {"conversation", "conversations", "message", "messages", "signal", "user",
        "personalInformation"})) for name in ("Conversation", "Signal")}  # fmt: skip
    query = f"""query($id: ID!) {{ node(id: $id) {{ ... on Conversation {{ {own["Conversation"]}
        signals(first: 3) {{ edges {{ node {{ {own["Signal"]} }} }} }} }} }} }}"""
    for key in list(chats.conversations.values())[::40]:
        await both(chats, query, {"id": conversation_id(key)}, plans)


async def generated(chats, seed, count):
    first = await chats.schema.execute(
        "{ users { edges { cursor node { id } } } conversations { edges { cursor node { id"
        " signals(first: 3) { edges { cursor node { id } } } } } } }",
        {},
        Context(chats.services, "test", LOCAL),
    )
    found = [piece for piece in to_json(first.data).split('"') if len(piece) > 30]
    names = {"User": ("ann", "bob", "nobody"), "Conversation": (*list(chats.conversations)[::9], "no")}
    windows = [f'(window: "{window}", step: "{step}")' for window, step in WINDOWS.items()]
    windows += [f'(window: "{window}", {RANGES[2]}, sources: [%s])' for window in WINDOWS]
    operations = Operations(Random(seed), found[::2], found, names, windows)
    plans, asked = Counting(), 0
    for number in range(count):
        operation, requests = operations.operation()
        for variables in requests:
            await both(chats, operation, variables, plans, ("administrator", "ann", "bob")[number % 3])
            asked += 1
    return asked, plans.planned


async def test_generated_operations_have_the_same_answer(chats):
    asked, planned = await generated(chats, 1, 25)
    assert planned > asked / 3


@pytest.mark.many
@pytest.mark.parametrize("seed", range(2, 10))
async def test_many_more_have(chats, seed):
    asked, planned = await generated(chats, seed, 300)
    assert planned > asked / 3


def close(left, right):
    """Equal but for rounding; None where the other is None."""
    return left == right or (None not in {left, right} and abs(left - right) < 1e-9)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("sliding", [False, True])
async def test_the_numbers_are_the_definitions(chats, clock, window, sliding):
    """Made again from the rows, by nothing of the product's own."""
    step = WINDOWS[window] if sliding else window
    names = [CHAT, "irc:#rust:0", "irc:#ubuntu-meeting:1", *list(chats.conversations)[-2:]]
    query = f"""query($name: String!) {{ conversation(by: {{contextWindowId: $name}}) {{
        signalCount coherence(window: "{window}", step: "{step}") {{ totalSignalCount coherenceScoreCurrent
            coherenceScoreTrend baseline level sourceDiversity adjustments {{ sourceDiversity stability trend }}
            driftMetrics {{ signalCount mean variance driftScore level coherenceTrend windowStart windowEnd complete }}
            series {{ windowStart signalCount mean variance driftScore complete }} }}
        current(window: "{window}") {{ signalCount mean driftScore level }} }} }}"""
    plans, width, stride = Counting(), Duration.parse(window), Duration.parse(step)
    for name in names:
        planned, text = await both(chats, query, {"name": name}, plans)
        assert planned
        conversation = json.loads(text)["data"]["conversation"]
        rows = [
            tuple(row)
            for row in await chats.pg.fetch(
                "SELECT time, signal_source, signal_score FROM signals WHERE conversation_id = $1",
                chats.conversations[name],
            )
        ]
        found, now = conversation["coherence"], conversation["current"]
        recent = [row for row in rows if clock.now - timedelta(seconds=width) <= row[0] < clock.now]
        ((_, *wanted),) = (
            oracle.drift({0: [row[2] for row in recent]}) if recent else [(0, 0, None, None, None)]
        )
        assert now["signalCount"] == wanted[0]
        assert close(now["mean"], wanted[1])
        assert close(now["driftScore"], wanted[3])
        assert now["level"] == (None if wanted[3] is None else oracle.level(wanted[3]))
        table = oracle.drift(oracle.windows(rows, int(width), int(stride)))
        current, baseline, trend, level, diversity, adjustments = oracle.coherence(
            table, rows, int(width), int(stride)
        )
        assert found["totalSignalCount"] == conversation["signalCount"] == len(rows)
        metrics, series = found["driftMetrics"], found["series"]
        assert (
            [metric["signalCount"] for metric in metrics]
            == series["signalCount"]
            == [row[1] for row in table]
        )
        assert [metric["windowStart"] for metric in metrics] == series["windowStart"]
        for place, field in ((2, "mean"), (3, "variance"), (4, "driftScore")):
            assert all(map(close, series[field], [row[place] for row in table]))
            assert series[field] == [metric[field] for metric in metrics]
        assert all(map(close, [metric["coherenceTrend"] for metric in metrics], [row[5] for row in table]))
        assert [m["level"] for m in metrics] == [
            row[4] if row[4] is None else oracle.level(row[4]) for row in table
        ]
        assert series["complete"] == [metric["complete"] for metric in metrics]
        assert series["complete"] == [metric["windowEnd"] <= write_instant(clock.now) for metric in metrics]
        told_ = (
            found["coherenceScoreCurrent"],
            found["baseline"],
            found["coherenceScoreTrend"],
            found["sourceDiversity"],
        )
        assert all(map(close, told_, (current, baseline, trend, diversity)))
        assert found["level"] == level
        assert all(map(close, found["adjustments"].values(), adjustments))
