"""Signals in and out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

import strawberry

from app.errors import BadUserInput, Refused
from app.signals.queries import SignalKey
from app.signals.rules import NewSignal
from graphql_schema.batches import in_slices
from graphql_schema.context import Context, Info
from graphql_schema.errors import NOTHING_CREATED
from graphql_schema.nodes import key_of, signal_id
from graphql_schema.rows import Rows
from graphql_schema.signals.duplicates import note_duplicate
from graphql_schema.signals.inputs import SignalInput
from graphql_schema.signals.types import Signal

MOST_DELETED = 1_000


@strawberry.type
class ItemError:
    code: str = strawberry.field(description="`BAD_USER_INPUT`, `NOT_FOUND`, `FORBIDDEN` ...")
    message: str = strawberry.field(description="Names the field and the value's fault.")
    field: str | None

    @classmethod
    def of(cls, refused: Refused) -> Self:
        return cls(code=refused.code, message=refused.message, field=refused.field)


@strawberry.type
class BatchItemResult:
    index: int
    success: bool
    duplicate: bool = strawberry.field(
        description="True where the idempotencyKey had been delivered before; signalId is then the first one's."
    )
    signal_id: strawberry.ID | None
    error: ItemError | None


@strawberry.type
class CreateSignalsPayload:
    total_count: int
    successful_count: int
    failed_count: int
    results: list[BatchItemResult] = strawberry.field(description="One an item, in order.")
    transaction_id: strawberry.ID | None = strawberry.field(
        description="Opaque, for tracing; null where nothing was stored."
    )


@strawberry.type
class DeleteSignalsPayload:
    deleted_count: int


def _ids(results: Sequence[SignalKey | Refused]) -> list[strawberry.ID | None]:
    return [None if isinstance(result, Refused) else signal_id(*result) for result in results]


def _errors(results: Sequence[SignalKey | Refused]) -> list[ItemError | None]:
    return [ItemError.of(result) if isinstance(result, Refused) else None for result in results]


async def create_signals(
    context: Context, signals: Sequence[NewSignal], fail_on_error: bool, create_conversations: bool
) -> CreateSignalsPayload:
    """What the mutation of this name does."""
    services = context.services
    if signals:
        await context.charge_signals(len(signals))
    with services.statistics.batch(len(signals)) as batch:
        try:
            ingested = await services.signals.ingest(
                context.rights,
                signals,
                datetime.now(UTC),
                all_or_nothing=fail_on_error,
                create_conversations=create_conversations,
            )
        except Refused as refused:
            if refused.index is not None:
                refused.message = f"signals[{refused.index}]: {refused.message} {NOTHING_CREATED}"
            raise
        batch.duplicates = len(ingested.duplicates)
        errors = await in_slices(_errors, ingested.results)
        batch.refused = len(errors) - errors.count(None)
    places = range(len(errors))
    results = Rows(
        BatchItemResult,
        index=places,
        success=[error is None for error in errors],
        duplicate=[index in ingested.duplicates for index in places],
        signal_id=await in_slices(_ids, ingested.results),
        error=errors,
    )
    return CreateSignalsPayload(
        total_count=len(errors),
        successful_count=len(errors) - batch.refused,
        failed_count=batch.refused,
        results=results,  # type: ignore[arg-type]
        transaction_id=None if ingested.transaction_id is None else strawberry.ID(ingested.transaction_id),
    )


async def _looked_up(context: Context) -> Signal | None:
    """What the plan has stored, by the id that it has drawn; None where it has stored nothing, or where nobody knows
    yet: a refusal says so.
    """
    attempt = context.attempt
    if isinstance(attempt.failure, Refused):
        return None
    key, received_at = attempt.stored
    row = await context.services.signals.find(context.rights, key, received_at)
    return None if row is None else Signal.of(row)


@strawberry.type
class SignalMutations:
    @strawberry.mutation
    async def create_signal(self, info: Info, input: SignalInput) -> Signal:
        context = info.context
        if context.attempt.sent and (signal := await _looked_up(context)) is not None:
            return signal
        context.attempt.check()
        await context.charge_signals(1)
        services = context.services
        with services.statistics.batch(1) as batch:
            row, batch.duplicates = await services.signals.create(context.rights, input, datetime.now(UTC))
        signal = Signal.of(row)
        if batch.duplicates:
            note_duplicate(info, signal)
        return signal

    @strawberry.mutation(
        description="""
What the types of this schema refuse (a missing field, a string for a number, a naive time) fails the request
before anything runs. Of the rest: failOnError false stores every valid signal and reports each invalid one by
index; failOnError true fails at the first invalid one, with that item's own code and extensions.index, and
stores nothing. createConversations: an unknown contextWindowId opens a conversation, started at its earliest
signal of the batch, instead of failing its signals.
""".strip()
    )
    async def create_signals(
        self,
        info: Info,
        signals: list[SignalInput],
        fail_on_error: bool = False,
        create_conversations: bool = False,
    ) -> CreateSignalsPayload:
        attempt = info.context.attempt
        if attempt.stored is not None:
            return attempt.stored  # type: ignore[no-any-return]
        attempt.check()
        return await create_signals(info.context, signals, fail_on_error, create_conversations)

    @strawberry.mutation(description="All signals by these ids; unknown ids are passed over. At most 1 000.")
    async def delete_signals(self, info: Info, ids: list[strawberry.ID]) -> DeleteSignalsPayload:
        if len(ids) > MOST_DELETED:
            raise BadUserInput(f"ids has {len(ids)} items; it takes up to {MOST_DELETED}.", field="ids")
        keys = [key_of("Signal", global_id, "ids") for global_id in ids]
        deleted = await info.context.services.signals.delete(info.context.rights, keys)
        return DeleteSignalsPayload(deleted_count=deleted)
