"""Secrets that are made here: 256 bits of chance, shown to whom they are for and kept nowhere."""

import hashlib
import secrets
from typing import Final

KEY: Final = "coh_"
"""What API keys begin with, so that scanners of leaked secrets know them."""
SHOWN: Final = 12
"""Characters of a key that are kept to tell it from others."""
LONGEST: Final = 200
"""Characters of what is looked at; ours are shorter."""


def make(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is stored and looked up. The database compares hashes, from whose timing nothing of a token follows."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
