"""Conversations are written and read as asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.auth.viewer import PROGRAM
from app.conversations import queries, service
from app.conversations.models import ConversationStatus
from app.conversations.queries import ConversationFilter, ConversationOrder
from app.database.paging import Page
from app.errors import BadUserInput, Conflict, NotFound
from app.messages.models import MessageRole
from app.messages.service import NewMessage
from app.timerange import TimeRange

DAY = datetime(2026, 3, 2, tzinfo=UTC)
DELETED = ConversationStatus.DELETED


async def test_a_new_conversation_has_what_was_given_or_its_default(services):
    user = await services.users.create(username="ada")
    given = {
        "context_window_id": "🦉" * 255,
        "user_id": user.id,
        "agent_id": "a-1",
        "title": "x" * 1_000,
        "started_at": DAY,
        "context_metadata": {"é": [1, None, {"deep": 0.1}]},
    }
    row = await services.conversations.create(PROGRAM, **given)
    assert {name: getattr(row, name) for name in given} == given
    assert (row.status, row.ended_at, row.signal_count, row.last_signal_at) == ("ACTIVE", None, 0, None)

    plain = await services.conversations.create(PROGRAM)
    assert UUID(plain.context_window_id) == plain.id
    assert plain.context_metadata == {}
    assert abs(plain.started_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_context_window_id_is_one_conversation_s_also_of_many_at_once(services, pg):
    writes = [services.conversations.create(PROGRAM, context_window_id="c") for _ in range(8)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert [error.field for error in refused] == ["contextWindowId"] * 7
    await services.conversations.create(PROGRAM, context_window_id="C")
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 2


async def test_who_is_not_there_is_not_found(services, pg):
    with pytest.raises(NotFound) as refused:
        await services.conversations.create(PROGRAM, user_id=uuid4())
    assert refused.value.field == "userId"
    for write in (
        services.conversations.update(PROGRAM, uuid4(), {}),
        services.conversations.delete(PROGRAM, uuid4()),
    ):
        with pytest.raises(NotFound) as refused:
            await write
        assert refused.value.field == "id"
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 0


async def test_what_is_left_out_of_a_change_stays_and_none_clears(services):
    row = await services.conversations.create(
        PROGRAM, title="t", agent_id="a", started_at=DAY, context_metadata=[1]
    )
    changes = {
        "status": ConversationStatus.ARCHIVED,
        "ended_at": DAY,
        "coherence_score_current": 1,
        "coherence_score_trend": -3.5,
    }
    changed = await services.conversations.update(PROGRAM, row.id, changes)
    assert (changed.title, changed.agent_id, changed.context_metadata) == ("t", "a", [1])
    assert (changed.status, changed.ended_at) == ("ARCHIVED", DAY)
    assert (changed.coherence_score_current, changed.coherence_score_trend) == (1, -3.5)
    assert changed.updated_at > row.updated_at
    cleared = dict.fromkeys(
        ("title", "agent_id", "ended_at", "coherence_score_current", "coherence_score_trend")
    )
    changed = await services.conversations.update(PROGRAM, row.id, cleared)
    assert all(getattr(changed, name) is None for name in cleared)
    assert changed.status == "ARCHIVED"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": None}, "status"),
        ({"context_metadata": None}, "contextMetadata"),
        ({"context_metadata": {"a": float("nan")}}, "contextMetadata"),
        ({"title": "x" * 1_001}, "title"),
        ({"title": ""}, "title"),
        ({"agent_id": "\0"}, "agentId"),
        ({"coherence_score_current": 1.1}, "coherenceScoreCurrent"),
        ({"coherence_score_current": float("nan")}, "coherenceScoreCurrent"),
        ({"coherence_score_trend": float("inf")}, "coherenceScoreTrend"),
        ({"ended_at": DAY - timedelta(microseconds=1)}, "endedAt"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(services, pg, changes, field):
    row = await services.conversations.create(PROGRAM, title="t", started_at=DAY)
    before = await pg.fetch("SELECT * FROM conversations")
    with pytest.raises(BadUserInput) as refused:
        await services.conversations.update(PROGRAM, row.id, {"agent_id": "new"} | changes)
    assert refused.value.field == field
    assert await pg.fetch("SELECT * FROM conversations") == before


async def test_the_last_instant_there_is_can_be_an_end_and_a_start(services, database):
    """asyncpg takes it for infinity, and gives infinity back without a time zone."""
    last = datetime.max.replace(tzinfo=UTC)
    row = await services.conversations.create(PROGRAM, started_at=DAY)
    assert (await services.conversations.update(PROGRAM, row.id, {"ended_at": last})).ended_at == last
    endless = await services.conversations.create(PROGRAM, started_at=last)
    assert endless.started_at == last
    with pytest.raises(BadUserInput):
        await services.conversations.update(PROGRAM, endless.id, {"ended_at": DAY})
    async with database.read() as connection:
        page = await queries.page(connection, PROGRAM, ConversationFilter(), ConversationOrder(), Page(9))
    assert [row.started_at for row in page.rows] == [DAY, last]


async def test_deleted_ones_are_hidden_from_every_read_but_can_be_asked_for_and_brought_back(
    services, database
):
    user = await services.users.create(username="ada")
    shown, hidden = [
        await services.conversations.create(PROGRAM, context_window_id=key, user_id=user.id)
        for key in ("shown", "hidden")
    ]
    await services.conversations.update(PROGRAM, hidden.id, {"status": DELETED})

    async def seen(wanted):
        async with database.read() as connection:
            order, page = ConversationOrder(), Page(9)
            rows = (await queries.page(connection, PROGRAM, wanted, order, page)).rows
            of_user = (await queries.pages_of_users(connection, PROGRAM, [user.id], wanted, order, page))[
                user.id
            ].rows
            assert await queries.count(connection, PROGRAM, wanted) == len(rows) == len(of_user)
            assert (await queries.counts_of_users(connection, PROGRAM, [user.id], wanted)).get(
                user.id, 0
            ) == len(rows)
        return [row.id for row in rows]

    assert await seen(ConversationFilter()) == [shown.id]
    assert await seen(ConversationFilter(status=DELETED)) == [hidden.id]
    async with database.read() as connection:
        assert (await queries.by_ids(connection, PROGRAM, [shown.id, hidden.id])).keys() == {shown.id}
        assert await queries.id_of(connection, PROGRAM, "hidden") is None
        assert await queries.id_of(connection, PROGRAM, "shown") == shown.id
    await services.conversations.update(PROGRAM, hidden.id, {"status": ConversationStatus.ACTIVE})
    assert await seen(ConversationFilter()) == [shown.id, hidden.id]
    await services.conversations.update(PROGRAM, hidden.id, {"status": DELETED})
    await services.conversations.delete(PROGRAM, hidden.id)
    assert await seen(ConversationFilter(status=DELETED)) == []


async def test_filters_and_search(services, database):
    user = await services.users.create(username="ada")
    for number, (title, agent, owner) in enumerate(
        [
            ("100% Élan", "a", user.id),
            ("under_score", "b", None),
            (None, None, user.id),
            (r"back\slash", "a", None),
        ]
    ):
        await services.conversations.create(
            PROGRAM, context_window_id=f"key-{number}", title=title, agent_id=agent, user_id=owner,
            started_at=DAY + timedelta(seconds=number),
        )  # fmt: skip

    async def found(**wanted):
        wanted = ConversationFilter(**wanted)
        async with database.read() as connection:
            rows = (await queries.page(connection, PROGRAM, wanted, ConversationOrder(), Page(9))).rows
            assert await queries.count(connection, PROGRAM, wanted) == len(rows)
        return [int(row.context_window_id[-1]) for row in rows]

    assert await found(search="0% éL") == [0]
    assert await found(search="R_S") == [1]
    assert await found(search="\\") == [3]
    assert await found(search="KEY-") == [0, 1, 2, 3]
    assert await found(search="%") == [0]
    assert await found(agent_id="a") == [0, 3]
    assert await found(agent_id="a", user_id=user.id) == [0]
    assert await found(started=TimeRange(DAY + timedelta(seconds=1), DAY + timedelta(seconds=3))) == [1, 2]
    with pytest.raises(BadUserInput):
        await found(search="\0")


async def test_purge_removes_for_good_what_has_been_hidden_for_long_enough(services, pg):
    made = {
        name: await services.conversations.create(PROGRAM, context_window_id=name)
        for name in ("shown", "hidden yesterday", "hidden long ago")
    }
    for row in made.values():
        await services.messages.create(PROGRAM, NewMessage(row.id, MessageRole.USER, "x"))
    await pg.execute("UPDATE conversations SET status = 'DELETED' WHERE context_window_id <> 'shown'")
    await pg.execute("UPDATE conversations SET updated_at = now() - interval '1 day'")
    await pg.execute(
        "UPDATE conversations SET updated_at = now() - interval '40 days' WHERE context_window_id LIKE '%long ago'"
    )
    assert await service.purge(services.database, 30) == 1
    assert await service.purge(services.database, 30) == 0
    left = {row[0] for row in await pg.fetch("SELECT context_window_id FROM conversations")}
    assert left == {"shown", "hidden yesterday"}
    for table in ("messages", "signals"):
        assert await pg.fetchval(f"SELECT count(*) FROM {table}") == 2
    noted = await pg.fetch("SELECT subject FROM audit_log WHERE action = 'conversation purged'")
    assert [row[0] for row in noted] == [f"conversation:{made['hidden long ago'].id}"]
    assert await service.purge(services.database, 0) == 1


async def test_a_purge_is_done_in_pieces(services, pg, monkeypatch):
    monkeypatch.setattr(service, "MOST_PURGED", 3)
    await pg.execute(
        "INSERT INTO conversations (context_window_id, status) SELECT n, 'DELETED' FROM generate_series(1, 7) n"
    )
    assert await service.purge(services.database, 0) == 7
    assert await pg.fetchval("SELECT count(*) FROM conversations") == 0
