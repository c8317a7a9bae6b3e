"""Record types of a Guppy: their fields, and the GraphQL schema that Guppy derives from them.

What belongs here: the field table (`data/guppy_fields.csv`), the model of a record type, and the text of the GraphQL
schema. Source of the fields: the ETL mappings and dictionaries of both public sites, as collected in that table, with
the type that the rules of the ETL give each (an integer of the dictionary is `long`, a number `float`, a count or sum
`float`, a list has the type of its items). Source of the schema's shape: the behaviour of Guppy 2026.07.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from typing import Literal

ElasticType = Literal["keyword", "long", "float", "boolean", "nested"]

_GRAPHQL_TYPES: dict[ElasticType, str] = {"keyword": "String", "long": "Float", "float": "Float", "boolean": "String"}
_SQL_TYPES: dict[ElasticType, str] = {"keyword": "varchar", "long": "bigint", "float": "double", "boolean": "boolean"}


@dataclass(frozen=True)
class Field:
    """One field of a record type.

    `holds_lists` is whether the stored documents hold lists; `declared_list` whether the array configuration
    (`arrayFields` of `_status`) names the field. Guppy serves a field as a list only when it is declared.
    """

    name: str
    elastic_type: ElasticType
    holds_lists: bool = False
    declared_list: bool = False
    children: tuple[Field, ...] = ()

    @property
    def is_nested(self) -> bool:
        """Whether the field holds a list of objects."""
        return self.elastic_type == "nested"

    @property
    def is_number(self) -> bool:
        """Whether Elasticsearch holds the field as a number."""
        return self.elastic_type in ("long", "float")

    @property
    def graphql_type(self) -> str:
        """The field's type in Guppy's GraphQL schema. Numbers are always Float, booleans are text."""
        name = self.name if self.is_nested else _GRAPHQL_TYPES[self.elastic_type]
        return f"[{name}]" if self.declared_list else name

    @property
    def sql_type(self) -> str:
        """The type of the column that stores the field."""
        if self.is_nested:
            members = ", ".join([f'"{child.name}" {child.sql_type}' for child in self.children])
            return f"struct({members})[]"
        return _SQL_TYPES[self.elastic_type] + ("[]" if self.holds_lists else "")


@dataclass(frozen=True)
class RecordType:
    """One record type of a Guppy, for instance `data_file`. The first field is the unique id of its records."""

    name: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields of the first level by name."""
        return {field.name: field for field in self.fields}

    @property
    def unique_id(self) -> str:
        """The name of the field that is unique for each record."""
        return f"_{self.name}_id"

    @property
    def object_name(self) -> str:
        """The name of the type's object in the GraphQL schema."""
        return self.name[0].upper() + self.name[1:]

    def array_fields(self) -> list[str]:
        """Return the array configuration: names of list fields, dotted below a nested field."""
        names = []
        for field in self.fields:
            if field.declared_list:
                names.append(field.name)
            names += [f"{field.name}.{child.name}" for child in field.children if child.declared_list]
        return names

    def mapping(self) -> list[str]:
        """Return what `_mapping` answers: every leaf, dotted below a nested field."""
        return [name for field in self.fields for name in _leaves(field)]

    def with_field(self, added: Field) -> RecordType:
        """Return the type with one more field, or with another definition of the field of that name."""
        if added.name in self.by_name:
            return replace(self, fields=tuple(added if f.name == added.name else f for f in self.fields))
        return replace(self, fields=(*self.fields, added))

    def field_at(self, path: str) -> Field:
        """Return a field, dotted below a nested one.

        Raises:
            ValueError: the type has no such field.
        """
        parent, _, leaf = path.rpartition(".")
        outer = self.by_name.get(parent)
        level = self.fields if not parent else () if outer is None else outer.children
        for field in level:
            if field.name == leaf:
                return field
        raise ValueError(f"The record type {self.name} has no field {path}.")

    def with_field_at(self, path: str, changed: Field | None) -> RecordType:
        """Return the type with another definition of a field (dotted below a nested one), or without it (None).

        Raises:
            ValueError: the type has no such field.
        """
        current = self.field_at(path)
        parent, _, _ = path.rpartition(".")
        if parent:
            outer = self.by_name[parent]
            children = _replaced(outer.children, current, changed)
            # A nested field without children is removed.
            return self.with_field_at(parent, replace(outer, children=children) if children else None)
        return replace(self, fields=_replaced(self.fields, current, changed))

    def renamed(self, name: str) -> RecordType:
        """Return the type under another name; its unique id is renamed with it."""
        other = RecordType(name, self.fields)
        fields = tuple(replace(f, name=other.unique_id) if f.name == self.unique_id else f for f in self.fields)
        return replace(other, fields=fields)


def _replaced(fields: tuple[Field, ...], current: Field, changed: Field | None) -> tuple[Field, ...]:
    kept = (changed if field is current else field for field in fields)
    return tuple(field for field in kept if field is not None)


def _leaves(field: Field) -> list[str]:
    return [f"{field.name}.{child.name}" for child in field.children] if field.is_nested else [field.name]


def read_record_types(system: str) -> tuple[RecordType, ...]:
    """Return the record types of `midrc_portal` or `bih` from the field table, fields in the order of the table."""
    text = resources.files("warehouse.sandbox").joinpath("data/guppy_fields.csv").read_text(encoding="utf-8")
    types: dict[str, dict[str, Field]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["system"] != system:
            continue
        fields = types.setdefault(row["type"], {})
        parent, _, leaf = row["field"].rpartition(".")
        field = _field_of(row, leaf)
        if parent:
            nested = fields.get(parent) or Field(parent, "nested", holds_lists=True, declared_list=True)
            fields[parent] = replace(nested, children=(*nested.children, field))
        else:
            fields[leaf] = field
    return tuple(RecordType(name, tuple(fields.values())) for name, fields in types.items())


def _field_of(row: dict[str, str], name: str) -> Field:
    is_list = row["array"] == "yes"
    elastic_type: ElasticType = row["es_type"]  # type: ignore[assignment]
    return Field(name, elastic_type, holds_lists=is_list, declared_list=is_list)


_FIXED_TYPES = """
scalar JSON
type MatchedItem { field: String highlights: [String] }
enum Accessibility { all accessible unaccessible }
enum Format { json tsv csv }
type HistogramForString {
  _totalCount: Int
  _cardinalityCount(precision_threshold: Int = 3000): Int
  histogram: [BucketsForNestedStringAgg]
  asTextHistogram: [BucketsForNestedStringAgg]
}
type HistogramForNumber {
  _totalCount: Int
  _cardinalityCount(precision_threshold: Int = 3000): Int
  histogram(rangeStart: Int, rangeEnd: Int, rangeStep: Int, binCount: Int): [BucketsForNestedNumberAgg]
  asTextHistogram: [BucketsForNestedStringAgg]
}
type BucketsForNestedStringAgg {
  key: String
  count: Int
  missingFields: [BucketsForNestedMissingFields]
  termsFields: [BucketsForNestedTermsFields]
}
type BucketsForNestedNumberAgg {
  key: [Float]
  min: Float
  max: Float
  avg: Float
  sum: Float
  count: Int
  missingFields: [BucketsForNestedMissingFields]
  termsFields: [BucketsForNestedTermsFields]
}
type BucketsForNestedMissingFields { field: String count: Int }
type BucketsForNestedTermsFields { field: String count: Int terms: [BucketsForString] }
type BucketsForString { key: String count: Int }
"""


def schema_text(types: Iterable[RecordType]) -> str:
    """Return the GraphQL schema (SDL) that Guppy generates for these record types."""
    types = tuple(types)
    nested: dict[str, dict[str, Field]] = {}
    for field in (field for record_type in types for field in record_type.fields if field.is_nested):
        nested.setdefault(field.name, {}).update({child.name: child for child in field.children})
    rows = [
        f"{t.name}(offset: Int, first: Int, filter: JSON, sort: JSON, accessibility: Accessibility = all, "
        f"format: Format = json): [{t.object_name}]"
        for t in types
    ]
    aggregations = [
        f"{t.name}(filter: JSON, filterSelf: Boolean = true, nestedAggFields: JSON, "
        f"accessibility: Accessibility = all): {t.object_name}Aggregation"
        for t in types
    ]
    mappings = [f"{t.name}(searchInput: String): [String]" for t in types]
    parts = [
        _FIXED_TYPES,
        _object("Query", [*rows, "_aggregation: Aggregation", "_mapping: Mapping"]),
        _object("Aggregation", aggregations),
        _object("Mapping", mappings),
    ]
    for t in types:
        parts.append(_object(t.object_name, [_plain(f) for f in t.fields] + ["_matched: [MatchedItem]"]))
        parts.append(_object(f"{t.object_name}Aggregation", ["_totalCount: Int", *map(_aggregated, t.fields)]))
    for name, children in nested.items():
        parts.append(_object(name, [_plain(child) for child in children.values()]))
        parts.append(_object(_nested_histogram(name), [_aggregated(child) for child in children.values()]))
    return "\n".join(parts)


def _object(name: str, lines: list[str]) -> str:
    return f"type {name} {{\n  " + "\n  ".join(lines) + "\n}"


def _plain(field: Field) -> str:
    return f"{field.name}: {field.graphql_type}"


def _aggregated(field: Field) -> str:
    if field.is_nested:
        return f"{field.name}: {_nested_histogram(field.name)}"
    return f"{field.name}: HistogramFor{'Number' if field.is_number else 'String'}"


def _nested_histogram(name: str) -> str:
    return f"NestedHistogramFor{name[0].upper()}{name[1:]}"
