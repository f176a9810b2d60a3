"""A Slack export: messages by channel and day, read day by day out of a folder or a zip.

Each message is made a line of JSON, so that the import goes on by lines as it does in a file.
"""

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from app.errors import BadUserInput
from app.signals.importers.archive import Archive, Broken, archive
from app.signals.importers.formats import Item, Values
from app.signals.importers.lines import Lines, MadeLines, Unreadable
from app.signals.importers.messages import SAID, Channel, Names, signal_of, text_of
from app.signals.importers.options import Options, Source
from app.signals.importers.record import KINDS

_LISTS = ("channels.json", "groups.json", "mpims.json", "dms.json")
_DAY = re.compile(r"([^/]+)/[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")


def may_be_export(path: Path) -> bool:
    return path.is_dir() or zipfile.is_zipfile(path)


def source(path: Path, given: Options) -> Source:
    """Raises BadUserInput and Unreadable where it is no export, or the options are not for one."""
    if given.map or (isinstance(given.score, str) and not given.vader):
        raise BadUserInput(f"{path} is a Slack export: it has no columns for --map or --score to name.")
    with archive(path) as files:
        if missing := {"channels.json", "users.json"} - files.sizes.keys():
            raise Unreadable(f"{path} is no Slack export: it has no {' and no '.join(sorted(missing))}.")
        days = {name: size for name, size in files.sizes.items() if _DAY.fullmatch(name)}
    # Another export in the same place, such as a newer one, is another import: its lines are not at its end.
    content = hashlib.sha256(json.dumps(sorted(days.items())).encode()).hexdigest()
    place = str(path.resolve())
    return Source(
        path=path.resolve() if path.name in {"", ".."} else path,  # nothing could lie beside these
        name=str(path),
        place=place,
        opened=partial(opened, path),
        size=sum(days.values()),
        format=Messages(),
        source=given.source or "Slack",
        score=given.constant,
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=json.dumps([place, "slack", content, given.source, given.score]).encode(),
    )


@contextmanager
def opened(path: Path) -> Iterator[Lines]:
    """A line for every message that somebody wrote, and for every file or message that cannot be read."""
    with archive(path) as files:
        skipped: Counter[str] = Counter()
        position = [0]
        yield MadeLines(_lines(path, files, skipped, position), skipped, lambda: position[0])


class Messages:
    """The lines that `opened` makes."""

    def items(self, lines: Lines) -> Iterator[Item]:
        for line in lines:
            yield Item(lines.number, line, line)

    def values(self, row: bytes) -> Values:
        found = json.loads(row)
        if "fault" in found:
            raise BadUserInput(f"{found['file']}: {found['fault']}", field=found["field"])
        found["payload"] = json.dumps(found["payload"])
        return (*map(found.get, KINDS), True, found["title"])


def _lines(path: Path, files: Archive, skipped: Counter[str], position: list[int]) -> Iterator[bytes]:
    names, titles = _names(path, files)
    for folder, days in _days(files).items():
        channel = Channel(folder, titles.get(folder, f"#{folder}"))
        for day in days:
            for message in _messages(files, day):
                channel.look_at(message)
        for day in days:
            for message in _messages(files, day):
                if line := _line(day, message, channel, names, skipped):
                    yield line
            position[0] += files.sizes[day]
        for message in list(channel.changed.values()):  # of these the export has the change alone
            if line := _line(days[-1], message, channel, names, skipped):
                yield line


def _days(files: Archive) -> dict[str, list[str]]:
    """Every folder's days, in order."""
    days: dict[str, list[str]] = {}
    for name in sorted(files.sizes):
        if day := _DAY.fullmatch(name):
            days.setdefault(day[1], []).append(name)
    return days


def _line(file: str, message: Any, channel: Channel, names: Names, skipped: Counter[str]) -> bytes | None:
    """None where there is nothing to import."""
    if isinstance(message, Broken):
        return _encoded({"file": file, "fault": f"The file {message}.", "field": None})
    if not isinstance(message, dict):
        return _encoded({"file": file, "fault": "A message is not an object.", "field": None})
    ts, subtype = str(message.get("ts")), text_of(message, "subtype")
    if subtype in {"message_changed", "message_deleted"}:  # which tell of other messages
        return None
    if ts in channel.deleted:
        subtype = "message_deleted"
    if subtype not in SAID or message.get("type", "message") != "message":
        skipped[subtype or "no message"] += 1
        return None
    try:
        row = signal_of(channel.changed.pop(ts, message), channel, names)
    except BadUserInput as fault:
        row = {"fault": fault.message, "field": fault.field, "ts": ts, "text": message.get("text")}
    return _encoded({"file": file} | row)


def _encoded(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode(errors="surrogatepass")
    except RecursionError:
        return _encoded({"file": row["file"], "fault": "A message is nested too deeply.", "field": None})


def _messages(files: Archive, day: str) -> Iterator[Any]:
    """A day's messages; what is wrong with the file where there are none to be had."""
    try:
        yield from _list(files, day)
    except Broken as error:
        yield error


def _list(files: Archive, name: str) -> list[Any]:
    """Raises Broken."""
    try:
        found = json.loads(files.read(name))
    except (ValueError, RecursionError) as error:
        raise Broken(f"is not JSON: {error}") from None
    if not isinstance(found, list):
        raise Broken("is not a list")
    return found


def _names(path: Path, files: Archive) -> tuple[Names, dict[str, str]]:
    """What ids stand for, and titles by folder. Raises Unreadable: without them nothing could be read rightly."""

    def objects(name: str) -> list[dict[str, Any]]:
        try:
            return [item for item in _list(files, name) if isinstance(item, dict)]
        except Broken as error:
            raise Unreadable(f"{path}: {name} {error}.") from None

    users, shown, bots = {}, {}, set()
    for user in objects("users.json"):
        if key := text_of(user, "id"):
            users[key] = text_of(user, "name") or key
            shown[key] = text_of(user.get("profile"), "display_name", "real_name") or users[key]
            if user.get("is_bot") is True:
                bots.add(key)
    channels, titles = {}, {}
    for name in _LISTS:
        for channel in objects(name) if name in files.sizes else ():
            key, called = text_of(channel, "id"), text_of(channel, "name")
            if key and called:
                channels[key] = called
            if folder := called or key:  # a direct conversation's folder is its id
                members = channel.get("members")
                people = (
                    [users.get(str(member), str(member)) for member in members]
                    if isinstance(members, list)
                    else []
                )
                titles[folder] = (
                    f"#{called}" if name in {"channels.json", "groups.json"} else ", ".join(people) or folder
                )
    return Names(users, shown, frozenset(bots), channels), titles
