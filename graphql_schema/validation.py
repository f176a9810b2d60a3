"""Validation of documents: GraphQL's own rules, built once."""

from collections.abc import Iterator

from graphql import (
    SKIP,
    ArgumentNode,
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


class Validation(SchemaExtension):
    """Takes the place of Strawberry's, whose own two rules fail on undefined variables and name Python's types."""

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        document = execution.graphql_document
        if document is not None and execution.pre_execution_errors is None:
            operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
            if len(operations) > 1 and not execution._provided_operation_name:  # noqa: SLF001 - told by nothing else
                execution.pre_execution_errors = [
                    GraphQLError("The document holds several operations; operationName must name one.")
                ]
            else:
                execution.pre_execution_errors = validate(execution.schema._schema, document, RULES)  # noqa: SLF001
        yield
