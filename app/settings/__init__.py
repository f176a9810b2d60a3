"""Every environment variable, typed, with its meaning and default, by subject. `.env` in the working folder is read too."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app import documents, secrets
from app.coherence.coherence import Weights
from app.setting_values import LOOPBACK, SENTENCE_WIDTH
from app.settings.access import Access
from app.settings.analytics import Analytics
from app.settings.coach import Coach
from app.settings.limits import Limits
from app.settings.live import Live
from app.settings.search import Search
from app.settings.serving import Serving
from app.settings.sources import Sources
from app.settings.storage import Storage
from app.signals.classify import classifier
from app.signals.rules import Rules


class Settings(Serving, Storage, Access, Limits, Analytics, Search, Live, Sources, Coach):
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
    def _whole_credentials(self) -> Self:
        for provider, given in (
            ("GOOGLE", {"CLIENT_ID": self.google_client_id, "CLIENT_SECRET": self.google_client_secret}),
            ("CLEVER", {"CLIENT_ID": self.clever_client_id, "CLIENT_SECRET": self.clever_client_secret}),
            (
                "OIDC",
                {
                    "ISSUER": self.oidc_issuer,
                    "CLIENT_ID": self.oidc_client_id,
                    "CLIENT_SECRET": self.oidc_client_secret,
                },
            ),
        ):
            missing = [f"COHERENCE_{provider}_{name}" for name, value in given.items() if value is None]
            if self.auth == "required" and 0 < len(missing) < len(given):
                raise ValueError(f"Sign-in needs {' and '.join(missing)} as well.")
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
