"""The files of an export, in a folder or a zip: found by name, read whole one at a time, never extracted."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from app.signals.importers.lines import LONGEST, Unreadable


class Broken(Exception):
    """One file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What is in the folder and in those right below it."""

    sizes: Mapping[str, int]
    """Bytes of every file, by its name from the top, with `/`."""
    read: Callable[[str], bytes]
    """Raises Broken, also for one of more than LONGEST bytes."""


@contextmanager
def archive(path: Path) -> Iterator[Archive]:
    """Raises Unreadable. Links in a folder are passed over: they might lead out of it."""
    try:
        if path.is_dir():
            yield _folder(path)
        else:
            with zipfile.ZipFile(path) as packed:
                yield Archive(_members(path, packed), partial(_read_member, packed))
    except (OSError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{path} cannot be read: {error}.") from error


def _folder(path: Path) -> Archive:
    files = [
        file
        for pattern in ("*.json", "*/*.json")
        for file in path.glob(pattern)
        if file.is_file() and not (file.is_symlink() or (file.parent != path and file.parent.is_symlink()))
    ]
    return Archive(
        {file.relative_to(path).as_posix(): file.stat().st_size for file in files}, partial(_read_file, path)
    )


def _read_file(folder: Path, name: str) -> bytes:
    try:
        with (folder / name).open("rb") as file:
            return _bounded(file.read(LONGEST + 1))
    except OSError as error:
        raise Broken(f"cannot be read: {error.strerror}") from error


def _members(path: Path, packed: zipfile.ZipFile) -> dict[str, int]:
    """An export has no names that lead out of it: who has made one that does is not to be trusted with the rest."""
    for name in packed.namelist():
        if name.startswith("/") or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise Unreadable(f"{path} holds the name {name!r}, which leads out of it.")
    return {
        member.filename: member.file_size
        for member in packed.infolist()
        if member.filename.endswith(".json") and member.filename.count("/") <= 1
    }


def _read_member(packed: zipfile.ZipFile, name: str) -> bytes:
    """However small it claims to be, and however well it is packed, no more than LONGEST bytes are unpacked."""
    try:
        with packed.open(name) as member:
            return _bounded(member.read(LONGEST + 1))
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,  # it is encrypted
    ) as error:
        raise Broken(f"cannot be read: {error}") from error


def _bounded(data: bytes) -> bytes:
    if len(data) > LONGEST:
        raise Broken(f"is longer than {LONGEST} bytes")
    return data
