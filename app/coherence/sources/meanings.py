"""Reads the embeddings of signals, summed by cell."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import REAL, Double, Float, Select, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.semantic import Meanings
from app.coherence.sources.moments import Pool, Question, pool_of
from app.coherence.sources.spans import bucket_of
from app.coherence.windows import ORIGIN
from app.conversations.models import Conversation
from app.conversations.queries import readable
from app.database.base import Statement
from app.signals.models import Signal
from app.vectors.models import SignalEmbedding
from app.vectors.postgres import Embeddings, VectorType


async def meanings(
    connection: AsyncConnection, question: Question, pools: Sequence[UUID | None], embeddings: Embeddings
) -> dict[UUID | None, Meanings]:
    """Of each pool (a conversation, a user, or None for everything), by one statement for all."""
    by_vector = await embeddings.has_vector(connection)
    statement = _by_vector if by_vector else _by_number
    found: dict[UUID | None, list[Any]] = {pool: [] for pool in pools}
    for row in await connection.execute(statement(question, pools, embeddings)):
        found[row.pool].append(row)
    return {pool: _meanings(rows, question.step, embeddings.width) for pool, rows in found.items()}


def _meanings(rows: Sequence[Any], step: int, width: int) -> Meanings:
    rows = sorted(rows, key=lambda row: row.cell)
    index = [((row.cell - ORIGIN).days * 86_400 + (row.cell - ORIGIN).seconds) // step for row in rows]
    means = np.array([row.mean for row in rows], np.float64).reshape(len(rows), width)
    counts = np.array([row.n for row in rows], np.float64)
    return Meanings(np.array(index, np.int64), means * counts[:, None])


def _by_vector(question: Question, pools: Sequence[UUID | None], embeddings: Embeddings) -> Statement:
    mean = func.avg(cast(SignalEmbedding.embedding, VectorType(embeddings.width)))
    pool, cell = _place(question)
    statement = select(pool, cell, func.count().label("n"), cast(mean, ARRAY(REAL)).label("mean"))
    return _of_pools(statement, question, pools, embeddings).group_by(pool, cell)


def _by_number(question: Question, pools: Sequence[UUID | None], embeddings: Embeddings) -> Statement:
    """Without pgvector, which has a mean of its own: that of each number."""
    numbers = (
        func.unnest(SignalEmbedding.embedding)
        .table_valued(column("x", Float), with_ordinality="place")
        .render_derived(name="numbers")
    )
    pool, cell = _place(question)
    means = select(
        pool,
        cell,
        numbers.c.place,
        func.count().label("n"),
        func.avg(cast(numbers.c.x, Double)).label("mean"),
    )
    means = _of_pools(means, question, pools, embeddings).join(numbers, true())
    each = means.group_by(pool, cell, numbers.c.place).subquery("each")
    return select(
        each.c.pool,
        each.c.cell,
        func.max(each.c.n).label("n"),
        func.array_agg(aggregate_order_by(each.c.mean, each.c.place)).label("mean"),
    ).group_by(each.c.pool, each.c.cell)


def _place(question: Question) -> tuple[Any, Any]:
    return (
        pool_of(question.pool, SignalEmbedding).label("pool"),
        bucket_of(SignalEmbedding.time.expression, question.step).label("cell"),
    )


def _of_pools(
    statement: Select[*tuple[Any, ...]],
    question: Question,
    pools: Sequence[UUID | None],
    embeddings: Embeddings,
) -> Statement:
    statement = statement.select_from(SignalEmbedding).where(
        SignalEmbedding.space == embeddings.space, *question.range.holds(SignalEmbedding.time)
    )
    if question.sources is not None:
        of_source = select(Signal.id).where(
            Signal.time == SignalEmbedding.time,
            Signal.id == SignalEmbedding.id,
            Signal.signal_source.in_(question.sources),
        )
        statement = statement.where(of_source.exists())
    if question.pool is Pool.CONVERSATION:
        return statement.where(SignalEmbedding.conversation_id.in_(pools))
    statement = statement.join(Conversation, Conversation.id == SignalEmbedding.conversation_id)
    statement = statement.where(readable(question.rights))
    return statement.where(Conversation.user_id.in_(pools)) if question.pool is Pool.USER else statement
