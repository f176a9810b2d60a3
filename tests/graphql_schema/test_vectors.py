"""Search by meaning over GraphQL."""

from collections import Counter

import pytest
from sqlalchemy import event

from app.services import Services
from app.settings import Settings
from tests.conftest import KEY, QUIET
from tests.people import may_see, people

__all__ = ["people"]

SEARCH = """
query($text: String!, $first: Int! = 10, $in: String) {
  searchSignals(text: $text, first: $first, contextWindowId: $in) { similarity signal { rawContent contextWindowId } }
}
"""
SIMILAR = (
    "{ signals { edges { node { id rawContent similar(first: %d) { similarity signal { rawContent } } } } } }"
)
CREATE = """
mutation($signals: [SignalInput!]!) {
  createSignals(signals: $signals, createConversations: true) { results { signalId error { code field message } } }
}
"""
TEXTS = {
    "ops": ("The server crashed again", "Restarting the crashed servers", "Disk is full"),
    "food": ("Lunch was lovely", "Shall we have lunch?"),
}


async def fill(client, services):
    signals = [
        {"contextWindowId": key, "rawContent": text, "timestamp": f"2026-01-01T00:00:0{n}Z"}
        for key, texts in TEXTS.items()
        for n, text in enumerate(texts)
    ]
    await create(client, services, *signals)


async def create(client, services, *signals):
    answer = (await client.data(CREATE, signals=list(signals)))["createSignals"]["results"]
    await services.arrivals.work_off()
    await services.vectors.embedding.work_off()
    return answer


async def texts(client, text, **more):
    found = (await client.data(SEARCH, text=text, **more))["searchSignals"]
    assert [each["similarity"] for each in found] == sorted((e["similarity"] for e in found), reverse=True)
    return [each["signal"]["rawContent"] for each in found]


async def test_signals_are_found_by_what_they_are_about(client, services):
    await fill(client, services)
    assert set((await texts(client, "crashing server"))[:2]) == set(TEXTS["ops"][:2])
    assert set((await texts(client, "LUNCH!"))[:2]) == set(TEXTS["food"])
    assert len(await texts(client, "lunch", first=1)) == 1
    assert await texts(client, "lunch", first=0) == []
    assert set(await texts(client, "lunch", **{"in": "ops"})) == set(TEXTS["ops"])


async def test_similar_signals_come_nearest_first_and_without_the_signal_itself(client, services):
    await fill(client, services)
    edges = (await client.data(SIMILAR % 2))["signals"]["edges"]
    nearest = {edge["node"]["rawContent"]: edge["node"]["similar"] for edge in edges}
    for text, found in nearest.items():
        assert len(found) == 2
        assert text not in {each["signal"]["rawContent"] for each in found}
    assert nearest[TEXTS["ops"][0]][0]["signal"]["rawContent"] == TEXTS["ops"][1]
    assert nearest[TEXTS["food"][0]][0]["signal"]["rawContent"] == TEXTS["food"][1]


async def test_producers_bring_their_own_and_learn_where_it_is(client, services):
    vector = [0.0] * 256
    vector[5] = 2.5
    other = [*vector]
    other[6] = 0.1
    bad, *_ = await create(
        client,
        services,
        {"contextWindowId": "c", "embedding": vector[:3]},
        {"contextWindowId": "c", "rawContent": "x", "embedding": vector},
        {"contextWindowId": "c", "rawContent": "y", "embedding": other},
        {"contextWindowId": "c", "signalVector": "mine"},
        {"contextWindowId": "c"},
    )
    assert (bad["error"]["code"], bad["error"]["field"]) == ("BAD_USER_INPUT", "embedding")
    edges = (
        await client.data(
            "{ signals { edges { node { signalVector similar { similarity signal { rawContent signalVector } } } } } }"
        )
    )["signals"]["edges"]
    first, second, named, bare = (edge["node"] for edge in edges)
    assert (named["signalVector"], bare["signalVector"]) == ("mine", None)
    assert named["similar"] == bare["similar"] == []
    (match,) = first["similar"]
    assert match["signal"] == {"rawContent": "y", "signalVector": second["signalVector"]}
    assert match["similarity"] == pytest.approx(2.5 / (2.5**2 + 0.1**2) ** 0.5)
    assert first["signalVector"] not in {None, second["signalVector"]}


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"text": "x", "first": -1}, "first"),
        ({"text": "x", "first": 101}, "first"),
        ({"text": ""}, "text"),
        ({"text": " ?! "}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": "x", "in": "a\0b"}, "contextWindowId"),
        ({"text": 5}, "text"),
    ],
)
async def test_bad_questions_are_refused(reader, variables, field):
    extensions = (await reader.error(SEARCH, **variables))["extensions"]
    assert (extensions["code"], extensions["field"]) == ("BAD_USER_INPUT", field)


async def test_an_unknown_conversation_is_not_found(reader):
    assert (await reader.error(SEARCH, text="x", **{"in": "nobody's"}))["extensions"]["code"] == "NOT_FOUND"


async def test_a_search_for_too_many_costs_too_much(reader):
    query = "{ signals(first: 1000) { edges { node { similar(first: 100) { similarity signal { id } } } } } }"
    assert (await reader.error(query))["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    error = await reader.post("{ signals { edges { node { similar(first: 101) { similarity } } } } }")
    assert error["data"] == {"signals": {"edges": []}}


@may_see
async def test_everyone_finds_what_they_may_read_and_nothing_else(people, name, seen):
    vectors = people.services.vectors
    await vectors.embedding.missing(lambda _: None)
    query = '{ searchSignals(text: "text of b1", first: 100) { signal { contextWindowId } } }'
    found = (await people.data(name, query))["searchSignals"]
    assert {each["signal"]["contextWindowId"] for each in found} == set(seen)
    nodes = "query($id: ID!) { node(id: $id) { ... on Signal { similar(first: 100) { signal { contextWindowId } } } } }"
    for conversation in seen:
        node = (await people.data(name, nodes, id=people.id(f"{conversation}/signal")))["node"]
        others = {each["signal"]["contextWindowId"] for each in node["similar"]}
        assert others | {conversation} == set(seen)


async def test_a_page_of_similar_signals_takes_as_many_statements_as_one(people):
    await people.services.vectors.embedding.missing(lambda _: None)
    statements = Counter()
    engine = people.services.database._reads.sync_engine

    def count(*of):
        statements[of[2]] += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        totals = []
        for first in (1, 15):
            query = SIMILAR.replace("signals {", f"signals(first: {first}) {{", 1) % 3
            await people.data("administrator", query)
            totals.append(statements.total())
            statements.clear()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert totals[0] == totals[1] <= 6  # one of them what time it is


async def test_where_vectors_are_off_search_is_unavailable_and_signals_are_read_as_ever(people):
    settings = Settings(_env_file=None, **QUIET, COHERENCE_VECTORS="off")
    people.services = Services.of(settings, people.services.database, KEY)
    assert await people.code("administrator", '{ searchSignals(text: "x") { similarity } }') == "UNAVAILABLE"
    assert await people.code("administrator", SIMILAR % 1) == "UNAVAILABLE"
    data = await people.data("administrator", "{ signals(first: 1) { edges { node { signalVector } } } }")
    assert data["signals"]["edges"] == [{"node": {"signalVector": None}}]


async def test_where_producers_bring_all_vectors_a_text_cannot_be_compared(people):
    settings = Settings(_env_file=None, **QUIET, COHERENCE_EMBEDDER="none")
    people.services = Services.of(settings, people.services.database, KEY)
    assert await people.code("administrator", '{ searchSignals(text: "x") { similarity } }') == "UNAVAILABLE"
