"""Suite `star columns`: what the YAML beside the models declares of their columns, in staging and in the star.

These are tests of dbt (`unique`, `unique_key`, `not_null`, `accepted_values`) and the not-null constraints of the
models' contracts, which dbt does not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.dbt_manifest import STAR_SCHEMA, ColumnRule, RuleKind, StarDescription
from warehouse.quality.broken_rows import (
    VALUES_QUOTED,
    aggregates,
    counted_rows,
    distinct_hashes,
    most_frequent,
    quoted_values,
    rows_where,
)
from warehouse.quality.checks import zero
from warehouse.quality.suite import LARGEST_FACT, BuiltStar, Declared, Detail, ProfileRow, StarSuite
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MUST, _MAY = {"must_hold": True}, {"must_hold": False}


@dataclass(frozen=True)
class ColumnRuleProfile(ProfileRow):
    """One rule about a column of a relation, or about several together: how many rows break it."""

    judged_asset: Asset
    rule: str
    kind: RuleKind
    must_hold: bool
    broken: int
    examples: str
    query: str | None = None

    @property
    def detail(self) -> Detail:
        """The rows that break the rule; of a model that is not published there is no query."""
        return Detail(scope=self.rule.partition(" (")[2].removesuffix(")"), query=self.query)

    @property
    def label(self) -> str:
        """The columns, with the frequent values of the rows that break the rule."""
        return f"{self.rule}: {counted_rows(self.broken)}, such as {self.examples}" if self.broken else self.rule

    @property
    def asset(self) -> Asset:
        """The table of the star, or the landed dataset that a staging model reads."""
        return self.judged_asset


def measure_column_rules(connection: DuckDBPyConnection, declared: Declared) -> list[ColumnRuleProfile]:
    """Count the rows that break each rule about columns; a relation is read once for all its rules."""
    keys = _primary_keys(declared.star)
    by_relation: dict[str, list[ColumnRule]] = {}
    for rule in _judged(declared.star):
        by_relation.setdefault(rule.relation, []).append(rule)
    profiles: list[ColumnRuleProfile] = []
    for relation, rules in by_relation.items():
        table = ".".join(quoted(part) for part in relation.split("."))
        asset = _asset(relation, declared)
        counts = aggregates(connection, table, [_repeats(r) if r.kind == "unique" else _breaks(r) for r in rules])
        for rule in (rule for rule in rules if rule.kind != "unique"):
            broken, examples = counts[_breaks(rule)], ""
            if broken:
                _, examples = most_frequent(connection, table, _example(rule, keys), _breaking(rule))
            profiles.append(_profile(asset, rule, broken, examples))
        for rule in (rule for rule in rules if rule.kind == "unique"):
            found = _repeated(connection, table, rule) if counts[_repeats(rule)] else (0, "")
            profiles.append(_profile(asset, rule, *found))
    return profiles


def _primary_keys(star: StarDescription) -> Mapping[str, tuple[str, ...]]:
    return {f"{STAR_SCHEMA}.{table.name}": table.primary_key for table in star.tables}


def _judged(star: StarDescription) -> list[ColumnRule]:
    """Return the declared rules without those that a primary key is unique, which the suite `star keys` judges."""
    keys = _primary_keys(star)
    return [rule for rule in star.column_rules if rule.kind != "unique" or rule.columns != keys.get(rule.relation)]


def _asset(relation: str, declared: Declared) -> Asset:
    """Return the asset of a relation of the project.

    A staging model `stg_<source>__<dataset>` counts as the landed dataset that it reads. Any other model of a source
    (`int_<source>__<subject>`) counts as the first dataset of the source, and one of no source as the default.
    """
    schema, name = relation.split(".")
    if schema == STAR_SCHEMA:
        return schema, name
    layer_and_source, _, dataset = name.partition("__")
    source = layer_and_source.partition("_")[2]
    if (source, dataset) in declared.landed:
        return source, dataset
    first = {contract.source: next(iter(contract.datasets)) for contract in declared.contracts}
    return (source, first[source]) if source in first else LARGEST_FACT


def _profile(asset: Asset, rule: ColumnRule, broken: int, examples: str) -> ColumnRuleProfile:
    name = f"{rule.relation} ({', '.join(rule.columns)})"
    query = _listing(rule) if broken and rule.relation.startswith(f"{STAR_SCHEMA}.") else None
    return ColumnRuleProfile(asset, name, rule.kind, rule.must_hold, broken, examples, query)


def _listing(rule: ColumnRule) -> str:
    """Return the query of the rows that break a rule, or of the keys that occur twice."""
    table, columns = ".".join(quoted(part) for part in rule.relation.split(".")), ", ".join(rule.columns)
    if rule.kind != "unique":
        return f"select {columns} as judged_value, * from {table} where {_breaking(rule)} order by all"
    return (
        f"select {columns}, count(*) as row_count from {table} where {_has_key(rule)}"
        f" group by all having count(*) > 1 order by row_count desc, {columns}"
    )


def _example(rule: ColumnRule, keys: Mapping[str, tuple[str, ...]]) -> str:
    """Return what (SQL) to quote of a row that breaks a rule: the value, or where that is missing the row's key."""
    key = keys.get(rule.relation, ())
    if rule.kind != "not_null" or not key or rule.columns[0] in key:
        return rule.columns[0]
    return f"concat_ws(' ', {', '.join(f'{literal(column)}, {quoted(column)}' for column in key)})"


def _breaks(rule: ColumnRule) -> str:
    """Return the aggregate (SQL) that counts the rows which break a rule about single rows."""
    return rows_where(_breaking(rule))


def _breaking(rule: ColumnRule) -> str:
    """Return the condition (SQL) of a row that breaks a rule about single rows."""
    (column,) = rule.columns
    if rule.kind == "not_null":
        broken = f"({column}) is null"
    else:
        accepted = ", ".join(literal(value) for value in rule.accepted)
        broken = f"cast({column} as varchar) not in ({accepted})"
    return broken if rule.condition is None else f"({rule.condition}) and {broken}"


def _has_key(rule: ColumnRule) -> str:
    """Return the condition (SQL) of a row that must not repeat another one's key: a single column must have a value."""
    conditions = [f"({rule.condition})"] if rule.condition is not None else []
    if len(rule.columns) == 1:
        conditions.append(f"({rule.columns[0]}) is not null")
    return " and ".join(conditions) or "true"


def _repeats(rule: ColumnRule) -> str:
    """Return the aggregate (SQL) that is 0 where no two rows have the same key, or not even the same hash of it."""
    return f"{rows_where(_has_key(rule))} - {distinct_hashes(', '.join(rule.columns), _has_key(rule))}"


def _repeated(connection: DuckDBPyConnection, table: str, rule: ColumnRule) -> tuple[int, str]:
    """Return how many rows repeat the key of another one, and the keys that are repeated most often."""
    key = ", ".join(rule.columns)
    example = f"cast({key} as varchar)" if len(rule.columns) == 1 else f"cast(row({key}) as varchar)"
    found = connection.execute(
        "select key, row_count, sum(row_count - 1) over (), count(*) over () from"
        f" (select {example} as key, count(*) as row_count from {table} where {_has_key(rule)} group by {key}"
        f" having count(*) > 1) order by row_count desc, 1 limit {VALUES_QUOTED}"
    ).fetchall()
    if not found:
        return 0, ""
    return int(found[0][2]), quoted_values([(repeated, rows) for repeated, rows, *_ in found], found[0][3])


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[ColumnRuleProfile]:
    return measure_column_rules(connection, star.declared)


def _assets(declared: Declared) -> Iterable[Asset]:
    return [_asset(rule.relation, declared) for rule in _judged(declared.star)]


SUITE = StarSuite(
    name="star columns",
    order=30,
    row=ColumnRuleProfile,
    checks=(
        zero("broken", "Every declared natural key occurs once", "error", {"kind": "unique", **_MUST}),
        zero("broken", "Every column that must be filled is filled", "error", {"kind": "not_null", **_MUST}),
        zero("broken", "Every value of a closed list is in it", "error", {"kind": "accepted_values", **_MUST}),
        zero("broken", "Every natural key that may recur occurs once", "warning", {"kind": "unique", **_MAY}),
        zero("broken", "Every column that is usually filled is filled", "warning", {"kind": "not_null", **_MAY}),
        zero("broken", "Every value of an open list is in it", "warning", {"kind": "accepted_values", **_MAY}),
    ),
    measure=_measure,
    assets=_assets,
    # A model above staging that belongs to no source.
    default=LARGEST_FACT,
)
