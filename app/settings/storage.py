"""The database, and how long what is in it is kept."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from app.setting_values import DatabaseUrl, File


class Storage(BaseSettings):
    data_dir: File = Field(
        Path(".coherence"),
        alias="COHERENCE_DATA_DIR",
        description="Folder of the embedded PostgreSQL, of the key file it makes, and of the metrics of pulls.",
    )
    database_url: DatabaseUrl | None = Field(
        None,
        alias="COHERENCE_DATABASE_URL",
        description="PostgreSQL to use in place of the embedded one: postgresql://user:password@host/database.",
    )
    database_read_url: DatabaseUrl | None = Field(
        None,
        alias="COHERENCE_DATABASE_READ_URL",
        description="Replica of that PostgreSQL, which queries are sent to. What mutations answer is not.",
    )
    import_url: DatabaseUrl | None = Field(
        None,
        alias="COHERENCE_IMPORT_URL",
        description="PostgreSQL that `coherence import --from-sql` reads: postgresql://user:password@host/database.",
    )
    pgcrypto_key: SecretStr | None = Field(
        None,
        alias="PGCRYPTO_KEY",
        description="Key of the personal data. Needed with COHERENCE_DATABASE_URL; else made in the data folder.",
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
    idempotency_days: int = Field(
        7,
        alias="COHERENCE_IDEMPOTENCY_DAYS",
        ge=1,
        description="Days that a signal's idempotencyKey is remembered.",
    )
    purge_after: int = Field(
        30,
        alias="COHERENCE_PURGE_AFTER_DAYS",
        ge=0,
        description="Days after its last change that `coherence purge` removes a DELETED conversation for good.",
    )
