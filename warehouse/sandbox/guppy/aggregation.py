"""Aggregations of one record type (`_aggregation`): counts, cardinalities and histograms of its documents.

What belongs here: which documents an aggregation includes, the arguments of numeric histograms, and the buckets as
JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from warehouse.sandbox.guppy.filter import Condition, GuppyError, compile_filter
from warehouse.sandbox.guppy.rendering import to_json_number
from warehouse.sandbox.guppy.schema import Field
from warehouse.sandbox.guppy.store import Index, Store

NOTHING = Condition("false")


@dataclass(frozen=True)
class AggregationScope:
    """The documents of one aggregation. `parent` in its methods is the nested field that contains a field.

    Without `filters_itself` a field's own filter does not limit its figures (`filterSelf: false`).
    """

    store: Store
    index: Index
    filter: Any
    filters_itself: bool
    shows_documents: bool
    shows_histograms: bool

    def total(self) -> str:
        """Return the number of documents."""
        return str(self.store.count(self.index, self._condition(None, self.shows_documents)))

    def value_count(self, parent: Field | None, field: Field) -> str:
        """Return the number of values in a field."""
        return str(self.store.value_count(self.index, parent, field, self._condition(field, self.shows_documents)))

    def cardinality(self, parent: Field | None, field: Field, threshold: int) -> str:
        """Return the number of distinct values, approximate above the threshold."""
        condition = self._condition(field, self.shows_documents)
        return str(self.store.cardinality(self.index, parent, field, condition, threshold))

    def text_histogram(self, parent: Field | None, field: Field, wanted: dict[str, str], type_name: str) -> str:
        """Return the buckets of a field as text; `wanted` maps names in the answer to members of a bucket."""
        condition = self._condition(field, self.shows_histograms)
        return self.store.text_histogram(self.index, parent, field, condition, _bucket_sql(wanted, type_name))

    def number_histogram(
        self, parent: Field | None, field: Field, arguments: dict[str, Any], wanted: dict[str, str], type_name: str
    ) -> str:
        """Return the buckets of a number, or one with its statistics if neither a step nor a number of bins is given.

        Raises:
            GuppyError: the arguments contradict each other, or ask for too many buckets.
        """
        buckets = self._number_buckets(parent, field, arguments)
        return "[" + ",".join(_bucket_text(bucket, wanted, type_name) for bucket in buckets) + "]"

    def _condition(self, field: Field | None, shows: bool) -> Condition:
        if not shows:
            return NOTHING
        left_out = field.name if field is not None and not self.filters_itself else None
        return compile_filter(self.index.record_type, self.filter, left_out)

    def _number_buckets(self, parent: Field | None, field: Field, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        condition = self._condition(field, self.shows_histograms)
        start, end = arguments.get("rangeStart"), arguments.get("rangeEnd")
        step, bins = arguments.get("rangeStep"), arguments.get("binCount")
        if step is not None and step <= 0:
            raise GuppyError(f"Invalid rangeStep {step}")
        if start is not None and end is not None and start > end:
            raise GuppyError(f"Invalid rangeStart ({step}) > rangeEnd ({end})")
        if bins is not None and bins <= 0:
            raise GuppyError(f"Invalid binCount {bins}")
        if step is not None and bins is not None:
            raise GuppyError('Invalid to set "rangeStep" and "binCount" at same time')
        if step is None and bins is None:
            return [self.store.statistics(self.index, parent, field, condition, (start, end))]
        if step is None:
            whole = self.store.statistics(self.index, parent, field, condition, (start, end))
            if whole["count"] == 0:
                return []
            start = whole["min"] if start is None else start
            end = whole["max"] + 1 if end is None else end
            step = (end - start) / bins
        return self.store.number_histogram(self.index, parent, field, condition, (start, end), step)


def _bucket_sql(wanted: dict[str, str], type_name: str) -> str:
    columns = {"key": "key", "count": "count", "__typename": f"'{type_name}'"}
    packed = ", ".join([f'"{name}" := {columns.get(member, "null")}' for name, member in wanted.items()])
    return f"to_json(struct_pack({packed}))"


def _bucket_text(bucket: dict[str, Any], wanted: dict[str, str], type_name: str) -> str:
    members = []
    for name, member in wanted.items():
        if member == "__typename":
            text = json.dumps(type_name)
        elif member == "key":
            text = "[" + ",".join(map(to_json_number, bucket["key"])) + "]"
        else:
            text = to_json_number(bucket.get(member))
        members.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(members) + "}"
