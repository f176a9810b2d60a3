"""Where and how the server listens."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import LOWER, HeaderNames, Host, Hosts, Origin, Origins, Proxies


class Serving(BaseSettings):
    host: Host = Field("127.0.0.1", alias="HOST", description="Address to listen on.")
    port: int = Field(8002, alias="PORT", ge=0, le=65_535, description="Port to listen on.")
    workers: int = Field(
        1,
        alias="COHERENCE_WORKERS",
        ge=1,
        le=64,
        description="Processes that answer requests, each with a pool of connections of its own.",
    )
    public_url: Origin | None = Field(
        None,
        alias="COHERENCE_PUBLIC_URL",
        description="Address by which browsers reach the server, such as https://coherence.example.org; else as they name it.",
    )
    trust_network: bool = Field(
        default=False,
        alias="COHERENCE_TRUST_NETWORK",
        description="Allow an address other than loopback without sign-in: for containers, whose network is the wall.",
    )
    forwarded_allow_ips: Proxies = Field(
        ("127.0.0.1", "::1"),
        alias="FORWARDED_ALLOW_IPS",
        description="Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas.",
    )
    allowed_hosts: Hosts = Field(
        (),
        alias="COHERENCE_ALLOWED_HOSTS",
        description="Host names besides loopback's that a request may name, separated by commas.",
    )
    allowed_origins: Origins = Field(
        (),
        alias="COHERENCE_ALLOWED_ORIGINS",
        description="Origins of front ends elsewhere that may call over HTTP and WebSocket, separated by commas.",
    )
    allowed_headers: HeaderNames = Field(
        ("*",),
        alias="COHERENCE_ALLOWED_HEADERS",
        description="Request headers, separated by commas, that they may send besides those of the API; `*`: any.",
    )
    keep_alive_seconds: int = Field(
        75,
        alias="COHERENCE_KEEP_ALIVE_SECONDS",
        ge=1,
        description="Seconds that a connection stays open between two requests: longer than the proxy before it keeps one.",
    )
    demo: bool = Field(
        default=True, alias="DEMO", description="Fill an empty embedded database with a small demo."
    )
    plans: bool = Field(
        default=True,
        alias="COHERENCE_PLANS",
        description="Answer queries of rows by one SQL statement each (docs/plans.md); 0: as all others.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], LOWER] = Field(
        "info", alias="COHERENCE_LOG_LEVEL", description="debug, info, warning or error."
    )

    @property
    def own_origins(self) -> frozenset[str]:
        """Origins whose pages may do here what this server's own may."""
        return frozenset((*self.allowed_origins, *([self.public_url] if self.public_url else ())))
