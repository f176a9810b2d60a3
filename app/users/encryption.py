"""The key of the personal data. pgcrypto encrypts and decrypts; the key travels as a bound parameter alone."""

import contextlib
import fcntl
import logging
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database.engine import Database, sqlstate
from app.errors import Conflict, Unavailable
from app.settings import Settings

logger = logging.getLogger(__name__)

_WRONG_KEY: Final = frozenset({"28P01", "39000"})
"""SQLSTATEs of the trigger that is handed another key, and of pgcrypto that decrypts with one."""
_CHANGED: Final = (
    "The key of the personal data has been changed (`coherence rotate-key`): this server has to be started again with "
    "the new PGCRYPTO_KEY."
)


class KeyProblem(RuntimeError):
    """There is no key, or it is not the one that the stored data was written with."""


class Key:
    """The key that a server uses. When stored data is encrypted anew it takes up the new one from the key file."""

    def __init__(self, value: str, file: Path | None = None) -> None:
        self.value = value
        self._file = file
        self._fits = True

    async def using[T](self, database: Database, job: Callable[[str], Awaitable[T]]) -> T:
        """Run `job` with the key, and once more where that has been changed. Unavailable where the new one is unknown."""
        tried = self.value
        try:
            return await job(tried)
        except (DBAPIError, KeyProblem) as error:
            if not isinstance(error, KeyProblem) and sqlstate(error) not in _WRONG_KEY:
                raise
            await self.renew(database)
            if self.value == tried:  # which is the right one: what is stored is corrupt
                raise
        return await job(self.value)

    async def renew(self, database: Database) -> None:
        """Take up the key of the stored data. Unavailable where it is neither in use nor in the key file."""
        async with database.read(newest=True) as connection:
            for key in (self.value, *self._in_files()):
                if await _fits(connection, key):
                    if key != self.value:
                        logger.info("the key of the personal data has been changed; the new one is in use")
                    self.value, self._fits = key, True
                    return
        if self._fits:
            logger.error(_CHANGED)
        self._fits = False
        raise Unavailable(_CHANGED)

    def _in_files(self) -> Iterator[str]:
        """Between the commit and the file's being replaced, the new key is in the other one."""
        if self._file is not None:
            for file in (self._file, _beside(self._file)):
                with contextlib.suppress(OSError):
                    yield file.read_text().strip()


def key_file(settings: Settings) -> Path | None:
    """Where the key is kept: beside the embedded database, unless PGCRYPTO_KEY is set."""
    if settings.pgcrypto_key is not None or settings.database_url is not None:
        return None
    return settings.data_dir / "pgcrypto.key"


def _beside(file: Path) -> Path:
    """Where a new key lies until everything is encrypted with it."""
    return file.with_suffix(".key.new")


def load(settings: Settings) -> str:
    """PGCRYPTO_KEY; beside the embedded database alone, the key file (mode 0600), made where there is none."""
    if settings.pgcrypto_key is not None:
        return settings.pgcrypto_key.get_secret_value()
    if settings.database_url is not None:
        raise KeyProblem(
            "PGCRYPTO_KEY is not set: with COHERENCE_DATABASE_URL the key of the personal data must be given. "
            "Make one with `openssl rand -base64 32` and keep it: without it the data cannot be read."
        )
    path = settings.data_dir / "pgcrypto.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # never over another process' file
            _write(path, secrets.token_urlsafe(32), os.link)
    return path.read_text().strip()


def _write(path: Path, key: str, place: Callable[[str, Path], None]) -> None:
    """Whole or not at all, and on the disk when it returns."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=path.name, delete=False
    ) as file:  # mode 0600
        try:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
            place(file.name, path)
        finally:
            Path(file.name).unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Have the folder's entries on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def checked(connection: AsyncConnection, settings: Settings, key: str) -> str:
    """Return the database's key: `key`, as a rule. KeyProblem where that is another one.

    A rotation that was ended between its commit and the replacement of the key file is finished.
    """
    try:
        await check(connection, key)
    except KeyProblem:
        file = key_file(settings)
        new = None if file is None else _beside(file)
        if file is None or new is None or not new.exists():
            raise
        key = new.read_text().strip()
        if not await _fits(connection, key):
            raise
        _replace(file)
        logger.warning("rotate-key had been ended before the new key was in %s: it is there now", file)
    return key


async def _fits(connection: AsyncConnection, key: str) -> bool:
    """Whether `key` is the database's, or may become it."""
    fits = text("SELECT fingerprint = pgcrypto_key_fingerprint(:key) FROM encryption_key")
    return await connection.scalar(fits, {"key": key}) is not False


async def check(connection: AsyncConnection, key: str) -> None:
    """Makes `key` the database's key where it has none yet; KeyProblem where it has another one."""
    await connection.execute(
        text(
            "INSERT INTO encryption_key (fingerprint) VALUES (pgcrypto_key_fingerprint(:key))"
            " ON CONFLICT DO NOTHING"
        ),
        {"key": key},
    )
    if not await _fits(connection, key):
        raise KeyProblem(
            "PGCRYPTO_KEY is not the key that this database's personal data was written with. "
            "Start with that key, or change it with `coherence rotate-key`."
        )


async def hand_over(connection: AsyncConnection, key: str) -> None:
    """Gives the key to the trigger, for this transaction alone."""
    await connection.execute(text("SELECT set_config('coherence.pgcrypto_key', :key, true)"), {"key": key})


async def rotate(connection: AsyncConnection, old: str, new: str) -> int:
    """Re-encrypts everything, within the caller's transaction; the number of users that had something stored."""
    await connection.execute(text("LOCK TABLE users, conversation_shares IN SHARE ROW EXCLUSIVE MODE"))
    await check(connection, old)
    await connection.execute(
        text("UPDATE encryption_key SET fingerprint = pgcrypto_key_fingerprint(:key)"), {"key": new}
    )
    await connection.execute(
        text(
            "UPDATE conversation_shares"
            " SET token = pgp_sym_encrypt(pgp_sym_decrypt(token, :old), :new, 'cipher-algo=aes256')"
        ),
        {"old": old, "new": new},
    )
    await hand_over(connection, new)
    # Plain text handed to the trigger, as any write hands it over.
    again = text(
        """
        UPDATE users SET
            email = convert_to(pgp_sym_decrypt(email, :old), 'UTF8'),
            phone = convert_to(pgp_sym_decrypt(phone, :old), 'UTF8'),
            address = convert_to(pgp_sym_decrypt(address, :old), 'UTF8')
        WHERE num_nonnulls(email, phone, address) > 0
        """
    )
    try:
        return (await connection.execute(again, {"old": old})).rowcount
    except IntegrityError as error:  # stored when addresses were compared by lower() alone
        raise Conflict(
            "Two users have one e-mail address in two Unicode forms: change one of them first. Nothing has been changed.",
            field="email",
        ) from error


@contextlib.contextmanager
def new_key(settings: Settings, given: str | None) -> Iterator[str]:
    """The key to rotate to. The key file, where it is in use, is replaced once the block ends without a fault.

    The new key lies beside the old one, on the disk, before anything is encrypted with it: it cannot be lost.
    """
    if given is not None and (not given or given != given.strip()):
        raise KeyProblem(
            "NEW_PGCRYPTO_KEY is empty, or has blanks around it, which a key file does not keep."
        )
    key = given or secrets.token_urlsafe(32)
    file = key_file(settings)
    if file is None:
        yield key
        return
    with _alone(file.parent):
        _write(_beside(file), key, os.replace)
        yield key
        _replace(file)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two rotations at once the second one begins when the first has ended, and finds the key changed."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _replace(file: Path) -> None:
    """Put the new key in the old one's place."""
    with contextlib.suppress(FileNotFoundError):  # who has started meanwhile has done it
        _beside(file).replace(file)
    _sync(file.parent)
