"""Validation of documents: GraphQL's own rules, built once."""

from collections import OrderedDict
from collections.abc import Iterator

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    OperationDefinitionNode,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    specified_rules,
    validate,
)
from graphql.pyutils import print_path_list
from graphql.utilities import validate_input_literal
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension

from graphql_schema.door import sees_schema

# Its comparisons grow with the square of the fields: the default lets a 20 kB document take most of a second.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000


class ValuesRule(ValuesOfCorrectTypeRule):
    """Says in which argument, and where in it, a value is at fault, in the words that GraphQL has for variables."""

    _place = ""

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        self._place = f"Argument '{node.name.value}' has invalid value"

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        self._place = f"Variable '${node.variable.name.value}' has invalid default value"

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        def report(error: GraphQLError, path: list[str | int]) -> None:
            message = f"{self._place}{print_path_list(path)}: {error.message}"
            self.report_error(GraphQLError(message, error.nodes or node))

        if input_type is not None:
            validate_input_literal(node, input_type, report, hide_suggestions=self.context.hide_suggestions)
        return SKIP


RULES = tuple(ValuesRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)


MOST_CHARACTERS = 1_000_000
"""Of the documents that are remembered, all together; of one a hundredth."""


def validation() -> type[SchemaExtension]:  # noqa: C901 - small functions in one another
    """An extension that takes the place of Strawberry's, whose own two rules fail on undefined variables and name
    Python's types. Documents that are valid are remembered: to parse and validate one takes milliseconds.
    """
    known: OrderedDict[str, DocumentNode] = OrderedDict()
    characters = 0

    def remember(text: str, document: DocumentNode) -> None:
        nonlocal characters
        if len(text) > MOST_CHARACTERS // 100 or text in known:
            return
        known[text] = document
        characters += len(text)
        while characters > MOST_CHARACTERS:
            oldest, _ = known.popitem(last=False)
            characters -= len(oldest)

    class Validation(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            text = self.execution_context.query
            if text is not None and (document := known.get(text)) is not None:
                known.move_to_end(text)
                self.execution_context.graphql_document = document
            yield

        def on_validate(self) -> Iterator[None]:
            execution = self.execution_context
            document, text = execution.graphql_document, execution.query
            if document is not None and execution.pre_execution_errors is None:
                operations = [
                    node for node in document.definitions if isinstance(node, OperationDefinitionNode)
                ]
                if len(operations) > 1 and not execution._provided_operation_name:  # noqa: SLF001 - told by nothing else
                    execution.pre_execution_errors = [
                        GraphQLError("The document holds several operations; operationName must name one.")
                    ]
                elif text is not None and known.get(text) is document:
                    execution.pre_execution_errors = []
                else:
                    faults = validate(
                        execution.schema._schema,  # noqa: SLF001 - its only door
                        document,
                        RULES,
                        hide_suggestions=not sees_schema(
                            execution.context.viewer, execution.context.services.settings
                        ),
                    )
                    execution.pre_execution_errors = faults
                    if text is not None and not faults:
                        remember(text, document)
            yield

    return Validation
