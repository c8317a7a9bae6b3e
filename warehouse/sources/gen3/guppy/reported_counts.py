"""Self-reported counts of a Guppy server: totals, and the histogram of every categorical field.

They are landed beside the records, so that reported and ingested counts can be compared, and their digest shows whether
a type has changed, during a run or since the last one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from warehouse.sources.gen3.guppy.census import NO_DATA
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.discovery import RecordType
from warehouse.sources.gen3.guppy.rows import encodable

T = TypeVar("T")

MOST_CATEGORIES = 1000
"""A text field with more distinct values than this is not categorical."""

_FIELDS_A_QUERY = 60
_MEASURED_BELOW = 50
_VALUES_A_CATEGORY = 2

REPORTED_COUNTS = pa.schema(
    [
        pa.field("entity", pa.string(), nullable=False),
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("missing", pa.bool_(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)
"""Grain: one count. `dimension` is `_totalCount` (then `key` is empty) or the field of a histogram; `missing` marks
the bucket of the records without a value, whose key is `no data` as the server writes it."""


class TotalsDisagree(Exception):
    """Two responses about one type, moments apart, give different totals."""


@dataclass(frozen=True)
class ReportedCount:
    """One row of `REPORTED_COUNTS`."""

    entity: str
    dimension: str
    key: str
    missing: bool
    count: int


@dataclass(frozen=True)
class TypeCounts:
    """The total of a type, its histograms as rows, and a digest over them and over the spread of its numbers."""

    total: int
    counts: tuple[ReportedCount, ...]
    digest: str


def totals(client: GuppyClient, type_names: Sequence[str]) -> dict[str, int]:
    """Return the totals of several types, from one response."""
    asked = " ".join(f"{name} {{ _totalCount }}" for name in type_names)
    data = client.ask(f"{{ _aggregation {{ {asked} }} }}", "the totals of all types")["_aggregation"]
    return {name: data[name]["_totalCount"] for name in type_names}


def categorical_fields(client: GuppyClient, record_type: RecordType) -> tuple[str, ...]:
    """Return the text fields of a type with few distinct values in comparison to its records.

    Fields of nested records are left out: their histograms count nested records, not records of the type.
    """
    names = [
        part.name for part in record_type.fields if part.kind == "string" and part.name not in record_type.id_fields
    ]
    found: list[str] = []
    for some in _in_groups(names):
        asked = " ".join(f"{name} {{ _totalCount _cardinalityCount }}" for name in some)
        query = f"{{ _aggregation {{ {record_type.name} {{ {asked} }} }} }}"
        response = client.ask(query, f"type {record_type.name}, how many values its fields have")["_aggregation"]
        for name in some:
            values, distinct = (
                response[record_type.name][name]["_totalCount"],
                response[record_type.name][name]["_cardinalityCount"],
            )
            few = distinct <= _MEASURED_BELOW or distinct * _VALUES_A_CATEGORY <= values
            if distinct <= MOST_CATEGORIES and few:
                found.append(name)
    return tuple(sorted(found))


def fetch_counts(client: GuppyClient, record_type: RecordType, categorical: Sequence[str]) -> TypeCounts:
    """Ask for the total of a type, the histograms of its categorical fields and the spread of its numbers.

    Raises:
        TotalsDisagree: the total changed between two requests.
        SourceError: no usable response after all tries.
    """
    selections = _selections(record_type, categorical)
    responses = [
        _fetch_selections(client, {record_type.name: some}, f"type {record_type.name}, its reported counts")
        for some in _in_groups(selections)
    ]
    return _type_counts(record_type.name, categorical, [response[record_type.name] for response in responses])


def fetch_counts_of_types(
    client: GuppyClient, wanted: Sequence[tuple[RecordType, Sequence[str]]]
) -> Iterator[tuple[str, TypeCounts]]:
    """Ask for the counts of several types, each with its categorical fields, in as few queries as they fit.

    Yields each type as soon as it is complete, in the order given; nothing more is requested until the next one is
    wanted. A query of several types that is too slow is not retried: one type at a time may succeed.

    Raises:
        SlowResponse: a query takes longer than the server allows.
        TotalsDisagree: the total of a type changed between two queries.
        SourceError: no usable response after all tries.
    """
    selections = [
        (record_type.name, selection)
        for record_type, categorical in wanted
        for selection in _selections(record_type, categorical)
    ]
    left = Counter(name for name, _ in selections)
    waiting = deque(wanted)
    responses: dict[str, list[Any]] = defaultdict(list)
    for some in _in_groups(selections):
        asked: dict[str, list[str]] = defaultdict(list)
        for name, selection in some:
            asked[name].append(selection)
            left[name] -= 1
        where = f"the reported counts of {', '.join(asked)}"
        for name, response in _fetch_selections(client, asked, where, slow_tries=1).items():
            responses[name].append(response)
        while waiting and not left[waiting[0][0].name]:
            record_type, categorical = waiting.popleft()
            yield record_type.name, _type_counts(record_type.name, categorical, responses.pop(record_type.name))


def _selections(record_type: RecordType, categorical: Sequence[str]) -> list[str]:
    """Return the GraphQL selections of a type: one a field, or nothing but the total."""
    asked = {name: f"{name} {{ _totalCount histogram {{ key count }} }}" for name in sorted(categorical)}
    for part in record_type.fields:
        if part.kind in ("integer", "float"):  # no sum of fractions: its last digits depend on the order of the shards
            spread = "min max sum count" if part.kind == "integer" else "min max count"
            asked[part.name] = f"{part.name} {{ _totalCount histogram {{ {spread} }} }}"
    return list(asked.values()) or [""]


def _fetch_selections(
    client: GuppyClient, asked: Mapping[str, Sequence[str]], where: str, slow_tries: int | None = None
) -> dict[str, Any]:
    """Return the response to the selections of some types, by type, each with the total in the same response."""
    selections = " ".join(f"{name} {{ _totalCount {' '.join(some)} }}" for name, some in asked.items())
    return client.ask(f"{{ _aggregation {{ {selections} }} }}", where, slow_tries=slow_tries)["_aggregation"]


def _type_counts(type_name: str, categorical: Sequence[str], parts: Sequence[Mapping[str, Any]]) -> TypeCounts:
    """Join the responses about one type; each of them holds the total too."""
    seen = {part["_totalCount"] for part in parts}
    if len(seen) != 1:
        raise TotalsDisagree(f"type {type_name}: totals of {' and '.join(map(str, sorted(seen)))} in one comparison")
    total = seen.pop()
    responses = {name: response for part in parts for name, response in part.items() if name != "_totalCount"}
    counts = [ReportedCount(type_name, "_totalCount", "", False, total)]
    for name in sorted(categorical):
        counts += _buckets(type_name, name, responses[name])
    numbers = {name: responses[name] for name in sorted(responses) if name not in categorical}
    plain = [[row.dimension, row.key, row.missing, row.count] for row in counts]
    digest = hashlib.sha256(json.dumps([total, plain, numbers], sort_keys=True).encode()).hexdigest()
    return TypeCounts(total, tuple(counts), digest)


def facets(record_type: RecordType, reported: TypeCounts) -> list[tuple[str, tuple[str, ...]]]:
    """Return the categorical fields that partition a type, with their keys, finest first.

    Lists overlap, and a value that is literally `no data` cannot be selected: such fields are left out.
    """
    usable: list[tuple[int, str, tuple[str, ...]]] = []
    for part in record_type.fields:
        rows = [row for row in reported.counts if row.dimension == part.name]
        literal = any(row.key == NO_DATA and not row.missing for row in rows)
        if not part.many and not literal and len(rows) > 1 and sum(row.count for row in rows) == reported.total:
            usable.append((max(row.count for row in rows), part.name, tuple(row.key for row in rows)))
    return [(name, keys) for _, name, keys in sorted(usable)]


def counts_table(counts: Iterable[ReportedCount]) -> pa.Table:
    """Return reported counts as a table of the schema `REPORTED_COUNTS`, sorted by its key."""
    rows = sorted(counts, key=lambda row: (row.entity, row.dimension, row.missing, row.key))
    return pa.Table.from_pylist([vars(row) for row in rows], schema=REPORTED_COUNTS)


def _buckets(entity: str, name: str, response: Any) -> list[ReportedCount]:
    """Return the rows of one histogram, sorted by key.

    Missing values come as the last bucket, `no data`; a value that is literally that has a bucket of the same key
    before it. The number of values tells them apart: it counts values only.
    """
    buckets = [(encodable(str(bucket["key"])), int(bucket["count"])) for bucket in response["histogram"] or ()]
    last_is_missing = (
        bool(buckets) and buckets[-1][0] == NO_DATA and sum(n for _, n in buckets) > response["_totalCount"]
    )
    rows = [
        ReportedCount(entity, name, key, last_is_missing and position == len(buckets) - 1, count)
        for position, (key, count) in enumerate(buckets)
    ]
    return sorted(rows, key=lambda row: (row.missing, row.key))


def _in_groups(selections: Sequence[T]) -> list[Sequence[T]]:
    return [selections[start : start + _FIELDS_A_QUERY] for start in range(0, len(selections), _FIELDS_A_QUERY)]
