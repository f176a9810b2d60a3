"""The files of an export, in a folder or a zip: found by name, read whole one at a time, never extracted."""

import os
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from app.signals.importers.lines import LONGEST, Unreadable

_UTF8 = 0x800
"""The flag of a zip's member that its name is UTF-8."""
_MAX_DEPTH = 3
"""Folders within folders below which an export is looked for."""


class Broken(Exception):
    """One file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What is in a folder or a zip."""

    sizes: Mapping[str, int]
    """Bytes of every file, by its name from the top, with `/`; hidden ones are left out."""
    read: Callable[[str], bytes]
    """Raises Broken, also for one of more than LONGEST bytes."""


@contextmanager
def archive(path: Path, called: str, markers: Collection[str]) -> Iterator[Archive]:
    """Seen from the folder that holds `markers`, files of which one at least is there. Raises Unreadable.

    Links in a folder are passed over: they might lead out of it.
    """
    try:
        if path.is_dir():
            yield _rooted(called, _folder(path), markers)
        else:
            with zipfile.ZipFile(path) as packed:
                yield _rooted(called, _zip(called, packed), markers)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{called} cannot be read: {error}.") from error


def _rooted(called: str, found: Archive, markers: Collection[str]) -> Archive:
    """Of a zip of an unpacked folder, what is in that folder."""
    roots = {
        name.rpartition("/")[0]
        for name in found.sizes
        if name.rpartition("/")[2] in markers and name.count("/") <= _MAX_DEPTH
    }
    if "" in roots:
        return found
    if len(roots) > 1:
        raise Unreadable(
            f"{called} holds several Slack exports ({', '.join(sorted(roots))}): import each by itself."
        )
    if not roots:
        raise Unreadable(
            f"{called} is no Slack export: it has no {' and no '.join(sorted(markers)[:2])}. {_holds(found)}"
        )
    root = f"{roots.pop()}/"
    below = {name.removeprefix(root): size for name, size in found.sizes.items() if name.startswith(root)}
    return Archive(below, lambda name: found.read(root + name))


def _holds(found: Archive) -> str:
    if not found.sizes:
        return "It holds no files."
    names = sorted(found.sizes)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"It holds {', '.join(names[:3])}{more}: name files of JSONL or CSV by themselves, unpacked."


def _folder(path: Path) -> Archive:
    sizes, places = {}, {}
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for file in files:
            place = Path(folder) / file
            if _is_hidden(file) or place.is_symlink() or not place.is_file():
                continue
            name = normalize("NFC", place.relative_to(path).as_posix())
            sizes[name], places[name] = place.stat().st_size, place
    return Archive(sizes, partial(_read_file, places))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _read_file(places: Mapping[str, Path], name: str) -> bytes:
    try:
        with places[name].open("rb") as file:
            return _bounded(file.read(LONGEST + 1))
    except OSError as error:
        raise Broken(f"cannot be read: {error.strerror}") from error


def _zip(called: str, packed: zipfile.ZipFile) -> Archive:
    """An export has no names that lead out of it: who has made one that does is not to be trusted with the rest."""
    members = {}
    for member in packed.infolist():
        name = _name(member)
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts:
            raise Unreadable(f"{called} holds the name {name!r}, which leads out of it.")
        if not name.endswith("/") and not any(map(_is_hidden, parts)):
            members[name] = member
    sizes = {name: member.file_size for name, member in members.items()}
    return Archive(sizes, partial(_read_member, packed, members))


def _name(member: zipfile.ZipInfo) -> str:
    """Slack's zips hold UTF-8 without the flag that says so, which is read as a code page of the eighties."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return normalize("NFC", name.replace("\\", "/"))


def _read_member(packed: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], name: str) -> bytes:
    """However small it claims to be, and however well it is packed, no more than LONGEST bytes are unpacked."""
    try:
        with packed.open(members[name]) as member:
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
