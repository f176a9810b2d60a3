"""What the fields of rows are in SQL: of a row's columns, the text of each field's JSON value."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement

from graphql_schema.plans.text import Piece, instant, maybe, microseconds, opaque, plain, text

type Write = Callable[[Any], ColumnElement[str]]
"""Given the columns of a row (`subquery.c`)."""


def _of(column: str, write: Callable[[Any], ColumnElement[str]]) -> Write:
    return lambda row: write(row[column])


def _maybe(column: str, write: Callable[[Any], ColumnElement[str]]) -> Write:
    return lambda row: maybe(write(row[column]))


def _id(*pieces: Callable[[Any], Piece]) -> Write:
    return lambda row: opaque(piece(row) for piece in pieces)


def _called(kind: str) -> Callable[[Any], Piece]:
    return lambda _: f"{kind}:"


USER: Final[Mapping[str, Write]] = {
    "id": _id(_called("User"), lambda row: plain(row.id)),
    "username": _of("username", text),
    "name": _maybe("name", text),
    "role": _of("role", text),
    "isActive": _of("is_active", plain),
    "createdAt": _of("created_at", instant),
    "lastLoginAt": _maybe("last_login_at", instant),
    "updatedAt": _of("updated_at", instant),
}

CONVERSATION: Final[Mapping[str, Write]] = {
    "id": _id(_called("Conversation"), lambda row: plain(row.id)),
    "contextWindowId": _of("context_window_id", text),
    "agentId": _maybe("agent_id", text),
    "title": _maybe("title", text),
    "status": _of("status", text),
    "startedAt": _of("started_at", instant),
    "endedAt": _maybe("ended_at", instant),
    "updatedAt": _of("updated_at", instant),
    "lastSignalAt": _maybe("last_signal_at", instant),
    "signalCount": _of("signal_count", plain),
    "contextMetadata": _of("context_metadata", plain),
    "coherenceScoreCurrent": _maybe("coherence_score_current", plain),
    "coherenceScoreTrend": _maybe("coherence_score_trend", plain),
}

SIGNAL: Final[Mapping[str, Write]] = {
    "id": _id(
        _called("Signal"), lambda row: microseconds(row.time), lambda _: ":", lambda row: plain(row.id)
    ),
    "timestamp": _of("time", instant),
    "receivedAt": _of("received_at", instant),
    "contextWindowId": _of("context_window_id", text),
    "userId": _maybe("user_id", text),
    "agentId": _maybe("agent_id", text),
    "signalSource": _of("signal_source", text),
    "signalScore": _of("signal_score", plain),
    "emotionalTone": _maybe("emotional_tone", plain),
    "escalateFlag": _of("escalate_flag", plain),
    "rawContent": _maybe("raw_content", text),
    "payload": _of("payload", plain),
    "relationshipContext": _maybe("relationship_context", text),
    "diagnosticNotes": _maybe("diagnostic_notes", text),
}

MESSAGE: Final[Mapping[str, Write]] = {
    "id": _id(_called("Message"), lambda row: plain(row.id)),
    "role": _of("role", text),
    "content": _of("content", text),
    "citations": _of("citations", plain),
    "domains": _of("domains", text),
    "feedbackScore": _maybe("feedback_score", plain),
    "inputTokens": _maybe("input_tokens", plain),
    "outputTokens": _maybe("output_tokens", plain),
    "costUsd": _maybe("cost_usd", lambda column: text(plain(column))),
    "createdAt": _of("created_at", instant),
}

FIELDS: Final[Mapping[str, Mapping[str, Write]]] = {
    "User": USER,
    "Conversation": CONVERSATION,
    "Signal": SIGNAL,
    "Message": MESSAGE,
}
"""By GraphQL type. What is not here is no column of the row: a connection, another row, or computed."""
