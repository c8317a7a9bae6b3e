"""The form of a profile: one row a figure, the same columns for landed datasets and for tables of the star."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["landed", "star"]

Metric = Literal[
    "rows", "distinct keys", "null", "distinct", "value", "quantile", "sum", "pattern", "group rows", "group sum"
]
"""What a figure counts or measures:

- `rows`, `distinct keys`: of the whole dataset, `column` is null.
- `null`: rows in which a column has nothing (null, blank text, an empty list, no number), of the dataset or of one
  group of it (`scope_column` = `scope_value`, which is null for the rows of no group).
- `distinct`: different values of a column; of lists, different elements.
- `value`: rows that hold `value` in a column; those beyond the most frequent are together in `OTHER`. A row with a list
  counts once for each of its different elements.
- `quantile`: the quantile `value` (`0`, `0.25`, ... `1`) of a column of numbers, of dates (also where texts state them;
  in days since 1970-01-01) or of times (in seconds since then). `sum`: the sum of its numbers, or of the lengths of
  its lists.
- `pattern`: rows whose text is of the class `value` (`uid`, `date`, `age`, `doi`, `url`, `uuid`, `number`, `empty`,
  `other`); a class without rows has no figure.
- `group rows`, `group sum`: rows, and the sum of a column (a size or a count), of one group; `scope_value` is `OTHER`
  for what lies beyond the largest groups.
"""

OTHER = "\x1fother"
"""The `value` of the figure that holds all values which have no figure of their own; no text of an upstream has it."""

PROFILE_COLUMNS = {
    "layer": "varchar",
    "source_id": "varchar",
    "dataset": "varchar",
    "column_name": "varchar",
    "metric": "varchar",
    "scope_column": "varchar",
    "scope_value": "varchar",
    "value": "varchar",
    "number": "double",
}
"""The columns of a profile in a Parquet file, with DuckDB's types; `source_id` is null for a table of the star."""


@dataclass(frozen=True)
class Figure:
    """One figure of one dataset (`source_id` and its name) or table of the star (`source_id` is None)."""

    layer: Layer
    source_id: str | None
    dataset: str
    column_name: str | None
    metric: Metric
    scope_column: str | None
    scope_value: str | None
    value: str | None
    number: float
