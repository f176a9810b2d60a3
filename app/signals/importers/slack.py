"""A Slack export: messages by channel and day, read day by day out of a folder or a zip.

Each message is made a line of JSON, so that the import goes on by lines as it does in a file.
"""

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unicodedata import normalize

from app.errors import BadUserInput
from app.signals.importers.archive import Archive, Broken, archive
from app.signals.importers.formats import Item, Values, listed
from app.signals.importers.import_source import Options, Source
from app.signals.importers.lines import Lines, MadeLines, Unreadable, place_of
from app.signals.importers.messages import SAID, Channel, Names, signal_of, text_of
from app.signals.importers.names import Unread
from app.signals.importers.record import KINDS

_LISTS = ("channels.json", "groups.json", "mpims.json", "dms.json")
_NEEDED = ("channels.json", "users.json")
_WITHOUT_MESSAGES = {
    *_LISTS,
    "users.json",
    "org_users.json",
    "integration_logs.json",
    "canvases.json",
    "lists.json",
    "file_conversations.json",
    "huddle_transcripts.json",
}
_DAY = re.compile(r"[^/]+/[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")


def may_be_export(path: Path) -> bool:
    return path.is_dir() or zipfile.is_zipfile(path)


def source(path: Path, given: Options, *, name: str | None = None) -> Source:
    """`name` is what people are told of, in place of the path.

    Raises BadUserInput and Unreadable where it is no export, or the options are not for one.
    """
    called = name or str(path)
    if given.map or (isinstance(given.score, str) and not given.vader):
        raise BadUserInput(f"{called} is a Slack export: it has no columns for --map or --score to name.")
    for option, value in (
        ("--conversation", given.conversation),
        ("--timezone", given.zone),
        ("--delimiter", given.delimiter),
    ):
        if value is not None:
            raise BadUserInput(f"{called} is a Slack export: it takes no {option}.")
    with archive(path, called, _NEEDED) as files:
        if missing := set(_NEEDED).difference(files.sizes):
            raise Unreadable(f"{called} is no Slack export: it has no {' and no '.join(sorted(missing))}.")
        channels, unread = _sorted_out(files)
    if unread and given.strict:
        raise BadUserInput(
            f"{called}: {listed(unread)}: no messages are read from it, which --strict refuses."
        )
    days = {name: files.sizes[name] for names in channels.values() for name in names}
    # Another export in the same place, such as a newer one, is another import: its lines are not at its end.
    content = hashlib.sha256(json.dumps(sorted(days.items())).encode()).hexdigest()
    place = name or place_of(path)
    return Source(
        path=path.resolve() if path.name in {"", ".."} else path,  # nothing could lie beside these
        name=called,
        place=place,
        opened=partial(opened, path, called),
        size=sum(days.values()),
        format=Messages(strict=given.strict),
        default=given.defaults("Slack"),
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=json.dumps([place, "slack", content, given.source, given.score]).encode(),
    )


@contextmanager
def opened(path: Path, called: str) -> Iterator[Lines]:
    """A line for every message that somebody wrote, and for every file or message that cannot be read."""
    with archive(path, called, _NEEDED) as files:
        channels, unread = _sorted_out(files)
        skipped, missed, position = Counter[str](), Counter(unread), [0]
        lines = _lines(called, files, channels, skipped, position)
        yield MadeLines(lines, skipped, missed, lambda: position[0])


def _sorted_out(files: Archive) -> tuple[dict[str, list[str]], list[str]]:
    """Every channel's files in order, and those that are read as nothing.

    Slack calls a channel's files by days in its folder; other exporters call them as they like, or have one a channel.
    """
    channels: dict[str, list[str]] = {}
    unread = []
    for name in sorted(files.sizes):
        if name in _WITHOUT_MESSAGES:
            continue
        if _DAY.fullmatch(name) or (
            name.endswith(".json") and name.count("/") <= 1 and _has_messages(files, name)
        ):
            channels.setdefault(name.partition("/")[0].removesuffix(".json"), []).append(name)
        else:
            unread.append(name)
    return channels, unread


def _has_messages(files: Archive, name: str) -> bool:
    try:
        found = _list(files, name)
    except Broken:
        return False
    return any(isinstance(message, dict) and "ts" in message for message in found)


class Messages:
    """The lines that `opened` makes."""

    def __init__(self, *, strict: bool) -> None:
        """With `strict`, a message whose words are not read is refused."""
        self._strict = strict

    def items(self, lines: Lines) -> Iterator[Item]:
        for line in lines:
            yield Item(lines.number, line, line, lines.number)

    def values(self, row: bytes, unread: Unread) -> Values:
        found = json.loads(row)
        if "fault" in found:
            raise BadUserInput(f"{found['file']}: {found['fault']}", field=found["field"])
        if missed := found.get("unread"):
            if self._strict:
                raise BadUserInput(
                    f"{found['file']}: {missed} are not read, which --strict refuses.", field="rawContent"
                )
            unread.add([missed])
        found["payload"] = json.dumps(found["payload"])
        return (*map(found.get, KINDS), True, found["title"])


def _lines(
    called: str,
    files: Archive,
    channels: Mapping[str, Sequence[str]],
    skipped: Counter[str],
    position: list[int],
) -> Iterator[bytes]:
    names, titles = _names(called, files)
    for folder, days in channels.items():
        channel = Channel(folder, titles.get(folder, f"#{folder}"))
        for day in days:
            for message in _messages(files, day):
                channel.look_at(message)
        for day in days:
            for message in _messages(files, day):
                if line := line_of(day, message, channel, names, skipped):
                    yield line
            position[0] += files.sizes[day]
        for message in channel.changed_alone():
            if line := line_of(days[-1], message, channel, names, skipped):
                yield line


def line_of(file: str, message: Any, channel: Channel, names: Names, skipped: Counter[str]) -> bytes | None:
    """None where there is nothing to import."""
    if isinstance(message, Broken):
        return _encoded({"file": file, "fault": f"The file {message}.", "field": None})
    if not isinstance(message, dict):
        return _encoded({"file": file, "fault": "A message is not an object.", "field": None})
    ts, subtype = str(message.get("ts")), text_of(message, "subtype")
    if subtype in {"message_changed", "message_deleted"}:  # which tell of other messages
        return None
    message = channel.newest(ts, message)
    if ts in channel.deleted:
        subtype = "message_deleted"
    if subtype not in SAID or message.get("type", "message") != "message":
        skipped[subtype or "no message"] += 1
        return None
    if channel.has_seen(message):
        skipped["repeated"] += 1
        return None
    try:
        row = signal_of(message, channel, names)
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
    if found is None or found == {}:  # an exporter's word for no list
        return []
    if not isinstance(found, list):
        raise Broken("is not a list")
    return found


def _names(called: str, files: Archive) -> tuple[Names, dict[str, str]]:
    """What ids stand for, and titles by folder. Raises Unreadable: without them nothing could be read rightly."""

    def objects(name: str) -> list[dict[str, Any]]:
        try:
            return [item for item in _list(files, name) if isinstance(item, dict)]
        except Broken as error:
            raise Unreadable(f"{called}: {name} {error}.") from None

    users, shown, bots = {}, {}, set()
    for user in objects("users.json"):
        if key := text_of(user, "id"):
            users[key] = text_of(user, "name") or key
            shown[key] = text_of(user.get("profile"), "display_name", "real_name") or users[key]
            if user.get("is_bot") is True:
                bots.add(key)
    channels, titles = {}, {}
    for file in _LISTS:
        for channel in objects(file) if file in files.sizes else ():
            key, label = text_of(channel, "id"), text_of(channel, "name")
            if key and label:
                channels[key] = label
            if folder := label or key:  # a direct conversation's folder is its id
                members = channel.get("members")
                people = (
                    [users.get(str(member), str(member)) for member in members]
                    if isinstance(members, list)
                    else []
                )
                titles[normalize("NFC", folder)] = (
                    f"#{label}" if file in {"channels.json", "groups.json"} else ", ".join(people) or folder
                )
    return Names(users, shown, frozenset(bots), channels), titles
