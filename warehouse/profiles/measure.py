"""Measuring: the figures of a relation, in as few passes over it as they need.

One pass counts nulls and adds up numbers for each modality, one takes quantiles, one counts the rows and adds up the
sizes of each collection, dataset, repository and licence, and each column is read once more for its values. A list is
opened in a pass of its own: a row counts for each of its different elements.

All figures are the same for the same rows, in whatever order and with however many threads they are read: fractions are
added as decimals, quantiles are values that occur, and ties are broken by the value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse.contracts import Contract
from warehouse.profiles.columns import MeasuredColumn, columns_of, modality_of
from warehouse.profiles.figures import OTHER, Figure, Layer, Metric
from warehouse.profiles.patterns import day_of
from warehouse.profiles.tallies import Elements, Tally, by_element, elements_of, most_frequent
from warehouse.profiles.value_counts import ValueCounts, value_counts
from warehouse.query_threads import queries_at_once
from warehouse.sql_text import quoted, stated

QUANTILES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
"""The quantiles that are taken: each is the smallest value that is not below so large a share of the values."""

GROUPS_KEPT = 1000
"""How many groups have figures of their own, those with the most rows; the others are in one."""

MODALITIES_KEPT = 100
"""How many modalities (or categories) have figures of their own, for each column too; the others are in one."""


@dataclass(frozen=True)
class Relation:
    """What is measured: a relation (SQL), which is `name` in its layer and whose rows `key` tells apart."""

    sql: str
    layer: Layer
    source_id: str | None
    name: str
    key: tuple[str, ...]


def datasets_of(schema: str, contract: Contract) -> list[Relation]:
    """Return every dataset of a contract as what is measured of it: the view `<schema>.<dataset>`."""
    return [
        Relation(f"{quoted(schema)}.{quoted(name)}", "landed", contract.source, name, tuple(dataset.key))
        for name, dataset in contract.datasets.items()
    ]


def measure_relations(connection: DuckDBPyConnection, relations: Sequence[Relation]) -> list[Figure]:
    """Return the figures of relations, in their order.

    Raises:
        duckdb.Error: one of them cannot be read.
    """
    # Whatever relation they are of: one that is larger than all others would end on one core. A map drops what has not
    # begun when one of them fails.
    with queries_at_once(connection) as at_once, ThreadPoolExecutor(max_workers=at_once) as pool:
        measured = list(pool.map(lambda relation: _Measured.of(connection, relation), relations))
        # Those with the most rows take longest: they begin, so that no thread works alone at the end.
        largest_first = sorted(range(len(measured)), key=lambda place: -measured[place].rows)
        batches = [(place, columns) for place in largest_first for columns in measured[place].batches()]
        counted: list[list[_Counted]] = [[] for _ in measured]
        for (place, _), found in zip(
            batches, pool.map(lambda batch: measured[batch[0]].values(batch[1]), batches), strict=True
        ):
            counted[place].append(found)
        passes = [(place, one) for place in largest_first for one in measured[place].passes(counted[place])]
        entries = [
            [of_it.whole, *(entry for found in of_batches for entry in found.entries)]
            for of_it, of_batches in zip(measured, counted, strict=True)
        ]
        for (place, _), found in zip(passes, pool.map(lambda one_pass: one_pass[1](), passes), strict=True):
            entries[place] += found
    return [
        Figure(relation.layer, relation.source_id, relation.name, *what, float(number))
        for relation, of_it in zip(relations, entries, strict=True)
        for what, number in of_it
    ]


# Up to here the values of all columns are counted together, as texts: to plan a query takes longer than to run it. With
# more rows each column is counted by itself, in its own type, so that those that all differ are not in memory at once.
_ROWS_AT_ONCE = 20_000

# A figure without its dataset: column, metric, column and value of the group, value; and the number.
_Entry = tuple[tuple[str | None, Metric, str | None, str | None, str | None], float]


@dataclass(frozen=True)
class _Counted:
    """What the values of some columns are, and the columns with a blank text, or a list that may hold nothing else."""

    entries: list[_Entry]
    blank: frozenset[MeasuredColumn]


@dataclass(frozen=True)
class _Measured:
    """A relation that is measured; several threads may ask it at a time."""

    connection: DuckDBPyConnection
    relation: Relation
    columns: Sequence[MeasuredColumn]
    modality: MeasuredColumn | None
    rows: int

    @classmethod
    def of(cls, connection: DuckDBPyConnection, relation: Relation) -> _Measured:
        with connection.cursor() as reading:
            columns = columns_of(reading, relation.sql)
            ((rows,),) = reading.execute(f"select count(*) from {relation.sql}").fetchall()
        modality = modality_of(columns, relation.key, or_category=relation.layer == "landed")
        return cls(connection, relation, columns, modality, rows)

    def _rows_of(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as reading:
            return reading.execute(query).fetchall()

    @property
    def whole(self) -> _Entry:
        """The rows of the relation."""
        return (None, "rows", None, None, None), self.rows

    def batches(self) -> list[list[MeasuredColumn]]:
        """Return the columns whose values are counted, those that one query counts together."""
        columns = self._with_values if self.rows else []
        at_once = max(len(columns), 1) if self.rows <= _ROWS_AT_ONCE else 1
        return [columns[first : first + at_once] for first in range(0, len(columns), at_once)]

    def passes(self, counted: Sequence[_Counted]) -> list[Callable[[], list[_Entry]]]:
        """Return the passes over the relation that tell the rest; some need less where the values are known."""
        if not self.rows:
            return []
        with_values = self._with_values
        with_blanks = {column for column in self.columns if column not in with_values}.union(
            *(found.blank for found in counted)
        )
        texts = {column.name for column in with_values if column.kind == "text" and column not in with_blanks}
        distinct = {
            str(name): number
            for found in counted
            for (name, metric, *_), number in found.entries
            if metric == "distinct" and name in texts
        }
        return [
            lambda: list(self._nulls_and_sums(with_blanks)),
            lambda: list(self._distinct_keys(distinct)),
            lambda: list(self._quantiles()),
            lambda: list(self._groups()),
        ]

    @property
    def _with_values(self) -> list[MeasuredColumn]:
        return [column for column in self.columns if column.kind not in ("record", "other")]

    @property
    def _added(self) -> list[MeasuredColumn]:
        return [column for column in self.columns if column.added is not None]

    @property
    def _additive(self) -> list[MeasuredColumn]:
        return [column for column in self.columns if column.is_additive]

    def _nulls_and_sums(self, with_blanks: Collection[MeasuredColumn]) -> Iterator[_Entry]:
        """Yield nulls and sums of all rows and of each modality; of most columns it is known that no value is blank."""
        modality = self.modality
        filled = [column.filled_rows if column in with_blanks else column.present_rows for column in self.columns]
        counted = self._tallies(modality, filled, self._added)
        nothing = Tally(0, (0,) * len(self.columns), (0,) * len(self._added))
        whole = sum((tally for _, tally in counted), nothing)
        for column, filled in zip(self.columns, whole.filled, strict=True):
            yield (column.name, "null", None, None, None), whole.rows - filled
        for column, total in zip(self._added, whole.sums, strict=True):
            yield (column.name, "sum", None, None, None), float(total)
        if modality is not None:
            additive = [self._added.index(column) for column in self._additive]
            for value, tally in most_frequent(by_element(counted), MODALITIES_KEPT):
                for column, filled in zip(self.columns, tally.filled, strict=True):
                    yield (column.name, "null", modality.name, value, None), tally.rows - filled
                sums = Tally(tally.rows, (), tuple(tally.sums[place] for place in additive))
                yield from self._of_group(modality, value, sums)

    def _tallies(
        self, group: MeasuredColumn | None, counts: Sequence[str], added: Sequence[MeasuredColumn]
    ) -> list[tuple[Elements, Tally]]:
        """Count the rows of each value of a group, or all of them, and what else is counted (SQL) of them.

        What states no value is together.

        Of a list, a value is all that it holds: there are far fewer different lists than rows.
        """
        sums = [f"coalesce(sum({column.added}), 0)" for column in added]
        value = "null" if group is None else group.sql if group.is_list else _stated_value(group.sql)
        by = "" if group is None else " group by all"
        query = f"select {value} as scope_value, {', '.join(['count(*)', *counts, *sums])} from {self.relation.sql}{by}"
        end = 2 + len(counts)
        return [(elements_of(row[0]), Tally(int(row[1]), row[2:end], row[end:])) for row in self._rows_of(query)]

    def _of_group(self, group: MeasuredColumn, value: str | None, tally: Tally) -> Iterator[_Entry]:
        yield (None, "group rows", group.name, value, None), tally.rows
        for column, total in zip(self._additive, tally.sums, strict=True):
            yield (column.name, "group sum", group.name, value, None), float(total)

    def _distinct_keys(self, counted: Mapping[str, float]) -> Iterator[_Entry]:
        """Yield how many different keys the rows have that lack no part of theirs; some columns are counted already."""
        if not self.relation.key:
            return
        if len(self.relation.key) == 1 and self.relation.key[0] in counted:
            yield (None, "distinct keys", None, None, None), counted[self.relation.key[0]]
            return
        parts = ", ".join(quoted(name) for name in self.relation.key)
        complete = " and ".join(f"{quoted(name)} is not null" for name in self.relation.key)
        of_complete = f"from {self.relation.sql} where {complete}"
        # To count different hashes takes half as long. They are not more than the different keys, which are not more
        # than the rows.
        ((rows, distinct),) = self._rows_of(f"select count(*), count(distinct hash({parts})) {of_complete}")
        if distinct < rows:
            ((distinct,),) = self._rows_of(f"select count(*) from (select distinct {parts} {of_complete})")
        yield (None, "distinct keys", None, None, None), distinct

    def _quantiles(self) -> Iterator[_Entry]:
        ordered = [column for column in self.columns if column.ordered is not None]
        if not ordered:
            return
        taken = ", ".join(f"quantile_disc({column.ordered}, {list(QUANTILES)})" for column in ordered)
        (found,) = self._rows_of(f"select {taken} from {self.relation.sql}")
        for column, values in zip(ordered, found, strict=True):
            yield from _quantiles_of(column, values)

    def _groups(self) -> Iterator[_Entry]:
        """Yield the rows, sizes and counts of each collection, dataset, repository, licence and modality."""
        groups = [column for column in self.columns if column.is_group and column != self.modality]
        groups = [column for column in groups if self.relation.key != (column.name,)]
        scalars = [column for column in groups if not column.is_list]
        if scalars:
            for place, tallies in self._by_sets(scalars):
                for value, tally in most_frequent(tallies, GROUPS_KEPT):
                    yield from self._of_group(scalars[place], value, tally)
        for column in groups:
            if column.is_list:
                tallies = self._tallies(column, (), self._additive)
                for value, tally in most_frequent(by_element(tallies), GROUPS_KEPT):
                    yield from self._of_group(column, value, tally)

    def _by_sets(self, groups: Sequence[MeasuredColumn]) -> Iterator[tuple[int, list[tuple[str | None, Tally]]]]:
        """Count by each of several columns in one pass; yields the place of the column and its groups."""
        names = [f"group_{place}" for place in range(len(groups))]
        values = [f"{_stated_value(column.sql)} as {name}" for name, column in zip(names, groups, strict=True)]
        sums = [f"coalesce(sum({column.added}), 0)" for column in self._additive]
        levels = [f"grouping({name})" for name in names]
        rows = self._rows_of(
            f"select {', '.join([*levels, *names, 'count(*)', *sums])}"
            f" from (select {', '.join(values)}, * from {self.relation.sql})"
            f" group by grouping sets ({', '.join(f'({name})' for name in names)})"
        )
        count = len(groups)
        for place in range(count):
            yield (
                place,
                [
                    (row[count + place], Tally(row[2 * count], (), row[2 * count + 1 :]))
                    for row in rows
                    if row[place] == 0
                ],
            )

    def values(self, columns: Sequence[MeasuredColumn]) -> _Counted:
        """Return of each column how many different values it has; of texts and whole numbers which, of what pattern.

        One query for all of these columns: each is counted by itself, and what is told of the counts is told at once.
        """
        by_place = value_counts(self._rows_of, columns, self.relation.sql)
        told = [entry for column, of_it in zip(columns, by_place, strict=True) for entry in self._told(column, of_it)]
        blank = (column for column, of_it in zip(columns, by_place, strict=True) if of_it.has_blank)
        return _Counted(told, frozenset(blank))

    def _told(self, column: MeasuredColumn, found: ValueCounts) -> Iterator[_Entry]:
        yield (column.name, "distinct", None, None, None), found.distinct_values
        if not column.has_values:
            return
        for value, number in found.kept.items():
            yield (column.name, "value", None, None, value), number
        filled = found.filled_rows
        other = filled - sum(found.kept.values())
        if other:
            yield (column.name, "value", None, None, OTHER), other
        patterns = found.patterns
        for pattern, number in patterns.items():
            yield (column.name, "pattern", None, None, pattern), number
        if patterns.get("date", 0) * 2 > filled and not column.is_list:
            yield from self._days(column)

    def _days(self, column: MeasuredColumn) -> Iterator[_Entry]:
        """Yield the quantiles of the days that a column of texts states."""
        days = (
            f"select date_diff('day', date '1970-01-01', {day_of(column.sql)}) as day from"
            f" (select {column.sql} from {self.relation.sql})"
        )
        query = f"select quantile_disc(day, {list(QUANTILES)}) from ({days})"
        ((values,),) = self._rows_of(query)
        yield from _quantiles_of(column, values)


def _stated_value(text: str) -> str:
    return f"case when {stated(text)} then {text} end"


def _quantiles_of(column: MeasuredColumn, values: Sequence[float | Decimal] | None) -> Iterator[_Entry]:
    for quantile, value in zip(QUANTILES, values or (), strict=values is not None):
        yield (column.name, "quantile", None, None, str(quantile)), float(value)
