"""The figures of a dataset now and in the loads before, side by side: what the suite `stable figures` compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.profiles.figures import Figure, Metric
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

Key = tuple[Metric, str | None, str | None, str | None, str | None]
"""What a figure is of: metric, column, column and value of the group, and value."""


@dataclass(frozen=True)
class DatasetHistory:
    """The figures of one dataset: those of each load before, the oldest first, and of the one under test (`now`).

    Loads in which the dataset had no rows are left out.
    """

    before: tuple[Mapping[Key, float], ...]
    now: Mapping[Key, float]
    _of_now: Mapping[tuple[Metric, str | None], tuple[Key, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Arrange the keys by metric and column."""
        arranged: dict[tuple[Metric, str | None], dict[Key, None]] = {}
        for key in (*(self.before[-1] if self.before else ()), *self.now):
            arranged.setdefault((key[0], key[1]), {})[key] = None
        object.__setattr__(self, "_of_now", {kind: tuple(keys) for kind, keys in arranged.items()})

    @property
    def last(self) -> Mapping[Key, float]:
        """The figures of the load before."""
        return self.before[-1]

    def columns(self, metric: Metric) -> list[str]:
        """Return the columns that have a figure of this metric, before or now."""
        return sorted({column for kind, column in self._of_now if kind == metric and column is not None})

    def keys(self, metric: Metric, column: str | None) -> tuple[Key, ...]:
        """Return what there are figures of, before or now, of one metric and column."""
        return self._of_now.get((metric, column), ())

    def series(self, key: Key) -> list[float]:
        """Return a count in each load before; 0 where it was not counted."""
        return [figures.get(key, 0.0) for figures in self.before]


def rows_key(group: str | None = None, value: str | None = None) -> Key:
    """Return what the rows of a dataset, or of one group of it, are stored under."""
    return ("rows", None, None, None, None) if group is None else ("group rows", None, group, value, None)


def distribution(figures: Mapping[Key, float], metric: Metric, column: str) -> dict[str, float]:
    """Return the counts of a column's values, or of its patterns."""
    return {
        value or "": number
        for (measured, of, _, _, value), number in figures.items()
        if measured == metric and of == column
    }


def quantiles(figures: Mapping[Key, float], column: str) -> dict[float, float]:
    """Return the quantiles of a column by their share, in order."""
    return dict(sorted((float(value), number) for value, number in distribution(figures, "quantile", column).items()))


def by_dataset(figures: Iterable[Figure]) -> dict[str, dict[Key, float]]:
    """Return figures by dataset and by what they are of."""
    found: dict[str, dict[Key, float]] = {}
    for figure in figures:
        key: Key = (figure.metric, figure.column_name, figure.scope_column, figure.scope_value, figure.value)
        found.setdefault(figure.dataset, {})[key] = figure.number
    return found


def read_profiles(connection: DuckDBPyConnection, files: Sequence[Path]) -> Iterator[dict[str, dict[Key, float]]]:
    """Yield the figures of landed datasets in each of several profiles, by dataset.

    Raises:
        duckdb.Error: a file is no profile.
    """
    for file in files:
        found: dict[str, dict[Key, float]] = {}
        rows = connection.execute(
            "select dataset, metric, column_name, scope_column, scope_value, value, number"
            f" from read_parquet({literal(str(file))}) where layer = 'landed'"
        ).fetchall()
        for dataset, *key, number in rows:
            found.setdefault(dataset, {})[tuple(key)] = number
        yield found


def histories(
    before: Sequence[Mapping[str, Mapping[Key, float]]], now: Mapping[str, Mapping[Key, float]]
) -> dict[str, DatasetHistory]:
    """Return the history of each dataset that is there now."""
    return {
        dataset: DatasetHistory(
            tuple(point[dataset] for point in before if point.get(dataset, {}).get(rows_key(), 0.0) > 0), figures
        )
        for dataset, figures in now.items()
    }
