"""Where and how the server listens."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import LOWER, Origin, Words


class Serving(BaseSettings):
    host: str = Field("127.0.0.1", alias="HOST", description="Address to listen on.")
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
    allowed_hosts: Words = Field(
        (),
        alias="COHERENCE_ALLOWED_HOSTS",
        description="Host names besides loopback's that a request may name, separated by commas.",
    )
    allowed_origins: Words = Field(
        (),
        alias="COHERENCE_ALLOWED_ORIGINS",
        description="Origins of front ends elsewhere that may call over HTTP and WebSocket.",
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
