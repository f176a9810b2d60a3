"""The signals that version 0.1 made of the coach's questions and answers go; what createMessage has stored stays."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from app.auth.viewer import PROGRAM
from app.coach.extract import HEAD
from app.coach.sources import Source, citations
from app.database import migrations
from app.messages.models import MessageRole
from app.messages.service import NewMessage
from graphql_schema.messages.mutations import name_of
from tests.app.database.oracle import assert_rolled_up
from tests.conftest import EDITIONS

pytestmark = EDITIONS

STEP = ScriptDirectory.from_config(Config(migrations.INI)).get_revision("0013").module
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
COUNTS = """
    SELECT sum(positive), sum(stressed), sum(uncertain) FROM classification_rollup_5m
"""
CLASSES = """
    SELECT count(*) FILTER (WHERE classification = 'POSITIVE'), count(*) FILTER (WHERE classification = 'STRESSED'),
        count(*) FILTER (WHERE classification = 'UNCERTAIN') FROM signal_classifications JOIN signals USING (time, id)
"""
KEPT = "SELECT content, signal_id FROM messages ORDER BY id"


def cited(content):
    """As the coach of then cited."""
    source = Source("Message", 1, BEGIN, "user", "The essay is due on 3 May.")
    return citations(content, [source] * 9, name_of)


ANSWER = f"{HEAD}\n\n“The essay is due on 3 May.” [1]"
MODELS = "It is due on 3 May [1]. Begin early [2]."
ODD = [
    {"url": "https://a.example"},
    "text",
    [],
    ["[1]"],
    [{"number": 1}],
    cited(ANSWER)[0],
    [*cited(ANSWER), {"url": "https://a.example"}],
    [cited(ANSWER)[0] | {"score": 1}],
    [cited(ANSWER)[0] | {"number": 8}],
    [cited(ANSWER)[0] | {"end": "26"}],
    [cited(ANSWER)[0] | {"end": 3}],
    [cited(ANSWER)[0] | {"number": {"a": 1}, "at": None}],
]
"""What somebody has given to createMessage."""

STAYS = [
    ("USER", "The essay is due on 3 May. Great!", {}),
    ("ASSISTANT", "Then begin with an outline, worried one.", {}),
    *(("ASSISTANT", ANSWER, {"citations": odd}) for odd in ODD),
    ("ASSISTANT", ANSWER, {"citations": cited(ANSWER), "domains": ["writing"]}),
    ("ASSISTANT", "A model's answer that cites nothing.", {"input_tokens": 3, "output_tokens": 2}),
    ("USER", "A question that takes tokens?", {"input_tokens": 3}),
    ("SYSTEM", MODELS, {"citations": cited(MODELS)}),
]
GOES = [
    ("USER", "When is the essay due? I am worried.", {}),
    ("ASSISTANT", ANSWER, {"citations": cited(ANSWER)}),
    ("USER", "Is it urgent?", {}),
    ("ASSISTANT", MODELS, {"citations": cited(MODELS), "input_tokens": 90, "cost_usd": "0.1"}),
    ("USER", "Zebra?", {}),
    ("ASSISTANT", STEP.NOTHING, {}),
]


async def step(database, direction):
    def run(connection):
        with Operations.context(MigrationContext.configure(connection)):
            getattr(STEP, direction)()

    async with database.write() as connection:
        await connection.run_sync(run)


@pytest.fixture
async def said(services, database, pg):
    """Messages as 0.1 has stored them, each with its signal, in two conversations."""
    await step(database, "downgrade")
    for name in ("c1", "c2"):
        key = (await services.conversations.create(PROGRAM, context_window_id=name)).id
        for number, (role, content, given) in enumerate([*STAYS, *GOES, STAYS[0]]):
            message = NewMessage(key, MessageRole[role], content, **given)
            row = await services.messages.create(PROGRAM, message)
            time = BEGIN + timedelta(seconds=20 * number)
            await pg.execute("UPDATE signals SET time = $2 WHERE id = $1", row.signal_id, time)
            await pg.execute(
                "UPDATE messages SET created_at = $2, signal_time = $2 WHERE id = $1", row.id, time
            )
    await services.arrivals.work_off()
    await services.vectors.embedding.work_off()


async def signals(pg):
    return [
        tuple(row) for row in await pg.fetch("SELECT conversation_id, raw_content FROM signals ORDER BY id")
    ]


async def numbers_are_of_what_is_left(services, pg):
    await assert_rolled_up(pg)
    await services.arrivals.work_off()
    assert tuple(await pg.fetchrow(COUNTS)) == tuple(await pg.fetchrow(CLASSES))
    assert await pg.fetchval("SELECT count(*) FROM signal_classifications") > 0
    for table in ("signal_classifications", "signal_embeddings"):
        left = f"SELECT count(*) FROM {table} t LEFT JOIN signals s USING (time, id) WHERE s.id IS NULL"
        assert await pg.fetchval(left) == 0
    assert await pg.fetchval("SELECT count(*) FROM signal_embeddings") == len(await signals(pg))


@pytest.mark.usefixtures("said")
async def test_the_coach_s_signals_go_and_no_others(services, database, pg):
    messages = await pg.fetchval("SELECT count(*) FROM messages")
    await step(database, "upgrade")
    assert [content for _, content in await signals(pg)] == [
        content for _, content, _ in [*STAYS, STAYS[0]]
    ] * 2
    assert await pg.fetchval("SELECT count(*) FROM messages") == messages
    without = await pg.fetch("SELECT content FROM messages WHERE signal_id IS NULL ORDER BY id")
    assert [row["content"] for row in without] == [content for _, content, _ in GOES] * 2
    await numbers_are_of_what_is_left(services, pg)


@pytest.mark.usefixtures("said")
async def test_numbers_and_anomalies_are_those_after_delete_signals(services, database, pg):
    await step(database, "upgrade")
    await services.arrivals.work_off()
    found = await pg.fetch("SELECT kind, started_at, event_count FROM anomalies ORDER BY 1, 2")
    await pg.execute("DELETE FROM anomalies; DELETE FROM shift_progress")
    await pg.execute(
        "INSERT INTO signal_arrivals (times, ids, again) SELECT array_agg(time), array_agg(id), true FROM signals"
    )
    await services.arrivals.work_off()
    assert await pg.fetch("SELECT kind, started_at, event_count FROM anomalies ORDER BY 1, 2") == found


@pytest.mark.usefixtures("said")
async def test_down_and_up_again_is_as_before(services, database, pg):
    await step(database, "upgrade")
    asked = NewMessage((await pg.fetchrow("SELECT id FROM conversations"))["id"], MessageRole.USER, "Why?")
    await services.messages.create_about(PROGRAM, asked)
    before, stored = await pg.fetch(KEPT), await signals(pg)
    await step(database, "downgrade")
    assert (
        await pg.fetchval("SELECT count(*) FROM messages WHERE signal_id IS NULL OR signal_time IS NULL") == 0
    )
    assert await signals(pg) == stored
    await step(database, "upgrade")
    assert await pg.fetch(KEPT) == before
    assert await signals(pg) == stored
    await numbers_are_of_what_is_left(services, pg)


@pytest.mark.usefixtures("said")
async def test_servers_of_then_may_store_messages_meanwhile(services, database, pg):
    keys = [row["id"] for row in await pg.fetch("SELECT id FROM conversations")]
    stored = len(await signals(pg))

    async def write():
        for number in range(20):
            for key in keys:
                await services.messages.create(
                    PROGRAM, NewMessage(key, MessageRole.SYSTEM, f"Word {number}.")
                )

    await asyncio.gather(write(), step(database, "upgrade"), write())
    assert len(await signals(pg)) == stored - 2 * len(GOES) + 80
    await assert_rolled_up(pg)
