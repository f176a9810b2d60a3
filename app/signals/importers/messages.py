"""A message of a Slack export as a signal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.checks import fault_of_text
from app.errors import BadUserInput
from app.instant import write_instant
from app.signals.importers.markup import decode

# Everything else (channel_join, pinned_item, tombstone …) is the channel's doings, not what somebody says.
SAID = {None, "bot_message", "me_message", "thread_broadcast", "file_share", "file_comment"}

_TS = re.compile(r"([0-9]{1,11})\.([0-9]{6})")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TITLE = 80


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for."""

    users: Mapping[str, str]
    display_names: Mapping[str, str]
    bots: frozenset[str]
    """Ids of those users that are bots."""
    channels: Mapping[str, str]


@dataclass(slots=True)
class Channel:
    """A channel, private group or direct conversation."""

    folder: str
    title: str
    threads: set[str] = field(default_factory=set)
    """thread_ts of those that have a reply."""
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Newest versions of messages, by their ts."""
    deleted: set[str] = field(default_factory=set)

    def look_at(self, message: Any) -> None:
        """Takes notice of what says something about other messages."""
        if not isinstance(message, dict):
            return
        subtype, changed = message.get("subtype"), message.get("message")
        if subtype == "message_changed" and isinstance(changed, dict):
            self.changed[str(changed.get("ts"))] = {"edited": {"ts": message.get("ts")}} | changed
        elif subtype == "message_deleted":
            self.deleted.add(str(message.get("deleted_ts")))
        elif (thread := text_of(message, "thread_ts")) not in {None, message.get("ts")}:
            self.threads.add(str(thread))


def text_of(members: Any, *names: str) -> str | None:
    """The first of these members that is a text and not empty."""
    found = (members.get(name) for name in names) if isinstance(members, dict) else ()
    return next((value for value in found if isinstance(value, str) and value), None)


def instant(name: str, ts: Any) -> str:
    """Exactly: a float would be off by a microsecond. Raises BadUserInput."""
    match = _TS.fullmatch(ts) if isinstance(ts, str) else None
    if match is not None:
        return write_instant(_BEGINNING + timedelta(seconds=int(match[1]), microseconds=int(match[2])))
    raise BadUserInput(
        f"{name} is {str(ts)[:40]!r}; it takes seconds with six decimals, such as 1700000000.123456.",
        field="timestamp",
    )


def signal_of(message: dict[str, Any], channel: Channel, names: Names) -> dict[str, Any]:
    """The contract's fields of the signal, and `title`, its conversation's. Raises BadUserInput."""
    ts, thread = message.get("ts"), text_of(message, "thread_ts")
    time = instant("ts", ts)
    said = message.get("text")
    if not isinstance(said, str | None):
        raise BadUserInput("text is not a string.", field="rawContent")
    text = None if said is None else decode(said, names.users, names.channels)
    in_thread = thread is not None and (thread != ts or thread in channel.threads)
    key, title = f"slack:{channel.folder}", channel.title
    if in_thread:
        key = f"{key}:{thread}"
        first = " ".join((text or "").split()) if thread == ts else ""
        title += f": {first[:_TITLE]}" if first else ", thread"
    user, agent = _who(message, names)
    return {
        "contextWindowId": key,
        "title": None if fault_of_text(title) else title,
        "timestamp": time,
        "rawContent": text,
        "userId": user,
        "agentId": agent,
        "payload": _payload(message, channel, names) | ({"threadTs": thread} if in_thread else {}),
    }


def _who(message: dict[str, Any], names: Names) -> tuple[str | None, str | None]:
    """Its userId and agentId. A person may post by way of a bot: then there are both."""
    user, bot = text_of(message, "user"), text_of(message, "bot_id")
    is_bot = bot is not None or message.get("subtype") == "bot_message" or user in names.bots
    name = None if user is None else names.users.get(user, user)
    if not is_bot:
        return name, None
    called = text_of(message, "username") or text_of(message.get("bot_profile"), "name")
    if user in names.bots:
        return None, name
    if user in names.users:
        return name, called or bot
    return None, called or name or bot


def _payload(message: dict[str, Any], channel: Channel, names: Names) -> dict[str, Any]:
    """What else is known. Of files not the addresses, which hold a token of the workspace."""
    payload: dict[str, Any] = {"channel": channel.folder, "ts": message["ts"]}
    if subtype := text_of(message, "subtype"):
        payload["subtype"] = subtype
    profile = text_of(message.get("user_profile"), "display_name", "real_name")
    if shown := names.display_names.get(text_of(message, "user") or "", profile):
        payload["displayName"] = shown
    if isinstance(edited := message.get("edited"), dict):
        payload["edited"] = instant("edited.ts", edited.get("ts"))
    if files := _objects(message.get("files")):
        wanted = ("id", "name", "title", "mimetype", "size")
        payload["files"] = [{name: file[name] for name in wanted if name in file} for file in files]
    if reactions := _objects(message.get("reactions")):
        payload["reactions"] = [
            {"name": reaction.get("name"), "count": reaction.get("count"), "users": _named(reaction, names)}
            for reaction in reactions
        ]
    return payload


def _named(reaction: dict[str, Any], names: Names) -> list[str]:
    users = reaction.get("users")
    return (
        [names.users.get(user, user) for user in users if isinstance(user, str)]
        if isinstance(users, list)
        else []
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
