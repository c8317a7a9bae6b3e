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

from duckdb import DuckDBPyConnection

from warehouse.contracts import Contract
from warehouse.profiles.columns import MeasuredColumn, columns_of, modality_of
from warehouse.profiles.figures import OTHER, Figure, Layer, Metric
from warehouse.profiles.patterns import day_of, pattern_class
from warehouse.profiles.tallies import Elements, Tally, by_element, elements_of, most_frequent
from warehouse.sql_text import quoted, stated

QUANTILES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
"""The quantiles that are taken: each is the smallest value that is not below so large a share of the values."""

VALUES_KEPT = 200
"""How many values of a column have figures of their own: of more, the most frequent, each in 0.1 % of the rows.

A column whose values all differ tells things apart; none of its values has a figure.
"""

GROUPS_KEPT = 1000
"""How many groups have figures of their own, those with the most rows; the others are in one."""

MODALITIES_KEPT = 100
"""How many modalities (or categories) have figures of their own, for each column too; the others are in one."""

LONGEST_VALUE = 200
"""How many characters a value with a figure of its own has at most: a description is not one of a category."""

_AT_ONCE = 2


@dataclass(frozen=True)
class Relation:
    """What is measured: a relation (SQL), which is `name` in its layer and whose rows `key` tells apart."""

    sql: str
    layer: Layer
    source_id: str | None
    name: str
    key: tuple[str, ...]


def measure_datasets(connection: DuckDBPyConnection, schema: str, contract: Contract) -> list[Figure]:
    """Return the figures of every dataset of a contract, read through the views `<schema>.<dataset>`.

    Raises:
        duckdb.Error: a view is missing, or a file behind one cannot be read.
    """
    relations = [
        Relation(f"{quoted(schema)}.{quoted(name)}", "landed", contract.source, name, tuple(dataset.key))
        for name, dataset in contract.datasets.items()
    ]
    return measure_relations(connection, relations)


def measure_relations(connection: DuckDBPyConnection, relations: Sequence[Relation]) -> list[Figure]:
    """Return the figures of relations, in their order; they are measured two at a time, on cursors of the connection.

    Raises:
        duckdb.Error: one of them cannot be read.
    """

    def measured(relation: Relation) -> list[Figure]:
        with connection.cursor() as reading:
            return measure_relation(reading, relation)

    # Half of the queries are too short for DuckDB to spread over two cores.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return [figure for figures in pool.map(measured, relations) for figure in figures]


def measure_relation(connection: DuckDBPyConnection, relation: Relation) -> list[Figure]:
    """Return the figures of one relation.

    Raises:
        duckdb.Error: it cannot be read.
    """
    columns = columns_of(connection, relation.sql)
    modality = modality_of(columns, relation.key, or_category=relation.layer == "landed")
    measured = _Measured(connection, relation.sql, columns, relation.key, modality)
    return [
        Figure(relation.layer, relation.source_id, relation.name, *what, float(number))
        for what, number in measured.figures()
    ]


# Up to here the values of all columns are counted together, as texts: to plan a query takes longer than to run it. With
# more rows each column is counted by itself, in its own type, so that those that all differ are not in memory at once.
_ROWS_AT_ONCE = 20_000

# A figure without its dataset: column, metric, column and value of the group, value; and the number.
_Entry = tuple[tuple[str | None, Metric, str | None, str | None, str | None], float]


# Beside the pattern classes of texts: what is no text has a value, and a list may hold nothing.
_VALUE, _NOTHING, _EMPTY = "value", "nothing", "empty"


@dataclass(frozen=True)
class _Values:
    """What the values of a column are: by class how many differ and how many rows have one, and rows of those kept."""

    distinct: dict[str, int]
    classes: dict[str, int]
    kept: dict[str, int]

    @property
    def distinct_values(self) -> int:
        return sum(number for name, number in self.distinct.items() if name not in (_NOTHING, _EMPTY))

    @property
    def filled_rows(self) -> int:
        return sum(rows for name, rows in self.classes.items() if name not in (_NOTHING, _EMPTY))


@dataclass(frozen=True)
class _Measured:
    """A relation that is measured."""

    connection: DuckDBPyConnection
    relation: str
    columns: Sequence[MeasuredColumn]
    key: tuple[str, ...]
    modality: MeasuredColumn | None

    def figures(self) -> Iterator[_Entry]:
        ((rows,),) = self.connection.execute(f"select count(*) from {self.relation}").fetchall()
        yield (None, "rows", None, None, None), rows
        if rows:
            counted = [column for column in self.columns if column.kind not in ("record", "other")]
            at_once = max(len(counted), 1) if rows <= _ROWS_AT_ONCE else 1
            with_blanks = {column for column in self.columns if column not in counted}
            distinct: dict[str | None, float] = {}
            for first in range(0, len(counted), at_once):
                entries, blank = self._values(counted[first : first + at_once])
                yield from entries
                with_blanks |= blank
                distinct |= {name: number for (name, metric, *_), number in entries if metric == "distinct"}
            yield from self._nulls_and_sums(with_blanks)
            without = {column.name for column in counted if column.kind == "text" and column not in with_blanks}
            yield from self._distinct_keys({name: number for name, number in distinct.items() if name in without})
            yield from self._quantiles()
            yield from self._groups()

    @property
    def _added(self) -> list[MeasuredColumn]:
        return [column for column in self.columns if column.added is not None]

    @property
    def _additive(self) -> list[MeasuredColumn]:
        return [column for column in self.columns if column.is_additive]

    def _nulls_and_sums(self, with_blanks: Collection[MeasuredColumn]) -> Iterator[_Entry]:
        """Yield nulls and sums of all rows and of each modality; of most columns it is known that no value is blank."""
        modality = self.modality
        filled = [column.filled if column in with_blanks else column.present for column in self.columns]
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
        self, group: MeasuredColumn | None, conditions: Sequence[str], added: Sequence[MeasuredColumn]
    ) -> list[tuple[Elements, Tally]]:
        """Count the rows of each value of a group, or all of them, and those that meet conditions (SQL).

        What states no value is together.

        Of a list, a value is all that it holds: there are far fewer different lists than rows.
        """
        filled = [f"count(case when {condition} then 1 end)" for condition in conditions]
        sums = [f"coalesce(sum({column.added}), 0)" for column in added]
        value = "null" if group is None else group.sql if group.is_list else _stated_value(group.sql)
        by = "" if group is None else " group by all"
        query = f"select {value} as scope_value, {', '.join(['count(*)', *filled, *sums])} from {self.relation}{by}"
        end = 2 + len(filled)
        return [
            (elements_of(row[0]), Tally(int(row[1]), row[2:end], row[end:]))
            for row in self.connection.execute(query).fetchall()
        ]

    def _of_group(self, group: MeasuredColumn, value: str | None, tally: Tally) -> Iterator[_Entry]:
        yield (None, "group rows", group.name, value, None), tally.rows
        for column, total in zip(self._additive, tally.sums, strict=True):
            yield (column.name, "group sum", group.name, value, None), float(total)

    def _distinct_keys(self, counted: Mapping[str | None, float]) -> Iterator[_Entry]:
        """Yield how many different keys the rows have that lack no part of theirs; some columns are counted already."""
        if not self.key:
            return
        if len(self.key) == 1 and self.key[0] in counted:
            yield (None, "distinct keys", None, None, None), counted[self.key[0]]
            return
        parts = [quoted(name) for name in self.key]
        complete = " and ".join(f"{part} is not null" for part in parts)
        query = f"select count(*) from (select distinct {', '.join(parts)} from {self.relation} where {complete})"
        ((distinct,),) = self.connection.execute(query).fetchall()
        yield (None, "distinct keys", None, None, None), distinct

    def _quantiles(self) -> Iterator[_Entry]:
        ordered = [column for column in self.columns if column.ordered is not None]
        if not ordered:
            return
        taken = ", ".join(f"quantile_disc({column.ordered}, {list(QUANTILES)})" for column in ordered)
        (found,) = self.connection.execute(f"select {taken} from {self.relation}").fetchall()
        for column, values in zip(ordered, found, strict=True):
            yield from _quantiles_of(column, values)

    def _groups(self) -> Iterator[_Entry]:
        """Yield the rows, sizes and counts of each collection, dataset, repository, licence and modality."""
        groups = [column for column in self.columns if column.is_group and column != self.modality]
        groups = [column for column in groups if self.key != (column.name,)]
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
        rows = self.connection.execute(
            f"select {', '.join([*levels, *names, 'count(*)', *sums])}"
            f" from (select {', '.join(values)}, * from {self.relation})"
            f" group by grouping sets ({', '.join(f'({name})' for name in names)})"
        ).fetchall()
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

    def _values(self, columns: Sequence[MeasuredColumn]) -> tuple[list[_Entry], set[MeasuredColumn]]:
        """Return of each column how many different values it has; of texts and whole numbers which, of what pattern.

        Beside them, the columns that hold a blank text, or a list that may hold nothing else.

        One query for all of these columns: each is counted by itself, and what is told of the counts is told at once.
        """
        counted = _counted(columns, self.relation)
        with_values = _places(columns, lambda column: column.has_values)
        texts = _places(columns, lambda column: column.kind == "text")
        # The class of a value is looked for once. A filter on it would be pushed below the CTE and look for it again.
        pattern = f"when place in ({texts}) then {pattern_class('v')}"
        found = self.connection.execute(
            f"with counted as materialized ({counted}),"
            f" classes as materialized (select place, case when not is_value then '{_NOTHING}' {pattern}"
            f" else '{_VALUE}' end as class, count(*) as different, sum(n) as rows from counted group by all),"
            " wholes as (select place, sum(different) filter (where is_something) as distinct_values,"
            " sum(rows) filter (where is_something) as filled_rows"
            f" from (select *, class not in ('{_NOTHING}', '{_EMPTY}') as is_something from classes) group by place)"
            " select place, true as is_class, class as value, different, rows from classes"
            " union all (select place, false, v, 1, n from counted join wholes using (place)"
            f" where place in ({with_values}) and distinct_values < filled_rows"
            f" and (distinct_values <= {VALUES_KEPT} or (n > 1 and n * 1000 >= filled_rows))"
            f" and is_value and length(v) <= {LONGEST_VALUE} and (place not in ({texts}) or {stated('v')})"
            f" qualify row_number() over (partition by place order by n desc, v) <= {VALUES_KEPT})"
        ).fetchall()
        by_place = [_Values({}, {}, {}) for _ in columns]
        for place, is_class, value, different, rows in found:
            if is_class:
                by_place[place].distinct[value] = int(different)
                by_place[place].classes[value] = int(rows)
            else:
                by_place[place].kept[value] = int(rows)
        told = [entry for column, of_it in zip(columns, by_place, strict=True) for entry in self._told(column, of_it)]
        blank = {
            column
            for column, of_it in zip(columns, by_place, strict=True)
            if not of_it.classes.keys().isdisjoint((_NOTHING, _EMPTY))
        }
        return told, blank

    def _told(self, column: MeasuredColumn, found: _Values) -> Iterator[_Entry]:
        yield (column.name, "distinct", None, None, None), found.distinct_values
        if not column.has_values:
            return
        for value, number in found.kept.items():
            yield (column.name, "value", None, None, value), number
        filled = found.filled_rows
        other = filled - sum(found.kept.values())
        if other:
            yield (column.name, "value", None, None, OTHER), other
        patterns = {name: rows for name, rows in found.classes.items() if name not in (_NOTHING, _VALUE)}
        for pattern, number in patterns.items():
            yield (column.name, "pattern", None, None, pattern), number
        if patterns.get("date", 0) * 2 > filled and not column.is_list:
            yield from self._days(column)

    def _days(self, column: MeasuredColumn) -> Iterator[_Entry]:
        """Yield the quantiles of the days that a column of texts states."""
        days = (
            f"select date_diff('day', date '1970-01-01', {day_of(column.sql)}) as day from"
            f" (select {column.sql} from {self.relation})"
        )
        query = f"select quantile_disc(day, {list(QUANTILES)}) from ({days})"
        ((values,),) = self.connection.execute(query).fetchall()
        yield from _quantiles_of(column, values)


def _counted(columns: Sequence[MeasuredColumn], relation: str) -> str:
    """Return the query (SQL) of the values of columns with their rows, by the place of the column.

    Values are texts; where they are not told one by one, a column that is counted by itself needs none. An element of a
    list that is null, or a list of such elements, is no value.
    """
    lists = [place for place, column in enumerate(columns) if column.is_list]
    scalars = [place for place in range(len(columns)) if place not in lists]
    queries = [
        f"select {place} as place, cast(v as varchar) as v, v is not null as is_value, count(*) as n from"
        f" (select unnest({columns[place].different}) as v from {relation}) group by all"
        for place in lists
    ]
    if len(scalars) == 1:
        column = columns[scalars[0]]
        text = "cast(v as varchar)" if column.has_values else "cast(null as varchar)"
        queries.append(
            f"select {scalars[0]} as place, {text} as v, true as is_value, n from (select {column.compared} as v,"
            f" count(*) as n from {relation} group by all) where v is not null"
        )
    elif scalars:
        texts = ", ".join(f"cast({columns[place].compared} as varchar)" for place in scalars)
        queries.append(
            f"select place, v, true as is_value, count(*) as n from (select unnest({scalars}) as place,"
            f" unnest([{texts}]) as v from {relation}) where v is not null group by all"
        )
    return " union all ".join(queries)


def _places(columns: Sequence[MeasuredColumn], condition: Callable[[MeasuredColumn], bool]) -> str:
    """Return the places of the columns that meet a condition, as SQL for a list that is never empty."""
    return ", ".join(["-1", *(str(place) for place, column in enumerate(columns) if condition(column))])


def _stated_value(text: str) -> str:
    return f"case when {stated(text)} then {text} end"


def _quantiles_of(column: MeasuredColumn, values: Sequence[float | Decimal] | None) -> Iterator[_Entry]:
    for quantile, value in zip(QUANTILES, values or (), strict=values is not None):
        yield (column.name, "quantile", None, None, str(quantile)), float(value)
