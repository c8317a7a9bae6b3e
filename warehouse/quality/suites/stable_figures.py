"""Suite `stable figures`: the figures of a release beside those of the loads before it.

Rows, groups, nulls, distributions, numbers and patterns move within bounds that their history tells, or that are
written down before there is one. What is judged are the effects, not their significance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.contracts import Column, Dataset
from warehouse.quality.bounds import Standing
from warehouse.quality.checks import Check, never
from warehouse.quality.figure_history import Key, by_dataset, histories, read_profiles, rows_key
from warehouse.quality.figure_movements import Aspect, Compared, Moved, worst_of
from warehouse.quality.rules.figure_limits import POINTS_READ, Unit
from warehouse.quality.rules.stability import FactKind, is_category, kind_of, respelled
from warehouse.quality.suite import Detail, LandedRelease, ProfileRow, ReleaseSuite
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOVING: frozenset[FactKind] = frozenset({"volatile", "growing", "advancing"})

# More groups than these in findings of their own would bury the others.
_MOST_GROUPS = 5
_NAMED = 3

_EXPECTED: Mapping[Aspect, str] = {
    "datasets": "every dataset is still there",
    "rows": "rows grow and shrink within bounds",
    "groups": "every group is still there, and grows and shrinks within bounds",
    "nulls": "the share of rows without a value hardly moves",
    "values": "values keep their rows and their shares",
    "numbers": "numbers stay where they are",
    "patterns": "codes keep their form",
}


@dataclass(frozen=True)
class FigureProfile(ProfileRow):
    """One aspect of a dataset, or of a column or group of it, and how it has moved; `loads` before were compared."""

    source: str
    dataset: str
    aspect: Aspect
    scope: str
    standing: Standing
    loads: int
    moved: str
    query: str

    @property
    def label(self) -> str:
        """The dataset and how its figures have moved, in words."""
        if self.standing == "no history":
            return f"{self.dataset} (no history)"
        return f"{self.dataset} {self.moved}" if self.moved else f"{self.dataset} ({self.loads} loads before)"

    @property
    def asset(self) -> Asset:
        """The dataset."""
        return self.source, self.dataset

    @property
    def detail(self) -> Detail:
        """The column and group, and the query that lists the rows, or the values with their counts."""
        return Detail(self.scope, _EXPECTED.get(self.aspect, ""), None, self.query or None)


def measure_figures(connection: DuckDBPyConnection, landed: LandedRelease) -> list[FigureProfile]:
    """Compare the figures of every dataset of a release with those before: one row a dataset, one for each that moved.

    The load before is the last of the profiles, or is measured where none of them is its.
    """
    # DuckDB is loaded where something is measured: the suites are listed without it.
    from warehouse.profiles.measure import datasets_of, measure_relations

    source = landed.release.source
    profiles = landed.profiles[-POINTS_READ:]
    before = list(read_profiles(connection, [profile.file for profile in profiles]))
    previous = landed.previous
    if previous is not None and not any(
        (profile.version, profile.fetched_at) == (previous.version, previous.fetched_at) for profile in profiles[-1:]
    ):
        before.append(by_dataset(measure_relations(connection, datasets_of(landed.earlier, landed.contract))))
    if not before:
        return [_nothing_before(source, name) for name in landed.contract.datasets if _is_landed(landed, name)]
    if landed.profile is None:
        now = by_dataset(measure_relations(connection, datasets_of(landed.landed, landed.contract)))
    else:
        (now,) = read_profiles(connection, [landed.profile])
    vanished = [
        _vanished(landed, name, figures[rows_key()])
        for name, figures in before[-1].items()
        if name in landed.contract.datasets and figures.get(rows_key(), 0) > 0 and not _is_landed(landed, name)
    ]
    unit: Unit = "release" if landed.contract.one_version else "night"
    rows: list[FigureProfile] = vanished
    for name, history in histories(before, now).items():
        if not _is_landed(landed, name):
            continue
        if not history.before:
            rows.append(_nothing_before(source, name))
            continue
        rows.append(FigureProfile(source, name, "history", "", "stable", len(history.before), "", ""))
        expected = landed.contract.datasets[name]
        there = _columns_of_both(connection, landed, name, history.last)
        kinds: dict[str, FactKind] = {
            column.name: kind_of(source, name, column) for column in expected.columns if column.name in there
        }
        watched = frozenset(column for column, kind in kinds.items() if kind not in _MOVING)
        categories = frozenset(column for column in watched if is_category(column, kinds[column]))
        compared = Compared(unit, landed.releases_apart, history, there, watched, categories, respelled)
        for group in _findings(list(compared.moved())):
            rows.append(_row(landed, name, expected, group, len(history.before)))
    return rows


def _nothing_before(source: str, dataset: str) -> FigureProfile:
    return FigureProfile(source, dataset, "history", "", "no history", 0, "", "")


def _is_landed(landed: LandedRelease, dataset: str) -> bool:
    load = landed.release.load_of(dataset)
    return load is not None and load.status == "landed"


def _vanished(landed: LandedRelease, dataset: str, rows: float) -> FigureProfile:
    """Return the finding that a dataset of the load before is not in this one.

    It is an error, but where another channel may not carry it, or where it is landed on request alone.
    """
    contract, channel = landed.contract, landed.release.channel
    expected = contract.datasets[dataset]
    is_carried = not contract.whole_channels or channel in contract.whole_channels
    is_same = landed.previous is not None and landed.previous.channel == channel
    is_error = expected.on_request is None and (is_carried or is_same)
    query = ""
    if landed.previous is not None:
        keys = ", ".join(quoted(name) for name in expected.key) or "*"
        query = f"select {keys} from {quoted(landed.earlier)}.{quoted(dataset)} order by all"
    text = f"is not in this load; it had {rows:,.0f} rows before"
    standing: Standing = "error" if is_error else "warning"
    return FigureProfile(landed.release.source, dataset, "datasets", "rows", standing, 1, text, query)


def _columns_of_both(
    connection: DuckDBPyConnection, landed: LandedRelease, dataset: str, last: Mapping[Key, float]
) -> frozenset[str]:
    """Return the columns that this load has and the one before it had: of the others nothing can have moved.

    Profiles do not say what a file lacked: a column without any value counts as lacked then.
    """
    from warehouse.landed_views import lacked_columns

    expected = landed.contract.datasets[dataset]
    lacked = lacked_columns(connection, landed.landed, dataset)
    rows = last[("rows", None, None, None, None)]
    return frozenset(
        column.name
        for column in expected.columns
        if column.name not in lacked and last.get(("null", column.name, None, None, None), rows) < rows
    )


def _findings(moved: Sequence[Moved]) -> Iterator[list[Moved]]:
    """Yield the movements of one finding each: those of a column, or of a group where few of them have moved."""
    by_column: dict[tuple[Aspect, str | None, str | None], list[Moved]] = {}
    for one in moved:
        of_groups = one.group_column if one.group is not None else None
        by_column.setdefault((one.aspect, one.column, of_groups), []).append(one)
    for (_, _, group_column), together in by_column.items():
        groups = {one.group for one in together}
        if group_column is None or len(groups) > _MOST_GROUPS:
            yield together
        else:
            for group in sorted(groups, key=str):
                yield [one for one in together if one.group == group]


def _row(landed: LandedRelease, dataset: str, expected: Dataset, moved: Sequence[Moved], loads: int) -> FigureProfile:
    order = sorted(moved, key=lambda one: (one.standing != "error", -one.effect))
    first = order[0]
    is_one_group = len({one.group for one in order}) == 1
    scope = ", ".join(
        part for part in (first.column, first.group_column, first.group if is_one_group else None) if part is not None
    )
    texts = list(dict.fromkeys(one.text for one in order))
    rest = len(texts) - _NAMED
    text = "; ".join(texts[:_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
    return FigureProfile(
        source=landed.release.source,
        dataset=dataset,
        aspect=first.aspect,
        scope=scope or "rows",
        standing=worst_of(order),
        loads=loads,
        moved=text,
        query=_query(landed, dataset, expected, first, is_one_group),
    )


def _query(landed: LandedRelease, dataset: str, expected: Dataset, moved: Moved, is_one_group: bool) -> str:
    """Return SQL that lists what a finding is about: the rows that are gone or null, or values with their counts."""
    columns = {column.name: column for column in expected.columns}
    now = f"{quoted(landed.landed)}.{quoted(dataset)}"
    before = f"{quoted(landed.earlier)}.{quoted(dataset)}" if landed.previous is not None else None
    keys = ", ".join(quoted(name) for name in expected.key) or "*"
    group = moved.group if is_one_group else None
    within = _within(columns[moved.group_column], group) if moved.group_column and group is not None else "true"
    if moved.aspect == "nulls" and moved.column is not None:
        return f"select {keys} from {now} where {_is_null(columns[moved.column])} and {within} order by all"
    if moved.column is None and before is not None and expected.key and moved.movement not in ("growing", "shifted"):
        return (
            f"select {keys} from {before} as before anti join {now} as now using ({keys}) where {within} order by all"
        )
    if moved.column is None or before is None:
        return f"select {keys} from {now} where {within} order by all"
    value = _element(columns[moved.column])
    sides = " union all ".join(
        f"select {value} as value, {place} as side from {relation} where {within}"
        for place, relation in enumerate((before, now))
    )
    return (
        f"select value, count_if(side = 0) as before, count_if(side = 1) as now from ({sides})"
        " group by value having before <> now order by abs(now - before) desc, value"
    )


def _within(column: Column, group: str) -> str:
    if column.type.endswith("[]"):
        return f"list_contains({quoted(column.name)}, {literal(group)})"
    return f"{quoted(column.name)} = {literal(group)}"


def _element(column: Column) -> str:
    return f"unnest({quoted(column.name)})" if column.type.endswith("[]") else quoted(column.name)


def _is_null(column: Column) -> str:
    name = quoted(column.name)
    if column.type.endswith("[]"):
        return f"coalesce(len({name}), 0) = 0"
    return f"nullif(trim({name}), '') is null" if column.type == "string" else f"{name} is null"


def _checks(aspect: Aspect, error: str, warning: str) -> tuple[Check, Check]:
    return (
        never("standing", "error", error, "error", {"aspect": aspect}),
        never("standing", "warning", warning, "warning", {"aspect": aspect}),
    )


SUITE = ReleaseSuite(
    name="stable figures",
    order=50,
    row=FigureProfile,
    checks=(
        *_checks(
            "datasets",
            "Every dataset of the load before is in this one",
            "Every dataset that another channel carried is in this load",
        ),
        *_checks("rows", "No dataset loses or gains a large share of its rows", "Datasets grow and shrink as usual"),
        *_checks(
            "groups",
            "No collection, dataset, repository, licence or modality vanishes or loses most of its rows",
            "Collections, datasets, repositories, licences and modalities grow and shrink as usual",
        ),
        *_checks("nulls", "No column loses a large share of its values", "Columns lack values as often as before"),
        *_checks(
            "values", "No column has its values distributed anew", "The values of columns are distributed as before"
        ),
        *_checks("numbers", "No numbers are multiplied or shifted", "Numbers are distributed as before"),
        *_checks("patterns", "No codes lose their form", "Codes have the forms that they had"),
        never(
            "aspect", "", "The figures of each dataset are compared with those before", "warning", {"aspect": "history"}
        ),
    ),
    measure=measure_figures,
)
