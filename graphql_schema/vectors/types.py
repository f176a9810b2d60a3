"""Signals that are alike."""

import strawberry

from graphql_schema.calculation import CalculationInputs, CalculationMeta
from graphql_schema.signals.types import Signal


@strawberry.type
class SimilarSignal:
    signal: Signal
    similarity: float = strawberry.field(description="Cosine similarity, -1 to 1.")
    inputs: CalculationInputs
    meta: CalculationMeta
