"""Messages written and rated."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app import checks
from app.auth.viewer import Rights
from app.conversations import queries as conversations
from app.conversations.models import Conversation
from app.conversations.service import no_such_conversation
from app.database.engine import Database, changes_of, repeated_after_deadlock
from app.errors import BadUserInput, NotFound
from app.messages.models import Message, MessageRole
from app.messages.queries import COLUMNS, MOST_TOKENS
from app.signals.importers import vader
from app.signals.importers.record import Record
from app.signals.rules import Rules
from app.signals.store import store
from app.users.models import User

MOST_DOMAINS = 20
_COST = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class NewMessage:
    conversation_id: UUID
    role: MessageRole
    content: str
    citations: Any = None
    domains: Sequence[str] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: str | None = None
    """A decimal."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Writes messages, those of a conversation with the signal that they are recorded as."""

    database: Database
    rules: Rules = field(default_factory=Rules)

    async def create(self, rights: Rights, message: NewMessage) -> Any:
        """Store a message of the conversation with its signal, and return the message's row.

        The signal has the role as its source, and (compound + 1) / 2 of the text as its score.
        """
        values = self._checked(message, "content")
        score = await asyncio.to_thread(vader.score, message.content)
        return await self._write(rights, message, values, score)

    async def create_about(self, rights: Rights, message: NewMessage, *, called: str = "content") -> Any:
        """Store a message about the conversation, which makes no signal, and return its row.

        `called` is the caller's word for the content.
        """
        return await self._write(rights, message, self._checked(message, called), None)

    @repeated_after_deadlock
    async def _write(
        self, rights: Rights, message: NewMessage, values: dict[str, Any], score: float | None
    ) -> Any:
        async with self.database.write() as connection:
            # Locked against being deleted before the message is in.
            of = (
                select(
                    Conversation.context_window_id,
                    Conversation.agent_id,
                    User.username,
                    func.now().label("now"),
                )
                .outerjoin(User, User.id == Conversation.user_id)
                .where(
                    Conversation.id == message.conversation_id,
                    conversations.readable(rights),
                    conversations.writable(rights),
                )
                .with_for_update(read=True, key_share=True, of=Conversation)
            )
            conversation = (await connection.execute(of)).one_or_none()
            if conversation is None:
                raise no_such_conversation("conversationId")
            if score is None:
                changes_of(connection).note(message.conversation_id, None)
                values |= {"created_at": conversation.now}
                return (await connection.execute(insert(Message).values(values).returning(*COLUMNS))).one()
            stored = await store(
                connection,
                [_signal(message, conversation, score)],
                conversation.now,
                self.rules,
                all_or_nothing=True,
                create_conversations=False,
                rights=rights,
            )
            ((time, number),) = stored.results  # type: ignore[misc]  # what is refused has been raised
            values |= {"created_at": time, "signal_time": time, "signal_id": number}
            return (await connection.execute(insert(Message).values(values).returning(*COLUMNS))).one()

    @repeated_after_deadlock
    async def rate(self, rights: Rights, message_id: int, score: int) -> Any:
        """The message's row. Of an ASSISTANT only; -1, 0 or 1."""
        if score not in {-1, 0, 1}:
            raise BadUserInput(f"feedbackScore is {score}; it takes -1, 0 or 1.", field="feedbackScore")
        async with self.database.write() as connection:
            found = (
                select(Message.role)
                .join(Conversation)
                .where(
                    Message.id == message_id, conversations.readable(rights), conversations.writable(rights)
                )
                .with_for_update(of=Message)
            )
            role = await connection.scalar(found)
            if role is None:
                raise NotFound("id names no message.", field="id")
            if role != MessageRole.ASSISTANT.value:
                raise BadUserInput(
                    f"id is that of a message of role {role}; it takes one of an ASSISTANT.", field="id"
                )
            rated = (
                update(Message)
                .where(Message.id == message_id)
                .values(feedback_score=score)
                .returning(*COLUMNS)
            )
            row = (await connection.execute(rated)).one()
            changes_of(connection).note(row.conversation_id, None)
            return row

    def _checked(self, message: NewMessage, called: str) -> dict[str, Any]:
        checks.name(called, message.content, self.rules.most_text)
        if not message.content.strip():
            raise BadUserInput(f"{called} is blank; it takes text.", field=called)
        if len(message.domains) > MOST_DOMAINS:
            raise BadUserInput(
                f"domains has {len(message.domains)} items; it takes up to {MOST_DOMAINS}.", field="domains"
            )
        for name, tokens in (("inputTokens", message.input_tokens), ("outputTokens", message.output_tokens)):
            if tokens is not None and not 0 <= tokens <= MOST_TOKENS:
                raise BadUserInput(f"{name} is {tokens}; it takes 0 to {MOST_TOKENS}.", field=name)
        return {
            "conversation_id": message.conversation_id,
            "role": message.role.value,
            "content": message.content,
            "citations": checks.json_value(
                "citations", [] if message.citations is None else message.citations
            ),
            "domains": list(dict.fromkeys(checks.name("domains", domain) for domain in message.domains)),
            "input_tokens": message.input_tokens,
            "output_tokens": message.output_tokens,
            "cost_usd": None if message.cost_usd is None else cost(message.cost_usd),
        }


def cost(text: str) -> Decimal:
    """Dollars, never as a float."""
    if not _COST.fullmatch(text):
        raise BadUserInput(
            f"costUsd is {text[:40]!r}; it takes a decimal such as 0.0125, of at most 15 digits before the point and 18"
            " after it.",
            field="costUsd",
        )
    return Decimal(text)


def _signal(message: NewMessage, conversation: Any, score: float) -> Record:
    by_user = message.role is MessageRole.USER
    return Record(
        context_window_id=conversation.context_window_id,
        timestamp=None,
        raw_content=message.content,
        signal_source=message.role.value.lower(),
        signal_score=score,
        signal_vector=None,
        emotional_tone=None,
        escalate_flag=0,
        agent_id=conversation.agent_id if message.role is MessageRole.ASSISTANT else None,
        user_id=conversation.username if by_user else None,
        payload=None,
        relationship_context=None,
        diagnostic_notes=None,
    )
