"""Answers GraphQL queries as Guppy does.

What belongs here: parsing and validation by graphql-core against the generated schema, and the execution of valid
documents. Rows and histograms are rendered as JSON text by the store and spliced into the answer; only introspection is
executed by graphql-core itself, because resolving a million values one by one in Python would take minutes.

Error shapes follow Apollo Server 4 as Guppy 2026.07 uses it: 400 for documents that do not parse or validate, 200 with
`errors` and null for what failed during execution. The depth of a query is limited to 10, introspection fields not
counted.

Not modelled: `nestedAggFields` (its sub-buckets are null), and a client's authorisation token.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.utilities import value_from_ast_untyped

from warehouse.sandbox.guppy.aggregation import NOTHING, AggregationScope
from warehouse.sandbox.guppy.answer import Answer, error_entry, invalid_document, refusal
from warehouse.sandbox.guppy.document import classify, depth_limit
from warehouse.sandbox.guppy.filter import GuppyError, compile_filter, compile_sort
from warehouse.sandbox.guppy.rendering import Selection
from warehouse.sandbox.guppy.schema import Field, schema_text
from warehouse.sandbox.guppy.store import DEFAULT_SIZE, WINDOW, Index, Store


@dataclass
class _Execution:
    """The state of one request during its execution."""

    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    given_variables: dict[str, Any]
    denied: frozenset[str]
    errors: list[dict[str, Any]] = field(default_factory=list)
    last_page: bool = False


class GraphqlEngine:
    """Executes GraphQL over the indices of one Guppy. A change of the schema needs a new engine."""

    def __init__(self, store: Store, indices: dict[str, Index], libre: bool) -> None:
        self._store = store
        self._indices = indices
        self._libre = libre

    @cached_property
    def schema(self) -> GraphQLSchema:
        """The schema generated from the record types."""
        schema = build_schema(schema_text(index.record_type for index in self._indices.values()))
        json_scalar: Any = schema.type_map["JSON"]
        json_scalar.parse_literal = value_from_ast_untyped
        return schema

    def classify(self, body: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the places and the record types of a request without executing it."""
        try:
            document = parse(str(body.get("query")))
        except GraphQLError:
            return frozenset(), frozenset()
        return classify(document, set(self._indices))

    def answer(self, body: dict[str, Any], denied: frozenset[str] = frozenset()) -> Answer:
        """Return the answer to one request body (`query`, `variables`, `operationName`).

        `denied` are the record types for which the authorisation service grants no access: all of a private Guppy
        while that service fails. Guppy answers as if they had no records, without an error.
        """
        query = body.get("query")
        if not isinstance(query, str) or not query:
            return refusal(
                "GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.", "BAD_REQUEST"
            )
        try:
            document = parse(query)
        except GraphQLError as error:
            return invalid_document([error], "GRAPHQL_PARSE_FAILED")
        places, record_types = classify(document, set(self._indices))
        problems = validate(self.schema, document, [*specified_rules, depth_limit()])
        if problems:
            return invalid_document(problems, "GRAPHQL_VALIDATION_FAILED")
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        wanted = body.get("operationName")
        chosen = [node for node in operations if wanted is None or (node.name and node.name.value == wanted)]
        if len(chosen) != 1:
            return refusal(
                "Must provide operation name if query contains multiple operations.", "OPERATION_RESOLUTION_FAILURE"
            )
        operation = chosen[0]
        if operation.operation is not OperationType.QUERY:
            return refusal(f"Schema is not configured to execute {operation.operation.value} operation.", "BAD_REQUEST")
        given = body.get("variables") or {}
        variables = get_variable_values(self.schema, operation.variable_definitions or (), given)
        if isinstance(variables, list):
            # 0.20.1 answers 400 here, 2026.07 answers 200.
            return Answer(
                200, json.dumps({"errors": [error_entry(problem.message, "BAD_USER_INPUT") for problem in variables]})
            )
        fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
        execution = _Execution(fragments, variables, given, denied)
        data = self._execute(operation, execution)
        errors = f'"errors":{json.dumps(execution.errors, ensure_ascii=False)},' if execution.errors else ""
        if execution.last_page:
            places |= {"last_page"}
        return Answer(200, f'{{{errors}"data":{data}}}', places, record_types)

    def _execute(self, operation: OperationDefinitionNode, execution: _Execution) -> str:
        query_type = self.schema.query_type
        assert query_type is not None
        roots = collect_fields(
            self.schema, execution.fragments, execution.variables, query_type, operation.selection_set
        )
        members = []
        for response_name, nodes in roots.items():
            name = nodes[0].name.value
            if name.startswith("__"):
                text = self._introspect(operation, nodes, execution)
            elif name == "_aggregation":
                text = self._members(query_type, nodes, execution, [response_name], self._aggregate_type)
            elif name == "_mapping":
                text = self._members(query_type, nodes, execution, [response_name], self._map_type)
            else:
                text = self._guarded(execution, [response_name], nodes, self._rows)
            members.append(f"{json.dumps(response_name)}:{text}")
        return "{" + ",".join(members) + "}"

    def _introspect(self, operation: OperationDefinitionNode, nodes: list[FieldNode], execution: _Execution) -> str:
        part = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=operation.variable_definitions,
            selection_set=SelectionSetNode(selections=tuple(nodes)),
        )
        document = DocumentNode(definitions=(part, *execution.fragments.values()))
        result = execute_sync(self.schema, document, variable_values=execution.given_variables)
        assert result.data is not None
        return json.dumps(next(iter(result.data.values())))

    def _guarded(
        self,
        execution: _Execution,
        path: list[str | int],
        nodes: list[FieldNode],
        resolve: Callable[[list[FieldNode], _Execution, list[str | int]], str],
    ) -> str:
        """Return what `resolve` renders, or null and an entry in `errors`."""
        try:
            return resolve(nodes, execution, path)
        except (GuppyError, GraphQLError) as error:
            code = error.code if isinstance(error, GuppyError) else "BAD_USER_INPUT"
            execution.errors.append(error_entry(error.message, code, path, nodes[0]))
            return "null"

    def _members(
        self,
        parent: GraphQLObjectType,
        nodes: list[FieldNode],
        execution: _Execution,
        path: list[str | int],
        resolve: Callable[..., str],
    ) -> str:
        """Return an object whose members `resolve` renders from (name, nodes, object type, execution, path)."""
        object_type = get_named_type(parent.fields[nodes[0].name.value].type)
        assert isinstance(object_type, GraphQLObjectType)
        members = []
        for response_name, below in self._sub_fields(object_type, nodes, execution).items():
            name = below[0].name.value
            here = [*path, response_name]
            if name == "__typename":
                text = json.dumps(object_type.name)
            else:

                def render(n: list[FieldNode], e: _Execution, p: list[str | int], field_name: str = name) -> str:
                    return resolve(field_name, n, object_type, e, p)

                text = self._guarded(execution, here, below, render)
            members.append(f"{json.dumps(response_name)}:{text}")
        return "{" + ",".join(members) + "}"

    def _sub_fields(
        self, object_type: GraphQLObjectType, nodes: list[FieldNode], execution: _Execution
    ) -> dict[str, list[FieldNode]]:
        return collect_sub_fields(self.schema, execution.fragments, execution.variables, object_type, nodes)

    def _arguments(self, parent: GraphQLObjectType, nodes: list[FieldNode], execution: _Execution) -> dict[str, Any]:
        return get_argument_values(parent.fields[nodes[0].name.value], nodes[0], execution.variables)

    def _rows(self, nodes: list[FieldNode], execution: _Execution, path: list[str | int]) -> str:
        query_type = self.schema.query_type
        assert query_type is not None
        index = self._indices[nodes[0].name.value]
        arguments = self._arguments(query_type, nodes, execution)
        offset, first = arguments.get("offset"), arguments.get("first")
        if offset is not None and first is not None and offset + first > WINDOW:
            raise GuppyError(
                f"Large graphql query forbidden for offset + size > {WINDOW},\n"
                f"      offset = {offset} and size = {first},\n"
                "      please use download endpoint for large data queries instead."
            )
        condition = compile_filter(index.record_type, arguments.get("filter"))
        sort = compile_sort(index.record_type, arguments.get("sort"))
        object_type = get_named_type(query_type.fields[nodes[0].name.value].type)
        assert isinstance(object_type, GraphQLObjectType)
        selection = self._selection(object_type, index.record_type.by_name, nodes, execution)
        page = self._store.page(
            index,
            selection,
            NOTHING if index.record_type.name in execution.denied else condition,
            sort,
            offset or 0,
            DEFAULT_SIZE if first is None else first,
        )
        for below, message in page.errors:
            execution.errors.append(error_entry(message, "INTERNAL_SERVER_ERROR", [*path, *below], nodes[0]))
        execution.last_page = execution.last_page or page.holds_last_row
        return page.text

    def _selection(
        self,
        object_type: GraphQLObjectType,
        fields: dict[str, Field],
        nodes: list[FieldNode],
        execution: _Execution,
    ) -> tuple[Selection, ...]:
        selected = []
        for response_name, below in self._sub_fields(object_type, nodes, execution).items():
            name = below[0].name.value
            if name == "__typename":
                selected.append(Selection(response_name, None, constant=object_type.name))
            elif name == "_matched" or name not in fields:
                # Record types share the GraphQL type of records of one name: some have a field that others lack.
                selected.append(Selection(response_name, None))
            elif fields[name].is_nested:
                nested_type = get_named_type(object_type.fields[name].type)
                assert isinstance(nested_type, GraphQLObjectType)
                children = {child.name: child for child in fields[name].children}
                inner = self._selection(nested_type, children, below, execution)
                selected.append(Selection(response_name, fields[name], inner))
            else:
                selected.append(Selection(response_name, fields[name]))
        return tuple(selected)

    def _map_type(
        self, name: str, nodes: list[FieldNode], parent: GraphQLObjectType, execution: _Execution, path: list[str | int]
    ) -> str:
        searched = self._arguments(parent, nodes, execution).get("searchInput") or ""
        names = [leaf for leaf in self._indices[name].record_type.mapping() if searched.lower() in leaf.lower()]
        return json.dumps(names)

    def _aggregate_type(
        self, name: str, nodes: list[FieldNode], parent: GraphQLObjectType, execution: _Execution, path: list[str | int]
    ) -> str:
        index = self._indices[name]
        arguments = self._arguments(parent, nodes, execution)
        hidden = self._libre and arguments.get("accessibility") == "unaccessible"
        scope = AggregationScope(
            self._store,
            index,
            arguments.get("filter"),
            arguments.get("filterSelf", True),
            shows_documents=name not in execution.denied,
            shows_histograms=name not in execution.denied and not hidden,
        )

        def resolve_field(
            field_name: str, below: list[FieldNode], owner: GraphQLObjectType, run: _Execution, here: list[str | int]
        ) -> str:
            if field_name == "_totalCount":
                return scope.total()
            aggregated = index.record_type.by_name[field_name]
            if aggregated.is_nested:
                children = {child.name: child for child in aggregated.children}

                def resolve_child(
                    child: str, n: list[FieldNode], o: GraphQLObjectType, r: _Execution, p: list[str | int]
                ) -> str:
                    if child not in children:
                        raise GuppyError(f"Field {field_name}.{child} does not exist in ES index")
                    return self._aggregate_field(scope, aggregated, children[child], n, o, r, p)

                return self._members(owner, below, run, here, resolve_child)
            return self._aggregate_field(scope, None, aggregated, below, owner, run, here)

        return self._members(parent, nodes, execution, path, resolve_field)

    def _aggregate_field(
        self,
        scope: AggregationScope,
        parent: Field | None,
        aggregated: Field,
        nodes: list[FieldNode],
        owner: GraphQLObjectType,
        execution: _Execution,
        path: list[str | int],
    ) -> str:
        def resolve(
            name: str, below: list[FieldNode], histogram: GraphQLObjectType, run: _Execution, here: list[str | int]
        ) -> str:
            arguments = self._arguments(histogram, below, run)
            if name == "_totalCount":
                return scope.value_count(parent, aggregated)
            if name == "_cardinalityCount":
                return scope.cardinality(parent, aggregated, arguments.get("precision_threshold") or 0)
            bucket_type = get_named_type(histogram.fields[name].type)
            assert isinstance(bucket_type, GraphQLObjectType)
            wanted = {key: n[0].name.value for key, n in self._sub_fields(bucket_type, below, run).items()}
            if name == "histogram" and aggregated.is_number:
                return scope.number_histogram(parent, aggregated, arguments, wanted, bucket_type.name)
            return scope.text_histogram(parent, aggregated, wanted, bucket_type.name)

        return self._members(owner, nodes, execution, path, resolve)
