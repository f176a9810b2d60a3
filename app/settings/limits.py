"""Of documents, requests, batches and rates."""

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import Rate


class Limits(BaseSettings):
    max_depth: int = Field(
        15, alias="COHERENCE_MAX_DEPTH", ge=1, description="Deepest nesting of a document."
    )
    max_aliases: int = Field(
        200, alias="COHERENCE_MAX_ALIASES", ge=0, description="Most aliases in a document."
    )
    max_tokens: int = Field(
        5_000, alias="COHERENCE_MAX_TOKENS", ge=1, description="Most tokens in a document."
    )
    max_cost: int = Field(
        100_000,
        alias="COHERENCE_MAX_COST",
        ge=0,
        description="Most rows that one operation may be able to return.",
    )
    rate_cost: Rate = Field(
        None,
        alias="COHERENCE_RATE_COST",
        description="Rows that one may ask for in a time; off: any. Unset: 1000000/minute, or off without sign-in.",
    )
    rate_signals: Rate = Field(
        None,
        alias="COHERENCE_RATE_SIGNALS",
        description="Signals that one may send in a time. Unset: 1000000/minute, or off without sign-in.",
    )
    rate_sign_ins: Rate = Field(
        None,
        alias="COHERENCE_RATE_SIGN_INS",
        description="Requests to sign in that an address may make in a time. Unset: 240/minute.",
    )
    max_body: int = Field(
        32_000_000, alias="COHERENCE_MAX_BODY", ge=1, description="Largest request body, in bytes."
    )
    max_batch: int = Field(
        50_000, alias="COHERENCE_MAX_BATCH", ge=1, description="Most signals of one batch."
    )
    max_operations: int = Field(
        10,
        alias="COHERENCE_MAX_OPERATIONS",
        ge=0,
        description="Most operations of one request (a JSON array of them); 0: such requests are refused.",
    )
    max_text: int = Field(
        1_000_000, alias="COHERENCE_MAX_TEXT", ge=1, description="Most characters of one text of a signal."
    )
    max_payload: int = Field(
        1_000_000, alias="COHERENCE_MAX_PAYLOAD", ge=2, description="Largest payload of a signal, in bytes."
    )
    max_payload_depth: int = Field(
        64, alias="COHERENCE_MAX_PAYLOAD_DEPTH", ge=1, le=200, description="Deepest nesting of a payload."
    )
    max_ingests: int = Field(
        64,
        alias="COHERENCE_MAX_INGESTS",
        ge=1,
        description="Most batches that are stored or wait for it at a time; more are told to come later.",
    )
    ingest_patience: float = Field(
        10,
        alias="COHERENCE_INGEST_PATIENCE",
        ge=0,
        allow_inf_nan=False,
        description="Seconds in which a batch is tried again while the database is away.",
    )
    clock_skew: int = Field(
        300,
        alias="COHERENCE_CLOCK_SKEW",
        ge=0,
        description="Seconds that a signal's timestamp may lie ahead of the server's clock.",
    )
