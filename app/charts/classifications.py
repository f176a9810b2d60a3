"""The bar chart of a summary's classes: its address, and the signals that an address names."""

from urllib.parse import urlencode
from uuid import UUID

from app.charts.parameters import Parameters
from app.instant import write_instant
from app.signals.classify import Classification
from app.signals.queries import SignalFilter, named_sources

_PARAMETERS = (
    "user",
    "start",
    "end",
    "source",
    "agentId",
    "userId",
    "classification",
    "escalated",
    "minScore",
    "maxScore",
)


def path(user: UUID | None, wanted: SignalFilter) -> str:
    """Of the PNG; with `.svg` instead, that of the SVG. `user` is whose signals are counted, None for everybody's."""
    start, end = wanted.range.start, wanted.range.end
    values = (
        user,
        start and write_instant(start),
        end and write_instant(end),
        wanted.sources,
        wanted.agent_id,
        wanted.user_id,
        wanted.classification and wanted.classification.value,
        None if wanted.escalated is None else str(wanted.escalated).lower(),
        wanted.min_score,
        wanted.max_score,
    )
    given = {name: value for name, value in zip(_PARAMETERS, values, strict=True) if value is not None}
    return "/charts/classifications.png" + (f"?{urlencode(given, doseq=True)}" if given else "")


def named_by(given: Parameters) -> tuple[UUID | None, SignalFilter]:
    """What `path` was given; BadUserInput that names the parameter at fault."""
    given.only(*_PARAMETERS, repeatable={"source"})
    return given.parsed("user", UUID), SignalFilter(
        range=given.range(),
        sources=named_sources(given.texts("source")),
        agent_id=given.text("agentId"),
        user_id=given.text("userId"),
        classification=given.parsed("classification", Classification),
        escalated=given.parsed("escalated", _boolean),
        min_score=given.parsed("minScore", float),
        max_score=given.parsed("maxScore", float),
    )


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text[:40]!r} is neither true nor false")
    return text == "true"
