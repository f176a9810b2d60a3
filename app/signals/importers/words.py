"""What a Slack message says: its text, or what bots write into blocks and attachments in its place."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

type Decode = Callable[[str], str]
"""Reads Slack's markup."""

_TEXTS = {"section", "header", "markdown", "context", "image", "video", "input", "alert", "card"}
_PARTS = ("elements", "fields", "rows", "body", "options")


def words_of(message: dict[str, Any], decode: Decode) -> str:
    """Of its blocks, else of its attachments, else of what was said to its file; empty where there are none."""
    said = _joined(_of_blocks(message.get("blocks"), decode))
    attached = [words for words in attached_words(message, decode) if words not in said]
    return _joined([said, *attached]) or _joined(_of_files(message, decode))


def attached_words(message: dict[str, Any], decode: Decode) -> list[str]:
    """Each attachment's, where it has some."""
    found = (_of_attachment(each, decode) for each in objects(message.get("attachments")))
    return [words for words in found if words]


def elsewhere(message: dict[str, Any]) -> list[str]:
    """The kinds of blocks and attachments that a message without words has."""
    kinds = [str(block.get("type")) for block in objects(message.get("blocks"))]
    return sorted({*kinds, *(["attachment"] if objects(message.get("attachments")) else [])})


def objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _joined(texts: Iterable[str]) -> str:
    """Those that are not blank, a line each."""
    return "\n".join(text.strip() for text in texts if text and not text.isspace())


def _of_attachment(attachment: dict[str, Any], decode: Decode) -> str:
    """Its text, fields and blocks, or else its fallback, under what is written above it unless that is in it."""
    fields = [
        f"{decode(_text(field.get('title')))}: {decode(_text(field.get('value')))}".strip(": ")
        for field in objects(attachment.get("fields"))
    ]
    blocks = [*_of_blocks(attachment.get("blocks"), decode)]
    for shared in objects(attachment.get("message_blocks")):
        inner = shared.get("message")
        blocks += _of_blocks(inner.get("blocks"), decode) if isinstance(inner, dict) else ()
    body = _joined([decode(_text(attachment.get("text"))), *fields, *blocks])
    body = body or _joined([decode(_text(attachment.get("fallback")))])
    above = (decode(_text(attachment.get(name))) for name in ("pretext", "title"))
    return _joined([*(text for text in above if text not in body), body])


def _of_files(message: dict[str, Any], decode: Decode) -> Iterator[str]:
    """What was said to a file, as exports had it until 2018."""
    comment, file = message.get("comment"), message.get("file")
    for holder in (comment, file.get("initial_comment") if isinstance(file, dict) else None):
        if isinstance(holder, dict):
            yield decode(_text(holder.get("comment")))


def _of_blocks(blocks: Any, decode: Decode) -> Iterator[str]:
    for block in objects(blocks):
        if block.get("type") in {"rich_text", "table"}:
            yield from _of_rich_text(block, decode)
        elif block.get("type") in _TEXTS or "text" in block:
            for name in ("title", "subtitle", "text", "label", "description", "alt_text"):
                yield _of_object(block.get(name), decode)
            for name in _PARTS:
                for part in objects(block.get(name)):
                    yield _of_object(part.get("text"), decode) or decode(_text(part.get("alt_text")))


def _of_object(text: Any, decode: Decode) -> str:
    """A text object: as it stands, or with markup."""
    if not isinstance(text, dict):
        return decode(_text(text))
    said = _text(text.get("text"))
    return said if text.get("type") == "plain_text" else decode(said)


def _of_rich_text(block: dict[str, Any], decode: Decode) -> Iterator[str]:
    """A line for every section, list item, quote and cell."""
    parts = [part for name in ("elements", "rows") for part in _flat(block.get(name))]
    line = ""
    for part in parts:
        if "elements" in part:
            yield line
            line = ""
            yield from _of_rich_text(part, decode)
        elif part.get("type") == "raw_text":
            yield _text(part.get("text"))
        else:
            line += _of_element(part, decode)
    yield line


def _flat(parts: Any) -> Iterator[dict[str, Any]]:
    """A table's rows are lists of cells."""
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, list):
            yield from _flat(part)
        elif isinstance(part, dict):
            yield part


_ELEMENTS = {
    "user": ("<@", "user_id", ">"),
    "channel": ("<#", "channel_id", ">"),
    "usergroup": ("@", "usergroup_id", ""),
    "broadcast": ("@", "range", ""),
    "emoji": (":", "name", ":"),
    "color": ("", "value", ""),
}
"""What stands around the member of an element that names it."""


def _of_element(element: dict[str, Any], decode: Decode) -> str:
    kind = element.get("type")
    if kind == "link":
        address, label = _text(element.get("url")), _text(element.get("text"))
        return f"{label} ({address})" if label and label != address else address
    if kind in _ELEMENTS:
        before, name, after = _ELEMENTS[kind]
        written = f"{before}{_text(element.get(name))}{after}"
        return decode(written) if before[:1] == "<" else written
    return _text(element.get("text")) or _text(element.get("fallback"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
