"""How many signals are of which class, and from which source."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import UUID as UUID_
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth.viewer import Rights
from app.coherence.sources.aged import lost, too_old
from app.coherence.sources.spans import ROLLUPS, TABLES, Span, spans
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.base import Statement
from app.errors import BadUserInput
from app.signals.classify import Classification
from app.signals.models import (
    ClassificationRollup1Hour,
    ClassificationRollup5Minutes,
    Rollup5Minutes,
    RollupState,
    Signal,
    SignalClassification,
)
from app.signals.queries import SignalFilter, filtered, waiting

_CLASSIFICATIONS: dict[int | None, Any] = {
    3_600: ClassificationRollup1Hour,
    300: ClassificationRollup5Minutes,
}
_SUMS = ("n", "positive", "stressed", "uncertain")
_STORED = (Classification.POSITIVE, Classification.STRESSED, Classification.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Summary:
    classifications: dict[Classification, int] = field(
        default_factory=lambda: dict.fromkeys(Classification, 0)
    )
    """All four."""
    sources: dict[str, int] = field(default_factory=dict)
    """By count down, then name."""

    @property
    def total(self) -> int:
        return sum(self.classifications.values())


@dataclass(frozen=True, slots=True)
class _Whose:
    """Of which conversations, for whom."""

    rights: Rights
    users: Sequence[UUID | None]

    @property
    def everything(self) -> bool:
        return None in self.users


async def summaries(
    connection: AsyncConnection, rights: Rights, users: Sequence[UUID | None], wanted: SignalFilter
) -> dict[UUID | None, Summary | BadUserInput]:
    """Of the signals of each user's conversations, or for [None] of everything: one statement for all.

    Signals that nobody has looked at (app/arrivals.py) are left out. BadUserInput where signals would have to be
    counted that are no longer kept.
    """
    whose = _Whose(rights, users)
    counts: dict[UUID | None, dict[str, dict[Classification, int]]] = {key: {} for key in users}
    read = pieces(wanted)
    if read and wanted.agent_id != "":  # nobody's name, which in rollups stands for no agent
        for row in await connection.execute(_statement(whose, wanted, read)):
            counts[row.pool][row.signal_source] = {
                Classification.POSITIVE: row.positive,
                Classification.NEUTRAL: row.n - row.positive - row.stressed - row.uncertain,
                Classification.STRESSED: row.stressed,
                Classification.UNCERTAIN: row.uncertain,
            }
    found: dict[UUID | None, Summary | BadUserInput] = {
        key: _summary(by_source, wanted.classification) for key, by_source in counts.items()
    }
    kept_from = (await connection.execute(select(RollupState.kept_from))).scalar_one()
    gone = lost(read, kept_from)
    if gone is not None:
        statement = _rollup(select(_pool(whose)).select_from(Rollup5Minutes), whose, wanted, Rollup5Minutes)
        for pool in await connection.scalars(statement.where(gone).distinct()):
            found[pool] = too_old(kept_from, "range")
    return found


def _summary(by_source: dict[str, dict[Classification, int]], only: Classification | None) -> Summary:
    classes: defaultdict[Classification, int] = defaultdict(int)
    sources: defaultdict[str, int] = defaultdict(int)
    for source, counts in by_source.items():
        for kind, n in counts.items():
            if only in {None, kind} and n:
                classes[kind] += n
                sources[source] += n
    return Summary(
        {kind: classes[kind] for kind in Classification},
        dict(sorted(sources.items(), key=lambda item: (-item[1], item[0]))),
    )


def pieces(wanted: SignalFilter) -> list[Span]:
    """From rollups, where they can tell the signals wanted from others."""
    tells = (wanted.user_id, wanted.escalated, wanted.min_score, wanted.max_score) == (None,) * 4
    return list(spans(wanted.range, ROLLUPS[0] if tells else 1))


def _statement(whose: "_Whose", wanted: SignalFilter, read: list[Span]) -> Statement:
    """By pool and source: how many there are, and how many of each class but NEUTRAL."""
    parts = [_waiting(whose, wanted)]
    for span in read:
        if span.width is None:
            parts.append(_raw(whose, wanted, span))
        else:
            parts += [
                _rolled(whose, wanted, span, TABLES[span.width]),
                _rolled(whose, wanted, span, _CLASSIFICATIONS[span.width]),
            ]
    c = union_all(*parts).subquery("part").c
    sums = (cast(func.sum(c[name]), BigInteger).label(name) for name in _SUMS)
    return select(c.pool, c.signal_source, *sums).group_by(c.pool, c.signal_source)


def _raw(whose: "_Whose", wanted: SignalFilter, span: Span) -> Statement:
    def is_a(kind: Classification) -> ColumnElement[int]:
        return case((SignalClassification.classification == kind.value, 1), else_=0).label(kind.value.lower())

    own = and_(SignalClassification.time == Signal.time, SignalClassification.id == Signal.id)
    statement = (
        select(_pool(whose), Signal.signal_source, literal(1, Integer).label("n"), *map(is_a, _STORED))
        .select_from(Signal)
        .outerjoin(SignalClassification, own)
    )
    within = replace(wanted, range=span.range, classification=None)
    return filtered(_readable(statement, whose, Signal), within)


def _rolled(whose: "_Whose", wanted: SignalFilter, span: Span, table: Any) -> Statement:
    """Of a rollup of signals, which has `n`, or of classes, which has the others."""
    sums = (getattr(table, name, literal(0, Integer)).label(name) for name in _SUMS)
    statement = select(_pool(whose), table.signal_source, *sums).where(*span.range.holds(table.bucket))
    return _rollup(statement, whose, wanted, table)


def _waiting(whose: _Whose, wanted: SignalFilter) -> Statement:
    """What takes the signals that nobody has looked at out of the sum."""
    keys = waiting().subquery("waiting")
    none = (literal(0, Integer).label(kind.value.lower()) for kind in _STORED)
    statement = (
        select(_pool(whose), Signal.signal_source, literal(-1, Integer).label("n"), *none)
        .select_from(keys)
        .join(Signal, and_(Signal.time == keys.c.time, Signal.id == keys.c.id))
    )
    return filtered(_readable(statement, whose, Signal), replace(wanted, classification=None))


def _rollup(statement: Statement, whose: "_Whose", wanted: SignalFilter, table: Any) -> Statement:
    statement = _readable(statement, whose, table)
    if wanted.sources is not None:
        statement = statement.where(table.signal_source.in_(wanted.sources))
    if wanted.agent_id is not None:
        statement = statement.where(table.agent_id == checks.text("agentId", wanted.agent_id))
    return statement


def _readable(statement: Statement, whose: _Whose, table: Any) -> Statement:
    statement = statement.join(Conversation, Conversation.id == table.conversation_id)
    statement = statement.where(conversations.readable(whose.rights))
    return statement if whose.everything else statement.where(Conversation.user_id.in_(whose.users))


def _pool(whose: _Whose) -> ColumnElement[Any]:
    pool: ColumnElement[Any] = cast(null(), UUID_) if whose.everything else Conversation.user_id.expression
    return pool.label("pool")
