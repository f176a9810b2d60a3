"""One signal by one statement: who sends them one by one waits for nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, insert, select
from sqlalchemy.types import Text

from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.database.direct import AUTOMATIC, Prepared
from app.signals import queries
from app.signals.models import RollupState, Signal

DRAWN: Final = 100
"""Ids that are drawn at once."""
DRAW: Final = Prepared(f"SELECT ARRAY(SELECT nextval('signals_id_seq') FROM generate_series(1, {DRAWN}))", ())

_GIVEN: Final = tuple(
    column.key for column in queries.COLUMNS if column.class_ is Signal and column.key != "conversation_id"
)


@dataclass(frozen=True, slots=True)
class Insertion:
    """Stores a signal, whose columns and `context_window_id` are the parameters, and answers a text of it with its
    conversation's id.
    """

    insert: Prepared
    """Answers no row where the conversation or the time is not one to store in: the ordinary way says why."""
    again: Prepared
    """Answers the same of a signal that has been stored."""

    @classmethod
    def of(cls, rights: Rights, text: Callable[[Any], ColumnElement[str]]) -> "Insertion":
        """`text` is made of the signal's row, a subquery with the columns of app/signals/queries.py."""
        # Locked against being deleted before the signal is in.
        found = (
            select(Conversation.id, Conversation.context_window_id)
            .where(
                Conversation.context_window_id == bindparam("context_window_id", None, Text()),
                conversations.readable(rights),
                conversations.writable(rights),
            )
            .with_for_update(read=True, key_share=True)
            .cte("found")
        )
        given = {name: bindparam(name, None, Signal.__table__.c[name].type) for name in _GIVEN}
        new = select(*given.values(), found.c.id).where(
            given["time"] >= select(RollupState.kept_from).scalar_subquery()
        )
        stored = insert(Signal).from_select([*_GIVEN, "conversation_id"], new).returning(Signal).cte("stored")
        row = select(*stored.c, found.c.context_window_id).select_from(
            stored.join(found, found.c.id == stored.c.conversation_id)
        )
        there = queries.signals().where(
            Signal.time == given["time"],
            Signal.id == given["id"],
            # After a crash an id may be drawn again.
            Signal.received_at == given["received_at"],
        )
        return cls(*(_answer(each.subquery("t"), text) for each in (row, there)))


def _answer(row: Any, text: Callable[[Any], ColumnElement[str]]) -> Prepared:
    # Otherwise foreign keys are planned for each row as well.
    return replace(Prepared.of(select(text(row), row.c.conversation_id)), mode=AUTOMATIC)
