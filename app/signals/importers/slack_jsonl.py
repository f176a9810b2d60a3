"""Messages of Slack in JSONL, one a line, as dumps of one channel have them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from app.errors import BadUserInput
from app.signals.importers.import_source import Options, Source
from app.signals.importers.lines import BOM, FileLines, Lines, MadeLines, opened
from app.signals.importers.messages import NO_NAMES, TS, Channel, text_of
from app.signals.importers.slack import Messages, line_of


def holds(found: Mapping[str, object]) -> bool:
    """Whether lines that have these names, and such values, are Slack's messages."""
    return found.get("type") == "message" and has_ts(found)


def has_ts(found: Mapping[str, object]) -> bool:
    ts = found.get("ts")
    return isinstance(ts, str) and TS.fullmatch(ts) is not None


def source(path: Path, given: Options, called: str, place: str, found: Mapping[str, object]) -> Source:
    """Raises BadUserInput where nothing names the conversation."""
    if given.map or (isinstance(given.score, str) and not given.vader) or given.zone:
        raise BadUserInput(
            f"{called} holds messages of Slack: it takes no --map, --timezone or column for --score."
        )
    if given.conversation is None and not isinstance(found.get("channel"), str):
        raise BadUserInput(
            f"{called} holds messages of Slack, which do not say of which channel: name their conversation by"
            " --conversation."
        )
    return Source(
        path=path,
        name=called,
        place=place,
        opened=partial(_opened, path, called, given.conversation),
        size=path.stat().st_size,
        format=Messages(strict=given.strict),
        default=given.defaults("Slack"),
        vader=given.vader,
        create_conversations=given.create_conversations,
        identity=given.identity(place, "slack"),
    )


@contextmanager
def _opened(path: Path, called: str, conversation: str | None) -> Iterator[Lines]:
    """Reads the file twice: first for what later messages say of earlier ones."""
    channels: dict[str, Channel] = {}
    with opened(path, called) as lines:
        for message in _messages(lines):
            if isinstance(message, dict):
                _channel(channels, message, conversation).look_at(message)
    with opened(path, called) as lines:
        skipped = Counter[str]()
        yield MadeLines(_lines(lines, channels, conversation, skipped), skipped, Counter(), lines.position)


def _lines(
    lines: FileLines, channels: dict[str, Channel], conversation: str | None, skipped: Counter[str]
) -> Iterator[bytes]:
    for message in _messages(lines):
        if isinstance(message, str):
            fault = {"file": f"line {lines.number}", "fault": message, "field": None}
            yield json.dumps(fault).encode()
            continue
        channel = _channel(channels, message, conversation)
        if line := line_of(f"line {lines.number}", message, channel, NO_NAMES, skipped):
            yield line
    for channel in channels.values():
        for message in channel.changed_alone():
            if line := line_of("a later change", message, channel, NO_NAMES, skipped):
                yield line


def _messages(lines: FileLines) -> Iterator[dict[str, Any] | str]:
    """Each line's message, or why there is none."""
    for line in lines:
        if not line.strip():
            continue
        try:
            message = json.loads(line.removeprefix(BOM).decode())
        except RecursionError:
            yield "The line is nested too deeply."
        except ValueError as error:  # of which what is not UTF-8 is one
            yield f"The line is not JSON: {error}."
        else:
            yield message if isinstance(message, dict) else "The line is not a JSON object."


def _channel(channels: dict[str, Channel], message: dict[str, Any], conversation: str | None) -> Channel:
    folder = text_of(message, "channel") or conversation or ""
    if folder not in channels:
        channels[folder] = Channel(folder, conversation or f"#{folder}", conversation)
    return channels[folder]
