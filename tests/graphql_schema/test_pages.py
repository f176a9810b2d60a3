"""Connections: pages forward and backward, their limits, and their cursors."""

import pytest

LISTS = {"users": 20, "conversations": 20, "signals": 50}
PAGE = """query($first: Int, $after: String, $last: Int, $before: String) {
  FIELD(first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.fixture
async def rows(pg):
    """70 users, conversations and signals, of which several have the same time."""
    await pg.execute(
        "INSERT INTO users (username, role, created_at)"
        " SELECT 'u' || n, 'COACH', timestamptz '2026-01-01' + n / 3 * interval '1 day' FROM generate_series(1, 70) n"
    )
    await pg.execute(
        "INSERT INTO conversations (context_window_id, started_at)"
        " SELECT 'c' || n, timestamptz '2026-01-01' + n / 3 * interval '1 day' FROM generate_series(1, 70) n"
    )
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, signal_source, signal_score)"
        " SELECT timestamptz '2026-01-01' + n / 3 * interval '1 day', id, 'chat', 0.5"
        " FROM generate_series(1, 70) n JOIN conversations ON context_window_id = 'c' || n"
    )


async def page(client, field, **arguments):
    return (await client.data(PAGE.replace("FIELD", field), **arguments))[field]


def ids(found):
    return [edge["node"]["id"] for edge in found["edges"]]


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.usefixtures("rows")
async def test_pages_in_both_directions_are_the_whole_list(client, field):
    whole = ids(await page(client, field, first=100))
    assert len(set(whole)) == 70
    for size in (1, 7, 33, 69, 70, 100):
        await walk(client, field, size, whole)


async def walk(client, field, size, whole):
    forward, after = [], None
    while True:
        found = await page(client, field, first=size, after=after)
        info = found["pageInfo"]
        assert found["totalCount"] == 70
        assert info["hasPreviousPage"] is bool(forward)
        forward += ids(found)
        assert (info["startCursor"], info["endCursor"]) == (
            found["edges"][0]["cursor"],
            found["edges"][-1]["cursor"],
        )
        after = info["endCursor"]
        assert info["hasNextPage"] is (len(forward) < 70)
        if not info["hasNextPage"]:
            break
    assert forward == whole

    backward, before = [], None
    while True:
        found = await page(client, field, last=size, before=before)
        info = found["pageInfo"]
        assert info["hasNextPage"] is bool(backward)
        backward = ids(found) + backward
        before = info["startCursor"]
        assert info["hasPreviousPage"] is (len(backward) < 70)
        if not info["hasPreviousPage"]:
            break
    assert backward == whole


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.usefixtures("rows")
async def test_between_two_cursors_and_beyond_the_ends(client, field):
    edges = (await page(client, field, first=100))["edges"]
    whole = [edge["node"]["id"] for edge in edges]
    between = {"after": edges[10]["cursor"], "before": edges[20]["cursor"]}
    for arguments, expected, previous, following in [
        ({"first": 100}, whole[11:20], True, True),
        ({"last": 100}, whole[11:20], True, True),
        ({"first": 3}, whole[11:14], True, True),
        ({"last": 3}, whole[17:20], True, True),
        ({}, whole[11:20], True, True),
    ]:
        found = await page(client, field, **between, **arguments)
        assert ids(found) == expected
        assert found["totalCount"] == 70
        assert (found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]) == (
            previous,
            following,
        )
    found = await page(client, field, first=5, after=edges[-1]["cursor"])
    assert (ids(found), found["pageInfo"]) == (
        [],
        {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    )
    found = await page(client, field, last=5, before=edges[0]["cursor"])
    assert (ids(found), found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (
        [],
        True,
        False,
    )


@pytest.mark.parametrize(("field", "default"), LISTS.items())
@pytest.mark.usefixtures("rows")
async def test_defaults_and_empty_pages(client, field, default):
    whole = ids(await page(client, field, first=100))
    assert ids(await page(client, field)) == whole[:default]
    assert ids(await page(client, field, first=None, last=None, after=None, before=None)) == whole[:default]
    for name in ("first", "last"):
        found = await page(client, field, **{name: 0})
        assert ids(found) == []
        assert found["totalCount"] == 70
        assert found["pageInfo"]["hasNextPage"] is (name == "first")
        assert found["pageInfo"]["hasPreviousPage"] is (name == "last")


@pytest.mark.parametrize("field", LISTS)
async def test_sizes_that_no_page_has(reader, field):
    most = 1_000 if field == "signals" else 100
    for name in ("first", "last"):
        await page(reader, field, **{name: most})
        for size in (-1, most + 1, 1_000_000, -(2**31), 2**31 - 1):
            error = await reader.error(PAGE.replace("FIELD", field), **{name: size})
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": name}
            assert str(most) in error["message"]
    error = await reader.error(PAGE.replace("FIELD", field), first=1, last=1)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["field"] in {"first", "last"}


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.usefixtures("rows")
async def test_a_cursor_of_another_list_or_order_or_none_at_all_is_refused(client, field):
    foreign = [
        (await page(client, other, first=1))["edges"][0]["cursor"] for other in LISTS if other != field
    ]
    own = (await page(client, field, first=1))["edges"][0]["cursor"]
    ordered = await client.data(
        "{ conversations(first: 1, orderBy: {field: LAST_SIGNAL_AT}) { edges { cursor node { id } } } }"
    )
    edge = ordered["conversations"]["edges"][0]
    garbage = ["", "x", own[:-3], own + "A", own[::-1], "=" * 50, edge["node"]["id"], "a" * 10_000, "ü", "\0"]
    for cursor in [*foreign, edge["cursor"], *garbage]:
        for name in ("after", "before"):
            error = await client.error(PAGE.replace("FIELD", field), **{name: cursor})
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": name}, cursor
            assert "cursor" in error["message"]
            assert len(error["message"]) < 300


@pytest.mark.usefixtures("rows")
async def test_nested_lists_page_like_the_others(client, pg):
    await pg.execute("UPDATE conversations SET user_id = (SELECT id FROM users WHERE username = 'u1')")
    await pg.execute(
        "UPDATE signals SET conversation_id = (SELECT id FROM conversations WHERE context_window_id = 'c1')"
    )
    document = """query($after: String, $signal: String) { user(by: {username: "u1"}) {
      conversations(first: 30, after: $after) { totalCount edges { node { id } } pageInfo { endCursor hasNextPage } }
    } conversation(by: {contextWindowId: "c1"}) {
      signals(last: 30, before: $signal) { totalCount edges { node { id } } pageInfo { startCursor hasPreviousPage } }
    } }"""
    conversations, signals, after, signal = [], [], None, None
    for _ in range(3):
        data = await client.data(document, after=after, signal=signal)
        nested = data["user"]["conversations"], data["conversation"]["signals"]
        assert [found["totalCount"] for found in nested] == [70, 70]
        conversations += ids(nested[0])
        signals = ids(nested[1]) + signals
        after, signal = nested[0]["pageInfo"]["endCursor"], nested[1]["pageInfo"]["startCursor"]
    assert conversations == ids(await page(client, "conversations", first=100))
    assert signals == ids(await page(client, "signals", first=100))


@pytest.mark.usefixtures("rows")
async def test_conversations_in_every_order(client, pg):
    await pg.execute(
        "DELETE FROM signals WHERE conversation_id IN (SELECT id FROM conversations WHERE started_at > '2026-01-15')"
    )
    for field in ("STARTED_AT", "LAST_SIGNAL_AT"):
        for direction in ("ASC", "DESC"):
            document = """query($after: String, $before: String, $first: Int, $last: Int) {
              conversations(first: $first, last: $last, after: $after, before: $before, orderBy: {field: FIELD, direction: DIRECTION}) {
                edges { cursor node { id startedAt lastSignalAt } } pageInfo { hasNextPage hasPreviousPage } } }"""
            document = document.replace("FIELD", field).replace("DIRECTION", direction)
            edges = (await client.data(document, first=100))["conversations"]["edges"]
            assert len(edges) == 70
            times = [edge["node"]["startedAt" if field == "STARTED_AT" else "lastSignalAt"] for edge in edges]
            known = [time for time in times if time is not None]
            assert known == sorted(known, reverse=direction == "DESC")
            assert times == known + [None] * (70 - len(known))  # those without a signal stand last
            walked, cursor = [], None
            for _ in range(7):
                part = (await client.data(document, first=10, after=cursor))["conversations"]
                walked += part["edges"]
                cursor = part["edges"][-1]["cursor"]
            assert walked == edges
            assert part["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}
            walked, cursor = [], None
            for _ in range(7):
                part = (await client.data(document, last=10, before=cursor))["conversations"]
                walked = part["edges"] + walked
                cursor = part["edges"][0]["cursor"]
            assert walked == edges
