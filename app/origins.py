"""Origins and host names, in the one form in which browsers send them."""

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


def normalised(origin: str) -> str | None:
    """Return `origin` with scheme and host in lower case and without the scheme's own port; None for what is no origin
    of a web page, such as "null", a wildcard, or an address with a path.
    """
    try:
        parts = urlsplit(origin.strip())
        host, port = parts.hostname, parts.port
    except ValueError:  # no port, no IPv6 address
        return None
    if parts.scheme not in _PORTS or not host or port == 0:
        return None
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    name = f"[{host}]" if ":" in host else ascii_name(host)
    if name is None:
        return None
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")


def ascii_name(host: str) -> str | None:
    """Return a host name in lower case as it goes over the network; None for what is no name."""
    try:
        name = host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return None
    fit = name and all(letter.isalnum() or letter in "-._" for letter in name) and ".." not in name
    return name if fit else None


def is_of_host(origin: str, host: str) -> bool:
    """Whether a page of `origin` comes from the host that a request names. Only host and port are compared: behind a
    proxy that ends TLS the schemes differ.
    """
    own = normalised(origin)
    return own is not None and own == normalised(f"{own.partition('://')[0]}://{host}")
