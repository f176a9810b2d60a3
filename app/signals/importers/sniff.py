"""Tells what is no lines of text by how it begins, so that it is refused once and not line by line."""

from collections.abc import Sequence

from app.signals.importers.lines import BOM

TAKEN = "UTF-8: an object a line (JSONL), or a table (CSV), plain or gzip"

_BEGINNINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"PK\x03\x04", "a zip"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"%PDF-", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_DOCUMENTS = (
    (b"From ", "a mailbox (mbox)"),
    (b"<?xml", "XML"),
    (b"<!doctype", "HTML"),
    (b"<html", "HTML"),
)


def binary(head: bytes) -> str | None:
    """What bytes that begin so are, where they are no lines of UTF-8 with objects or a table."""
    for beginning, called in _BEGINNINGS:
        if head.startswith(beginning):
            return called
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head[1:2] == b"\0" or head[:1] == b"\0":
        return "UTF-16" if head[:4].count(b"\0") == 2 else "binary"
    return None


def document(line: bytes) -> str | None:
    """What a file whose first line that is not blank is `line` is, where it is not one JSON object a line."""
    text = line.removeprefix(BOM).strip()
    for beginning, called in _DOCUMENTS:
        if text[:20].lower().startswith(beginning.lower()):
            return called
    # A chat's log has a time in brackets.
    is_array = text.startswith(b"[") and text[1:].strip()[:1] in {b"", b"{", b"[", b'"', b"]"}
    return "a JSON array" if is_array else None


def lines_of_no_object(lines: Sequence[bytes]) -> bool:
    """Whether there are lines, and none begins as an object does; one over several lines has a `{` of its own."""
    texts = [text for line in lines if (text := line.removeprefix(BOM).strip())]
    return bool(texts) and not any(text.startswith(b"{") and text != b"{" for text in texts)
