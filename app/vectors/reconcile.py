"""Differences between the signals, their embeddings and the index elsewhere: found, and mended.

All are mended on the way where everything goes well. They arise where somebody has deleted rows or vectors by hand,
has restored one of the two from a backup, or has chosen another index.
"""

from dataclasses import dataclass
from itertools import batched

from sqlalchemy import text, tuple_, update

from app.signals.queries import SignalKey
from app.vectors.models import SignalEmbedding
from app.vectors.worker import Embedding

_ORPHANS = text("""
    SELECT e.time, e.id FROM signal_embeddings e
    WHERE NOT EXISTS (SELECT FROM signals s WHERE s.time = e.time AND s.id = e.id)
""")


@dataclass(frozen=True, slots=True)
class Differences:
    orphans: list[SignalKey]
    """Embeddings of signals that are no more."""
    missing: list[SignalKey]
    """Those in the database that the index elsewhere does not have."""
    strange: list[SignalKey]
    """Those in the index elsewhere that the database does not have."""

    def __bool__(self) -> bool:
        return bool(self.orphans or self.missing or self.strange)


async def differences(work: Embedding) -> Differences:
    """What is there now. Unavailable where the index elsewhere is away."""
    async with work.database.steps() as connection:
        orphans = [(row.time, row.id) for row in await connection.execute(_ORPHANS)]
    if work.elsewhere is None:
        return Differences(orphans, [], [])
    # In this order: what comes meanwhile is missed, and not taken for missing.
    stored = {key async for page in work.store.all_keys() for key in page}
    known = {key async for page in work.elsewhere.all_keys() for key in page}
    return Differences(orphans, sorted(stored - known), sorted(known - stored))


async def mend(work: Embedding, found: Differences) -> None:
    """Deletes what is too much, and sends what is missing."""
    for part in batched(found.orphans, 10_000):
        await work.store.delete(part)
    if work.elsewhere is None:
        return
    for part in batched(found.strange, 1_000):
        await work.elsewhere.delete(part)
    for part in batched(found.missing, 10_000):
        async with work.database.write() as connection:
            await connection.execute(
                update(SignalEmbedding)
                .where(tuple_(SignalEmbedding.time, SignalEmbedding.id).in_(part))
                .values(indexed=False)
            )
    await work.catch_up()
