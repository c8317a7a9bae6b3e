"""The form of a defect: what an upstream could send instead of good data, as SQL over the files of a night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SIZES = (0.001, 0.01, 0.05, 0.25)
"""The shares of the affected thing that a defect is seeded in."""

WHOLE = (1.0,)
"""The size of a defect that concerns the affected thing as a whole: a smaller one makes no sense."""

Counts = Literal["as sent", "as held"]


@dataclass(frozen=True)
class Defect:
    """One kind of defect of one source.

    Of the rows of the dataset `on` that satisfy `within` (a condition over `located`, its rows), those are hit whose
    `unit` (SQL; the key of the dataset by default) is among the chosen ones: the share `size` of all different units,
    at least one. `changes` maps each dataset that differs to the query that makes its file, or to None where the
    upstream does not have it any more. In a query `night.<dataset>` is the file of the night, `before.<dataset>` that
    of the release before and `first.<dataset>` that of the first one. `night.<on>` has the column `hit` besides, which
    the file does not get, and `chosen` lists the units. `manifest` overrides fields of the loads.

    The histograms that a portal reports of itself are those of what it sent, or (`counts` is `as held`) of what it
    holds: the defect is then one of the way here. With `creeping`, the past nights have it too, each a little more;
    with `standing`, the source has sent nothing since the first of the nights, and others have.
    """

    name: str
    family: str
    source: str
    on: str
    changes: Mapping[str, str | None]
    unit: str = ""
    within: str = "true"
    sizes: tuple[float, ...] = SIZES
    counts: Counts = "as sent"
    creeping: bool = False
    standing: bool = False
    manifest: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def group(column: str, place: int) -> str:
    """Return the condition for the rows of one group, the `place`-th largest (from 0) of a column of `located`."""
    return (
        f"{column} = (select {column} from located where {column} is not null"
        f" group by {column} order by count(*) desc, {column} limit 1 offset {place})"
    )


def altered(columns: Mapping[str, str], dataset: str) -> str:
    """Return the query in which the hit rows of a dataset have other values: SQL expressions by column."""
    values = ", ".join(f'case when hit then {value} else "{name}" end as "{name}"' for name, value in columns.items())
    return f"select * replace ({values}) from night.{dataset}"


def lost(dataset: str) -> str:
    """Return the query without the hit rows of a dataset."""
    return f"select * from night.{dataset} where not hit"


def repeated(dataset: str, columns: Mapping[str, str] | None = None) -> str:
    """Return the query with the hit rows of a dataset twice, the second time with other values in `columns`."""
    values = ", ".join(f'{value} as "{name}"' for name, value in (columns or {}).items())
    replaced = f" replace ({values})" if values else ""
    return f"select * from night.{dataset} union all select *{replaced} from night.{dataset} where hit"
