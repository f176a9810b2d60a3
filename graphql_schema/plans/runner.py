"""Run plans: whatever one ends with, the operation is answered, and nothing of it is done twice."""

from typing import Final

import structlog

from app.errors import Refused
from graphql_schema.context import Context
from graphql_schema.plans.plan import Answered, Declined, Plan

log = structlog.get_logger()

_DECLINED: Final = Declined()


async def run(plan: Plan, context: Context) -> Answered | Declined:
    """What `plan` answers. Where it fails it has declined: the executor reads anew, and of what may have been stored
    it tells what `context.attempt` knows.
    """
    context.attempt.planned = True
    try:
        return await plan.answer(context)
    except Refused as refused:
        context.attempt.failure = refused
    except Exception as error:  # noqa: BLE001 - whatever it is, there is another way
        context.attempt.failure = error
        report_failure(context, plan.about.name, error)
    return _DECLINED


def report_failure(context: Context, name: str | None, error: Exception) -> None:
    """Log and count what nobody expected of a plan."""
    context.services.statistics.plan_failed()
    log.error("plan failed", operation=name, request_id=context.request_id, exc_info=error)
