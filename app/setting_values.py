"""How the values of environment variables are read and what they have to be; app/settings/ has the variables."""

import re
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from pydantic import AfterValidator, BeforeValidator, InstanceOf, SecretStr
from pydantic_settings import NoDecode
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app import origins
from app.duration import Duration

OFF: Final = "off"
SENTENCE_WIDTH: Final = 384
"""Of all-MiniLM-L6-v2."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


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
    origin = origins.normalised(value)
    if origin is None:
        raise ValueError(
            f"{value[:100]!r} is no origin: it takes scheme and host alone, such as https://coherence.example.org"
        )
    return origin


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    if any("*" in value for value in values):
        raise ValueError("it takes no wildcards: name each origin, such as https://coherence.example.org")
    return tuple(map(_origin, values))


def _host_pattern(value: str) -> str:
    """In the form in which requests name a host, which is compared without its port."""
    bare = value.removeprefix("*.").rstrip(".")
    if value == "*":
        return value
    if _is_address(bare.strip("[]")):
        address = ip_address(bare.strip("[]"))
        return f"[{address}]" if address.version == 6 else str(address)
    name = origins.ascii_name(bare)
    if name is None:
        raise ValueError(
            f"{value[:100]!r} is no host name: it takes names such as coherence.example.org or *.example.org, "
            "without scheme, port or path"
        )
    return f"*.{name}" if value.startswith("*.") else name


def _host_patterns(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_host_pattern, values))


def _listening(value: str) -> str:
    """An address or a name to listen on, without the brackets that URLs have around IPv6."""
    bare = value.strip().strip("[]")
    name = bare if _is_address(bare) else origins.ascii_name(bare)
    if name is None:
        raise ValueError("it takes an address or a host name alone; the port is PORT's")
    return name


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _header_names(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _TOKEN.fullmatch(value):
            raise ValueError(f"{value[:100]!r} is no header's name, such as traceparent")
    return values


def _at_home(path: Path) -> Path:
    """`~` at a path's beginning is a home folder here too, as in a shell."""
    try:
        return path.expanduser()
    except RuntimeError as error:  # of a user who is not known
        raise ValueError(f"{path}: {error}") from None


def _issuer(value: str) -> str:
    """What comes over the network without TLS may be anybody's."""
    parts = urlsplit(value)
    if not parts.hostname or (
        parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK)
    ):
        raise ValueError("it takes an address such as https://accounts.example.org")
    return value.rstrip("/")


def _database_url(value: SecretStr) -> SecretStr:
    """Said without the value, as is what follows: it holds a password."""
    try:
        backend = make_url(value.get_secret_value()).get_backend_name()
    except ArgumentError:
        backend = None
    if backend not in {"postgresql", "postgres"}:
        raise ValueError("it takes an address such as postgresql://user:password@host/database")
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("it takes an address such as redis://host:6379/0, rediss:// with TLS, or unix://")
    return value


def _proxies(values: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and networks, a network by any address of it."""
    found = []
    for value in values:
        try:
            found.append(
                value if value == "*" or _is_address(value) else str(ip_network(value, strict=False))
            )
        except ValueError:
            raise ValueError(
                f"{value[:100]!r} is no address: it takes addresses and networks such as 10.0.0.0/8"
            ) from None
    return tuple(found)


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


type Rate = Annotated[InstanceOf[RateLimitItem] | Literal["off"] | None, BeforeValidator(_rate)]
type Durations = Annotated[tuple[Any, ...], NoDecode, BeforeValidator(_durations)]

type Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_origins)]
type Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_host_patterns)]
type HeaderNames = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_header_names)
]

type Proxies = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_proxies)]
type DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
type RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]

type Host = Annotated[str, AfterValidator(_listening)]
type File = Annotated[Path, AfterValidator(_at_home)]
type Origin = Annotated[str, AfterValidator(_origin)]
type Issuer = Annotated[str, AfterValidator(_issuer)]
type BaseUrl = Annotated[str, AfterValidator(_base_url)]
type HeaderSecret = Annotated[SecretStr, AfterValidator(_header)]
"""Sent in a header as it is."""

type Prices = Annotated[dict[str, tuple[Decimal, Decimal]], AfterValidator(_prices)]

LOWER = BeforeValidator(_lower)
"""Of a choice: written in any case."""
