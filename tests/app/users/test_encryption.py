"""Personal data lies in the database as ciphertext, and neither it nor the key is to be found anywhere else."""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.auth.viewer import PROGRAM
from app.errors import Conflict, Unavailable
from app.settings import Settings
from app.users import encryption, queries
from app.users.encryption import Key, KeyProblem
from app.users.service import Users
from tests.conftest import KEY

NEW_KEY = "another key: ключ 🔑"
PLAIN = {
    "email": "Zoë.Marker-Quagga7f3a@exämple.org",
    "phone": "+49 Quagga7f3a 5550199",
    "address": "Quagga7f3a Müllerstraße\n1, 🏡",
}
MARKERS = ("Quagga7f3a", "exämple", "5550199", "Müllerstraße")
COLUMNS = "email, phone, address, email_index"
DECRYPT = """
    SELECT pgp_sym_decrypt(email, $1) AS email, pgp_sym_decrypt(phone, $1) AS phone,
        pgp_sym_decrypt(address, $1) AS address
    FROM users WHERE id = $2
"""


async def personal(services, user_id, key=KEY):
    async with services.database.read() as connection:
        row = (await queries.personal_information(connection, PROGRAM, [user_id], key))[user_id]
    return {name: getattr(row, name) for name in PLAIN}


async def stored(pg, user_id):
    return tuple(await pg.fetchrow(f"SELECT {COLUMNS} FROM users WHERE id = $1", user_id))


async def test_what_is_stored_is_ciphertext_of_the_plain_text(services, pg):
    user = await services.users.create(username="zoë", **PLAIN)
    assert dict(await pg.fetchrow(DECRYPT, KEY, user.id)) == PLAIN
    assert await personal(services, user.id) == PLAIN
    everything = await pg.fetchval("SELECT string_agg(u::text, ' ') FROM users u")
    values = await stored(pg, user.id)
    for marker in MARKERS:
        assert marker not in everything
        assert not any(marker.encode() in value for value in values)
    assert "Quagga7f3a" not in "".join(map(str, user))
    # AES-256: the cipher that a symmetric-key encrypted session key packet names.
    assert [value[3] for value in values[:3]] == [9, 9, 9]


async def test_the_same_text_is_never_the_same_ciphertext(services, pg):
    one = await services.users.create(username="one", phone="555", address="555")
    other = await services.users.create(username="other", phone="555")
    values = [*(await stored(pg, one.id))[1:3], (await stored(pg, other.id))[1]]
    assert len(set(values)) == 3


def contents_of(data, database):
    """The server's log first, then its write-ahead log and the files of one database."""
    contents = []
    for pattern in ("../postgres.log", "pg_wal/0*", f"base/{database}/*", "pg_stat*/*"):
        for file in data.glob(pattern):
            with suppress(FileNotFoundError, IsADirectoryError):  # the server tidies up meanwhile
                contents.append(file.read_bytes())
    return contents


async def test_no_trace_of_plain_text_or_key_in_the_server(services, pg):
    """Neither of what succeeds nor of what fails: its views, its log, its write-ahead log, its data files."""
    await pg.execute("SELECT pg_switch_wal()")
    user = await services.users.create(username="someone", **PLAIN)
    another = await services.users.create(username="another", email="else@example.org")
    with pytest.raises(Conflict):
        await services.users.create(username="third", **PLAIN)
    with pytest.raises(Conflict):
        await services.users.update(another.id, {"email": PLAIN["email"]})
    await personal(services, user.id)
    with pytest.raises(DBAPIError, match="Wrong key"):
        await personal(services, user.id, key="wrong " + KEY)
    with pytest.raises(Unavailable):
        await Users(services.database, Key("wrong " + KEY)).update(user.id, {"phone": PLAIN["phone"]})
    async with services.database.write() as connection:
        await encryption.rotate(connection, KEY, NEW_KEY)
    activity = await pg.fetch("SELECT query FROM pg_stat_activity")
    settings = await pg.fetch("SELECT name, setting FROM pg_settings WHERE name LIKE 'coherence%'")
    await pg.execute("CHECKPOINT")
    await pg.execute("SELECT pg_switch_wal()")

    data = Path(await pg.fetchval("SHOW data_directory"))
    database = await pg.fetchval("SELECT oid::text FROM pg_database WHERE datname = current_database()")
    contents = contents_of(data, database)
    assert len(contents) > 50
    assert b"Wrong key or corrupt data" in contents[0]
    assert any(b"another" in content for content in contents)  # a username is no secret, and is found
    contents += ["".join(map(str, [*activity, *settings])).encode()]
    for secret in (*MARKERS, *PLAIN.values(), KEY, NEW_KEY):
        for content in contents:
            assert secret.encode() not in content, secret


async def test_the_key_is_handed_over_for_one_transaction_alone(services):
    async with services.database.write() as connection:
        await encryption.hand_over(connection, KEY)
        setting = text("SELECT current_setting('coherence.pgcrypto_key', true)")
        assert await connection.scalar(setting) == KEY
    for _ in range(12):  # each connection of the pool
        async with services.database.read() as connection:
            assert not await connection.scalar(setting)


async def test_an_unchanged_field_is_not_encrypted_again(services, pg):
    user = await services.users.create(username="zoë", **PLAIN)
    before = await stored(pg, user.id)
    await services.users.update(user.id, {"name": "Zoë"})
    assert await stored(pg, user.id) == before
    await services.users.update(user.id, {"phone": "1"})
    after = await stored(pg, user.id)
    assert (after[0], after[2], after[3]) == (before[0], before[2], before[3])
    assert await personal(services, user.id) == PLAIN | {"phone": "1"}
    await services.users.update(user.id, {"email": PLAIN["email"].upper()})
    assert (await stored(pg, user.id))[3] == before[3]
    # Without a key at all, as an operator at the database's own prompt.
    await pg.execute("UPDATE users SET last_login_at = now()")
    assert await personal(services, user.id) == PLAIN | {"phone": "1", "email": PLAIN["email"].upper()}


async def test_a_wrong_key_is_refused_before_anything_is_written(services, pg):
    async with services.database.write() as connection:
        await encryption.check(connection, KEY)
    for wrong in ("wrong", KEY + " ", KEY.upper()):
        with pytest.raises(KeyProblem, match="rotate-key"):
            async with services.database.write() as connection:
                await encryption.check(connection, wrong)
        with pytest.raises(Unavailable, match=r"started again with the new PGCRYPTO_KEY"):
            await Users(services.database, Key(wrong)).create(username="a", phone="1")
    for statement in (
        "INSERT INTO users (username, role, phone) VALUES ('a', 'COACH', 'plain')",
        "INSERT INTO users (username, role, email) VALUES ('a', 'COACH', 'plain')",
    ):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await pg.execute(statement)
    assert await pg.fetchval("SELECT count(*) FROM users") == 0


async def test_the_first_key_is_the_database_s_key_also_for_two_at_once(services, pg):
    await pg.execute("DELETE FROM encryption_key")

    async def start(key):
        async with services.database.write() as connection:
            await encryption.check(connection, key)

    outcomes = await asyncio.gather(start("one"), start("other"), start("one"), return_exceptions=True)
    assert outcomes in ([None, *outcomes[1:2], None], [outcomes[0], None, outcomes[2]])
    assert sum(isinstance(outcome, KeyProblem) for outcome in outcomes) in (1, 2)
    assert await pg.fetchval("SELECT count(*) FROM encryption_key") == 1


async def rotate(services, old, new):
    async with services.database.write() as connection:
        return await encryption.rotate(connection, old, new)


async def test_after_a_rotation_the_new_key_reads_everything_and_the_old_one_nothing(services, pg):
    full = await services.users.create(username="full", **PLAIN)
    part = await services.users.create(username="part", phone="555")
    await services.users.create(username="bare")
    before = await stored(pg, full.id)
    assert await rotate(services, KEY, NEW_KEY) == 2
    assert await personal(services, full.id, NEW_KEY) == PLAIN
    assert await personal(services, part.id, NEW_KEY) == {"email": None, "phone": "555", "address": None}
    for user in (full, part):
        with pytest.raises(DBAPIError, match="Wrong key"):
            await personal(services, user.id, KEY)
    assert not set(before) & set(await stored(pg, full.id))
    # The blind index is the new key's, and still keeps e-mails unique; a server with the old key cannot write.
    with pytest.raises(Conflict):
        await Users(services.database, Key(NEW_KEY)).create(username="x", email=PLAIN["email"].upper())
    with pytest.raises(Unavailable):
        await services.users.create(username="x", phone="1")
    with pytest.raises(KeyProblem):
        await rotate(services, KEY, "third")
    assert await rotate(services, NEW_KEY, KEY) == 2
    assert (await stored(pg, full.id))[3] == before[3]


async def test_a_rotation_that_fails_leaves_the_old_key_working(services, pg):
    user = await services.users.create(username="full", **PLAIN)
    spoilt = await services.users.create(username="spoilt", phone="1")
    before = await stored(pg, user.id)
    await pg.execute("ALTER TABLE users DISABLE TRIGGER users_encrypt")
    await pg.execute(r"UPDATE users SET phone = '\xdead' WHERE id = $1", spoilt.id)
    await pg.execute("ALTER TABLE users ENABLE TRIGGER users_encrypt")
    with pytest.raises(DBAPIError):
        await rotate(services, KEY, NEW_KEY)
    assert await stored(pg, user.id) == before
    await services.users.update(user.id, {"phone": "2"})
    assert await personal(services, user.id) == PLAIN | {"phone": "2"}


async def blocked(pg):
    """Waits until one of the program's connections waits for a lock."""
    wanted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'coherence' AND wait_event_type = 'Lock'"
    async with asyncio.timeout(5):
        while not await pg.fetchval(wanted):
            await asyncio.sleep(0.002)
            await pg.execute("SELECT pg_stat_clear_snapshot()")  # else the same all through a transaction


async def test_a_rotation_waits_for_a_write_that_has_begun_and_takes_it_along(services, pg):
    transaction = pg.transaction()
    await transaction.start()
    await pg.execute("SELECT set_config('coherence.pgcrypto_key', $1, true)", KEY)
    await pg.execute("INSERT INTO users (username, role, phone) VALUES ('late', 'COACH', 'plain')")
    rotation = asyncio.create_task(rotate(services, KEY, NEW_KEY))
    await blocked(pg)
    await transaction.commit()
    assert await rotation == 1
    assert await pg.fetchval("SELECT pgp_sym_decrypt(phone, $1) FROM users", NEW_KEY) == "plain"


async def test_a_write_that_begins_during_a_rotation_is_refused_after_it(services, pg):
    async with services.database.write() as connection:
        await encryption.rotate(connection, KEY, NEW_KEY)
        write = asyncio.create_task(services.users.create(username="late", phone="plain"))
        await blocked(pg)
    with pytest.raises(Unavailable):
        await write
    assert await pg.fetchval("SELECT count(*) FROM users") == 0


def settings_of(folder, **values):
    return Settings(_env_file=None, data_dir=folder, **values)


def test_the_key_file_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    settings = settings_of(tmp_path / "new" / "data")
    key = encryption.load(settings)
    path = settings.data_dir / "pgcrypto.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(key) >= 40
    assert encryption.load(settings) == key == path.read_text().strip()
    assert [entry.name for entry in settings.data_dir.iterdir()] == ["pgcrypto.key"]
    assert encryption.load(settings_of(tmp_path / "another")) != key


def test_processes_that_start_at_once_get_the_same_key(tmp_path):
    program = """
import sys, time
from pathlib import Path
from app.settings import Settings
from app.users import encryption
time.sleep(max(0, float(sys.argv[2]) - time.time()))
print(encryption.load(Settings(_env_file=None, data_dir=Path(sys.argv[1]))))
"""
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", program, str(tmp_path / "data"), start]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    keys = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert len(keys) == 1
    assert len(keys.pop()) >= 40
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["pgcrypto.key"]


def test_the_environment_s_key_counts_and_an_external_database_needs_one(tmp_path):
    given = settings_of(tmp_path, pgcrypto_key="from outside", database_url="postgresql://h/d")
    assert encryption.load(given) == "from outside"
    with pytest.raises(KeyProblem, match=r"PGCRYPTO_KEY is not set.*openssl rand"):
        encryption.load(settings_of(tmp_path, database_url="postgresql://h/d"))
    assert list(tmp_path.iterdir()) == []


def test_the_key_file_is_replaced_after_a_rotation_and_kept_where_it_fails(tmp_path):
    settings = settings_of(tmp_path)
    old = encryption.load(settings)
    path = tmp_path / "pgcrypto.key"
    lost = []

    def fail():
        with encryption.new_key(settings, None) as new:
            lost.append(new)
            assert (tmp_path / "pgcrypto.key.new").read_text().strip() == new
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert encryption.load(settings) == old
    with encryption.new_key(settings, None) as new:
        assert encryption.load(settings) == old
    assert encryption.load(settings) == new not in {old, *lost}
    assert path.stat().st_mode & 0o777 == 0o600
    with encryption.new_key(settings_of(tmp_path, pgcrypto_key=new), "given") as given:
        assert given == "given"
    assert encryption.load(settings) == new
