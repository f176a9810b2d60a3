"""Subscriptions, and how servers tell each other of changes."""

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import RedisUrl


class Live(BaseSettings):
    redis_url: RedisUrl | None = Field(
        None,
        alias="COHERENCE_REDIS_URL",
        description="Redis by which servers of one database tell each other of changes, else by NOTIFY; they count rates there together.",
    )
    look_again_seconds: float = Field(
        5,
        alias="COHERENCE_LOOK_AGAIN_SECONDS",
        gt=0,
        le=3_600,
        description="Seconds between two looks for changes that a server was not told of.",
    )
    max_followed: int = Field(
        10_000,
        alias="COHERENCE_MAX_FOLLOWED",
        ge=1,
        description="Most different readings that subscriptions follow; those of equal ones count once.",
    )
    max_subscriptions: int = Field(
        100,
        alias="COHERENCE_MAX_SUBSCRIPTIONS",
        ge=1,
        description="Most operations of a WebSocket at a time.",
    )
    init_seconds: float = Field(
        10,
        alias="COHERENCE_INIT_SECONDS",
        gt=0,
        description="Seconds in which a WebSocket has to send its connection_init.",
    )
    ping_seconds: float = Field(
        20,
        alias="COHERENCE_PING_SECONDS",
        gt=0,
        description="Seconds between two pings of a WebSocket, or two comments of a stream of events.",
    )
    pong_seconds: float = Field(
        20,
        alias="COHERENCE_PONG_SECONDS",
        gt=0,
        description="Seconds in which the other side has to answer a ping, or acknowledge what it was sent.",
    )
    stalled_seconds: float = Field(
        10,
        alias="COHERENCE_STALLED_SECONDS",
        gt=0,
        description="Seconds after which a connection is given up that does not take what it is sent.",
    )
