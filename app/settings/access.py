"""Who may come in, and what they may ask."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from app.setting_values import LOWER, File, Issuer


class Access(BaseSettings):
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
    trusted_documents: File | None = Field(
        None,
        alias="COHERENCE_TRUSTED_DOCUMENTS",
        description='JSON file of documents that requests may name by their SHA-256: {"<sha256>": "<document>"}.',
    )
    trusted_documents_only: bool = Field(
        default=False,
        alias="COHERENCE_TRUSTED_DOCUMENTS_ONLY",
        description="Run no others, but for administrators. The dashboard's own are always among them.",
    )
    persisted_queries: int = Field(
        1_000,
        alias="COHERENCE_PERSISTED_QUERIES",
        ge=0,
        description="Documents that are kept for clients that register them by their hash (automatic persisted queries); 0: none.",
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
