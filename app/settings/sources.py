"""Other services that signals are taken from."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import LOWER, BaseUrl, File, HeaderSecret


class Sources(BaseSettings):
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
        1000, alias="DARSHAN_PAGE_SIZE", ge=1, le=10_000, description="Rows that it is asked for at a time."
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
    mock_path: File | None = Field(
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
    kafka_config: File | None = Field(
        None,
        alias="KAFKA_CONFIG",
        description="File of librdkafka's properties, such as sasl.password, one property=value a line.",
    )
