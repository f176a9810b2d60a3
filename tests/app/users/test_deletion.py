"""What is left of a user who was deleted: nothing, in any table."""

from typing import Any
from uuid import uuid4

from app.auth import keys
from app.auth.viewer import PROGRAM, Scope
from app.messages.models import MessageRole
from app.messages.service import NewMessage
from app.users.models import Role
from tests.conftest import EDITIONS

MARKS = (
    "zebra-username",
    "Zebra Name",
    "zebra@example.org",
    "zebra text",
    "zebra-conversation",
    "zebra-source",
)

TABLES = """
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^_?timescaledb_(cache|catalog|config|debug|experimental|functions|information)'
"""


async def found(pg: Any, *words: str) -> dict[str, list[str]]:
    """The words that stand in a row of a table or view, by its name."""
    places = {}
    for row in await pg.fetch(TABLES):
        texts = [line[0] for line in await pg.fetch(f"SELECT t::text FROM {row['name']} t")]
        if seen := [word for word in words if any(word.lower() in text.lower() for text in texts)]:
            places[row["name"]] = seen
    return places


@EDITIONS
async def test_nothing_of_theirs_is_left_in_any_table(services, pg, edition):
    del edition
    user = await services.users.create(
        username=MARKS[0], name=MARKS[1], email=MARKS[2], phone="+49 zebra", address="zebra street"
    )
    other = await services.users.create(username="kept")
    coach = await services.users.create(username="coach", role=Role.COACH)
    actor = f"user:{user.id}"
    own = await services.conversations.create(
        PROGRAM, context_window_id=MARKS[4], user_id=user.id, title="zebra text"
    )
    others = await services.conversations.create(PROGRAM, context_window_id="kept", user_id=other.id)
    for conversation in (own, others):
        await services.conversations.share(PROGRAM, conversation.id, enabled=True, actor=actor)
        await services.conversations.assign_coach(
            PROGRAM, conversation.id, coach.id, assigned=True, actor=actor
        )
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, user_id, signal_source, signal_score, raw_content)"
        " SELECT now() - n * interval '1 second' / 10, $1, $2, $3, CASE WHEN n < 100 THEN 0.9 ELSE 0.1 END,"
        " 'zebra text, I am worried and stressed' FROM generate_series(1, 200) n",
        own.id,
        MARKS[0],
        MARKS[5],
    )
    await pg.execute(
        "INSERT INTO signals (time, conversation_id, user_id, signal_source, signal_score)"
        " SELECT now() - n * interval '1 second' / 10, $1, $2, 'chat', 0.5 FROM generate_series(1, 50) n",
        others.id,
        MARKS[0],
    )
    await services.messages.create(PROGRAM, NewMessage(own.id, MessageRole.USER, "zebra text"))
    await services.arrivals.work_off()
    _, token = await keys.create(services.database, actor, "k", [Scope.READ], user.id)
    await pg.execute(
        "INSERT INTO sessions (token_hash, user_id, provider, idle_expires_at, expires_at)"
        " VALUES (sha256('x'), $1, 'p', 'infinity', 'infinity')",
        user.id,
    )
    await pg.execute("INSERT INTO identities VALUES ('p', 's', $1)", user.id)
    await services.users.update(user.id, {"role": Role.ADMIN}, actor=actor)
    await services.users.personal_information(PROGRAM, [user.id, other.id], actor=actor)
    ids = (str(user.id), str(own.id), token[:12])
    before = await found(pg, *MARKS, *ids)
    assert {"users", "conversations", "signals", "sessions", "identities", "api_keys", "audit_log"} <= set(
        before
    )
    assert {"signal_rollup_5m", "signal_classifications", "anomalies"} & set(before) >= {"anomalies"}

    await services.users.delete(user.id, actor="user:" + str(uuid4()))
    await services.arrivals.work_off()

    left = await found(pg, *MARKS, str(user.id), token[:12])
    assert left == {}
    rest = await found(pg, str(own.id))
    assert set(rest) <= {"audit_log"}  # that a conversation was deleted, not whose
    assert await pg.fetchval("SELECT count(*) FROM signals") == 50
    assert await pg.fetchval("SELECT count(*) FROM signal_classifications") == 0
    assert await pg.fetchval("SELECT array_agg(username ORDER BY username) FROM users") == ["coach", "kept"]
    log = await pg.fetch("SELECT actor, action, subject FROM audit_log ORDER BY id")
    assert ("a deleted user", "role changed", "a deleted user") in [tuple(row) for row in log]
    assert log[-1]["action"] == "user deleted"
