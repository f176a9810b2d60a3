"""Raw signals that are no longer kept: what is left of them are rollups, in whole buckets of 5 minutes."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, true

from app.coherence.sources.spans import Span
from app.database.base import MINUS_INFINITY
from app.errors import BadUserInput
from app.instant import write_instant
from app.signals.models import Rollup5Minutes

WHOLE = timedelta(minutes=5)


def lost(pieces: Iterable[Span], kept_from: datetime) -> ColumnElement[bool] | None:
    """Holds of the rollup's rows whose signals `pieces` would read raw and cannot; None where there is no such piece."""
    if kept_from == MINUS_INFINITY:
        return None
    gone = [old.range for span in pieces if span.width is None and (old := span.older(kept_from))]
    if not gone:
        return None
    bucket = Rollup5Minutes.bucket
    return or_(
        *(
            and_(bucket < aged.end, true() if aged.start is None else bucket > aged.start - WHOLE)
            for aged in gone
        )
    )


def too_old(kept_from: datetime, field: str) -> BadUserInput:
    return BadUserInput(
        f"Signals before {write_instant(kept_from)} are kept only as sums of 5 minutes: take multiples of 5 minutes, "
        "or a range that begins then.",
        field=field,
    )
