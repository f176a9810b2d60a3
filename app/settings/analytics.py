"""What is computed from signals."""

from pydantic import Field
from pydantic_settings import BaseSettings

from app.duration import Duration
from app.setting_values import Durations, File
from app.signals.classify import KEYWORDS


class Analytics(BaseSettings):
    default_windows: Durations = Field(
        (Duration(3_600), Duration(86_400)),
        alias="DEFAULT_WINDOWS",
        description="Windows that front ends should offer: `status.configuredWindows`.",
    )
    keywords: File = Field(
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
