"""A message of a Slack export as a signal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from app.checks import fault_of_text
from app.errors import BadUserInput
from app.instant import EPOCH, write_instant
from app.signals.importers import words
from app.signals.importers.markup import decode
from app.signals.importers.words import objects

# Everything else (channel_join, pinned_item, tombstone …) is the channel's doings, not what somebody says.
SAID = {
    None,
    "bot_message",
    "me_message",
    "thread_broadcast",
    "reply_broadcast",
    "file_share",
    "file_comment",
    "slackbot_response",
}

TS = re.compile(r"([0-9]{1,11})\.([0-9]{6})")
_TITLE = 80


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for."""

    users: Mapping[str, str]
    display_names: Mapping[str, str]
    bots: frozenset[str]
    """Ids of those users that are bots."""
    channels: Mapping[str, str]


NO_NAMES = Names({}, {}, frozenset(), {})


@dataclass(slots=True)
class Channel:
    """A channel, private group or direct conversation."""

    folder: str
    title: str
    conversation: str | None = None
    """The contextWindowId of all its messages; where left out it is the folder's, and a thread has its own."""
    threads: set[str] = field(default_factory=set)
    """thread_ts of those that have a reply."""
    _changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Newest versions of messages, by their ts."""
    _found: set[str] = field(default_factory=set)
    """The ts of those of them whose first version is there."""
    deleted: set[str] = field(default_factory=set)
    _seen: set[tuple[str, str | None, str | None]] = field(default_factory=set)
    """The ts, user and text of messages that have been read: an export may hold one twice."""

    def look_at(self, message: Any) -> None:
        """Takes notice of what says something about other messages."""
        if not isinstance(message, dict):
            return
        subtype, changed = message.get("subtype"), message.get("message")
        if subtype == "message_changed" and isinstance(changed, dict):
            self._change({"edited": {"ts": message.get("ts")}} | changed)
        elif subtype == "message_deleted":
            self.deleted.add(str(message.get("deleted_ts")))
        else:
            if TS.fullmatch(str(_edited(message))):
                self._change(message)
            if (thread := text_of(message, "thread_ts")) not in {None, message.get("ts")}:
                self.threads.add(str(thread))

    def _change(self, message: dict[str, Any]) -> None:
        """Of versions edited at the same time the later one stays."""
        key = str(message.get("ts"))
        if key not in self._changed or str(_edited(self._changed[key])) <= str(_edited(message)):
            self._changed[key] = message

    def newest(self, ts: str, message: dict[str, Any]) -> dict[str, Any]:
        """The newest version of a message."""
        if ts not in self._changed:
            return message
        self._found.add(ts)
        return self._changed[ts]

    def changed_alone(self) -> list[dict[str, Any]]:
        """Messages of which the export has the change alone, once all others have been read."""
        return [message for ts, message in self._changed.items() if ts not in self._found]

    def has_seen(self, message: dict[str, Any]) -> bool:
        """Whether the same message has been asked of before."""
        key = str(message.get("ts")), text_of(message, "user", "bot_id"), text_of(message, "text")
        if key in self._seen:
            return True
        self._seen.add(key)
        return False


def text_of(members: Any, *names: str) -> str | None:
    """The first of these members that is a text and not empty."""
    found = (members.get(name) for name in names) if isinstance(members, dict) else ()
    return next((value for value in found if isinstance(value, str) and value), None)


def _edited(message: dict[str, Any]) -> Any:
    """The ts of its last edit; None where there is none."""
    edited = message.get("edited")
    return edited.get("ts") if isinstance(edited, dict) else None


def instant(name: str, ts: Any) -> str:
    """Exactly: a float would be off by a microsecond. Raises BadUserInput."""
    match = TS.fullmatch(ts) if isinstance(ts, str) else None
    if match is not None:
        return write_instant(EPOCH + timedelta(seconds=int(match[1]), microseconds=int(match[2])))
    raise BadUserInput(
        f"{name} is {str(ts)[:40]!r}; it takes seconds with six decimals, such as 1700000000.123456.",
        field="timestamp",
    )


def signal_of(message: dict[str, Any], channel: Channel, names: Names) -> dict[str, Any]:
    """The contract's fields of the signal, `title`, its conversation's, and `unread`, where there are words that are not
    read. Raises BadUserInput.
    """
    ts, thread = message.get("ts"), text_of(message, "thread_ts")
    time = instant("ts", ts)
    said = message.get("text")
    if not isinstance(said, str | None):
        raise BadUserInput("text is not a string.", field="rawContent")
    read = partial(decode, users=names.users, channels=names.channels)
    text = None if said is None else read(said)
    attached = []
    if text and not text.isspace():
        attached = [each for each in words.attached_words(message, read) if each not in text]
    else:
        text = words.words_of(message, read) or text
    in_thread = thread is not None and (thread != ts or thread in channel.threads)
    key, title = channel.conversation or f"slack:{channel.folder}", channel.title
    if in_thread and channel.conversation is None:
        key = f"{key}:{thread}"
        first = " ".join((text or "").split()) if thread == ts else ""
        title += f": {first[:_TITLE]}" if first else ", thread"
    user, agent = _who(message, names)
    kinds = [] if text else words.elsewhere(message)
    return {
        "contextWindowId": key,
        "title": None if fault_of_text(title) else title,
        "timestamp": time,
        "rawContent": text,
        "userId": user,
        "agentId": agent,
        "payload": _payload(message, channel, names)
        | ({"threadTs": thread} if in_thread else {})
        | ({"attachments": attached} if attached else {}),
        **({"unread": f"words in {', '.join(kinds)}"} if kinds else {}),
    }


def _user(message: dict[str, Any]) -> str | None:
    """The id of who sent it. Exports to 2018 have who commented a file, or shared it, beside the message's own members."""
    comment, file = message.get("comment"), message.get("file")
    user = text_of(message, "user") or text_of(comment, "user")
    if user is None and message.get("subtype") == "file_share":
        user = text_of(file, "user")
    return user


def _who(message: dict[str, Any], names: Names) -> tuple[str | None, str | None]:
    """Its userId and agentId. A person may post by way of a bot: then there are both."""
    user, bot = _user(message), text_of(message, "bot_id")
    called = text_of(message, "username") or text_of(message.get("bot_profile"), "name")
    is_bot = (
        bot is not None
        or message.get("subtype") in {"bot_message", "slackbot_response"}
        or user in names.bots
        or (user is None and called is not None)
    )
    name = None if user is None else names.users.get(user, user)
    if not is_bot:
        return name, None
    if user in names.bots:
        return None, name
    if user in names.users:
        return name, called or bot
    return None, called or name or bot


def _payload(message: dict[str, Any], channel: Channel, names: Names) -> dict[str, Any]:
    """What else is known. Of files not the addresses, which hold a token of the workspace."""
    payload: dict[str, Any] = {"channel": channel.folder, "ts": str(message["ts"])}
    if subtype := text_of(message, "subtype"):
        payload["subtype"] = subtype
    profile = text_of(message.get("user_profile"), "display_name", "real_name")
    if shown := names.display_names.get(_user(message) or "", profile):
        payload["displayName"] = shown
    if (edited := _edited(message)) is not None:
        payload["edited"] = instant("edited.ts", edited)
    if files := objects(message.get("files")) or objects([message.get("file")]):
        wanted = ("id", "name", "title", "mimetype", "size")
        payload["files"] = [{name: file[name] for name in wanted if name in file} for file in files]
    if reactions := objects(message.get("reactions")):
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
