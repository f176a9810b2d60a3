"""API keys: made, used, kept, revoked, by the service and on the terminal."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from app.auth import keys, queries
from app.auth import service as auth_module
from app.auth.service import Auth
from app.auth.viewer import ALL, NOBODY, Scope
from app.errors import BadUserInput, NotFound
from app.settings import Settings
from app.users.models import Role
from tests.app.test_cli import folder, run

__all__ = ["folder", "run"]

REQUIRED = Settings(_env_file=None, COHERENCE_AUTH="required")


@pytest.fixture
def auth(database):
    return Auth(database, REQUIRED)


def bearer(token):
    return f"Bearer {token}"


async def test_only_the_hash_of_a_key_is_stored(database, pg):
    row, token = await keys.create(database, "test", "probe", [Scope.READ, Scope.INGEST])
    assert token.startswith("coh_")
    assert len(token) > 45
    stored = await pg.fetchrow("SELECT * FROM api_keys")
    assert stored["token_hash"] == hashlib.sha256(token.encode()).digest()
    assert (stored["prefix"], stored["scopes"]) == (token[:12], ["INGEST", "READ"])
    everything = await pg.fetchval(
        "SELECT string_agg(t::text, ' ') FROM (SELECT k::text AS t FROM api_keys k UNION SELECT a::text FROM audit_log a) x"
    )
    assert token not in everything
    assert row.revoked_at is None


async def test_a_key_says_who_is_asking(auth, database, services):
    ada = await services.users.create(username="ada", role=Role.COACH)
    _, machine = await keys.create(database, "test", "all", [Scope.ADMIN])
    _, program = await keys.create(database, "test", "hers", [Scope.ADMIN], ada.id)
    viewer = await auth.by_authorization(bearer(machine))
    assert (viewer.user_id, viewer.scopes, viewer.administrator) == (None, ALL, True)
    viewer = await auth.by_authorization(f"bearer {program}")
    assert (viewer.user_id, viewer.role, viewer.administrator) == (ada.id, Role.COACH, False)


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Basic x", "Bearer coh_", "Bearer coh_nope", "coh_x", "Bearer coh_\ud800", 3, None,
     "Bearer coh_" + "x" * 100_000],
    ids=lambda given: repr(given)[:30],
)  # fmt: skip
async def test_what_is_no_key_is_nobody(auth, given):
    assert await auth.by_authorization(given) == NOBODY


async def test_an_expired_revoked_or_orphaned_key_is_nobodys(auth, database, services, pg):
    ada = await services.users.create(username="ada")
    row, token = await keys.create(
        database, "test", "soon", [Scope.READ], ada.id, datetime.now(UTC) + timedelta(hours=1)
    )
    assert await auth.by_authorization(bearer(token)) != NOBODY
    for change, back in (
        ("UPDATE api_keys SET expires_at = now() - interval '1 s'", "UPDATE api_keys SET expires_at = NULL"),
        ("UPDATE users SET is_active = false", "UPDATE users SET is_active = true"),
        ("UPDATE api_keys SET revoked_at = now()", "UPDATE api_keys SET revoked_at = NULL"),
    ):
        await pg.execute(change)
        assert await Auth(database, REQUIRED).by_authorization(bearer(token)) == NOBODY
        await pg.execute(back)
        assert await Auth(database, REQUIRED).by_authorization(bearer(token)) != NOBODY
    await services.users.delete(ada.id)
    assert await Auth(database, REQUIRED).by_authorization(bearer(token)) == NOBODY
    with pytest.raises(NotFound):
        await keys.revoke(database, "test", row.id)


async def test_what_has_been_found_out_is_believed_for_a_moment_alone(auth, database, monkeypatch):
    row, token = await keys.create(database, "test", "probe", [Scope.READ])
    assert await auth.by_authorization(bearer(token)) != NOBODY
    await keys.revoke(database, "test", row.id)
    monkeypatch.setattr(auth_module, "RECHECK", 0)
    assert await auth.by_authorization(bearer(token)) == NOBODY
    assert not auth._known


async def test_last_use_is_kept_by_one_write_for_many_requests(auth, database, pg):
    for name in ("a", "b"):
        _, token = await keys.create(database, "test", name, [Scope.READ])
        for _ in range(20):
            await auth.by_authorization(bearer(token))
    used = "SELECT count(*) FROM api_keys WHERE last_used_at > now() - interval '1 min'"
    assert await pg.fetchval(used) == 0
    async with auth.running():
        pass
    assert await pg.fetchval(used) == 2
    assert not auth._used


async def test_the_first_use_of_a_day_is_noted_and_no_other(auth, database, services, pg):
    ada = await services.users.create(username="ada", role=Role.COACH)
    machine, token = await keys.create(database, "test", "all", [Scope.READ])
    program, hers = await keys.create(database, "test", "hers", [Scope.READ], ada.id)
    noted = "SELECT actor, subject FROM audit_log WHERE action = 'key used' ORDER BY actor"

    async def use():
        for each in (token, hers, token):
            await auth.by_authorization(bearer(each))
        async with auth.running():
            pass
        return [tuple(row) for row in await pg.fetch(noted)]

    first = [(f"key:{machine.id}", f"key:{machine.id}"), (f"user:{ada.id}", f"key:{program.id}")]
    assert await use() == first
    assert await use() == first
    await pg.execute(
        "UPDATE api_keys SET last_used_at = date_trunc('day', now(), 'UTC') - interval '1 second' WHERE id = $1",
        machine.id,
    )
    assert await use() == [first[0], *first]


async def test_what_is_held_ends_with_its_key_and_with_its_rights(auth, database, services, pg):
    ada = await services.users.create(username="ada", role=Role.ADMIN)
    row, token = await keys.create(database, "test", "hers", [Scope.READ, Scope.ADMIN], ada.id)
    async with auth.running():
        viewer = await auth.by_authorization(bearer(token))
        with auth.hold(viewer) as ended:
            await asyncio.sleep(1.5)
            assert not ended.is_set()
            await pg.execute("UPDATE users SET role = 'EDUCATOR'")
            await asyncio.wait_for(ended.wait(), 3)
        auth._known.clear()
        with auth.hold(await auth.by_authorization(bearer(token))) as ended:
            await pg.execute("UPDATE api_keys SET revoked_at = now()")
            await asyncio.wait_for(ended.wait(), 3)
        with auth.hold(viewer) as ended:
            auth.end(row.id)
            assert ended.is_set()
    assert not auth._held


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "a\0"}, "name"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expiresAt"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(database, given, field):
    with pytest.raises(BadUserInput) as refused:
        await keys.create(database, "test", **({"name": "x", "scopes": [Scope.READ]} | given))
    assert refused.value.field == field


async def test_what_was_done_is_in_the_audit_log(database, pg):
    row, _ = await keys.create(database, "terminal", "probe", [Scope.READ])
    await keys.revoke(database, "terminal", row.id)
    log = await pg.fetch("SELECT actor, action, subject FROM audit_log ORDER BY id")
    assert [tuple(entry) for entry in log] == [
        ("terminal", "key created", f"key:{row.id}"),
        ("terminal", "key revoked", f"key:{row.id}"),
    ]
    async with database.read() as connection:
        assert [found.id for found in await queries.keys(connection, None)] == [row.id]


def test_the_terminal_makes_lists_and_revokes_keys_and_makes_administrators(run):
    made = run("keys", "create", "loader\x1b[31m", "--scope", "ingest", "--scope", "READ", "--expires", "90d")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert token.startswith("coh_")
    listed = run("keys", "list").stdout
    assert "ingest,read: loader\\x1b[31m (expires 2" in listed
    assert token not in listed
    assert run("keys", "revoke", token[:12]).stdout.endswith("is revoked.\n")
    assert "revoked, never used" in run("keys", "list").stdout
    for wrong in (
        ("keys", "revoke", "nope"),
        ("keys", "create", "x", "--scope", "nope"),
        ("keys", "create", "x", "--scope", "read", "--expires", "soon"),
        ("keys", "create", "x", "--scope", "read", "--user", "nobody"),
        ("keys", "create", "x"),
        ("users", "promote", "nobody", "--role", "ADMIN"),
        ("users", "promote", "nobody", "--role", "BOSS"),
    ):
        refused = run(*wrong)
        assert (refused.returncode, refused.stdout) == (1, ""), wrong
        assert "Traceback" not in refused.stderr
