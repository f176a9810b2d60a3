"""Reads and writes of how far partitions have been stored."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.signals.consumers.models import ConsumedOffset

type Partition = tuple[str, int]
"""Topic and number."""

# Makes and locks their rows, in one order, whoever else stores messages of the same partitions.
_LOCK = """
INSERT INTO consumed_offsets (group_id, topic, partition)
SELECT $1, * FROM unnest($2::text[], $3::integer[]) AS of (topic, partition) ORDER BY topic, partition
ON CONFLICT (group_id, topic, partition) DO UPDATE SET updated_at = now()
RETURNING topic, partition, next_offset
"""

_ADVANCE = """
UPDATE consumed_offsets SET next_offset = reached
FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS new (of, number, reached)
WHERE group_id = $1 AND topic = of AND partition = number AND next_offset < reached
"""


async def stored(connection: AsyncConnection, group: str) -> dict[Partition, int]:
    """The first offset of each partition that is not stored yet, where one is known."""
    columns = ConsumedOffset.topic, ConsumedOffset.partition, ConsumedOffset.next_offset
    rows = await connection.execute(select(*columns).where(ConsumedOffset.group_id == group))
    return {(row.topic, row.partition): row.next_offset for row in rows}


async def lock(
    connection: AsyncConnection, group: str, partitions: Sequence[Partition]
) -> dict[Partition, int]:
    """`stored` of these; until the transaction ends, nobody else stores messages of theirs."""
    rows = await connection.exec_driver_sql(_LOCK, (group, *_columns(partitions)))
    return {(row.topic, row.partition): row.next_offset for row in rows}


async def advance(connection: AsyncConnection, group: str, reached: Mapping[Partition, int]) -> None:
    await connection.exec_driver_sql(_ADVANCE, (group, *_columns(list(reached)), list(reached.values())))


def _columns(partitions: Sequence[Partition]) -> tuple[list[str], list[int]]:
    return [topic for topic, _ in partitions], [number for _, number in partitions]
