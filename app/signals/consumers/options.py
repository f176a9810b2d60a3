"""What the command line and a file say of Kafka."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import BadUserInput

# What `coherence consume` promises rests on these.
_OURS: Mapping[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "partition.assignment.strategy": "cooperative-sticky",
    "auto.offset.reset": "earliest",  # of what Kafka has removed already: where it begins is said by ourselves
    "allow.auto.create.topics": False,
    "client.id": "coherence",
}
_SECRETS = ("password", "secret", "pem", "oauthbearer.config", "username")
_THEIRS = {"group.id": "--group", "group.protocol": "nothing else"}


@dataclass(frozen=True, slots=True)
class Options:
    """How topics are consumed."""

    topics: Sequence[str]
    group: str
    from_beginning: bool = False
    until_end: bool = False
    batch: int = 1_000
    """Messages a transaction, at most."""
    linger: float = 1.0
    """Seconds that a transaction's first message waits for others."""
    deadline: float = 300.0
    """Seconds that a batch waits for a database that is away."""
    progress: float = 10.0
    """Seconds between two lines in the log."""


def properties(group: str, bootstrap: str | None, file: Path | None) -> dict[str, Any]:
    """The client's. Raises BadUserInput, without any value: some are secrets."""
    given = {} if file is None else _read(file)
    if bootstrap is not None:
        given["bootstrap.servers"] = bootstrap
    if not given.get("bootstrap.servers"):
        raise BadUserInput("Name a broker: --bootstrap HOST:PORT, or KAFKA_BOOTSTRAP.")
    return {**given, **_OURS, "group.id": group}


def without_secrets(text: str, given: Mapping[str, Any]) -> str:
    """What the client says of its configuration, which quotes values."""
    for name, value in given.items():
        if any(word in name for word in _SECRETS) and value:
            text = text.replace(str(value), "…")
    return text


def _read(file: Path) -> dict[str, Any]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadUserInput(f"{file} cannot be read: {reason}.") from None
    found: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not name or name.startswith("#"):
            continue
        if not equals:
            raise BadUserInput(f"{file}, line {number}: write property=value, as librdkafka names them.")
        if name in _OURS or name in _THEIRS:
            raise BadUserInput(
                f"{file}, line {number}: {name} is set by {_THEIRS.get(name, 'this program')} alone."
            )
        found[name] = value
    return found
