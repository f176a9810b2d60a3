"""Changes to conversations."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import checks
from app.auth import audit, tokens
from app.auth.viewer import Rights
from app.conversations.models import Conversation, ConversationCoach, ConversationShare, ConversationStatus
from app.conversations.queries import conversations, manageable, writable
from app.database.engine import Database, changes_of, repeated_after_deadlock
from app.errors import BadUserInput, Conflict, NotFound
from app.instant import write_instant
from app.users import encryption
from app.users.encryption import Key
from app.users.models import Role, User
from app.users.service import no_such_user

LONGEST_TITLE = 1_000

MOST_PURGED = 100
"""Conversations of one transaction."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """Writes conversations. Hidden (DELETED) ones can be changed like others."""

    database: Database
    key: Key
    """That of the personal data, for tokens of shared conversations."""

    @repeated_after_deadlock
    async def create(
        self,
        rights: Rights,
        *,
        context_window_id: str | None = None,
        user_id: UUID | None = None,
        agent_id: str | None = None,
        title: str | None = None,
        started_at: datetime | None = None,
        context_metadata: Any = None,
    ) -> Any:
        """The new conversation's row: who may not open one for others opens it for themselves.

        Conflict where another has the contextWindowId.
        """
        if not rights.everything:
            user_id = rights.user_id if user_id is None else user_id
            if user_id != rights.user_id:
                raise no_such_user("userId")
        new = uuid4()
        values = {
            "id": new,
            "context_window_id": str(new)
            if context_window_id is None
            else checks.name("contextWindowId", checks.nfc(context_window_id)),
            "user_id": user_id,
            "agent_id": checks.optional_name("agentId", agent_id),
            "title": checks.optional_name("title", title, LONGEST_TITLE),
            "context_metadata": {}
            if context_metadata is None
            else checks.json_value("contextMetadata", context_metadata),
        }
        if started_at is not None:
            values["started_at"] = checks.since_1970("startedAt", started_at)
        try:
            async with self.database.write() as connection:
                await connection.execute(insert(Conversation).values(values))
                changes_of(connection).note(new, None)
                return await _row(connection, new)
        except IntegrityError as error:
            if "conversations_context_window_id_key" in str(error.orig):
                raise Conflict(
                    "Another conversation has this contextWindowId.", field="contextWindowId"
                ) from None
            raise no_such_user("userId") from None

    @repeated_after_deadlock
    async def update(self, rights: Rights, conversation_id: UUID, changes: dict[str, Any]) -> Any:
        """The changed conversation's row. A field left out of `changes` stays as it is, None clears it."""
        values = _checked(changes) | {"updated_at": func.now()}
        async with self.database.write() as connection:
            changed = (
                await connection.execute(
                    update(Conversation)
                    .where(Conversation.id == conversation_id, writable(rights))
                    .values(values)
                    .returning(Conversation.started_at, Conversation.ended_at)
                )
            ).one_or_none()
            if changed is None:
                raise no_such_conversation("id")
            if changed.ended_at is not None and changed.ended_at < changed.started_at:
                raise BadUserInput(
                    f"endedAt lies before startedAt ({write_instant(changed.started_at)}).", field="endedAt"
                )
            changes_of(connection).note(conversation_id, None)
            return await _row(connection, conversation_id)

    @repeated_after_deadlock
    async def delete(self, rights: Rights, conversation_id: UUID, *, actor: str = audit.PROGRAM) -> None:
        """For good, with everything in it."""
        async with self.database.write() as connection:
            own = delete(Conversation).where(Conversation.id == conversation_id, writable(rights))
            deleted = await connection.execute(own)
            if not deleted.rowcount:
                raise no_such_conversation("id")
            changes_of(connection).note(conversation_id, None)
            await audit.note(connection, actor, "conversation deleted", f"conversation:{conversation_id}")

    @repeated_after_deadlock
    async def assign_coach(
        self, rights: Rights, conversation_id: UUID, coach_id: UUID, *, assigned: bool, actor: str
    ) -> Any:
        """Lets a coach read the conversation, or takes that back; its row. Who follows it then is told so."""
        async with self.database.write() as connection:
            touched = (
                update(Conversation)
                .where(Conversation.id == conversation_id, writable(rights))
                .values(updated_at=func.now())
            )
            if not (await connection.execute(touched)).rowcount:
                raise no_such_conversation("conversationId")
            role = await connection.scalar(select(User.role).where(User.id == coach_id))
            if role is None:
                raise no_such_user("userId")
            key = {"conversation_id": conversation_id, "user_id": coach_id}
            if not assigned:
                await connection.execute(delete(ConversationCoach).filter_by(**key))
            elif role == Role.COACH.value:
                await connection.execute(
                    postgresql.insert(ConversationCoach).values(key).on_conflict_do_nothing()
                )
            else:
                raise BadUserInput("userId is not that of a COACH.", field="userId")
            await audit.note(
                connection,
                actor,
                "coach assigned" if assigned else "coach withdrawn",
                f"user:{coach_id}",
                conversation=str(conversation_id),
            )
            changes_of(connection).note(conversation_id, None)
            return await _row(connection, conversation_id)

    async def share(self, rights: Rights, conversation_id: UUID, *, enabled: bool, actor: str) -> Any:
        """Opens the conversation to whoever has the new token, or to nobody; its row. A token from before is void."""
        return await self.key.using(
            self.database, partial(self._share, rights, conversation_id, enabled=enabled, actor=actor)
        )

    @repeated_after_deadlock
    async def _share(
        self, rights: Rights, conversation_id: UUID, key: str, *, enabled: bool, actor: str
    ) -> Any:
        async with self.database.write() as connection:
            touched = (
                update(Conversation)
                .where(Conversation.id == conversation_id, manageable(rights))
                .values(updated_at=func.now())
            )
            if not (await connection.execute(touched)).rowcount:
                raise no_such_conversation("id")
            shares = delete(ConversationShare).where(ConversationShare.conversation_id == conversation_id)
            await connection.execute(shares)
            if enabled:
                token = tokens.make()
                await encryption.check(connection, key)
                await connection.execute(
                    insert(ConversationShare).values(
                        conversation_id=conversation_id,
                        token_hash=tokens.hash_of(token),
                        token=func.pgp_sym_encrypt(token, key, "cipher-algo=aes256"),
                    )
                )
            action = "conversation shared" if enabled else "conversation no longer shared"
            await audit.note(connection, actor, action, f"conversation:{conversation_id}")
            changes_of(connection).note(conversation_id, None)
            return await _row(connection, conversation_id)


async def purge(database: Database, days: int) -> int:
    """Removes for good what has been DELETED and unchanged for so many days; how many conversations."""
    total = 0
    while count := await _purge(database, days):
        total += count
    return total


@repeated_after_deadlock
async def _purge(database: Database, days: int) -> int:
    """The next MOST_PURGED, in the order in which ingestion locks them."""
    async with database.write() as connection:
        hidden = (
            select(Conversation.id)
            .where(
                Conversation.status == ConversationStatus.DELETED.value,
                Conversation.updated_at <= func.now() - timedelta(days=days),
            )
            .order_by(Conversation.id)
            .limit(MOST_PURGED)
            .with_for_update()
        )
        ids = (await connection.scalars(hidden)).all()
        await connection.execute(delete(Conversation).where(Conversation.id.in_(ids)))
        for key in ids:
            changes_of(connection).note(key, None)
        subjects = [f"conversation:{key}" for key in ids]
        await audit.note_each(connection, audit.PROGRAM, "conversation purged", subjects)
        return len(ids)


def no_such_conversation(field: str) -> NotFound:
    return NotFound(f"{field} names no conversation.", field=field)


async def _row(connection: AsyncConnection, conversation_id: UUID) -> Any:
    return (await connection.execute(conversations().where(Conversation.id == conversation_id))).one()


def _checked(changes: dict[str, Any]) -> dict[str, Any]:
    values = dict(changes)
    for field, label in (("status", "status"), ("context_metadata", "contextMetadata")):
        if field in values and values[field] is None:
            raise BadUserInput(f"{label} cannot be null; leave it out to keep it as it is.", field=label)
    if isinstance(status := values.get("status"), ConversationStatus):
        values["status"] = status.value
    checks.optional_name("title", values.get("title"), LONGEST_TITLE)
    checks.optional_name("agentId", values.get("agent_id"))
    checks.json_value("contextMetadata", values.get("context_metadata"))
    checks.fraction("coherenceScoreCurrent", values.get("coherence_score_current"))
    trend = values.get("coherence_score_trend")
    if trend is not None and not math.isfinite(trend):
        raise BadUserInput(
            f"coherenceScoreTrend is {trend}; it takes a finite number.", field="coherenceScoreTrend"
        )
    return values
