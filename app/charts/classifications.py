"""The bar chart of a summary's classes: its address, and the signals that an address names."""

from urllib.parse import urlencode
from uuid import UUID

from app.instant import write_instant
from app.signals.queries import SignalFilter


def path(user: UUID | None, wanted: SignalFilter) -> str:
    """Of the PNG; with `.svg` instead, that of the SVG."""
    start, end = wanted.range.start, wanted.range.end
    given = {
        "user": user,
        "start": start and write_instant(start),
        "end": end and write_instant(end),
        "source": wanted.sources,
        "agentId": wanted.agent_id,
        "userId": wanted.user_id,
        "classification": wanted.classification and wanted.classification.value,
        "escalated": None if wanted.escalated is None else str(wanted.escalated).lower(),
        "minScore": wanted.min_score,
        "maxScore": wanted.max_score,
    }
    query = urlencode({name: value for name, value in given.items() if value is not None}, doseq=True)
    return f"/charts/classifications.png{'?' if query else ''}{query}"
