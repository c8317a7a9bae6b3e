"""Static analysis of a GraphQL document, before it is executed.

What belongs here: classifying the queries in a document (for faults and the request log), and the validation rule that
limits its depth.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    ValidationRule,
)
from graphql.language import FragmentSpreadNode, Node

MAX_DEPTH = 10


def classify(document: DocumentNode, type_names: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the places (see `warehouse.sandbox.server.faults`) and the record types that a document is about.

    Fragments at the top of a query are not followed.
    """
    places: set[str] = set()
    record_types: set[str] = set()

    def visit(node: Node, depth: int, above: tuple[str, ...]) -> None:
        if isinstance(node, FieldNode):
            name = node.name.value
            if depth == 0:
                special = {"__schema": "introspection", "__type": "introspection", "_mapping": "mapping"}
                place = special.get(name, "page" if name in type_names else None)
                if place:
                    places.add(place)
            if name in type_names and (depth == 0 or above in (("_aggregation",), ("_mapping",))):
                record_types.add(name)
            if above[:1] == ("_aggregation",):
                if name in ("_totalCount", "_cardinalityCount"):
                    places.add("count")
                elif name in ("histogram", "asTextHistogram"):
                    places.add("histogram")
            above, depth = (*above, name), depth + 1
        selections = getattr(node, "selection_set", None)
        for child in selections.selections if selections else ():
            visit(child, depth, above)

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            visit(definition, 0, ())
    return frozenset(places), frozenset(record_types)


def depth_limit() -> type[ValidationRule]:
    """Return the rule that refuses operations deeper than 10; a leaf adds no depth, introspection fields have none."""

    class DepthLimitRule(ValidationRule):
        def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
            if self._depth(node) > MAX_DEPTH:
                name = node.name.value if node.name else ""
                self.report_error(GraphQLError(f"'{name}' exceeds maximum operation depth of {MAX_DEPTH}", node))

        def _depth(self, node: Node, fragments: tuple[str, ...] = ()) -> int:
            if isinstance(node, FragmentSpreadNode):
                fragment = self.context.get_fragment(node.name.value)
                if fragment is None or node.name.value in fragments:
                    return 0
                return self._deepest(fragment, (*fragments, node.name.value))
            if isinstance(node, FieldNode):
                if node.name.value.startswith("__") or node.selection_set is None:
                    return 0
                return 1 + self._deepest(node, fragments)
            return self._deepest(node, fragments)

        def _deepest(self, node: Node, fragments: tuple[str, ...]) -> int:
            assert isinstance(node, FieldNode | FragmentDefinitionNode | InlineFragmentNode | OperationDefinitionNode)
            selections = node.selection_set.selections if node.selection_set else ()
            return max((self._depth(child, fragments) for child in selections), default=0)

    return DepthLimitRule
