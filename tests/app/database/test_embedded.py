# ruff: noqa: ASYNC220, ASYNC221, ASYNC240 - what is tested blocks, and nothing runs beside it
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from app.database.embedded import EmbeddedPostgres, EmbeddedPostgresError

FAST = {"fsync": "off"}
ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root can act for other users")

# gzip: an interpreter below /root can import nothing more as another user.
USER = """
import gzip, os, sys
from pathlib import Path
from app.database.embedded import EmbeddedPostgres
uid = int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
with EmbeddedPostgres(Path(sys.argv[1]), {"fsync": "off"}) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def user(data_dir: Path, uid: int = os.geteuid()) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program that uses the server until the block ends, and the URL that it printed."""
    command = [sys.executable, "-c", USER, str(data_dir), str(uid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, process.stdout.readline().strip()


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def wait_for(what) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.002)


async def fetch(url: str, *statements: str):
    """The one value that the last of the statements answers."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            answer = await connection.fetchval(statement)
        return answer
    finally:
        await connection.close()


async def answers(url: str) -> bool:
    try:
        return await fetch(url, "SELECT true")
    except OSError:
        return False


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Unlike tmp_path, where users other than root may go as well."""
    with tempfile.TemporaryDirectory(prefix="embedded-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder, ".coherence")


async def test_data_stays_from_one_start_to_the_next(data_dir):
    with EmbeddedPostgres(data_dir, FAST) as url:
        await fetch(url, "CREATE TABLE moments AS SELECT 42 AS id")
    assert not await answers(url)
    assert not Path(url.partition("host=")[2]).exists()
    with EmbeddedPostgres(data_dir, FAST) as again:
        assert await fetch(again, "SELECT id FROM moments") == 42
    assert again == url


async def test_what_the_server_can_and_what_it_does_not_tell(data_dir, monkeypatch):
    monkeypatch.setenv("PGPORT", "99")  # neither the server's business nor the client's
    with EmbeddedPostgres(data_dir, FAST | {"work_mem": "7MB"}) as url:
        roundtrip = "SELECT pgp_sym_decrypt(pgp_sym_encrypt('Émile', 'key'), 'key')"
        assert await fetch(url, "CREATE EXTENSION pgcrypto", roundtrip) == "Émile"
        assert await fetch(url, "CREATE EXTENSION vector", "SELECT '[3,4]'::vector <-> '[0,0]'") == 5
        assert await fetch(url, "SELECT lower('ÉÇŽΣЯ')") == "éçžσя"
        assert await fetch(url, "SELECT current_user || ' ' || current_database()") == "coherence coherence"
        assert [
            await fetch(url, f"SHOW {name}")
            for name in ("server_encoding", "timezone", "listen_addresses", "work_mem", "data_checksums")
        ] == ["UTF8", "UTC", "", "7MB", "on"]
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("SELECT 1 / length(substr($1, 100))", "a secret")
        await connection.close()
    log = (data_dir / "postgres.log").read_text()
    assert "division by zero" in log
    assert "a secret" not in log


async def test_the_last_user_stops_it(data_dir):
    with EmbeddedPostgres(data_dir, FAST) as url:
        first = postmaster(data_dir)
        with user(data_dir) as (_, url_of_another):
            assert url_of_another == url
        assert await answers(url)
        outliving = EmbeddedPostgres(data_dir)
        assert outliving.start() == url
    assert await answers(url)
    assert postmaster(data_dir) == first
    outliving.stop()
    outliving.stop()
    assert not await answers(url)


async def test_first_starts_at_the_same_time(data_dir):
    with user(data_dir) as (_, one), user(data_dir) as (_, two), user(data_dir) as (_, three):
        assert one == two == three
        assert await answers(one)
    assert not await answers(one)


async def test_a_path_longer_than_a_socket_may_have_and_hard_to_quote(data_dir):
    folder = data_dir / ("long " * 20) / "it's $HOME" / ("é" * 100)
    assert len(os.fsencode(folder)) > 300
    with EmbeddedPostgres(folder, FAST) as url:
        assert await fetch(url, "CREATE EXTENSION pgcrypto", "SELECT length(gen_salt('bf'))") == 29


async def test_a_killed_server_comes_back_where_it_was_with_what_was_committed(data_dir):
    server = EmbeddedPostgres(data_dir, FAST)
    url = server.start()
    await fetch(url, "CREATE TABLE moments AS SELECT 42 AS id")
    os.kill(postmaster(data_dir), signal.SIGKILL)
    assert server.start() == url
    assert await fetch(url, "SELECT id FROM moments") == 42
    server.stop()
    assert not await answers(url)


async def test_the_number_of_a_killed_server_is_another_process_now(data_dir):
    server = EmbeddedPostgres(data_dir, FAST)
    url = server.start()
    number = postmaster(data_dir)
    owner = (data_dir / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "5"], user=owner) as sleeper:
        os.kill(number, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{number}/exe").exists())
        for path in (
            data_dir / "postgres/postmaster.pid",
            Path(url.partition("host=")[2], ".s.PGSQL.5432.lock"),
        ):
            path.write_text(path.read_text().replace(str(number), str(sleeper.pid), 1))
        assert server.start() == url
        assert await answers(url)
        server.stop()
        assert sleeper.poll() is None
        sleeper.kill()


async def test_the_server_of_a_killed_user_is_joined_and_stopped_by_the_next(data_dir):
    with user(data_dir) as (process, url):
        number = postmaster(data_dir)
        assert os.getsid(number) != os.getsid(process.pid)  # Ctrl-C is for the other session
        process.kill()
    assert await answers(url)
    with EmbeddedPostgres(data_dir) as url_of_another:
        assert url_of_another == url
        assert postmaster(data_dir) == number
    assert not await answers(url)


@pytest.mark.parametrize("reached", ["postgres.new/PG_VERSION", "postgres.new/base/5"])
async def test_initdb_killed_half_way(data_dir, reached):
    with user(data_dir) as (process, _):
        pass
    shutil.rmtree(data_dir / "postgres")
    command = [sys.executable, "-c", USER, str(data_dir), str(os.geteuid())]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        wait_for((data_dir / reached).exists)
        process.kill()
    assert not (data_dir / "postgres").exists()
    with EmbeddedPostgres(data_dir, FAST) as url:
        assert await answers(url)
    assert not (data_dir / "postgres.new").exists()


async def test_not_as_root(data_dir):
    uid = pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid()
    data_dir.mkdir()
    os.chown(data_dir, uid, -1)
    with user(data_dir, uid) as (_, url):
        assert await fetch(url, "CREATE EXTENSION pgcrypto", "SELECT length(gen_salt('bf'))") == 29
        assert (data_dir / "postgres").stat().st_uid == uid
    assert not await answers(url)
    with EmbeddedPostgres(data_dir) as url:  # root goes on as the owner
        assert await answers(url)
        assert Path(f"/proc/{postmaster(data_dir)}").stat().st_uid == uid


@as_root
async def test_the_owner_of_the_data_need_not_be_a_known_user(data_dir):
    with EmbeddedPostgres(data_dir, FAST):
        pass
    subprocess.run(["chown", "-R", "54321:54321", data_dir / "postgres"], check=True)
    with EmbeddedPostgres(data_dir) as url:
        assert await answers(url)
        assert Path(f"/proc/{postmaster(data_dir)}").stat().st_uid == 54321


@as_root
@pytest.mark.parametrize("acl", [True, False])
async def test_as_root_below_a_folder_of_roots_own(data_dir, monkeypatch, acl):
    def may_pass(uid: int) -> bool:
        return subprocess.run(["test", "-x", data_dir], user=uid, group=uid, check=False).returncode == 0

    if not acl:
        monkeypatch.delattr(os, "listxattr")
    data_dir.parent.chmod(0o700)
    with EmbeddedPostgres(data_dir, FAST) as url:
        assert await answers(url)
        assert may_pass((data_dir / "postgres").stat().st_uid)
        assert may_pass(54321) is not acl
        assert data_dir.parent.stat().st_mode & 0o666 == 0o600


@as_root
async def test_another_users_data(data_dir):
    with (
        EmbeddedPostgres(data_dir, FAST),
        user(data_dir, pwd.getpwnam("nobody").pw_uid) as (process, url),
    ):
        assert not url
    assert process.returncode == 1


@pytest.mark.parametrize("kind", ["symlink", "file", pytest.param("folder of another", marks=as_root)])
async def test_somebody_was_first_in_tmp(data_dir, kind):
    server = EmbeddedPostgres(data_dir, FAST)
    folder = Path(server.start().partition("host=")[2])
    server.stop()
    if kind == "symlink":
        folder.symlink_to(data_dir)
    elif kind == "file":
        folder.touch()
    else:
        folder.mkdir(mode=0o777)
        os.chown(folder, 54321, -1)
    with pytest.raises(EmbeddedPostgresError, match=str(folder)):
        server.start()
    (folder.rmdir if folder.is_dir() and not folder.is_symlink() else folder.unlink)()
    with server as url:
        assert await answers(url)


async def test_data_of_another_version(data_dir):
    server = EmbeddedPostgres(data_dir, FAST)
    with server:
        pass
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 17, and this is 18: export"):
        server.start()


async def test_a_server_that_cannot_start_says_why(data_dir):
    with pytest.raises(EmbeddedPostgresError, match=r'(?s)postgres\.log:.*unrecognized .*"no_such_setting"'):
        EmbeddedPostgres(data_dir, {"no_such_setting": "1"}).start()
    with EmbeddedPostgres(data_dir, FAST) as url:
        assert await answers(url)


async def test_a_server_that_takes_too_long_is_not_left_behind(data_dir, monkeypatch):
    with EmbeddedPostgres(data_dir, FAST) as url:
        pass
    server = EmbeddedPostgres(data_dir, FAST, timeout=0)
    shut_down = server._shut_down
    monkeypatch.setattr(server, "_is_ready", lambda: False)
    monkeypatch.setattr(server, "_shut_down", lambda lock: setattr(server, "timeout", 20) or shut_down(lock))
    with pytest.raises(EmbeddedPostgresError, match="not ready after 0 s"):
        server.start()  # and stop, before there is as much as a pid file
    assert not Path(url.partition("host=")[2]).exists()
    with EmbeddedPostgres(data_dir, FAST) as url:
        assert await answers(url)


async def test_a_folder_with_a_colon(data_dir):
    with pytest.raises(EmbeddedPostgresError, match="choose one without ':'"):
        EmbeddedPostgres(data_dir / "a:b").start()


async def test_the_folder_is_removed_under_a_running_server(data_dir):
    orphaned = EmbeddedPostgres(data_dir, FAST)
    url = orphaned.start()
    number = postmaster(data_dir)
    shutil.rmtree(data_dir)
    with EmbeddedPostgres(data_dir, FAST) as another:
        assert another != url
        orphaned.stop()
        assert await answers(another)
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGQUIT)  # as it does itself within a minute
    shutil.rmtree(url.partition("host=")[2])
