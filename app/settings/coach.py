"""The model that words its answers."""

from pydantic import Field
from pydantic_settings import BaseSettings

from app.setting_values import BaseUrl, HeaderSecret, Prices


class Coach(BaseSettings):
    coach_tokens: int = Field(
        4_000,
        alias="COHERENCE_COACH_TOKENS",
        ge=2_000,
        le=200_000,
        description="Tokens of the passages that a question is answered from, one for every four bytes.",
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
