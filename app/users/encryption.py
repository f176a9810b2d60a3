"""The key of the personal data. pgcrypto encrypts and decrypts; the key travels as a bound parameter alone."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.settings import Settings


class KeyProblem(RuntimeError):
    """There is no key, or it is not the one that the stored data was written with."""


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
        _make_key_file(path)
    return path.read_text().strip()


def _make_key_file(path: Path) -> None:
    """Whole or not at all, and never over another process' file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:  # mode 0600
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


async def check(connection: AsyncConnection, key: str) -> None:
    """Makes `key` the database's key where it has none yet; KeyProblem where it has another one."""
    await connection.execute(
        text(
            "INSERT INTO encryption_key (fingerprint) VALUES (pgcrypto_key_fingerprint(:key))"
            " ON CONFLICT DO NOTHING"
        ),
        {"key": key},
    )
    matches = await connection.scalar(
        text("SELECT fingerprint = pgcrypto_key_fingerprint(:key) FROM encryption_key"), {"key": key}
    )
    if not matches:
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
    rotated = await connection.execute(
        text(
            """
            UPDATE users SET
                email = convert_to(pgp_sym_decrypt(email, :old), 'UTF8'),
                phone = convert_to(pgp_sym_decrypt(phone, :old), 'UTF8'),
                address = convert_to(pgp_sym_decrypt(address, :old), 'UTF8')
            WHERE num_nonnulls(email, phone, address) > 0
            """
        ),
        {"old": old},
    )
    return rotated.rowcount


@contextlib.contextmanager
def new_key(settings: Settings, given: str | None) -> Iterator[str]:
    """The key to rotate to. The key file, where it is in use, is replaced once the block ends without a fault.

    The new key lies beside the old one before anything is encrypted with it, so that it cannot be lost.
    """
    key = given or secrets.token_urlsafe(32)
    if settings.database_url is not None or settings.pgcrypto_key is not None:
        yield key
        return
    path = settings.data_dir / "pgcrypto.key"
    new = path.with_suffix(".key.new")
    new.touch(mode=0o600)
    new.write_text(key + "\n")
    yield key
    new.replace(path)
