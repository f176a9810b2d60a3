"""Slack's markup: <…> for mentions and links, &amp; &lt; &gt; for the three characters that it needs itself."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"<([^<>]*)>|&(?:amp|lt|gt);")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


def decode(text: str, users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """`text` as people read it: @name, #name, label (address). `users` and `channels` are names by id."""

    def plain(found: re.Match[str]) -> str:
        if found[1] is None:
            return _character(found)
        target, _, label = (_ENTITY.sub(_character, part) for part in found[1].partition("|"))
        match target[:1]:
            case "@":
                return "@" + users.get(target[1:], label or target[1:]).removeprefix("@")
            case "#":
                return "#" + channels.get(target[1:], label or target[1:]).removeprefix("#")
            case "!":  # <!here>, <!subteam^S1|@team>, <!date^1700000000^{date}|in November>
                return label or "@" + target[1:].partition("^")[0]
        return f"{label} ({target})" if label and not target.endswith(label) else label or target

    return _TOKEN.sub(plain, text)


def _character(found: re.Match[str]) -> str:
    return _CHARACTERS[found[0]]
