"""Where signals are searched by meaning, and what makes their vectors."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import LOWER, BaseUrl, HeaderSecret


class Search(BaseSettings):
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
