"""The values of columns: how many differ, how many rows each class of them has, and the most frequent by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.profiles.columns import MeasuredColumn
from warehouse.profiles.patterns import pattern_class
from warehouse.sql_text import stated

VALUES_KEPT = 200
"""How many values of a column have figures of their own: of more, the most frequent, each in 0.1 % of the rows.

A column whose values all differ tells things apart; none of its values has a figure.
"""

LONGEST_VALUE = 200
"""How many characters a value with a figure of its own has at most: a description is not one of a category."""

# Beside the pattern classes of texts: what is no text has a value, and a list may hold nothing.
_VALUE, _NOTHING, _EMPTY = "value", "nothing", "empty"


@dataclass(frozen=True)
class ValueCounts:
    """What the values of a column are: by class how many differ and how many rows have one, and rows of those kept."""

    distinct: dict[str, int]
    classes: dict[str, int]
    kept: dict[str, int]

    @property
    def distinct_values(self) -> int:
        """How many different values are something."""
        return sum(number for name, number in self.distinct.items() if name not in (_NOTHING, _EMPTY))

    @property
    def filled_rows(self) -> int:
        """How many rows (of a list, elements) have such a value."""
        return sum(rows for name, rows in self.classes.items() if name not in (_NOTHING, _EMPTY))

    @property
    def has_blank(self) -> bool:
        """Whether the column holds a blank text, or a list that may hold nothing else."""
        return not self.classes.keys().isdisjoint((_NOTHING, _EMPTY))

    @property
    def patterns(self) -> dict[str, int]:
        """The rows of each pattern class; blank texts are one."""
        return {name: rows for name, rows in self.classes.items() if name not in (_NOTHING, _VALUE)}


def value_counts(
    rows_of: Callable[[str], list[tuple[Any, ...]]], columns: Sequence[MeasuredColumn], relation: str
) -> list[ValueCounts]:
    """Return what the values of each column of a relation (SQL) are, all asked for in one query of `rows_of`."""
    counted = _query_of_values(columns, relation)
    with_values = _places(columns, lambda column: column.has_values)
    texts = _places(columns, lambda column: column.kind == "text")
    # The class of a value is looked for once. A filter on it would be pushed below the CTE and look for it again.
    pattern = f"when place in ({texts}) then {pattern_class('v')}"
    found = rows_of(
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
    )
    by_place = [ValueCounts({}, {}, {}) for _ in columns]
    for place, is_class, value, different, rows in found:
        if is_class:
            by_place[place].distinct[value] = int(different)
            by_place[place].classes[value] = int(rows)
        else:
            by_place[place].kept[value] = int(rows)
    return by_place


def _query_of_values(columns: Sequence[MeasuredColumn], relation: str) -> str:
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
