"""Which passages of a conversation a question is answered from: those that speak of it, and the newest ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, DateTime

from app.coach.sources import Rarity, Source
from app.signals.queries import SignalKey

MAX_QUESTION_CHARS: Final = 2_000
"""Characters of a question that passages are looked for by."""
MAX_SEARCHED: Final = 20_000
"""Passages of a conversation that are searched by words, the newest."""
MAX_NEAREST: Final = 50
"""Passages that are nearest to the question by words, and as many by meaning."""

_LENGTH: Final = 1_000
"""Characters of a passage. One that follows in the same text begins _OVERLAP before, so that no sentence is cut twice."""
_OVERLAP: Final = 100
_LONGEST: Final = 20_000
"""Characters of a text that are cut into passages."""

_BYTES_PER_TOKEN: Final = 4
_HEADING: Final = 16
"""Tokens of what stands above a passage (service.py), but for the speaker."""
_SHARE: Final = 0.75
"""Of the tokens, what the passages that speak of the question may take: the newest ones get the rest."""
_RRF: Final = 60
"""How slowly a rank loses weight (reciprocal rank fusion; Cormack et al., SIGIR 2009)."""

# What createMessage has stored is taken from messages, as it stays where signals age; the coach's own words are there too,
# and have no signal. A passage is scored as `nearest` (sources.py) scores sentences; one that says nothing beyond the words
# of the question does not answer it. Without marks, as the parser of texts would take an address or a number with a point
# for one word.
_SEARCH = text(f"""
    WITH texts AS (
        (SELECT 'Message' AS kind, id AS number, signal_time, signal_id, created_at AS time, lower(role) AS speaker,
            content AS text
        FROM messages WHERE conversation_id = :conversation AND signal_id IS NOT NULL
        ORDER BY created_at DESC, id DESC LIMIT {MAX_SEARCHED})
        UNION ALL
        (SELECT 'Signal', s.id, s.time, s.id, s.time, coalesce(s.user_id, s.agent_id, s.signal_source), s.raw_content
        FROM signals s WHERE s.conversation_id = :conversation AND s.raw_content <> ''
            AND NOT EXISTS (SELECT FROM messages m WHERE m.signal_time = s.time AND m.signal_id = s.id)
        ORDER BY s.time DESC, s.id DESC LIMIT {MAX_SEARCHED})
    ), passages AS (
        SELECT kind, number, signal_time, signal_id, t.time, speaker, start,
            substr(t.text, start + 1, {_LENGTH}) AS passage,
            row_number() OVER (ORDER BY t.time DESC, number DESC, start DESC) AS place
        FROM texts t CROSS JOIN LATERAL generate_series(
            0, greatest(least(length(t.text), {_LONGEST}) - {_OVERLAP} - 1, 0), {_LENGTH - _OVERLAP}) AS start
        ORDER BY place LIMIT {MAX_SEARCHED}
    ), lexed AS MATERIALIZED (
        SELECT *, to_tsvector('simple', translate(passage, :marks, repeat(' ', length(:marks)))) AS words FROM passages
    ), asked AS MATERIALIZED (
        SELECT unnest(tsvector_to_array(
            to_tsvector('simple', translate(:question, :marks, repeat(' ', length(:marks)))))) AS word
    ), said AS MATERIALIZED (
        SELECT place, word FROM lexed CROSS JOIN LATERAL unnest(tsvector_to_array(words)) AS word JOIN asked USING (word)
    ), rarities AS MATERIALIZED (
        SELECT word, ln(1 + (SELECT count(*) FROM lexed)::float8 / count(*)) AS rarity FROM said GROUP BY word
    ), scored AS (
        SELECT place, sum(rarity) / sqrt(length(words)) AS score
        FROM said JOIN rarities USING (word) JOIN lexed USING (place)
        GROUP BY place, words HAVING count(*) < length(words)
    ), once AS (
        SELECT DISTINCT ON (lower(passage)) place, score FROM scored JOIN lexed USING (place)
        ORDER BY lower(passage), place
    ), nearest AS (
        SELECT place, score FROM once ORDER BY score DESC, place LIMIT {MAX_NEAREST}
    )
    SELECT kind, number, signal_time, signal_id, time, speaker, start, passage, place, score,
        (SELECT jsonb_object_agg(word, rarity) FROM rarities) AS rarities
    FROM lexed LEFT JOIN nearest USING (place) WHERE score IS NOT NULL OR place <= :newest ORDER BY place
""")

_OF_SIGNALS = text(f"""
    SELECT CASE WHEN m.id IS NULL THEN 'Signal' ELSE 'Message' END AS kind, coalesce(m.id, s.id) AS number,
        s.time AS signal_time, s.id AS signal_id, s.time,
        coalesce(lower(m.role), s.user_id, s.agent_id, s.signal_source) AS speaker, 0 AS start,
        left(s.raw_content, {_LENGTH}) AS passage
    FROM unnest(:times, :ids) AS k(time, id) JOIN signals s ON s.time = k.time AND s.id = k.id
    LEFT JOIN messages m ON m.signal_time = s.time AND m.signal_id = s.id
    WHERE s.conversation_id = :conversation AND s.raw_content <> ''
""").bindparams(
    bindparam("times", type_=ARRAY(DateTime(timezone=True))), bindparam("ids", type_=ARRAY(BigInteger))
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a question may be answered from."""

    nearest: Sequence[Source]
    """Best first."""
    newest: Sequence[Source]
    """Newest first."""
    rarity: Rarity
    """Of each of the question's words, among the passages that were searched."""

    def within(self, tokens: int) -> list[Source]:
        """Those that these tokens have room for, in order of time: the nearest first, then the newest."""
        kept: dict[Any, Source] = {}
        spent = 0
        for sources, room in ((self.nearest, int(_SHARE * tokens)), (self.newest, tokens)):
            for source in sources:
                cost = tokens_of(source)
                if source.place not in kept and spent + cost <= room:
                    kept[source.place] = source
                    spent += cost
        return sorted(kept.values(), key=lambda source: (source.time, source.start))


def tokens_of(source: Source) -> int:
    """About as many as a model counts: one for four bytes."""
    return _HEADING + -(-len((source.speaker + source.text).encode()) // _BYTES_PER_TOKEN)


async def search(
    connection: AsyncConnection, conversation: UUID, question: str, alike: Sequence[SignalKey], tokens: int
) -> Found:
    """Find passages of a conversation that the caller has been allowed to read.

    Args:
        alike: signals nearest to the question by meaning, best first. Their texts may be older than what is searched.
        tokens: no more of the newest are read than fit.
    """
    given = {
        "conversation": conversation,
        "question": question,
        "newest": tokens // _HEADING,
        "marks": punctuation,
    }
    rows = (await connection.execute(_SEARCH, given)).all()
    by_words = sorted((row for row in rows if row.score is not None), key=lambda row: (-row.score, row.place))
    columns = {"times": [time for time, _ in alike], "ids": [number for _, number in alike]}
    named = await connection.execute(_OF_SIGNALS, columns | {"conversation": conversation})
    known = {(row.signal_time, row.signal_id): _source(row) for row in named}
    by_meaning = [known[key] for key in alike if key in known]
    return Found(
        _fused([_source(row) for row in by_words], by_meaning),
        [_source(row) for row in rows if row.place <= given["newest"]],
        rows[0].rarities or {} if rows else {},
    )


def _fused(*rankings: Iterable[Source]) -> list[Source]:
    """One ranking of several."""
    scores: dict[Any, float] = {}
    sources: dict[Any, Source] = {}
    for ranking in rankings:
        for rank, source in enumerate(ranking, 1):
            scores[source.place] = scores.get(source.place, 0) + 1 / (_RRF + rank)
            sources[source.place] = source
    return [sources[place] for place in sorted(scores, key=lambda place: -scores[place])]


def _source(row: Any) -> Source:
    key = row.number if row.kind == "Message" else (row.signal_time, row.signal_id)
    return Source(row.kind, key, row.time, row.speaker[:100], row.passage, row.start)
