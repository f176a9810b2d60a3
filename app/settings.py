"""Every environment variable, typed, with its meaning and default. `.env` in the working folder is read too."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app import documents, secrets
from app.coherence.coherence import Weights
from app.duration import Duration
from app.setting_values import (
    LOOPBACK,
    LOWER,
    SENTENCE_WIDTH,
    BaseUrl,
    Durations,
    HeaderSecret,
    Issuer,
    Origin,
    Prices,
    Rate,
    Words,
)
from app.signals.classify import KEYWORDS, classifier
from app.signals.rules import Rules


class Settings(BaseSettings):
    """The server's configuration, from the environment."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    secrets: str | None = Field(
        None,
        alias="COHERENCE_SECRETS",
        description="aws:NAME: a JSON secret at AWS Secrets Manager that has settings the environment does not give.",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="Address to listen on.")
    port: int = Field(8002, alias="PORT", ge=0, le=65_535, description="Port to listen on.")
    workers: int = Field(
        1,
        alias="COHERENCE_WORKERS",
        ge=1,
        le=64,
        description="Processes that answer requests, each with a pool of connections of its own.",
    )
    data_dir: Path = Field(
        Path(".coherence"),
        alias="COHERENCE_DATA_DIR",
        description="Folder of the embedded PostgreSQL, of the key file it makes, and of the metrics of pulls.",
    )
    database_url: SecretStr | None = Field(
        None,
        alias="COHERENCE_DATABASE_URL",
        description="PostgreSQL to use in place of the embedded one: postgresql://user:password@host/database.",
    )
    database_read_url: SecretStr | None = Field(
        None,
        alias="COHERENCE_DATABASE_READ_URL",
        description="Replica of that PostgreSQL, which queries are sent to. What mutations answer is not.",
    )
    import_url: SecretStr | None = Field(
        None,
        alias="COHERENCE_IMPORT_URL",
        description="PostgreSQL that `coherence import --from-sql` reads: postgresql://user:password@host/database.",
    )
    pgcrypto_key: SecretStr | None = Field(
        None,
        alias="PGCRYPTO_KEY",
        description="Key of the personal data. Needed with COHERENCE_DATABASE_URL; else made in the data folder.",
    )
    demo: bool = Field(
        default=True, alias="DEMO", description="Fill an empty embedded database with a small demo."
    )
    auth: Annotated[Literal["local", "required"], LOWER] = Field(
        "local",
        alias="COHERENCE_AUTH",
        description="local: whoever reaches the server is an administrator; required: everyone signs in.",
    )
    introspection: Annotated[Literal["readers", "administrators"], LOWER] = Field(
        "readers",
        alias="COHERENCE_INTROSPECTION",
        description="Who may ask for the schema and gets GraphiQL: readers, or administrators alone.",
    )
    session_idle: float = Field(
        86_400,
        alias="COHERENCE_SESSION_IDLE_SECONDS",
        ge=1,
        allow_inf_nan=False,
        description="Seconds without a request after which a session ends.",
    )
    session_longest: float = Field(
        1_209_600,
        alias="COHERENCE_SESSION_SECONDS",
        ge=1,
        allow_inf_nan=False,
        description="Seconds after its sign-in that a session ends, however it was used.",
    )
    public_url: Origin | None = Field(
        None,
        alias="COHERENCE_PUBLIC_URL",
        description="Address by which browsers reach the server, such as https://coherence.example.org; else as they name it.",
    )
    google_client_id: str | None = Field(
        None,
        alias="COHERENCE_GOOGLE_CLIENT_ID",
        description="Sign-in with Google: the client's id.",
    )
    google_client_secret: SecretStr | None = Field(
        None,
        alias="COHERENCE_GOOGLE_CLIENT_SECRET",
        description="And its secret.",
    )
    clever_client_id: str | None = Field(
        None,
        alias="COHERENCE_CLEVER_CLIENT_ID",
        description="Sign-in with Clever: the client's id.",
    )
    clever_client_secret: SecretStr | None = Field(
        None,
        alias="COHERENCE_CLEVER_CLIENT_SECRET",
        description="And its secret.",
    )
    oidc_issuer: Issuer | None = Field(
        None,
        alias="COHERENCE_OIDC_ISSUER",
        description="Sign-in at any OpenID provider: its issuer, https, or http on loopback.",
    )
    oidc_client_id: str | None = Field(
        None,
        alias="COHERENCE_OIDC_CLIENT_ID",
        description="The client's id there.",
    )
    oidc_client_secret: SecretStr | None = Field(
        None,
        alias="COHERENCE_OIDC_CLIENT_SECRET",
        description="And its secret.",
    )
    oidc_label: str = Field(
        "OpenID", alias="COHERENCE_OIDC_LABEL", description="What the provider is called where one signs in."
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
    default_windows: Durations = Field(
        (Duration(3_600), Duration(86_400)),
        alias="DEFAULT_WINDOWS",
        description="Windows that front ends should offer: `status.configuredWindows`.",
    )
    clock_skew: int = Field(
        300,
        alias="COHERENCE_CLOCK_SKEW",
        ge=0,
        description="Seconds that a signal's timestamp may lie ahead of the server's clock.",
    )
    keywords: Path = Field(
        KEYWORDS,
        alias="COHERENCE_KEYWORDS",
        description="Table of keywords that classifies signals' texts, a file like app/signals/keywords.toml.",
    )
    rapid_fire_count: int = Field(
        11,
        alias="COHERENCE_RAPID_FIRE_COUNT",
        ge=2,
        le=100_000,
        description="Signals of one user that are rapid fire if they come within the seconds below.",
    )
    rapid_fire_seconds: int = Field(
        5,
        alias="COHERENCE_RAPID_FIRE_SECONDS",
        ge=1,
        le=86_400,
        description="Seconds in which they come: the last is less than that after the first.",
    )
    arrivals_seconds: float = Field(
        1,
        alias="COHERENCE_ARRIVALS_SECONDS",
        ge=0,
        allow_inf_nan=False,
        description="Seconds between two looks at what has arrived (classes, anomalies); 0: only when asked for.",
    )
    vectors: Annotated[Literal["pgvector", "pinecone", "off"], LOWER] = Field(
        "pgvector",
        alias="COHERENCE_VECTORS",
        description="Where signals are searched by meaning: pgvector (the database), pinecone, or off for nowhere.",
    )
    embedder: Annotated[Literal["local", "sentence", "openai", "none"], LOWER] = Field(
        "local",
        alias="COHERENCE_EMBEDDER",
        description="What makes vectors of texts: local, sentence (a model, docs/vectors.md), openai (any service with /embeddings), or none but producers.",
    )
    embedding_width: int = Field(
        256,
        alias="COHERENCE_EMBEDDING_WIDTH",
        ge=8,
        le=2_000,
        description="Numbers of a vector: as many as the embedder's model, the producers or the index have.",
    )
    embedding_url: BaseUrl | None = Field(
        None,
        alias="COHERENCE_EMBEDDING_URL",
        description="Address below which /embeddings lies, such as https://embeddings.example/v1.",
    )
    embedding_model: str | None = Field(
        None,
        alias="COHERENCE_EMBEDDING_MODEL",
        description="The model that is asked for there.",
    )
    embedding_api_key: HeaderSecret | None = Field(
        None,
        alias="COHERENCE_EMBEDDING_API_KEY",
        description="Its key, sent as a bearer token. None is sent where unset.",
    )
    pinecone_api_key: HeaderSecret | None = Field(
        None,
        alias="PINECONE_API_KEY",
        description="Key of the account at Pinecone.",
    )
    pinecone_index: str | None = Field(
        None,
        alias="PINECONE_INDEX",
        description="Name of the index there: dense, of the width above, metric cosine.",
    )
    pinecone_host: str | None = Field(
        None,
        alias="PINECONE_HOST",
        description="Its host, in place of its name: spares asking for it at every start.",
    )
    pinecone_namespace: str = Field(
        "",
        alias="PINECONE_NAMESPACE",
        description="The namespace in it.",
    )
    raw_retention: int | None = Field(
        None,
        alias="COHERENCE_RAW_RETENTION_DAYS",
        ge=2,
        description="Days that raw signals are kept; their rollups stay. For ever where unset.",
    )
    columnstore_after: int | None = Field(
        None,
        alias="COHERENCE_COLUMNSTORE_AFTER_DAYS",
        ge=1,
        description="Days after which TimescaleDB (community) stores signals by column. Never where unset.",
    )
    upkeep_seconds: float = Field(
        10,
        alias="COHERENCE_UPKEEP_SECONDS",
        ge=0,
        allow_inf_nan=False,
        description="Seconds between two rounds of upkeep (refresh of aggregates, ageing); 0 for none.",
    )
    trusted_documents: Path | None = Field(
        None,
        alias="COHERENCE_TRUSTED_DOCUMENTS",
        description='JSON file of documents that requests may name by their SHA-256: {"<sha256>": "<document>"}.',
    )
    trusted_documents_only: bool = Field(
        default=False,
        alias="COHERENCE_TRUSTED_DOCUMENTS_ONLY",
        description="Run no others, but for administrators. The dashboard's own are always among them.",
    )
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
    redis_url: SecretStr | None = Field(
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
    ingest_patience: float = Field(
        10,
        alias="COHERENCE_INGEST_PATIENCE",
        ge=0,
        allow_inf_nan=False,
        description="Seconds in which a batch is tried again while the database is away.",
    )
    idempotency_days: int = Field(
        7,
        alias="COHERENCE_IDEMPOTENCY_DAYS",
        ge=1,
        description="Days that a signal's idempotencyKey is remembered.",
    )
    plans: bool = Field(
        default=True,
        alias="COHERENCE_PLANS",
        description="Answer queries of rows by one SQL statement each (docs/plans.md); 0: as all others.",
    )
    pool_size: int = Field(
        10,
        alias="COHERENCE_POOL_SIZE",
        ge=1,
        description="Connections to the database for reading, at most, as many for writing, and as many for both in single "
        "statements.",
    )
    read_timeout: float = Field(
        30,
        alias="COHERENCE_READ_TIMEOUT",
        ge=0,
        description="Seconds that PostgreSQL may take over one statement of a query before it is ended; 0: any time.",
    )
    diversity_weight: float = Field(
        0.05,
        alias="COHERENCE_DIVERSITY_WEIGHT",
        allow_inf_nan=False,
        description="Weight of source diversity in coherence.",
    )
    stability_weight: float = Field(
        0.10,
        alias="COHERENCE_STABILITY_WEIGHT",
        allow_inf_nan=False,
        description="Weight of instability in coherence.",
    )
    trend_weight: float = Field(
        0.05,
        alias="COHERENCE_TREND_WEIGHT",
        allow_inf_nan=False,
        description="Weight of the trend in coherence.",
    )
    darshan_base_url: BaseUrl | None = Field(
        None,
        alias="DARSHAN_BASE_URL",
        description="Service that `coherence pull` reads: /signals/summary below this address.",
    )
    darshan_api_key: HeaderSecret | None = Field(
        None,
        alias="DARSHAN_API_KEY",
        description="Its key, sent as a bearer token. None is sent where unset.",
    )
    darshan_timeout: float = Field(
        10,
        alias="DARSHAN_TIMEOUT_S",
        gt=0,
        allow_inf_nan=False,
        description="Seconds that one request to it may take, its whole answer included.",
    )
    darshan_page_size: int = Field(
        500, alias="DARSHAN_PAGE_SIZE", ge=1, le=10_000, description="Rows that it is asked for at a time."
    )
    darshan_deadline: float = Field(
        300,
        alias="DARSHAN_DEADLINE_S",
        gt=0,
        allow_inf_nan=False,
        description="Seconds that all requests of one pull may take together, waits included.",
    )
    darshan_overlap: float = Field(
        3_600,
        alias="DARSHAN_OVERLAP_S",
        ge=0,
        le=31_622_400,
        allow_inf_nan=False,
        description="Seconds before the last row stored at which the next pull begins: for rows that come late.",
    )
    max_retries: int = Field(
        5, alias="MAX_RETRIES", ge=0, le=100, description="Times that a request is tried again."
    )
    retry_backoff: float = Field(
        0.5,
        alias="RETRY_BACKOFF_S",
        gt=0,
        le=60,
        allow_inf_nan=False,
        description="Seconds before the first of these; they double each time, up to a minute.",
    )
    mock_path: Path | None = Field(
        None,
        alias="MOCK_PATH",
        description="JSON file that `coherence pull` reads in place of the service.",
    )
    persistence: Annotated[Literal["csv", "sqlite", "none"], LOWER] = Field(
        "csv",
        alias="PERSISTENCE",
        description="Where the metrics of each pull are kept, in the data folder: csv, sqlite or none.",
    )
    kafka_bootstrap: str | None = Field(
        None,
        alias="KAFKA_BOOTSTRAP",
        description="Brokers that `coherence consume kafka` asks first: host:port, several by commas.",
    )
    kafka_config: Path | None = Field(
        None,
        alias="KAFKA_CONFIG",
        description="File of librdkafka's properties, such as sasl.password, one property=value a line.",
    )
    llm_url: BaseUrl | None = Field(
        None,
        alias="COHERENCE_LLM_URL",
        description="Where the coach has answers written: /chat/completions below this address, as OpenAI's.",
    )
    llm_model: str | None = Field(None, alias="COHERENCE_LLM_MODEL", description="The model's name there.")
    llm_key: HeaderSecret | None = Field(
        None,
        alias="COHERENCE_LLM_KEY",
        description="The key there, sent as a bearer token. None where unset.",
    )
    llm_prices: Prices = Field(
        {},
        alias="COHERENCE_LLM_PRICES",
        description='Dollars for a million tokens of input and of output, by model: `{"m-1": ["0.15", "0.60"]}`.',
    )
    llm_seconds: float = Field(
        120,
        alias="COHERENCE_LLM_SECONDS",
        gt=0,
        allow_inf_nan=False,
        description="Seconds that an answer of the coach may take in all.",
    )
    llm_stalled_seconds: float = Field(
        20,
        alias="COHERENCE_LLM_STALLED_SECONDS",
        gt=0,
        allow_inf_nan=False,
        description="Seconds without a word after which it is given up.",
    )
    purge_after: int = Field(
        30,
        alias="COHERENCE_PURGE_AFTER_DAYS",
        ge=0,
        description="Days after its last change that `coherence purge` removes a DELETED conversation for good.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], LOWER] = Field(
        "info", alias="COHERENCE_LOG_LEVEL", description="debug, info, warning or error."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a signature of somebody else's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, `.env`, and what is still missing from the secret that one of them names."""
        own = (init_settings, env_settings, dotenv_settings)
        named = next((given for each in own if (given := each().get(secrets.VARIABLE))), None)
        return own if named is None else (*own, secrets.source(settings_cls, named))

    @property
    def rules(self) -> Rules:
        return Rules(
            timedelta(seconds=self.clock_skew),
            self.max_batch,
            self.max_text,
            self.max_payload,
            self.max_payload_depth,
            self.embedding_width,
        )

    @property
    def weights(self) -> Weights:
        return Weights(self.diversity_weight, self.stability_weight, self.trend_weight)

    @field_validator("keywords")
    @classmethod
    def _readable_table(cls, path: Path) -> Path:
        try:
            classifier(path)
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        return path

    @field_validator("trusted_documents")
    @classmethod
    def _whole_documents(cls, path: Path | None) -> Path | None:
        if path is not None:
            documents.read(path)
        return path

    @model_validator(mode="after")
    def _replica_of_something(self) -> Self:
        if self.database_read_url is not None and self.database_url is None:
            raise ValueError(
                "COHERENCE_DATABASE_READ_URL names a replica; name what it is one of by COHERENCE_DATABASE_URL."
            )
        return self

    @model_validator(mode="after")
    def _whole_services(self) -> Self:
        if self.embedder == "openai" and not (self.embedding_url and self.embedding_model):
            raise ValueError(
                "COHERENCE_EMBEDDER=openai needs COHERENCE_EMBEDDING_URL and COHERENCE_EMBEDDING_MODEL."
            )
        if self.embedder == "sentence" and self.embedding_width != SENTENCE_WIDTH:
            raise ValueError(f"COHERENCE_EMBEDDER=sentence needs COHERENCE_EMBEDDING_WIDTH={SENTENCE_WIDTH}.")
        if self.vectors == "pinecone" and not (
            self.pinecone_api_key and (self.pinecone_index or self.pinecone_host)
        ):
            raise ValueError(
                "COHERENCE_VECTORS=pinecone needs PINECONE_API_KEY, and PINECONE_INDEX or PINECONE_HOST."
            )
        return self

    @model_validator(mode="after")
    def _a_model_of_the_endpoint(self) -> Self:
        if (self.llm_url is None) != (self.llm_model is None):
            raise ValueError("COHERENCE_LLM_URL and COHERENCE_LLM_MODEL go together: set both, or neither.")
        return self

    @model_validator(mode="after")
    def _stay_on_loopback(self) -> Self:
        if self.host not in LOOPBACK and self.auth == "local" and not self.trust_network:
            raise ValueError(
                f"HOST is {self.host}: without sign-in the server listens on loopback alone (127.0.0.1). "
                "Have everyone sign in by COHERENCE_AUTH=required; or, where the network itself is trusted, "
                "as inside a container, set COHERENCE_TRUST_NETWORK=1."
            )
        return self
