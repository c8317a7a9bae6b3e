"""The simulated Elasticsearch: indices of documents, loaded from index files into a DuckDB database.

What belongs here: reading rows, counting and aggregating one index, and rendering the results as JSON text. Documents
are sorted by `_row` (see `index_file`), so that a page by id is a range of rows. A file is read into the database once:
reading a few documents of a large index then does not pay for the footer and the row groups of its file. JSON is
rendered inside DuckDB, because large pages would be slow in Python.

As Elasticsearch does: documents that tie in a sort (or are not sorted at all) come in the order of the replica that
answers, which changes from request to request; histograms of text have no limit on their buckets and put
missing values last; numeric histograms have none for missing values and at most 65,535 buckets. Numbers are written
as JavaScript writes them (63, not 63.0). Aggregations are cached, as by the shard request cache (it is on by default,
for answers without documents): a table never changes, new data is a new table.

Not modelled: scoring, analysed text and highlights (`_matched` is always null); sub-aggregations (`nestedAggFields`);
refresh intervals; shards.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from warehouse.sandbox.guppy.filter import MISSING_ALIAS, Condition, is_missing, store_error
from warehouse.sandbox.guppy.rendering import (
    NUMBER_MACRO,
    Selection,
    download_members,
    graphql_member,
    object_sql,
)
from warehouse.sandbox.guppy.schema import Field, RecordType
from warehouse.sql_text import literal

WINDOW = 10_000
MAX_BUCKETS = 65_535
DEFAULT_SIZE = 10
_FIRST_BUILD = datetime(2026, 1, 1, 20, 26, 40)

# The limits of the cache and of one entry: the histogram of all ids of a type is too large to be cached.
_CACHE_CHARACTERS = 10_000_000
_ENTRY_CHARACTERS = 1_000_000


def time_alias(number: int) -> str:
    """Return the alias of an index for the time of its build; here each run of the ETL is a day after the last."""
    return f"{_FIRST_BUILD + timedelta(days=number):time_%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True)
class Index:
    """One concrete index behind an alias: its record type, its file and how many documents the file holds."""

    record_type: RecordType
    alias: str
    number: int
    path: Path
    documents: int

    @property
    def name(self) -> str:
        """The name of the concrete index: the alias with the number of the ETL run."""
        return f"{self.alias}_{self.number}"

    @property
    def time_alias(self) -> str:
        """The second alias of the index: when it was built."""
        return time_alias(self.number)


@dataclass(frozen=True)
class Page:
    """Rows as one JSON list, how many there are, and the errors of single values (path inside the list, message)."""

    text: str
    rows: int
    holds_last_row: bool
    errors: tuple[tuple[list[str | int], str], ...] = ()


class Store:
    """All indices of one Guppy in one database file. Safe to use from many threads: each call has its own cursor."""

    def __init__(self, database: Path, memory_limit: str = "1500MB", threads: int = 2) -> None:
        self._connection = duckdb.connect(str(database), config={"memory_limit": memory_limit, "threads": threads})
        self._connection.execute(NUMBER_MACRO)
        self._connection.execute("set enable_progress_bar = false")
        self._replicas = itertools.count()
        self._cache: dict[tuple[str, tuple[str, ...]], tuple[Any, ...]] = {}
        self._cached_characters = 0

    def close(self) -> None:
        """Release the memory."""
        self._connection.close()

    def load(self, index: Index) -> None:
        """Read the file of an index into the database, which must happen before the index is queried."""
        self._all(f"create table {_table(index)} as select * from read_parquet({literal(str(index.path))})", ())

    def count(self, index: Index, condition: Condition) -> int:
        """Return the number of documents that meet the condition."""
        if condition.sql == "true":
            return index.documents
        return self._aggregated(f"select count(*) from {_table(index)} where {condition.sql}", condition.parameters)

    def page(
        self,
        index: Index,
        selection: tuple[Selection, ...],
        condition: Condition,
        sort: list[tuple[Field, str]],
        offset: int,
        size: int,
    ) -> Page:
        """Return the documents from `offset` on, at most `size`, rendered as GraphQL serves them.

        Raises:
            GuppyError: the window is larger than 10,000 or negative.
        """
        if offset + size > WINDOW:
            raise store_error(
                "search_phase_execution_exception: Result window is too large, from + size must be less than or equal "
                f"to: [{WINDOW}] but was [{offset + size}]."
            )
        if offset < 0 or size < 0:
            raise store_error("x_content_parse_exception: [from] and [size] parameters cannot be negative")
        rows = self._rows(index, condition, sort, offset, size)
        if not rows:
            return Page("[]", 0, index.documents == 0)
        rendered = object_sql([graphql_member(item) for item in selection])
        text = self._render(index, rendered, rows)
        errors = self._list_errors(index, selection, rows)
        return Page(text, len(rows), index.documents - 1 in rows, tuple(errors))

    def documents(self, index: Index, fields: list[str], condition: Condition, batch: int = WINDOW) -> Iterator[str]:
        """Yield all documents that meet the condition as `download` serves them: JSON objects joined by commas.

        As stored documents do, they lack the keys of absent values (merging into an empty object drops nulls).
        """
        members = object_sql(download_members(index.record_type, fields))
        rendered = f"select string_agg(json_merge_patch('{{}}', {members})::varchar, ',' order by _row)"
        if condition.sql == "true":
            for start in range(0, index.documents, batch):
                yield self._scalar(f"{rendered} from {_between(index, start, start + batch - 1)}", ())
            return
        rows = [
            row
            for (row,) in self._all(
                f"select _row from {_table(index)} where {condition.sql} order by 1", condition.parameters
            )
        ]
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            if part[-1] - part[0] == len(part) - 1:
                yield self._scalar(f"{rendered} from {_between(index, part[0], part[-1])}", ())
            else:
                yield self._scalar(f"{rendered} from {_at_positions(index, part)}", (part,))

    def value_count(self, index: Index, parent: Field | None, field: Field, condition: Condition) -> int:
        """Return the number of values (not documents) in a field."""
        values = _values_sql(index, parent, field, condition)
        return self._aggregated(f"select count(*) from ({values}) where key is not null", condition.parameters)

    def cardinality(
        self, index: Index, parent: Field | None, field: Field, condition: Condition, threshold: int
    ) -> int:
        """Return the number of distinct values: exact up to the threshold, approximate above."""
        values = _values_sql(index, parent, field, condition)
        exact = self._aggregated(f"select count(distinct key) from ({values})", condition.parameters)
        if exact <= threshold:
            return exact
        return self._aggregated(f"select approx_count_distinct(key) from ({values})", condition.parameters)

    def text_histogram(
        self, index: Index, parent: Field | None, field: Field, condition: Condition, bucket: str
    ) -> str:
        """Return the buckets as JSON text: keys in the order of their bytes, missing last (never for numbers).

        `bucket` is the SQL that renders one bucket from `key` and `count`.
        """
        values = _values_sql(index, parent, field, condition, distinct=True)
        key = "json_number(key)::varchar" if field.is_number else "key::varchar"
        sql = (
            f"select coalesce(string_agg({bucket}::varchar, ',' order by key), '') from "
            f"(select {key} as key, count(*) as count from ({values}) where key is not null group by 1)"
        )
        text = self._aggregated(sql, condition.parameters)
        if field.is_number:
            return f"[{text}]"
        missing = self._missing(index, parent, field, condition)
        if missing:
            last = self._scalar(
                f"select {bucket}::varchar from (select ? as key, ? as count)", (MISSING_ALIAS, missing)
            )
            text = f"{text},{last}" if text else last
        return f"[{text}]"

    def statistics(
        self,
        index: Index,
        parent: Field | None,
        field: Field,
        condition: Condition,
        bounds: tuple[float | None, float | None],
    ) -> dict[str, Any]:
        """Return count, min, max, avg and sum of the values within the bounds [start, end), which are the `key`."""
        values = f"select key from ({_values_sql(index, parent, field, condition)}) where {_within(bounds)}"
        sql = f"select count(key), min(key), max(key), avg(key), sum(key) from ({values})"
        count, low, high, average, total = self._aggregates(sql, condition.parameters)
        start, end = bounds
        key = [low if start is None else start, high if end is None else end]
        return {"key": key, "count": count, "min": low, "max": high, "avg": average, "sum": total or 0}

    def number_histogram(
        self,
        index: Index,
        parent: Field | None,
        field: Field,
        condition: Condition,
        bounds: tuple[float | None, float | None],
        step: float,
    ) -> list[dict[str, Any]]:
        """Return the buckets of width `step` between the bounds, empty ones included.

        Raises:
            GuppyError: there would be more than 65,535 buckets.
        """
        values = f"select key from ({_values_sql(index, parent, field, condition)}) where {_within(bounds)}"
        origin = math.fmod(bounds[0] or 0, step)
        sql = (
            f"select floor((key - {origin}) / {step})::bigint as bin, count(key), min(key), max(key), avg(key), "
            f"sum(key) from ({values}) group by 1 order by 1"
        )
        found = {
            row[0]: row[1:] for row in self._connection.cursor().execute(sql, list(condition.parameters)).fetchall()
        }
        if not found:
            return []
        first, last = min(found), max(found)
        if last - first + 1 > MAX_BUCKETS:
            raise store_error(
                f"too_many_buckets_exception: Trying to create too many buckets. Must be less than or equal to: "
                f"[{MAX_BUCKETS}]."
            )
        buckets = []
        for position in range(first, last + 1):
            count, low, high, average, total = found.get(position, (0, None, None, None, 0))
            key = [position * step + origin, position * step + origin + step]
            buckets.append({"key": key, "count": count, "min": low, "max": high, "avg": average, "sum": total})
        return buckets

    def _rows(
        self, index: Index, condition: Condition, sort: list[tuple[Field, str]], offset: int, size: int
    ) -> list[int]:
        unique = index.record_type.unique_id
        if condition.sql == "true" and sort and sort[0][0].name == unique:
            stop = min(offset + size, index.documents)
            rows = range(offset, stop)
            return list(rows) if sort[0][1] == "asc" else [index.documents - 1 - row for row in rows]
        order = []
        for field, direction in sort:
            if field.name == unique:
                order.append(f"_row {direction}")
            elif field.holds_lists:
                extreme = "list_min" if direction == "asc" else "list_max"
                order.append(f'{extreme}("{field.name}") {direction} nulls last')
            else:
                order.append(f'"{field.name}" {direction} nulls last')
        # The order of documents that tie depends on the replica that answers, as in a store with more than one copy.
        replica = next(self._replicas) % 2
        order += [f"hash(_row + {replica * 7919})", "_row"]
        sql = (
            f"select _row from {_table(index)} where {condition.sql} order by {', '.join(order)} "
            f"LIMIT {size} OFFSET {offset}"
        )
        return [row for (row,) in self._all(sql, condition.parameters)]

    def _render(self, index: Index, rendered: str, rows: list[int]) -> str:
        documents = _at_positions(index, rows)
        sql = f"select '[' || string_agg({rendered}::varchar, ',' order by position) || ']' from {documents}"
        return self._scalar(sql, (rows,))

    def _list_errors(
        self, index: Index, selection: tuple[Selection, ...], rows: list[int]
    ) -> list[tuple[list[str | int], str]]:
        """Return an error for each value that is a list although the schema declares one value."""
        errors: list[tuple[list[str | int], str]] = []
        for item in selection:
            if item.field is None:
                continue
            name = item.field.name
            if item.field.holds_lists and not item.field.declared_list and not item.field.is_nested:
                sql = f'select position, to_json("{name}")::varchar from {_at_positions(index, rows)}'
                for position, value in self._all(f'{sql} where "{name}" is not null order by 1', (rows,)):
                    errors.append(([position, item.response_name], _not_a_scalar(item.field, value)))
            for child in item.children:
                if child.field is None or child.field.declared_list or not child.field.holds_lists:
                    continue
                sql = (
                    f'select position, generate_subscripts("{name}", 1) - 1, '
                    f'unnest(list_transform("{name}", lambda item: to_json(item."{child.field.name}")::varchar)) '
                    f"from {_at_positions(index, rows)}"
                )
                for position, below, value in self._all(f"select * from ({sql}) order by 1, 2", (rows,)):
                    if value not in (None, "null"):
                        path = [position, item.response_name, below, child.response_name]
                        errors.append((path, _not_a_scalar(child.field, value)))
        return errors

    def _missing(self, index: Index, parent: Field | None, field: Field, condition: Condition) -> int:
        if parent is None:
            missing = is_missing(field, f'"{field.name}"')
            sql = f"select count(*) from {_table(index)} where {missing} and {condition.sql}"
        else:
            items = f'select unnest("{parent.name}") as item from {_table(index)} where {condition.sql}'
            missing = is_missing(field, f'item."{field.name}"')
            sql = f"select count(*) from ({items}) where {missing}"
        return self._aggregated(sql, condition.parameters)

    def _aggregated(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        return self._aggregates(sql, parameters)[0]

    def _aggregates(self, sql: str, parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the one row of an aggregation, from the cache if it is there."""
        key = (sql, tuple(repr(value) for value in parameters))
        # Another thread may empty the cache at any moment.
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        row = self._row(sql, parameters)
        size = sum(len(text) for text in (sql, *key[1], *map(str, row)))
        if size <= _ENTRY_CHARACTERS:
            if self._cached_characters + size > _CACHE_CHARACTERS:
                self._cache, self._cached_characters = {}, 0
            self._cache[key] = row
            self._cached_characters += size
        return row

    def _scalar(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        return self._row(sql, parameters)[0]

    def _row(self, sql: str, parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._all(sql, parameters)[0]

    def _all(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._connection.cursor().execute(sql, list(parameters)).fetchall()


def _not_a_scalar(field: Field, value: str) -> str:
    """Return the GraphQL error for a list (JSON) in a field that the schema declares as one value."""
    kind = "Float cannot represent non numeric value" if field.is_number else "String cannot represent value"
    return f"{kind}: {value}"


def _table(index: Index) -> str:
    return f'"{index.path.stem}"'


def _between(index: Index, first: int, last: int) -> str:
    """Return the FROM clause of the documents from one position to another, both included."""
    return f"(select * from {_table(index)} where _row between {first} and {last})"


def _at_positions(index: Index, rows: list[int]) -> str:
    """Return the FROM clause of the documents at these positions; the parameter is the list of positions."""
    positions = (
        "select unnest(list) as _row, generate_subscripts(list, 1) - 1 as position from (select ?::bigint[] as list)"
    )
    # The range lets DuckDB skip row groups without any of the rows.
    return f"{_between(index, min(rows), max(rows))} join ({positions}) using (_row)"


def _values_sql(index: Index, parent: Field | None, field: Field, condition: Condition, distinct: bool = False) -> str:
    """Return the SQL of all values of a field as `key`; `distinct` counts a list's repeated elements once."""
    source = f"{_table(index)} where {condition.sql}"
    column = f'"{field.name}"'
    if parent is not None:
        source = f'(select unnest("{parent.name}") as item from {source})'
        column = f'item."{field.name}"'
    if field.holds_lists:
        column = f"unnest(list_distinct({column}))" if distinct else f"unnest({column})"
    return f"select {column} as key from {source}"


def _within(bounds: tuple[float | None, float | None]) -> str:
    start, end = bounds
    tests = ["key is not null"]
    if start is not None:
        tests.append(f"key >= {start}")
    if end is not None:
        tests.append(f"key < {end}")
    return " and ".join(tests)
