"""FILE.rejected.jsonl: the lines of FILE that were not stored, and why."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 1_000
"""Characters of a line's text that are kept."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line, or one row of a table."""

    line: int
    """Its number in the file, from 1; of a row that spans several, the first one's."""
    reason: str
    raw: bytes
    field: str | None = None
    """The field at fault, where it is one."""

    def as_json(self) -> bytes:
        text = self.raw[: 4 * _LONGEST].decode(errors="replace").rstrip("\r\n")[:_LONGEST]
        row = {"line": self.line, "reason": self.reason, "text": text}
        return json.dumps(row, ensure_ascii=False).encode(errors="replace") + b"\n"


class RejectedFile:
    """Written before the batch is committed: what a crash leaves beyond the last commit, `keep` cuts off."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.rejected.jsonl")

    def keep(self, line: int) -> None:
        """Keeps what is about lines up to `line`; the file is removed where nothing is left."""
        if not self.path.exists():
            return
        end = 0
        with self.path.open("r+b") as file:
            for row in file:
                if not _is_about(row, line):
                    break
                end += len(row)
            file.truncate(end)
        if end == 0:
            self.path.unlink()

    def add(self, rows: Iterable[Rejected]) -> None:
        """On disk when it returns: the commit that follows must not outlive it."""
        with self.path.open("ab") as file:
            file.writelines(row.as_json() for row in rows)
            file.flush()
            os.fsync(file.fileno())


def _is_about(row: bytes, last: int) -> bool:
    """Whether `row` is whole, and about a line up to `last`."""
    try:
        return row.endswith(b"\n") and int(json.loads(row)["line"]) <= last
    except (ValueError, KeyError, TypeError):
        return False
