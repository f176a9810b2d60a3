"""Files of trusted documents: a JSON object of GraphQL documents by their SHA-256, as graphql-codegen writes it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.pages import DIST

DASHBOARD: Final = DIST / "documents.json"
"""The dashboard's own, which its build writes."""
_PREFIX: Final = "sha256:"


def name_of(given: str) -> str:
    """A hash as it is in such a file: with or without `sha256:` before it, in either case."""
    return given.lower().removeprefix(_PREFIX)


def read(path: Path) -> Mapping[str, str]:
    """The documents by SHA-256, in hexadecimal. ValueError where there is no such file, or something else in it."""
    try:
        documents = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(documents, dict) or not all(isinstance(text, str) for text in documents.values()):
        raise ValueError(f'{path} holds no object such as {{"<sha256>": "<document>"}}')
    for name, text in documents.items():
        hashed = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if name_of(name) != hashed:
            raise ValueError(f"{path}: the document under {name[:80]} has the SHA-256 {hashed}")
    return {name_of(name): text for name, text in documents.items()}
