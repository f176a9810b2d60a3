"""How the values of environment variables are read and what they have to be; app/settings/ has the variables."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from pydantic import AfterValidator, BeforeValidator, InstanceOf, SecretStr
from pydantic_settings import NoDecode

from app.duration import Duration

OFF: Final = "off"
SENTENCE_WIDTH: Final = 384
"""Of all-MiniLM-L6-v2."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")


def _words(value: Any) -> Any:
    """`a, b` as a tuple of its words."""
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _durations(value: Any) -> Any:
    return tuple(Duration.parse(word) for word in _words(value)) if isinstance(value, str) else value


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.strip().lower() == OFF:
        return OFF
    try:
        limits = parse_many(value)
    except ValueError:
        limits = []
    if len(limits) != 1 or limits[0].amount < 1:
        raise ValueError(f"it takes one limit, such as 1000/minute or 5000 per 2 hours, or {OFF}")
    return limits[0]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        fit = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # no port, no IPv6 address
        fit = False
    if not fit or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "it takes an address such as https://service.example/api, without name and password, query or fragment"
        )
    return value.rstrip("/")


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or value.rstrip("/") != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError("it takes scheme and host alone, such as https://coherence.example.org")
    return value.rstrip("/")


def _issuer(value: str) -> str:
    """What comes over the network without TLS may be anybody's."""
    parts = urlsplit(value)
    if not parts.hostname or (
        parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK)
    ):
        raise ValueError("it takes an address such as https://accounts.example.org")
    return value.rstrip("/")


def _header(value: SecretStr) -> SecretStr:
    """Said without the value: it is a secret."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        raise ValueError("it takes printable ASCII characters without blanks around them")
    return value


def _prices(value: dict[str, tuple[Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal]]:
    for model, prices in value.items():
        if not all(price.is_finite() and price >= 0 for price in prices):
            raise ValueError(f"the prices of {model} have to be 0 or more")
    return value


type Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
type Rate = Annotated[InstanceOf[RateLimitItem] | Literal["off"] | None, BeforeValidator(_rate)]
type Durations = Annotated[tuple[Any, ...], NoDecode, BeforeValidator(_durations)]

type Origin = Annotated[str, AfterValidator(_origin)]
type Issuer = Annotated[str, AfterValidator(_issuer)]
type BaseUrl = Annotated[str, AfterValidator(_base_url)]
type HeaderSecret = Annotated[SecretStr, AfterValidator(_header)]
"""Sent in a header as it is."""

type Prices = Annotated[dict[str, tuple[Decimal, Decimal]], AfterValidator(_prices)]

LOWER = BeforeValidator(_lower)
"""Of a choice: written in any case."""
